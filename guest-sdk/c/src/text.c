/*
 * Texts: comparing, cutting and joining them. Nothing here changes a text; what cannot be a part of the old
 * one is a new one.
 */
#include <string.h>

#include "internal.h"

mw_text mw_from_unsigned(unsigned long long number)
{
    char digits[20];
    size_t at = sizeof digits;
    do {
        digits[--at] = (char)('0' + number % 10);
        number /= 10;
    } while (number > 0);
    return mw_concat_all(&(mw_text){digits + at, sizeof digits - at}, 1);
}

mw_text mw_from_signed(long long number)
{
    if (number >= 0) return mw_from_unsigned((unsigned long long)number);
    mw_text parts[] = {MW("-"), mw_from_unsigned(0ULL - (unsigned long long)number)};
    return mw_concat_all(parts, 2);
}

mw_text mw_concat_all(const mw_text *parts, size_t count)
{
    size_t length = 0;
    for (size_t i = 0; i < count; i++) length += parts[i].len;
    char *all = mw_alloc(length);
    char *at = all;
    for (size_t i = 0; i < count; i++) {
        if (parts[i].len > 0) memcpy(at, parts[i].ptr, parts[i].len);
        at += parts[i].len;
    }
    return (mw_text){all, length};
}

mw_text mw_join(mw_text_list texts, const char *between)
{
    mw_buffer all = {0};
    for (size_t i = 0; i < texts.count; i++) {
        if (i > 0) mw_buffer_add(&all, between, strlen(between));
        mw_buffer_add(&all, texts.items[i].ptr, texts.items[i].len);
    }
    return (mw_text){all.ptr, all.len};
}

void mw_buffer_grow(mw_buffer *buffer, size_t more)
{
    size_t room = buffer->room * 2 > 128 ? buffer->room * 2 : 128;
    if (room < buffer->len + more) room = buffer->len + more;
    buffer->ptr = mw_resize(buffer->ptr, buffer->room, room);
    buffer->room = room;
}

void mw_buffer_add(mw_buffer *buffer, const char *bytes, size_t count)
{
    if (count == 0) return;
    memcpy(mw_buffer_room(buffer, count), bytes, count);
    buffer->len += count;
}

void *mw_more_items(void *items, size_t *room, size_t size)
{
    size_t more = *room == 0 ? 4 : *room * 2;
    items = mw_resize(items, *room * size, more * size);
    *room = more;
    return items;
}

size_t mw_within(size_t index, size_t count, const char *here)
{
    if (index >= count) {
        mw_panic_at(here, mw_concat("item ", index, " of a list of ", count));
    }
    return index;
}

mw_maybe_text mw_pair_value(mw_pairs pairs, mw_text name)
{
    MW_EACH (pair, pairs) {
        if (mw_text_equal(pair->name, name)) return (mw_maybe_text){true, pair->value};
    }
    return (mw_maybe_text){0};
}

void mw_set_pair(mw_pairs *pairs, mw_text name, mw_text value)
{
    size_t at = 0;
    while (at < pairs->count && !mw_text_equal(pairs->items[at].name, name)) at++;
    size_t count = at == pairs->count ? at + 1 : pairs->count;
    mw_pair *items = MW_NEW_ARRAY(mw_pair, count);
    if (pairs->count > 0) memcpy(items, pairs->items, pairs->count * sizeof *items);
    items[at] = (mw_pair){name, value};
    *pairs = (mw_pairs){items, count};
}

bool mw_text_equal(mw_text a, mw_text b)
{
    return a.len == b.len && mw_same_bytes(a.ptr, b.ptr, a.len);
}

bool mw_text_starts_with(mw_text text, mw_text start)
{
    return text.len >= start.len && mw_text_equal((mw_text){text.ptr, start.len}, start);
}

bool mw_text_ends_with(mw_text text, mw_text end)
{
    return text.len >= end.len && mw_text_equal((mw_text){text.ptr + (text.len - end.len), end.len}, end);
}

int mw_text_compare(mw_text a, mw_text b)
{
    size_t shorter = a.len < b.len ? a.len : b.len;
    int order = shorter == 0 ? 0 : memcmp(a.ptr, b.ptr, shorter);
    return order != 0 ? order : (a.len > b.len) - (a.len < b.len);
}

bool mw_text_contains(mw_text text, mw_text part)
{
    for (size_t at = 0; at + part.len <= text.len; at++) {
        if (mw_text_equal((mw_text){text.ptr + at, part.len}, part)) return true;
    }
    return false;
}

mw_text mw_slice(mw_text text, size_t start, size_t end)
{
    if (end > text.len) end = text.len;
    if (start > end) start = end;
    return (mw_text){text.ptr + start, end - start};
}

/* The character that begins at a byte, and how long it is; texts are UTF-8 already. */
static uint32_t character(const char *at, size_t left, size_t *length)
{
    const unsigned char *bytes = (const unsigned char *)at;
    size_t more = bytes[0] < 0xc0 ? 0 : bytes[0] < 0xe0 ? 1 : bytes[0] < 0xf0 ? 2 : 3;
    if (more >= left) more = 0;
    uint32_t code = more == 0 ? bytes[0] : bytes[0] & (0x3fu >> more);
    for (size_t i = 1; i <= more; i++) code = code << 6 | (bytes[i] & 0x3f);
    *length = more + 1;
    return code;
}

