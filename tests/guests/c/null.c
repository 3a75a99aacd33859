/* A missing row is followed. Trapped: `panicked at null.c:LINE:COLUMN: NULL is followed`. */
#include "guest.h"

static mw_answer misdeed(const mw_input *input)
{
    const mw_price_line *line = mw_priced_line(input, MW("no such line"));
    return note(line->sku);
}
