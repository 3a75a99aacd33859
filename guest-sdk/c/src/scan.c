/*
 * One pass over JSON text, strict: what is no JSON is found where it stops being that. Nothing is converted
 * but strings with escapes. Cost: a few instructions a byte, fewer inside of strings, which are looked at
 * eight bytes at a time.
 */
#include <string.h>

#include "internal.h"

bool mw_scan_fail(mw_scan *scan, const char *reason)
{
    if (scan->reason == NULL) scan->reason = reason;
    return false;
}

void mw_scan_space(mw_scan *scan)
{
    const char *at = scan->at;
    while (at < scan->end && (*at == ' ' || *at == '\n' || *at == '\r' || *at == '\t')) at++;
    scan->at = at;
}

bool mw_scan_done(mw_scan *scan)
{
    mw_scan_space(scan);
    return scan->at == scan->end || mw_scan_fail(scan, "something stands after the value");
}

/* The first byte at or after `at` that is a quote, a backslash or a control character. */
static const char *special(const char *at, const char *end)
{
    const uint64_t ones = 0x0101010101010101ULL, tops = 0x8080808080808080ULL;
    while ((size_t)(end - at) >= 8) {
        uint64_t word;
        memcpy(&word, at, 8);
        uint64_t quote = word ^ (ones * '"'), backslash = word ^ (ones * '\\');
        uint64_t found = ((word - ones * 0x20) | (quote - ones) | (backslash - ones)) & ~word & tops;
        /* Borrowing may mark a byte that follows a marked one, so only the first is sure. */
        if (found != 0) return at + (__builtin_ctzll(found) >> 3);
        at += 8;
    }
    while (at < end && *at != '"' && *at != '\\' && (unsigned char)*at >= 0x20) at++;
    return at;
}

static int hex(const char *at)
{
    int code = 0;
    for (int i = 0; i < 4; i++) {
        char c = at[i];
        int digit = c >= '0' && c <= '9' ? c - '0'
            : c >= 'a' && c <= 'f'       ? c - 'a' + 10
            : c >= 'A' && c <= 'F'       ? c - 'A' + 10
                                         : -1;
        if (digit < 0) return -1;
        code = code << 4 | digit;
    }
    return code;
}

/* One escape, `at` after the backslash. Writes its bytes unless `out` is NULL; NULL when it is none. */
static const char *escape(mw_scan *scan, const char *at, char **out)
{
    static const char marks[] = "\"\\/bfnrt", bytes[] = "\"\\/\b\f\n\r\t";
    if (at == scan->end) return NULL;
    if (*at != 'u') {
        const char *mark = memchr(marks, *at, sizeof marks - 1);
        if (mark == NULL) return NULL;
        if (out != NULL) *(*out)++ = bytes[mark - marks];
        return at + 1;
    }
    if (scan->end - at < 5) return NULL;
    int code = hex(at + 1);
    at += 5;
    if (code < 0 || (code >= 0xdc00 && code < 0xe000)) return NULL;
    if (code >= 0xd800 && code < 0xdc00) {
        int low = scan->end - at >= 6 && at[0] == '\\' && at[1] == 'u' ? hex(at + 2) : -1;
        if (low < 0xdc00 || low >= 0xe000) return NULL; /* Half of a character is no text. */
        code = 0x10000 + ((code - 0xd800) << 10 | (low - 0xdc00));
        at += 6;
    }
    if (out != NULL) {
        char *to = *out;
        if (code < 0x80) {
            *to++ = (char)code;
        } else if (code < 0x800) {
            *to++ = (char)(0xc0 | code >> 6);
            *to++ = (char)(0x80 | (code & 0x3f));
        } else {
            if (code < 0x10000) {
                *to++ = (char)(0xe0 | code >> 12);
            } else {
                *to++ = (char)(0xf0 | code >> 18);
                *to++ = (char)(0x80 | (code >> 12 & 0x3f));
            }
            *to++ = (char)(0x80 | (code >> 6 & 0x3f));
            *to++ = (char)(0x80 | (code & 0x3f));
        }
        *out = to;
    }
    return at;
}

