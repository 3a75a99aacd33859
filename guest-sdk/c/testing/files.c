/*
 * Files of golden cases: text, CSV, and the little of TOML that `context.toml` needs (texts, whole numbers,
 * times, one level of tables, comments).
 */
#include <stdio.h>
#include <string.h>

#include "testing.h"

mw_maybe_text mw_file_if_any(const char *path)
{
    FILE *file = fopen(path, "rb");
    if (file == NULL) return (mw_maybe_text){0};
    mw_buffer text = {0};
    size_t got;
    do {
        char *to = mw_buffer_room(&text, 65536);
        got = fread(to, 1, 65536, file);
        text.len += got;
    } while (got > 0);
    fclose(file);
    return (mw_maybe_text){true, {text.ptr, text.len}};
}

mw_text mw_file(const char *path)
{
    mw_maybe_text text = mw_file_if_any(path);
    if (!text.present) MW_FAIL(path, " cannot be read");
    return text.text;
}

/* ---- CSV ---- */

typedef struct cells {
    mw_text *items;
    size_t count, room;
} cells;

/* One record; false at the end of the text. */
static bool record(mw_text *rest, cells *into)
{
    *into = (cells){0};
    while (rest->len > 0 && (rest->ptr[0] == '\n' || rest->ptr[0] == '\r')) *rest = mw_slice(*rest, 1, rest->len);
    if (rest->len == 0) return false;
    size_t at = 0;
    for (;;) {
        mw_buffer cell = {0};
        if (at < rest->len && rest->ptr[at] == '"') {
            for (at++; at < rest->len; at++) {
                if (rest->ptr[at] == '"' && (at + 1 == rest->len || rest->ptr[at + 1] != '"')) break;
                at += rest->ptr[at] == '"';
                mw_buffer_add(&cell, rest->ptr + at, 1);
            }
            at++;
        }
        while (at < rest->len && rest->ptr[at] != ',' && rest->ptr[at] != '\n' && rest->ptr[at] != '\r') {
            mw_buffer_add(&cell, rest->ptr + at++, 1);
        }
        *MW_NEXT(into) = (mw_text){cell.ptr, cell.len};
        if (at >= rest->len || rest->ptr[at] != ',') break;
        at++;
    }
    *rest = mw_slice(*rest, at, rest->len);
    return true;
}

mw_table mw_csv(mw_text name, mw_text csv)
{
    struct {
        mw_pairs *items;
        size_t count, room;
    } rows = {0};
    cells header, cell;
    if (mw_starts_with(csv, "\xef\xbb\xbf")) csv = mw_slice(csv, 3, csv.len);
    if (!record(&csv, &header)) MW_FAIL("lookup table `", name, "` has no header");
    while (record(&csv, &cell)) {
        if (cell.count != header.count) {
            MW_FAIL("lookup table `", name, "`: row ", rows.count + 1, " has ", cell.count, " columns, the header ", header.count);
        }
        mw_pair *pairs = MW_NEW_ARRAY(mw_pair, cell.count);
        for (size_t i = 0; i < cell.count; i++) pairs[i] = (mw_pair){header.items[i], cell.items[i]};
        for (size_t i = 0; i < rows.count; i++) {
            if (mw_equal(rows.items[i].items[0].value, pairs[0].value)) {
                MW_FAIL("lookup table `", name, "`: the key `", pairs[0].value, "` stands twice");
            }
        }
        *MW_NEXT(&rows) = (mw_pairs){pairs, cell.count};
    }
    return (mw_table){name, rows.items, rows.count};
}

/* ---- TOML ---- */

static mw_text value(mw_text text, const char *path)
{
    if (mw_starts_with(text, "'")) {
        size_t end = 1;
        while (end < text.len && text.ptr[end] != '\'') end++;
        return mw_slice(text, 1, end);
    }
    if (mw_starts_with(text, "\"")) {
        /* A basic string of TOML has the escapes of JSON, and two that nobody writes into a case. */
        mw_scan scan = {.at = text.ptr, .end = text.ptr + text.len, .start = text.ptr};
        mw_text string;
        if (!mw_scan_string(&scan, &string)) MW_FAIL(path, ": ", text, ": ", scan.reason);
        return string;
    }
    size_t end = 0;
    while (end < text.len && text.ptr[end] != '#') end++;
    return mw_trim(mw_slice(text, 0, end));
}

bool mw_toml_next(mw_text *rest, mw_toml_line *line, const char *path)
{
    while (rest->len > 0) {
        size_t end = 0;
        while (end < rest->len && rest->ptr[end] != '\n') end++;
        mw_text text = mw_trim(mw_slice(*rest, 0, end));
        *rest = mw_slice(*rest, end + 1, rest->len);
        if (mw_is_empty(text) || text.ptr[0] == '#') continue;
        if (text.ptr[0] == '[') {
            size_t close = 1;
            while (close < text.len && text.ptr[close] != ']') close++;
            line->table = mw_trim(mw_slice(text, 1, close));
            continue;
        }
        size_t sign = 0;
        while (sign < text.len && text.ptr[sign] != '=') sign++;
        if (sign == text.len) MW_FAIL(path, ": `", text, "` has no `=`");
        line->key = mw_trim(mw_slice(text, 0, sign));
        if (mw_starts_with(line->key, "\"")) line->key = value(line->key, path);
        line->value = value(mw_trim(mw_slice(text, sign + 1, text.len)), path);
        return true;
    }
    return false;
}
