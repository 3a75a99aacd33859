/* Plugin tests are an ordinary program: they run natively, without a host. `make test` builds and runs it. */
#include <mapwright/testing.h>

/* Each folder in `cases` is an order and what must come of it. After a change you meant to make,
   `MAPWRIGHT_BLESS=1 make test` writes the new answers; look at the difference before you commit it. */
MW_TEST(the_golden_cases_hold) { mw_golden("cases"); }

MW_TEST(a_line_without_sku_is_named)
{
    mw_trial *trial = mw_trial_new();
    trial->payload = MW(
        "{\"id\": 1, \"status\": \"processing\", \"currency\": \"BRL\", \"total\": \"10.00\","
        " \"line_items\": [{\"name\": \"Tea\", \"sku\": null, \"quantity\": 1, \"total\": \"10.00\"}]}");
    const mw_run *run = mw_trial_run(trial);
    MW_CHECK_TEXT(mw_run_text(run, "/violations/0/pointer"), "/line_items/0/sku");
}

MW_TEST(the_route_may_name_the_shop)
{
    mw_trial *trial = mw_trial_new();
    trial->payload = mw_file("cases/paid-order/payload.json");
    trial->context.settings = MW("{\"shop_name\": \"Acme\"}");
    const mw_run *run = mw_trial_run(trial);
    MW_CHECK_TEXT(mw_run_text(run, "/documents/0/body/number"), "Acme 26");
}
