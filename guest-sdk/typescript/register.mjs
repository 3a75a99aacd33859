/**
 * Lets Node run `.ts` files: `node --import @mapwright/guest/register --test test/*.test.ts`.
 *
 * Node from 22.18 on strips types itself; for older ones esbuild does it, which the build needs anyway. Types
 * are not checked here, `tsc` does that. Line numbers of exceptions stay those of the file.
 */

import { register } from "node:module";

if (process.features.typescript === undefined || process.features.typescript === false) {
  process.setSourceMapsEnabled(true);
  register("./register-hooks.mjs", import.meta.url, { data: { project: process.cwd() } });
}
