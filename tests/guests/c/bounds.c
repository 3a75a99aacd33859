/* An index outside of an array. Trapped: `panicked at bounds.c:LINE:COLUMN: index N is outside of 'int[4]'`. */
#include "guest.h"

static mw_answer misdeed(const mw_input *input)
{
    int table[4] = {1, 2, 3, 4};
    return note(mw_concat("entry ", table[input->payload.len]));
}
