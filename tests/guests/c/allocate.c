/* Memory without end. Out of memory. */
#include "guest.h"

static mw_answer misdeed(const mw_input *input)
{
    for (;;) *(volatile char *)mw_alloc(input->payload.len + 1000000) = 1;
}
