/* A function that calls itself too deeply. Trapped. */
#include "guest.h"

static size_t deeper(const volatile char *above, size_t depth)
{
    volatile char here[64];
    here[0] = (char)(above[0] + 1);
    return deeper(here, depth + 1) + (size_t)here[0];
}

static mw_answer misdeed(const mw_input *input) { return note(mw_from_unsigned(deeper(input->payload.ptr, 0))); }
