/* The golden cases of woo-order-to-tryton, natively; `mapwright test` runs the same in the sandbox. */
#include <mapwright/testing.h>

MW_TEST(the_golden_cases_hold) { mw_golden("../woo-order-to-tryton/cases"); }
