/*
 * Text: a pointer and a length, UTF-8, as it lies in memory. Most texts point into the payload and cost
 * nothing; none ends in a NUL unless mw_c_string made it so. Nothing is ever freed: an instance lives for
 * one call, and the memory goes with it.
 *
 * Whatever takes a text takes a C string, a mw_text, a mw_decimal or a whole number as well. A float is
 * refused by the compiler: money is no float here, and nothing else needs one.
 */
#ifndef MAPWRIGHT_TEXT_H
#define MAPWRIGHT_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "decimal.h"
#include "each.h"

/* A constant text. */
#define MW(literal) ((mw_text){"" literal, sizeof(literal) - 1})
/* So many bytes from here. */
static inline mw_text mw_bytes(const char *ptr, size_t len) { return (mw_text){ptr, len}; }
/* No text. */
#define MW_EMPTY ((mw_text){0})

/* A text or none; the contract's option. */
typedef struct mw_maybe_text {
    bool present;
    mw_text text;
} mw_maybe_text;

/* Texts, one after the other. */
typedef struct mw_text_list {
    const mw_text *items;
    size_t count;
} mw_text_list;

/* A name and a value; the contract's open attributes are lists of them. */
typedef struct mw_pair {
    mw_text name;
    mw_text value;
} mw_pair;

typedef struct mw_pairs {
    const mw_pair *items;
    size_t count;
} mw_pairs;

/* The value under a name; none where there is no such name. */
mw_maybe_text mw_pair_value(mw_pairs pairs, mw_text name);
#define mw_attribute(pairs, name) mw_pair_value((pairs), mw_text_of(name))

/* Sets a name's value: in the place of the first of that name, or at the end. What was there is copied. */
#define mw_set_attribute(pairs, name, value) mw_set_pair((pairs), mw_text_of(name), mw_text_of(value))
void mw_set_pair(mw_pairs *pairs, mw_text name, mw_text value);

/* `item` walks over a list of the SDK: `MW_EACH (line, order->line_items) { ... }`. */
#define MW_EACH(item, list) \
    for (__typeof__(&*(list).items) item = (list).items, \
             item##_end_ = (list).count == 0 ? (list).items : (list).items + (list).count; \
         item != item##_end_; item++)
/* Which one `item` is, from 0. */
#define MW_INDEX(item, list) ((size_t)((item) - (list).items))
/* One item of a list by its index, from 0; beyond the end it is a panic with its place. */
#define MW_ITEM(list, index) ((list).items[mw_within((size_t)(index), (list).count, MW_HERE)])
size_t mw_within(size_t index, size_t count, const char *here);

/* Memory for this call: zeroed, aligned for anything, never NULL, never freed. */
void *mw_alloc(size_t bytes);
#define MW_NEW(type) ((type *)mw_alloc(sizeof(type)))
#define MW_NEW_ARRAY(type, count) ((type *)mw_alloc(sizeof(type) * (size_t)(count)))

/* What becomes text: see the head of this file. */
static inline mw_text mw_from_c(const char *text)
{
    return (mw_text){text, text == NULL ? 0 : __builtin_strlen(text)}; /* Of a constant this is one. */
}
mw_text mw_from_signed(long long number);
mw_text mw_from_unsigned(unsigned long long number);
static inline mw_text mw_from_text(mw_text text) { return text; }
#if defined(__has_attribute)
#if __has_attribute(error)
__attribute__((error("a float cannot hold money: use mw_decimal (docs: mapwright/decimal.h)")))
#endif
#endif
mw_text mw_no_floats(double number);
#define mw_text_of(x) \
    _Generic((x), \
        mw_text: mw_from_text, \
        char *: mw_from_c, \
        const char *: mw_from_c, \
        mw_decimal: mw_decimal_text, \
        int: mw_from_signed, \
        long: mw_from_signed, \
        long long: mw_from_signed, \
        unsigned: mw_from_unsigned, \
        unsigned long: mw_from_unsigned, \
        unsigned long long: mw_from_unsigned, \
        float: mw_no_floats, \
        double: mw_no_floats)(x)

/* One text of many things: `mw_concat("order ", order->id, " is a draft")`. */
mw_text mw_concat_all(const mw_text *parts, size_t count);
#define mw_concat(...) \
    mw_concat_all((const mw_text[]){MW_EACH_ARGUMENT(mw_text_of, __VA_ARGS__)}, MW_COUNT(__VA_ARGS__))
/* Texts with something between them. */
mw_text mw_join(mw_text_list texts, const char *between);

bool mw_text_equal(mw_text a, mw_text b);
#define mw_equal(a, b) mw_text_equal(mw_text_of(a), mw_text_of(b))
static inline bool mw_is_empty(mw_text text) { return text.len == 0; }
bool mw_text_starts_with(mw_text text, mw_text start);
#define mw_starts_with(text, start) mw_text_starts_with((text), mw_text_of(start))
bool mw_text_ends_with(mw_text text, mw_text end);
#define mw_ends_with(text, end) mw_text_ends_with((text), mw_text_of(end))
/* Below zero, zero or above zero, as `a` comes before `b` byte by byte, is equal to it or comes after it: for
   qsort and bsearch. */
int mw_text_compare(mw_text a, mw_text b);
bool mw_text_contains(mw_text text, mw_text part);
#define mw_contains(text, part) mw_text_contains((text), mw_text_of(part))
/* Without white space at its ends, Unicode's as well as ASCII's. */
mw_text mw_trim(mw_text text);
/* Takes the first word off a text, words being what white space separates; empty when none is left:
   `for (mw_text word; !mw_is_empty(word = mw_word(&rest));) { ... }`. */
mw_text mw_word(mw_text *rest);
/* What stands before and after the first `separator`; false, and nothing is changed, where there is none. */
bool mw_cut(mw_text text, char separator, mw_text *before, mw_text *after);
/* At most so many characters from the start. */
mw_text mw_first(mw_text text, size_t characters);
/* The bytes from `start` up to `end`; what lies outside of the text is not there. Cut between characters. */
mw_text mw_slice(mw_text text, size_t start, size_t end);
/* In small letters: ASCII, Latin-1, Latin Extended-A, Greek and Cyrillic; others stay as they are. */
mw_text mw_lower(mw_text text);
/* In capitals, ASCII only. */
mw_text mw_ascii_upper(mw_text text);
/* The ASCII digits in it and nothing else. */
mw_text mw_digits(mw_text text);
/* For functions of the C library: ends in a NUL. */
const char *mw_c_string(mw_text text);

/* An id is text, also where it looks like a number. It names something unless it is empty or `0`. */
typedef mw_text mw_id;
bool mw_is_set(mw_id id);

/* A time as WooCommerce writes it: without an offset, in the shop's zone or (`_gmt`) in UTC; empty for never. */
typedef mw_text mw_time;
/* The day, `YYYY-MM-DD`; empty where there is none. */
mw_text mw_date(mw_time time);
/* A `_gmt` time as RFC 3339 in UTC; none for never. Wrong for times in the shop's zone. */
mw_maybe_text mw_utc(mw_time time);

/*
 * Ends the call: `panicked at src/orders.c:12: TEXT` goes to the log, then the instance traps. For what
 * cannot be; bad input is better a refusal.
 */
_Noreturn void mw_panic_at(const char *here, mw_text text);
#define mw_panic(...) mw_panic_at(MW_HERE, mw_concat(__VA_ARGS__))
#define mw_assert(condition) \
    ((condition) ? (void)0 : mw_panic_at(MW_HERE, MW("this does not hold: " #condition)))

#endif
