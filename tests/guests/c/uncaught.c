/* What the author did not think of. Trapped: `panicked at uncaught.c:LINE: nobody thought of N bytes`. */
#include "guest.h"

static mw_answer misdeed(const mw_input *input) { mw_panic("nobody thought of ", input->payload.len, " bytes"); }
