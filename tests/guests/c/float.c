/* A float for money. Does not compile: `a float cannot hold money`. */
#include "guest.h"

static mw_answer misdeed(const mw_input *input)
{
    mw_json *body = mw_object();
    mw_put(body, "total", (double)input->payload.len * 0.1);
    return mw_mapped_one(MW_UPSERT, "note", "note/1", body);
}
