/*
 * A payload becomes a structure in one pass over its text, after the tables of models.c. What is refused
 * carries the JSON Pointer of its field. Fields mostly come in the order of the table, so the field after
 * the last one is tried first; what no table knows is passed by and kept as its own text.
 */
#include <string.h>

#include "internal.h"

typedef struct reader {
    mw_scan scan;
    mw_text pointer; /* Of the fault, from the inside out. */
    mw_text message; /* Set where the text is JSON and yet not what belongs there. */
} reader;

static bool read_model(reader *r, const mw_model *model, char *into);

static bool wrong(reader *r, mw_text message)
{
    r->message = message;
    return false;
}

/* Puts a segment in front of the pointer of a fault on its way out. */
static bool under(reader *r, mw_text segment)
{
    r->pointer = mw_concat(mw_at(segment).text, r->pointer);
    return false;
}

static bool read_text(reader *r, mw_text *into)
{
    int first = mw_scan_next(&r->scan);
    const char *start = r->scan.at;
    switch (first) {
    case '"': return mw_scan_string(&r->scan, into);
    case 'n': *into = MW_EMPTY; return mw_scan_skip(&r->scan);
    case '{': return mw_scan_skip(&r->scan) && wrong(r, MW("an object stands where a text belongs"));
    case '[':
        if (!mw_scan_skip(&r->scan)) return false;
        for (start++; *start == ' ' || *start == '\n' || *start == '\r' || *start == '\t';) start++;
        if (*start != ']') return wrong(r, MW("a list stands where a text belongs"));
        *into = MW_EMPTY;
        return true;
    default:
        if (!mw_scan_skip(&r->scan)) return false;
        *into = (mw_text){start, (size_t)(r->scan.at - start)};
        return true;
    }
}

static bool read_id(reader *r, mw_text *into)
{
    int first = mw_scan_next(&r->scan);
    const char *start = r->scan.at;
    switch (first) {
    case '"': return mw_scan_string(&r->scan, into);
    case 'n':
    case 'f': *into = MW_EMPTY; return mw_scan_skip(&r->scan);
    case '[':
    case '{':
    case 't': return mw_scan_skip(&r->scan) && wrong(r, MW("this is no id"));
    default:
        if (!mw_scan_skip(&r->scan)) return false;
        *into = (mw_text){start, (size_t)(r->scan.at - start)};
        return true;
    }
}

static bool read_decimal(reader *r, mw_decimal *into)
{
    int first = mw_scan_next(&r->scan);
    const char *start = r->scan.at;
    mw_text text;
    if (first == '"') {
        if (!mw_scan_string(&r->scan, &text)) return false;
        if (mw_is_empty(mw_trim(text))) {
            *into = MW_ZERO;
            return true;
        }
    } else {
        if (!mw_scan_skip(&r->scan)) return false;
        text = (mw_text){start, (size_t)(r->scan.at - start)};
        if (first == 'n') {
            *into = MW_ZERO;
            return true;
        }
    }
    if (mw_parse_decimal(text, into)) return true;
    size_t end = text.len < 40 ? text.len : 40;
    while (end < text.len && ((unsigned char)text.ptr[end] & 0xc0) == 0x80) end++;
    return wrong(r, mw_concat("`", mw_slice(text, 0, end), "` is not a decimal number"));
}

static bool read_bool(reader *r, bool *into)
{
    mw_text text;
    if (!read_text(r, &text)) return false;
    *into = mw_equal(text, "true") || mw_equal(text, "1") || mw_equal(text, "yes") || mw_equal(text, "on");
    if (*into || mw_is_empty(text) || mw_equal(text, "false") || mw_equal(text, "0") || mw_equal(text, "no")
        || mw_equal(text, "off")) {
        return true;
    }
    return wrong(r, mw_concat("`", text, "` is neither true nor false"));
}

static bool read_json(reader *r, mw_raw *into)
{
    mw_scan_next(&r->scan);
    const char *start = r->scan.at;
    if (!mw_scan_skip(&r->scan)) return false;
    into->text = (mw_text){start, (size_t)(r->scan.at - start)};
    return true;
}

static size_t size_of(const mw_field *field)
{
    switch ((mw_field_kind)field->kind) {
    case MW_FIELD_DECIMAL: return sizeof(mw_decimal);
    case MW_FIELD_BOOL: return sizeof(bool);
    case MW_FIELD_MODEL: return field->model->size;
    default: return sizeof(mw_text);
    }
}

static bool read_one(reader *r, const mw_field *field, char *into)
{
    switch ((mw_field_kind)field->kind) {
    case MW_FIELD_TEXT: return read_text(r, (mw_text *)(void *)into);
    case MW_FIELD_ID: return read_id(r, (mw_text *)(void *)into);
    case MW_FIELD_DECIMAL: return read_decimal(r, (mw_decimal *)(void *)into);
    case MW_FIELD_BOOL: return read_bool(r, (bool *)(void *)into);
    case MW_FIELD_JSON: return read_json(r, (mw_raw *)(void *)into);
    case MW_FIELD_MODEL: break;
    }
    return read_model(r, field->model, into);
}

/* What stands for nothing: null, "" or []. False where it is something else, which is a fault then. */
static bool read_nothing(reader *r, int first, const char *what)
{
    const char *start = r->scan.at;
    if (!mw_scan_skip(&r->scan)) return false;
    if (first == 'n' || (first == '"' && r->scan.at - start == 2)) return true;
    if (first == '[') {
        for (start++; *start == ' ' || *start == '\n' || *start == '\r' || *start == '\t';) start++;
        if (*start == ']') return true;
    }
    const char *kind = first == '"' ? "a text" : first == '[' ? "a list" : first == 't' || first == 'f' ? "a boolean" : "a number";
    return wrong(r, mw_concat(kind, " stands where ", what, " belongs"));
}

