/*
 * WooCommerce's payloads, read with the manners that shops need: a string where a number was promised,
 * null, "" for an empty object, [] for an empty map, a list that PHP turned into an object. The fields are in
 * models.h, which is made from guest-sdk/models; models/README.md says how each type is read.
 *
 * A missing text is empty, a missing amount zero; an order without `status`, `currency` or `total` is none.
 * What a model does not know is kept unread in `extra`, in the order it came.
 */
#ifndef MAPWRIGHT_WOOCOMMERCE_H
#define MAPWRIGHT_WOOCOMMERCE_H

#include "plugin.h"

/* A list of ids. */
typedef mw_text_list mw_id_list;

/* A field that a model does not know. */
typedef struct mw_extra_field {
    mw_text name;
    mw_raw value;
} mw_extra_field;

typedef struct mw_extra {
    const mw_extra_field *items;
    size_t count;
} mw_extra;

#include "models.h"

/* What a webhook's body can be. */
typedef enum mw_body {
    MW_PRESENT, /* The resource as it stands. */
    MW_DELETED, /* Gone: WooCommerce sends nothing but its id. */
    MW_REFUSED, /* Not what was asked for; return mw_refusal(), which says why. */
} mw_body;

/* The payload as an order and so on: MW_PRESENT with the resource, or MW_DELETED with its id. */
mw_body mw_read_order(const mw_input *input, const mw_order **order, mw_id *id);
mw_body mw_read_product(const mw_input *input, const mw_product **product, mw_id *id);
mw_body mw_read_customer(const mw_input *input, const mw_customer **customer, mw_id *id);
mw_body mw_read_refund(const mw_input *input, const mw_refund **refund, mw_id *id);

/* An extra field's value; NULL text where there is none. */
const mw_raw *mw_extra_value(const mw_extra *extra, const char *name);
/* An extra field as text; empty where it is missing, null, a list or an object. */
mw_text mw_extra_text(const mw_extra *extra, const char *name);
/* The text of the first meta entry of that key; empty where it is missing or no text. */
mw_text mw_meta_text(mw_meta_list meta, const char *key);

/* Whether nobody has placed it yet: WooCommerce sends drafts as orders. */
bool mw_is_draft(const mw_order *order);
/* Whether it was placed without an account. */
bool mw_is_guest(const mw_order *order);
/* Where the parcel goes: the shipping address, or the billing address where that is empty. */
const mw_address *mw_delivery_address(const mw_order *order);
/* The tax of a rate id, as mw_line_tax has it; NULL where there is none. */
const mw_tax_line *mw_tax_of_rate(const mw_order *order, mw_id rate_id);
/* What coupons took off a line, before tax. */
mw_decimal mw_discount(const mw_line_item *line);
/* Whether it is a variation of another product. */
bool mw_is_variation(const mw_product *product);

/* First and last name; the company where there is neither. */
mw_text mw_full_name(const mw_address *address);
/* Whether it says nothing: WooCommerce sends all fields empty for none. */
bool mw_is_no_address(const mw_address *address);
/* The ISO 3166-2 code of the state (`BR-SP`), where there is one. */
mw_maybe_text mw_subdivision(const mw_address *address);

#endif
