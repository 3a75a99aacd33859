/* The time is asked for twice. Does not link: context->received_at is now. */
#include <time.h>

#include "guest.h"

static mw_answer misdeed(const mw_input *input)
{
    (void)input;
    time_t first = time(NULL);
    struct timespec again;
    clock_gettime(CLOCK_REALTIME, &again);
    return note(mw_concat((long long)first, " ", (long long)again.tv_sec));
}