/* Passes a string by; says whether it has escapes. */
static bool skip_string(mw_scan *scan, bool *escaped)
{
    const char *at = scan->at + 1;
    *escaped = false;
    for (;;) {
        at = special(at, scan->end);
        if (at == scan->end) {
            scan->at = at;
            return mw_scan_fail(scan, "a string does not end");
        }
        if (*at == '"') {
            scan->at = at + 1;
            return true;
        }
        scan->at = at;
        if (*at != '\\') return mw_scan_fail(scan, "a control character stands in a string");
        *escaped = true;
        at = escape(scan, at + 1, NULL);
        if (at == NULL) return mw_scan_fail(scan, "this is no escape");
    }
}

bool mw_scan_string(mw_scan *scan, mw_text *text)
{
    const char *start = scan->at + 1;
    bool escaped;
    if (!skip_string(scan, &escaped)) return false;
    size_t length = (size_t)(scan->at - 1 - start);
    *text = (mw_text){start, length};
    if (!escaped) return true;
    char *out = mw_alloc(length), *to = out;
    for (const char *at = start, *end = start + length; at < end;) {
        const char *next = memchr(at, '\\', (size_t)(end - at));
        size_t plain = (size_t)((next == NULL ? end : next) - at);
        memcpy(to, at, plain);
        to += plain;
        at += plain;
        if (next != NULL) at = escape(scan, next + 1, &to);
    }
    *text = (mw_text){out, (size_t)(to - out)};
    return true;
}

static bool is_digit(const mw_scan *scan, const char *at) { return at < scan->end && *at >= '0' && *at <= '9'; }

bool mw_scan_number(mw_scan *scan)
{
    const char *at = scan->at;
    if (at < scan->end && *at == '-') at++;
    if (!is_digit(scan, at)) return mw_scan_fail(scan, "this is no value");
    bool zero = *at == '0';
    do at++;
    while (is_digit(scan, at) && !zero);
    if (at < scan->end && *at == '.') {
        if (!is_digit(scan, ++at)) return mw_scan_fail(scan, "a number ends after its point");
        while (is_digit(scan, at)) at++;
    }
    if (at < scan->end && (*at == 'e' || *at == 'E')) {
        at++;
        if (at < scan->end && (*at == '+' || *at == '-')) at++;
        if (!is_digit(scan, at)) return mw_scan_fail(scan, "a number has no exponent after its `e`");
        while (is_digit(scan, at)) at++;
    }
    scan->at = at;
    return true;
}

static bool skip_word(mw_scan *scan, const char *word, size_t length)
{
    if ((size_t)(scan->end - scan->at) < length || memcmp(scan->at, word, length) != 0) {
        return mw_scan_fail(scan, "this is no value");
    }
    scan->at += length;
    return true;
}

bool mw_scan_skip(mw_scan *scan)
{
    bool escaped;
    int next = mw_scan_next(scan);
    switch (next) {
    case '"': return skip_string(scan, &escaped);
    case 't': return skip_word(scan, "true", 4);
    case 'f': return skip_word(scan, "false", 5);
    case 'n': return skip_word(scan, "null", 4);
    case '[':
    case '{': break;
    case 0: return mw_scan_fail(scan, "the text ends where a value belongs");
    default: return mw_scan_number(scan);
    }
    int close = next == '[' ? ']' : '}';
    if (++scan->depth > MW_DEPTH_MAX) return mw_scan_fail(scan, "it is nested too deeply");
    scan->at++;
    if (mw_scan_next(scan) == close) {
        scan->at++;
        scan->depth--;
        return true;
    }
    for (;;) {
        if (close == '}') {
            if (mw_scan_next(scan) != '"') return mw_scan_fail(scan, "a field has no name");
            if (!skip_string(scan, &escaped)) return false;
            if (mw_scan_next(scan) != ':') return mw_scan_fail(scan, "a field has no `:`");
            scan->at++;
        }
        if (!mw_scan_skip(scan)) return false;
        next = mw_scan_next(scan);
        if (next == close) {
            scan->at++;
            scan->depth--;
            return true;
        }
        if (next != ',') return mw_scan_fail(scan, "a `,` or the end of the list or object is missing");
        scan->at++;
    }
}
