/*
 * Reading JSON that no model knows: settings, checkpoints, meta values of other people's plug-ins.
 *
 * mw_read makes a tree of a text. Numbers keep their own text, so nothing passes through a float; strings
 * without escapes point into the text. NaN, Infinity, comments and commas at the end are no JSON. Nesting
 * deeper than 128 is refused. Every function here takes NULL for "not there" and says so again, so that
 * mw_get(mw_get(v, "a"), "b") needs no questions between.
 */
#ifndef MAPWRIGHT_JSON_H
#define MAPWRIGHT_JSON_H

#include "text.h"

/* JSON kept as its own text, unread. */
typedef struct mw_raw {
    mw_text text;
} mw_raw;

typedef enum mw_kind {
    MW_NULL,
    MW_BOOL,
    MW_NUMBER,
    MW_STRING,
    MW_ARRAY,
    MW_OBJECT,
} mw_kind;

/* A JSON value. */
typedef struct mw_value {
    mw_kind kind;
    /* MW_BOOL */
    bool truth;
    /* MW_STRING: its characters. MW_NUMBER: as it is written. */
    mw_text text;
    /* MW_ARRAY, MW_OBJECT: what is in it; names[i] is the name of items[i] in an object. */
    const struct mw_value *items;
    const mw_text *names;
    size_t count;
} mw_value;

/* Where a text stops being JSON. */
typedef struct mw_json_fault {
    size_t byte;
    const char *reason;
} mw_json_fault;

/* The tree of a JSON text. NULL when it is none; then `fault`, unless NULL, says where and why. */
const mw_value *mw_read(mw_text json, mw_json_fault *fault);
/* The field of an object (the last, where the name comes twice); NULL where there is none. */
const mw_value *mw_value_field(const mw_value *object, mw_text name);
#define mw_get(object, name) mw_value_field((object), mw_text_of(name))
/* An item of an array by its index, from 0; NULL beyond the end. */
const mw_value *mw_item(const mw_value *array, size_t index);
/* A string as it is, a number or boolean as written; none for null, arrays, objects and what is not there. */
mw_maybe_text mw_value_text(const mw_value *value);
/* A number, or a string that holds one. False, and zero, for anything else. */
bool mw_value_decimal(const mw_value *value, mw_decimal *amount);
/* true, and nothing else. */
bool mw_value_true(const mw_value *value);

/* Raw JSON as text, as mw_value_text does. */
mw_maybe_text mw_raw_text(mw_raw raw);
/* Raw JSON as a tree; NULL where it is none. */
const mw_value *mw_raw_value(mw_raw raw);

#endif
