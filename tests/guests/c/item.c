/* An item beyond the end of a list of the SDK, with MW_ITEM. Trapped, with its place. */
#include "guest.h"

static mw_answer misdeed(const mw_input *input)
{
    const mw_order *order;
    mw_id id;
    if (mw_read_order(input, &order, &id) != MW_PRESENT) return mw_refusal();
    return note(MW_ITEM(order->line_items, 1000).name);
}
