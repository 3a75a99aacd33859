/*
 * Writing JSON: an object or array grows in the order in which things are put into it, and is part of the
 * document in that order. Decimals become text ("254.56"); a float does not compile.
 *
 *     mw_json *line = mw_object();
 *     mw_put(line, "product", mw_reference("product", item->sku));
 *     mw_put(line, "quantity", item->quantity);
 *     mw_push(lines, line);
 *
 * Cost: characters are copied when they are put, and once more for each level they are nested in. Text that
 * is no UTF-8 is a panic with the place of the call. What was put into another is finished: putting more
 * into it is a panic. Names are not held against each other; a name put twice is written twice.
 */
#ifndef MAPWRIGHT_WRITE_H
#define MAPWRIGHT_WRITE_H

#include "json.h"

/* An object or array that is being written. */
typedef struct mw_json mw_json;

/* Stands in a body for the id that the target gave to something else; the host puts it there at delivery. */
typedef struct mw_ref {
    mw_text entity;
    mw_text key;
} mw_ref;
#define mw_reference(entity, key) ((mw_ref){mw_text_of(entity), mw_text_of(key)})

mw_json *mw_object(void);
mw_json *mw_array(void);
/* How many things are in it. */
size_t mw_count(const mw_json *json);
/* What is written so far, closed: JSON. */
mw_text mw_json_text(const mw_json *json);

/* Puts a field into an object: a text, decimal, mw_ref, mw_maybe_text (null where there is none), mw_raw,
   bool variable, or another object or array. For whole numbers and conditions say which: see below. */
#define mw_put(object, name, value) \
    (mw_write_name((object), mw_text_of(name), MW_HERE), mw_write_any(value)((object), (value), MW_HERE))
/* Puts a whole number. */
#define mw_put_int(object, name, number) \
    (mw_write_name((object), mw_text_of(name), MW_HERE), mw_write_int((object), (number), MW_HERE))
/* Puts true or false: a condition is an int to C, so mw_put cannot tell it from a number. */
#define mw_put_bool(object, name, condition) \
    (mw_write_name((object), mw_text_of(name), MW_HERE), mw_write_bool((object), (condition), MW_HERE))
/* Puts a decimal as a JSON number, digit by digit, for targets that want numbers instead of texts. */
#define mw_put_number(object, name, amount) \
    (mw_write_name((object), mw_text_of(name), MW_HERE), mw_write_number((object), (amount), MW_HERE))
/* Puts null. */
#define mw_put_null(object, name) \
    (mw_write_name((object), mw_text_of(name), MW_HERE), mw_write_null((object), MW_HERE))

/* The same for arrays. */
#define mw_push(array, value) (mw_write_any(value)((array), (value), MW_HERE))
#define mw_push_int(array, number) mw_write_int((array), (number), MW_HERE)
#define mw_push_bool(array, condition) mw_write_bool((array), (condition), MW_HERE)
#define mw_push_number(array, amount) mw_write_number((array), (amount), MW_HERE)

/* Part of the macros above. */
void mw_write_name(mw_json *object, mw_text name, const char *here);
void mw_write_text(mw_json *json, mw_text text, const char *here);
_Noreturn void mw_write_null_text(const char *here);
static inline void mw_write_c(mw_json *json, const char *text, const char *here)
{
    if (text == NULL) mw_write_null_text(here);
    mw_write_text(json, mw_from_c(text), here);
}
void mw_write_maybe(mw_json *json, mw_maybe_text text, const char *here);
void mw_write_decimal(mw_json *json, mw_decimal amount, const char *here);
void mw_write_number(mw_json *json, mw_decimal amount, const char *here);
void mw_write_int(mw_json *json, long long number, const char *here);
void mw_write_bool(mw_json *json, bool truth, const char *here);
void mw_write_null(mw_json *json, const char *here);
void mw_write_ref(mw_json *json, mw_ref reference, const char *here);
void mw_write_raw(mw_json *json, mw_raw raw, const char *here);
void mw_write_json(mw_json *json, mw_json *inner, const char *here);
#if defined(__has_attribute)
#if __has_attribute(error)
__attribute__((error("a float cannot hold money: use mw_decimal, or mw_put_number for a JSON number")))
#endif
#endif
void mw_write_no_floats(mw_json *json, double number, const char *here);
#if defined(__has_attribute)
#if __has_attribute(error)
__attribute__((error("is this a number or a condition? use mw_put_int or mw_put_bool (mw_push_int, mw_push_bool)")))
#endif
#endif
void mw_write_no_ints(mw_json *json, long long number, const char *here);
#define mw_write_any(x) \
    _Generic((x), \
        mw_text: mw_write_text, \
        char *: mw_write_c, \
        const char *: mw_write_c, \
        mw_maybe_text: mw_write_maybe, \
        mw_decimal: mw_write_decimal, \
        mw_ref: mw_write_ref, \
        mw_raw: mw_write_raw, \
        mw_json *: mw_write_json, \
        _Bool: mw_write_bool, \
        int: mw_write_no_ints, \
        long: mw_write_no_ints, \
        long long: mw_write_no_ints, \
        unsigned: mw_write_no_ints, \
        unsigned long: mw_write_no_ints, \
        unsigned long long: mw_write_no_ints, \
        float: mw_write_no_floats, \
        double: mw_write_no_floats)

#endif
