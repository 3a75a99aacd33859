/** The golden cases of wholesale-pricing, natively; `mapwright test` runs the same in the sandbox. */

import { golden } from "@mapwright/guest/testing";

import plugin from "../src/index.ts";

golden(plugin, new URL("../../wholesale-pricing/cases", import.meta.url));
