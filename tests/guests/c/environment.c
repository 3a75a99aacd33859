/* The environment is read. Does not link: there is none. */
#include <stdlib.h>

#include "guest.h"

static mw_answer misdeed(const mw_input *input)
{
    (void)input;
    const char *home = getenv("HOME");
    return note(home == NULL ? MW("there is no HOME") : mw_from_c(home));
}