typedef struct list {
    void *items;
    size_t count;
} list;

static bool read_list(reader *r, const mw_field *field, list *into)
{
    int open = mw_scan_next(&r->scan);
    *into = (list){0};
    if (open != '[' && open != '{') return read_nothing(r, open, "a list");
    /* PHP writes a list with gaps as an object. */
    int close = open == '[' ? ']' : '}';
    size_t room = 0, size = size_of(field);
    if (++r->scan.depth > MW_DEPTH_MAX) return mw_scan_fail(&r->scan, "it is nested too deeply");
    r->scan.at++;
    if (mw_scan_next(&r->scan) == close) {
        r->scan.at++;
        r->scan.depth--;
        return true;
    }
    for (int next = ','; next != close; r->scan.at++) {
        mw_text name = MW_EMPTY;
        if (close == '}') {
            if (mw_scan_next(&r->scan) != '"') return mw_scan_fail(&r->scan, "a field has no name");
            if (!mw_scan_string(&r->scan, &name)) return false;
            if (mw_scan_next(&r->scan) != ':') return mw_scan_fail(&r->scan, "a field has no `:`");
            r->scan.at++;
        }
        if (into->count == room) into->items = mw_more_items(into->items, &room, size);
        if (!read_one(r, field, (char *)into->items + into->count * size)) {
            return under(r, close == '}' ? name : mw_from_unsigned(into->count));
        }
        into->count++;
        next = mw_scan_next(&r->scan);
        if (next != ',' && next != close) {
            return mw_scan_fail(&r->scan, "a `,` or the end of the list or object is missing");
        }
    }
    r->scan.depth--;
    return true;
}

typedef struct extras {
    mw_extra_field *items;
    size_t count, room;
} extras;

static const mw_field *find(const mw_model *model, mw_text name, uint16_t *expected)
{
    /* Most unknown names have a length that no known one has. */
    if (name.len >= 64 || (model->lengths >> name.len & 1) == 0) return NULL;
    for (uint16_t tried = 0, at = *expected; tried < model->count; tried++, at++) {
        if (at >= model->count) at = 0;
        const mw_field *field = &model->fields[at];
        if (field->length == name.len && mw_same_bytes(field->name, name.ptr, name.len)) {
            *expected = (uint16_t)(at + 1);
            return field;
        }
    }
    return NULL;
}

static bool read_model(reader *r, const mw_model *model, char *into)
{
    mw_scan *scan = &r->scan;
    memset(into, 0, model->size); /* A key may come twice; the last counts. */
    int first = mw_scan_next(scan);
    uint64_t seen = 0;
    if (first != '{') return read_nothing(r, first, "an object");
    if (++scan->depth > MW_DEPTH_MAX) return mw_scan_fail(scan, "it is nested too deeply");
    extras extra = {0};
    uint16_t expected = 0;
    scan->at++;
    if (mw_scan_next(scan) == '}') {
        scan->at++;
    } else {
        for (int next = ','; next != '}'; scan->at++) {
            mw_text name;
            if (mw_scan_next(scan) != '"') return mw_scan_fail(scan, "a field has no name");
            if (!mw_scan_string(scan, &name)) return false;
            if (mw_scan_next(scan) != ':') return mw_scan_fail(scan, "a field has no `:`");
            scan->at++;
            const mw_field *field = find(model, name, &expected);
            if (field == NULL) {
                mw_extra_field *more = MW_NEXT(&extra);
                more->name = name;
                if (!read_json(r, &more->value)) return false;
            } else {
                char *at = into + field->offset;
                if (field->list ? !read_list(r, field, (list *)(void *)at) : !read_one(r, field, at)) {
                    return under(r, name);
                }
                seen |= (uint64_t)1 << (field - model->fields);
            }
            next = mw_scan_next(scan);
            if (next != ',' && next != '}') {
                return mw_scan_fail(scan, "a `,` or the end of the list or object is missing");
            }
        }
    }
    scan->depth--;
    mw_extra *kept = (mw_extra *)(void *)(into + model->extra);
    kept->items = extra.items;
    kept->count = extra.count;
    for (uint16_t i = 0; i < model->count; i++) {
        if (model->fields[i].required && (seen >> i & 1) == 0) {
            wrong(r, MW("the field is missing"));
            return under(r, mw_from_c(model->fields[i].name));
        }
    }
    return true;
}

bool mw_is_model(mw_text payload, const mw_model *model, void *into)
{
    reader r = {.scan = {.at = payload.ptr, .end = payload.ptr + payload.len, .start = payload.ptr}};
    return read_model(&r, model, into) && mw_scan_done(&r.scan);
}

bool mw_read_model(mw_text payload, const mw_model *model, void *into)
{
    reader r = {.scan = {.at = payload.ptr, .end = payload.ptr + payload.len, .start = payload.ptr}};
    if (read_model(&r, model, into) && mw_scan_done(&r.scan)) return true;
    /* Text that is no JSON at all is another fault than JSON with something wrong in it. */
    mw_scan all = {.at = payload.ptr, .end = payload.ptr + payload.len, .start = payload.ptr};
    if (!mw_scan_skip(&all) || !mw_scan_done(&all)) {
        mw_refuse(mw_rejected_at(
            MW_PAYLOAD, "payload_not_json", "the payload is not JSON at byte ", all.at - all.start, ": ", all.reason));
    } else {
        mw_refuse(mw_rejected_at((mw_pointer){r.pointer}, "payload_malformed", r.message));
    }
    return false;
}
