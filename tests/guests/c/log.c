/* Ten megabytes to the log. Cut at its limit, and the answer stands. */
#include "guest.h"

static mw_answer misdeed(const mw_input *input)
{
    mw_text line = mw_concat("a hundred thousand lines of ", input->payload.len,
        " bytes: ......................................................................");
    for (int i = 0; i < 100000; i++) mw_info(line);
    return note(MW("logged"));
}
