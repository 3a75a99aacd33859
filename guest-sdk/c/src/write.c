/*
 * Writing JSON into buffers that grow; see write.h.
 */
#include <string.h>

#include "internal.h"

struct mw_json {
    mw_buffer buffer; /* Without the closing bracket. */
    size_t count;
    char close;
    bool named;    /* A name was written, its value was not. */
    bool finished; /* It is part of another one. */
};

static mw_json *begin(char open, char close)
{
    mw_json *json = MW_NEW(mw_json);
    json->close = close;
    mw_buffer_add(&json->buffer, &open, 1);
    return json;
}

mw_json *mw_object(void) { return begin('{', '}'); }

mw_json *mw_array(void) { return begin('[', ']'); }

size_t mw_count(const mw_json *json) { return json->count; }

mw_text mw_json_text(const mw_json *json)
{
    return mw_concat_all((mw_text[]){{json->buffer.ptr, json->buffer.len}, {&json->close, 1}}, 2);
}

/* The length of the UTF-8 character that begins here; 0 when it is none. */
static size_t character(const unsigned char *at, size_t left)
{
    size_t length = at[0] >= 0xf0 ? 4 : at[0] >= 0xe0 ? 3 : 2;
    if (at[0] < 0xc2 || at[0] > 0xf4 || length > left) return 0;
    for (size_t i = 1; i < length; i++) {
        if ((at[i] & 0xc0) != 0x80) return 0;
    }
    bool wrong = (at[0] == 0xe0 && at[1] < 0xa0) || (at[0] == 0xed && at[1] > 0x9f)
        || (at[0] == 0xf0 && at[1] < 0x90) || (at[0] == 0xf4 && at[1] > 0x8f);
    return wrong ? 0 : length;
}

#define ONES 0x0101010101010101ULL
#define TOPS 0x8080808080808080ULL

static void quoted(mw_buffer *buffer, mw_text text, const char *here)
{
    static const char digits[] = "0123456789abcdef";
    const unsigned char *bytes = (const unsigned char *)text.ptr;
    char *to = mw_buffer_room(buffer, text.len + 2);
    *to++ = '"';
    for (size_t at = 0; at < text.len;) {
        /* Eight bytes at once where all are plain ASCII: no control, no quote, no backslash. */
        if (text.len - at >= 8) {
            uint64_t word, quote, backslash;
            memcpy(&word, bytes + at, 8);
            quote = word ^ (ONES * '"');
            backslash = word ^ (ONES * '\\');
            if (((word | (word - ONES * 0x20) | (quote - ONES) | (backslash - ONES)) & TOPS) == 0) {
                memcpy(to, &word, 8);
                to += 8;
                at += 8;
                continue;
            }
        }
        unsigned char c = bytes[at];
        if (c >= 0x20 && c < 0x80 && c != '"' && c != '\\') {
            *to++ = (char)c;
            at++;
            continue;
        }
        if (c >= 0x80) {
            size_t length = character(bytes + at, text.len - at);
            if (length == 0) mw_panic_at(here, mw_concat("this text is no UTF-8 at byte ", at));
            memcpy(to, bytes + at, length);
            to += length;
            at += length;
            continue;
        }
        /* An escape: the rest of the text needs up to six times its room. */
        buffer->len = (size_t)(to - buffer->ptr);
        to = mw_buffer_room(buffer, 6 + (text.len - at) + 1);
        *to++ = '\\';
        const char *mark = memchr("\"\\\b\f\n\r\t", c, 7);
        if (mark != NULL && c != 0) {
            *to++ = c == '"' ? '"' : c == '\\' ? '\\' : c == 8 ? 'b' : c == 12 ? 'f' : c == 10 ? 'n' : c == 13 ? 'r' : 't';
        } else {
            memcpy(to, "u00", 3);
            to[3] = digits[c >> 4];
            to[4] = digits[c & 15];
            to += 5;
        }
        at++;
    }
    *to++ = '"';
    buffer->len = (size_t)(to - buffer->ptr);
}

/* What goes before a value: nothing after a name, a comma after another value. */
static void before(mw_json *json, const char *here)
{
    if (json->close == '}') {
        if (!json->named) mw_panic_at(here, MW("an object takes names with its values: use mw_put"));
        json->named = false;
        return;
    }
    if (json->finished) mw_panic_at(here, MW("this array is part of another value already"));
    if (json->count++ > 0) mw_buffer_add(&json->buffer, ",", 1);
}

void mw_write_name(mw_json *object, mw_text name, const char *here)
{
    if (object->close != '}') mw_panic_at(here, MW("an array takes no names: use mw_push"));
    if (object->finished) mw_panic_at(here, MW("this object is part of another value already"));
    if (object->count++ > 0) mw_buffer_add(&object->buffer, ",", 1);
    quoted(&object->buffer, name, here);
    mw_buffer_add(&object->buffer, ":", 1);
    object->named = true;
}

static void add(mw_json *json, mw_text text, const char *here)
{
    before(json, here);
    mw_buffer_add(&json->buffer, text.ptr, text.len);
}

void mw_write_text(mw_json *json, mw_text text, const char *here)
{
    before(json, here);
    quoted(&json->buffer, text, here);
}

void mw_write_null_text(const char *here)
{
    mw_panic_at(here, MW("a text is NULL: use mw_put_null where null is meant"));
}

void mw_write_maybe(mw_json *json, mw_maybe_text text, const char *here)
{
    if (text.present) {
        mw_write_text(json, text.text, here);
    } else {
        mw_write_null(json, here);
    }
}

void mw_write_decimal(mw_json *json, mw_decimal amount, const char *here)
{
    before(json, here);
    quoted(&json->buffer, mw_decimal_text(amount), here);
}

void mw_write_number(mw_json *json, mw_decimal amount, const char *here)
{
    add(json, mw_decimal_text(amount), here);
}

void mw_write_int(mw_json *json, long long number, const char *here)
{
    add(json, mw_from_signed(number), here);
}

void mw_write_bool(mw_json *json, bool truth, const char *here)
{
    add(json, truth ? MW("true") : MW("false"), here);
}

void mw_write_null(mw_json *json, const char *here) { add(json, MW("null"), here); }

void mw_write_ref(mw_json *json, mw_ref reference, const char *here)
{
    add(json, MW("{\"$ref\":{\"entity\":"), here);
    quoted(&json->buffer, reference.entity, here);
    mw_buffer_add(&json->buffer, ",\"key\":", 7);
    quoted(&json->buffer, reference.key, here);
    mw_buffer_add(&json->buffer, "}}", 2);
}

void mw_write_raw(mw_json *json, mw_raw raw, const char *here)
{
    mw_scan scan = {.at = raw.text.ptr, .end = raw.text.ptr + raw.text.len, .start = raw.text.ptr};
    if (!mw_scan_skip(&scan) || !mw_scan_done(&scan)) {
        mw_panic_at(here, mw_concat("this is no JSON at byte ", scan.at - scan.start, ": ", scan.reason));
    }
    add(json, raw.text, here);
}

void mw_write_json(mw_json *json, mw_json *inner, const char *here)
{
    if (inner == NULL) mw_panic_at(here, MW("an object or array is NULL: use mw_put_null where null is meant"));
    if (inner->finished || inner == json) {
        mw_panic_at(here, MW("this object or array is part of another value already"));
    }
    before(json, here);
    mw_buffer_add(&json->buffer, inner->buffer.ptr, inner->buffer.len);
    mw_buffer_add(&json->buffer, &inner->close, 1);
    inner->finished = true;
}
