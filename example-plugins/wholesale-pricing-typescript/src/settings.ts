/** What a route may set; `settings.schema.json` says what each is for. */

import { notReady, type Context, type Rounding } from "@mapwright/guest";

export interface Settings {
  role_attribute: string;
  default_role: string;
  price_list: string;
  decimals: number;
  rounding: Rounding;
  together: boolean;
  strict: boolean;
}

/** What holds where a route sets nothing. */
const DEFAULTS: Settings = {
  role_attribute: "customer_role",
  default_role: "retail",
  price_list: "price_list",
  decimals: 2,
  rounding: "half_up",
  together: true,
  strict: false,
};

const ROUNDINGS: readonly string[] = ["half_up", "half_even", "down"];

/** The route's settings. A way to round that there is not makes the event wait until somebody has mended it. */
export function settingsOf(context: Context): Settings {
  const settings = context.settings(DEFAULTS);
  if (ROUNDINGS.includes(settings.rounding)) return settings;
  return notReady(
    `the settings of route \`${context.route}\` do not suit this plugin: \`rounding\` is none of ${ROUNDINGS.join(", ")}; mend \`settings\` there`,
  );
}
