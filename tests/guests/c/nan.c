/* NaN in a body. Trapped: `panicked at nan.c:LINE: this is no JSON at byte 8`. */
#include "guest.h"

static mw_answer misdeed(const mw_input *input)
{
    (void)input;
    mw_json *body = mw_object();
    mw_put(body, "rates", ((mw_raw){MW("[1.5, -0.5, NaN]")}));
    return mw_mapped_one(MW_UPSERT, "note", "note/1", body);
}
