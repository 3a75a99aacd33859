/* Half of a character in a body. Trapped: `panicked at guest.h:LINE: this text is no UTF-8 at byte 0`. */
#include "guest.h"

static mw_answer misdeed(const mw_input *input)
{
    (void)input;
    return note(mw_slice(MW("é"), 0, 1));
}
