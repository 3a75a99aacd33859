/** The merchant's log of this event. The host caps lines and bytes. */

import { host } from "./host.ts";

/** Writes lines to the log. In the component `console` writes there too. */
export const log = {
  /** For the plugin's author. */
  debug(message: string): void {
    host().write("debug", message);
  },
  /** Worth knowing. */
  info(message: string): void {
    host().write("info", message);
  },
  /** Odd, though the answer stands. */
  warning(message: string): void {
    host().write("warning", message);
  },
  /** Wrong, and somebody should look. */
  error(message: string): void {
    host().write("error", message);
  },
} as const;
