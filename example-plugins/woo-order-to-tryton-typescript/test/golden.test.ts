/** The golden cases of the reference rules, natively; `mapwright test` runs the same in the sandbox. */

import { golden } from "@mapwright/guest/testing";

import plugin from "../src/index.ts";

golden(plugin, new URL("../../woo-order-to-tryton/cases", import.meta.url));
