/* An amount that does not fit. Trapped: `panicked at overflow.c:LINE: ... does not fit into a decimal`. */
#include "guest.h"

static mw_answer misdeed(const mw_input *input)
{
    mw_decimal amount = mw_scaled((long long)input->payload.len, 0);
    for (int i = 0; i < 10; i++) amount = mw_mul(amount, mw_decimal_of("123456789"));
    return note(mw_decimal_text(amount));
}
