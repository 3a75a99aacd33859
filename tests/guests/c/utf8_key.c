/* Half of a character where the SDK writes no JSON: the host refuses the answer. */
#include "guest.h"

static mw_answer misdeed(const mw_input *input)
{
    (void)input;
    return mw_mapped_one(MW_UPSERT, "note", mw_slice(MW("é"), 0, 1), NULL);
}
