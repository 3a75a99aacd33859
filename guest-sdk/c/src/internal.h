/*
 * What the SDK's own files share. Not for plugins.
 */
#ifndef MAPWRIGHT_INTERNAL_H
#define MAPWRIGHT_INTERNAL_H

#include <string.h>

#include "mapwright.h"

/* A block made larger: in place where it is the newest, else copied. What is new is zero. */
void *mw_resize(void *block, size_t bytes, size_t wanted);
/* Natively: gives back all memory. */
void mw_forget(void);

/* A text that grows. */
typedef struct mw_buffer {
    char *ptr;
    size_t len;
    size_t room;
} mw_buffer;
void mw_buffer_grow(mw_buffer *buffer, size_t more);
static inline char *mw_buffer_room(mw_buffer *buffer, size_t more)
{
    if (more > buffer->room - buffer->len) mw_buffer_grow(buffer, more);
    return buffer->ptr + buffer->len;
}
void mw_buffer_add(mw_buffer *buffer, const char *bytes, size_t count);

/* Whether so many bytes are the same: names are short, and a call of memcmp costs more than comparing. */
static inline bool mw_same_bytes(const char *a, const char *b, size_t count)
{
    uint64_t x, y;
    for (; count > 8; a += 8, b += 8, count -= 8) {
        memcpy(&x, a, 8);
        memcpy(&y, b, 8);
        if (x != y) return false;
    }
    while (count > 0) {
        count--;
        if (a[count] != b[count]) return false;
    }
    return true;
}

/* The next free item of a growing list. */
#define MW_NEXT(list) \
    (((list)->count == (list)->room \
             ? (void)((list)->items = mw_more_items((list)->items, &(list)->room, sizeof *(list)->items)) \
             : (void)0), \
        &(list)->items[(list)->count++])
void *mw_more_items(void *items, size_t *room, size_t size);

/* One pass over JSON text. */
typedef struct mw_scan {
    const char *at;
    const char *end;
    const char *start;
    const char *reason; /* NULL while all is well. */
    unsigned depth;
} mw_scan;
#define MW_DEPTH_MAX 128
void mw_scan_space(mw_scan *scan);
/* The first byte of the next value, 0 at the end. */
static inline int mw_scan_next(mw_scan *scan)
{
    /* Mostly there is no space. */
    if (scan->at == scan->end || *scan->at <= ' ') mw_scan_space(scan);
    return scan->at < scan->end ? (unsigned char)*scan->at : 0;
}
/* Passes a value by, checking it. False when it is no JSON. */
bool mw_scan_skip(mw_scan *scan);
/* Reads a string into `text`; in place where it has no escapes. */
bool mw_scan_string(mw_scan *scan, mw_text *text);
/* Passes a number by. */
bool mw_scan_number(mw_scan *scan);
bool mw_scan_fail(mw_scan *scan, const char *reason);
/* Whether nothing but white space is left. */
bool mw_scan_done(mw_scan *scan);

/* Tables that models.c is made of. */
typedef enum mw_field_kind {
    MW_FIELD_TEXT,
    MW_FIELD_ID,
    MW_FIELD_DECIMAL,
    MW_FIELD_BOOL,
    MW_FIELD_JSON,
    MW_FIELD_MODEL,
} mw_field_kind;

typedef struct mw_model mw_model;

typedef struct mw_field {
    const char *name;
    uint8_t length;
    uint8_t kind;
    bool list;
    bool required;
    uint16_t offset;
    const mw_model *model;
} mw_field;

struct mw_model {
    const mw_field *fields;
    uint16_t count;
    uint16_t size;
    uint16_t extra;
    uint64_t lengths; /* Bit N: a field's name has N letters. */
};

/* Whether a whole payload can be read as this model; nothing is refused. */
bool mw_is_model(mw_text payload, const mw_model *model, void *into);
/* Reads a whole payload; false, with the refusal noted, where it is none of this model. */
bool mw_read_model(mw_text payload, const mw_model *model, void *into);

extern const mw_model mw_order_model, mw_product_model, mw_customer_model, mw_refund_model;

/* Starts a call: nothing refused yet. */
void mw_begin(const mw_context *context);

/* The host's side of log and lookup, in the sandbox (wire.c) or in a test (testing/). */
void mw_host_log(mw_level level, mw_text message);
typedef enum mw_found { MW_FOUND_ROW, MW_FOUND_NO_ROW, MW_FOUND_NO_TABLE } mw_found;
mw_found mw_host_lookup(mw_text table, mw_text key, mw_pairs *columns);

#endif
