/* The golden cases of wholesale-pricing, natively; `mapwright test` runs the same in the sandbox. */
#include <mapwright/testing.h>

MW_TEST(the_golden_cases_hold) { mw_golden("../wholesale-pricing/cases"); }
