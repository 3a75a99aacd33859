/* The same without MW_ITEM: C cannot see it, and reads whatever lies there. The README warns of it. */
#include "guest.h"

static mw_answer misdeed(const mw_input *input)
{
    const mw_order *order;
    mw_id id;
    if (mw_read_order(input, &order, &id) != MW_PRESENT) return mw_refusal();
    return note(order->line_items.items[1000].name);
}
