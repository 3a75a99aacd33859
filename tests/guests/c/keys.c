/* Keys in an order of chance: where a local variable happens to lie decides. In the sandbox that is the same
   in every run, and a body is written in the order in which it was put: the same bytes each time. */
#include "guest.h"

#include <stdlib.h>

static mw_answer misdeed(const mw_input *input)
{
    mw_json *body = mw_object();
    for (int i = 0; i < 10; i++) {
        mw_text name = mw_concat("key", rand() % 1000 + (int)((uintptr_t)&i % 7) + (int)(input->payload.len % 3));
        mw_put(body, name, "x");
    }
    return mw_mapped_one(MW_UPSERT, "note", "note/1", body);
}
