/* exit(). Does not link: a plugin answers. */
#include <stdlib.h>

#include "guest.h"

static mw_answer misdeed(const mw_input *input)
{
    (void)input;
    exit(3);
}
