/* An endless loop. Out of fuel. */
#include "guest.h"

static mw_answer misdeed(const mw_input *input)
{
    for (volatile size_t turns = input->payload.len;; turns++) {}
}
