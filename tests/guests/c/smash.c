/* An array on the stack is written beyond its end, by a function of the C library. */
#include <string.h>

#include "guest.h"

static mw_answer misdeed(const mw_input *input)
{
    char small[16];
    memcpy(small, input->payload.ptr, input->payload.len);
    return note(mw_bytes(small, 1));
}
