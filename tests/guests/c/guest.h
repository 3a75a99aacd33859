/*
 * A plugin of one misdeed: a file says `#include "guest.h"` and then what `misdeed` does with the payload.
 * Each is built against guest-sdk/c as any plugin, with the world field-mapping-plugin.
 */
#include <mapwright.h>

static mw_answer misdeed(const mw_input *input);

static mw_answer transform(const mw_context *context, const mw_input *input)
{
    (void)context;
    return misdeed(input);
}

MAPWRIGHT_PLUGIN(.entities = {"note"})
MAPWRIGHT_FIELD_MAPPING(transform)

/* The answer of those that come so far. */
static inline mw_answer note(mw_text text)
{
    mw_json *body = mw_object();
    mw_put(body, "text", text);
    return mw_mapped_one(MW_UPSERT, "note", "note/1", body);
}
