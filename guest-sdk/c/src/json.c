/*
 * JSON as a tree, for what no model knows.
 */
#include <string.h>

#include "internal.h"

typedef struct values {
    mw_value *items;
    size_t count, room;
} values;

typedef struct names {
    mw_text *items;
    size_t count, room;
} names;

static bool value(mw_scan *scan, mw_value *into);

static bool inside(mw_scan *scan, mw_value *into, char close)
{
    values items = {0};
    names fields = {0};
    if (++scan->depth > MW_DEPTH_MAX) return mw_scan_fail(scan, "it is nested too deeply");
    scan->at++;
    if (mw_scan_next(scan) == close) {
        scan->at++;
    } else {
        for (int next = ','; next != close; scan->at++) {
            if (close == '}') {
                if (mw_scan_next(scan) != '"') return mw_scan_fail(scan, "a field has no name");
                if (!mw_scan_string(scan, MW_NEXT(&fields))) return false;
                if (mw_scan_next(scan) != ':') return mw_scan_fail(scan, "a field has no `:`");
                scan->at++;
            }
            mw_value item = {0};
            if (!value(scan, &item)) return false;
            *MW_NEXT(&items) = item;
            next = mw_scan_next(scan);
            if (next != ',' && next != close) {
                return mw_scan_fail(scan, "a `,` or the end of the list or object is missing");
            }
        }
    }
    scan->depth--;
    into->items = items.items;
    into->names = fields.items;
    into->count = items.count;
    return true;
}

static bool value(mw_scan *scan, mw_value *into)
{
    int next = mw_scan_next(scan);
    const char *start = scan->at;
    switch (next) {
    case '{': into->kind = MW_OBJECT; return inside(scan, into, '}');
    case '[': into->kind = MW_ARRAY; return inside(scan, into, ']');
    case '"': into->kind = MW_STRING; return mw_scan_string(scan, &into->text);
    case 't':
    case 'f':
        into->kind = MW_BOOL;
        into->truth = next == 't';
        break;
    case 'n': into->kind = MW_NULL; return mw_scan_skip(scan);
    default: into->kind = MW_NUMBER; break;
    }
    if (!mw_scan_skip(scan)) return false;
    into->text = (mw_text){start, (size_t)(scan->at - start)};
    return true;
}

const mw_value *mw_read(mw_text json, mw_json_fault *fault)
{
    mw_scan scan = {.at = json.ptr, .end = json.ptr + json.len, .start = json.ptr};
    mw_value *root = MW_NEW(mw_value);
    if (value(&scan, root) && mw_scan_done(&scan)) return root;
    if (fault != NULL) *fault = (mw_json_fault){(size_t)(scan.at - scan.start), scan.reason};
    return NULL;
}

const mw_value *mw_value_field(const mw_value *object, mw_text name)
{
    if (object == NULL || object->kind != MW_OBJECT) return NULL;
    for (size_t i = object->count; i-- > 0;) {
        if (mw_text_equal(object->names[i], name)) return &object->items[i];
    }
    return NULL;
}

const mw_value *mw_item(const mw_value *array, size_t index)
{
    return array != NULL && array->kind == MW_ARRAY && index < array->count ? &array->items[index] : NULL;
}

mw_maybe_text mw_value_text(const mw_value *value)
{
    bool some = value != NULL
        && (value->kind == MW_STRING || value->kind == MW_NUMBER || value->kind == MW_BOOL);
    return some ? (mw_maybe_text){true, value->text} : (mw_maybe_text){0};
}

bool mw_value_decimal(const mw_value *value, mw_decimal *amount)
{
    *amount = MW_ZERO;
    return value != NULL && (value->kind == MW_STRING || value->kind == MW_NUMBER)
        && mw_parse_decimal(value->text, amount);
}

bool mw_value_true(const mw_value *value)
{
    return value != NULL && value->kind == MW_BOOL && value->truth;
}

mw_maybe_text mw_raw_text(mw_raw raw)
{
    if (raw.text.len == 0) return (mw_maybe_text){0};
    switch (raw.text.ptr[0]) {
    case '"': {
        mw_scan scan = {.at = raw.text.ptr, .end = raw.text.ptr + raw.text.len, .start = raw.text.ptr};
        mw_text text;
        return mw_scan_string(&scan, &text) ? (mw_maybe_text){true, text} : (mw_maybe_text){0};
    }
    case '[':
    case '{':
    case 'n': return (mw_maybe_text){0};
    default: return (mw_maybe_text){true, raw.text};
    }
}

const mw_value *mw_raw_value(mw_raw raw) { return mw_read(raw.text, NULL); }
