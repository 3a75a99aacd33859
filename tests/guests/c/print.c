/* Ten megabytes to the standard output. Does not link: plugins have no output but the log. */
#include <stdio.h>

#include "guest.h"

static mw_answer misdeed(const mw_input *input)
{
    for (int i = 0; i < 100000; i++) printf("%100zu\n", input->payload.len);
    return note(MW("printed"));
}