static bool is_space(uint32_t c)
{
    return c == ' ' || (c >= 9 && c <= 13) || c == 0x85 || c == 0xa0 || c == 0x1680
        || (c >= 0x2000 && c <= 0x200a) || c == 0x2028 || c == 0x2029 || c == 0x202f || c == 0x205f
        || c == 0x3000;
}

mw_text mw_trim(mw_text text)
{
    size_t length;
    while (text.len > 0 && is_space(character(text.ptr, text.len, &length))) {
        text.ptr += length;
        text.len -= length;
    }
    while (text.len > 0) {
        size_t start = text.len - 1;
        while (start > 0 && ((unsigned char)text.ptr[start] & 0xc0) == 0x80) start--;
        if (!is_space(character(text.ptr + start, text.len - start, &length))) break;
        text.len = start;
    }
    return text;
}

mw_text mw_word(mw_text *rest)
{
    size_t length, end = 0;
    while (rest->len > 0 && is_space(character(rest->ptr, rest->len, &length))) *rest = mw_slice(*rest, length, rest->len);
    for (; end < rest->len; end += length) {
        if (is_space(character(rest->ptr + end, rest->len - end, &length))) break;
    }
    mw_text word = mw_slice(*rest, 0, end);
    *rest = mw_slice(*rest, end, rest->len);
    return word;
}

bool mw_cut(mw_text text, char separator, mw_text *before, mw_text *after)
{
    for (size_t at = 0; at < text.len; at++) {
        if (text.ptr[at] != separator) continue;
        *before = mw_slice(text, 0, at);
        *after = mw_slice(text, at + 1, text.len);
        return true;
    }
    return false;
}

mw_text mw_first(mw_text text, size_t characters)
{
    size_t end = 0, length;
    for (; characters > 0 && end < text.len; characters--) {
        character(text.ptr + end, text.len - end, &length);
        end += length;
    }
    return mw_slice(text, 0, end);
}

static uint32_t lower(uint32_t c)
{
    if (c < 0x80) return c >= 'A' && c <= 'Z' ? c + 32 : c;
    if (c >= 0xc0 && c <= 0xde && c != 0xd7) return c + 32;
    if ((c >= 0x100 && c <= 0x12f) || (c >= 0x132 && c <= 0x137) || (c >= 0x14a && c <= 0x177)) return c | 1;
    if ((c >= 0x139 && c <= 0x148) || (c >= 0x179 && c <= 0x17e)) return c + (c & 1);
    if (c == 0x178) return 0xff;
    if (c >= 0x391 && c <= 0x3ab && c != 0x3a2) return c + 32;
    if (c >= 0x410 && c <= 0x42f) return c + 32;
    if (c >= 0x400 && c <= 0x40f) return c + 80;
    return c;
}

mw_text mw_lower(mw_text text)
{
    char *out = mw_alloc(text.len);
    size_t length;
    for (size_t at = 0; at < text.len; at += length) {
        uint32_t small = lower(character(text.ptr + at, text.len - at, &length));
        /* Each pair in these ranges has the same length in UTF-8. */
        if (length == 1) {
            out[at] = (char)small;
        } else if (length == 2) {
            out[at] = (char)(0xc0 | small >> 6);
            out[at + 1] = (char)(0x80 | (small & 0x3f));
        } else {
            memcpy(out + at, text.ptr + at, length);
        }
    }
    return (mw_text){out, text.len};
}

mw_text mw_ascii_upper(mw_text text)
{
    char *out = mw_alloc(text.len);
    for (size_t i = 0; i < text.len; i++) {
        out[i] = text.ptr[i] >= 'a' && text.ptr[i] <= 'z' ? (char)(text.ptr[i] - 32) : text.ptr[i];
    }
    return (mw_text){out, text.len};
}

mw_text mw_digits(mw_text text)
{
    char *out = mw_alloc(text.len);
    size_t length = 0;
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] >= '0' && text.ptr[i] <= '9') out[length++] = text.ptr[i];
    }
    return (mw_text){out, length};
}

const char *mw_c_string(mw_text text)
{
    char *copy = mw_alloc(text.len + 1);
    if (text.len > 0) memcpy(copy, text.ptr, text.len);
    return copy;
}

bool mw_is_set(mw_id id) { return id.len > 0 && !(id.len == 1 && id.ptr[0] == '0'); }

mw_text mw_date(mw_time time) { return time.len >= 10 ? mw_slice(time, 0, 10) : MW_EMPTY; }

mw_maybe_text mw_utc(mw_time time)
{
    if (time.len == 0) return (mw_maybe_text){0};
    while (time.len > 0 && time.ptr[time.len - 1] == 'Z') time.len--;
    return (mw_maybe_text){true, mw_concat(time, "Z")};
}
