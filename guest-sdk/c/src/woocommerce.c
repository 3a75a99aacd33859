/*
 * What a webhook's body is, and what orders, addresses and products can be asked.
 */
#include <stddef.h>

#include "internal.h"

/* Enough of a body to tell what it is. */
typedef struct probe {
    mw_id id;
    mw_text code;
    mw_text message;
    mw_extra extra;
} probe;

static const mw_field PROBE_FIELDS[] = {
    {"id", 2, MW_FIELD_ID, false, false, offsetof(probe, id), NULL},
    {"code", 4, MW_FIELD_TEXT, false, false, offsetof(probe, code), NULL},
    {"message", 7, MW_FIELD_TEXT, false, false, offsetof(probe, message), NULL},
};
static const mw_model PROBE = {PROBE_FIELDS, 3, sizeof(probe), offsetof(probe, extra), 1 << 2 | 1 << 4 | 1 << 7};

/* A body longer than this is a resource; the longest error object seen was 95 bytes, but its message is
   translated and may quote. */
#define EXCEPTION_BYTES_MAX 2048

/* Recognises the bodies that are no resource: `{"id": 27}` and the error objects that WooCommerce signs and
   sends when the webhook's owner lost the right to read. */
static bool is_exception(mw_text payload, mw_body *body, mw_id *id)
{
    probe found = {0};
    /* What cannot be a probe is no exception, and is read as what it should be. */
    if (!mw_is_model(payload, &PROBE, &found)) return false;
    if (mw_is_set(found.id)) {
        if (found.extra.count > 0) return false;
        *id = found.id;
        *body = MW_DELETED;
        return true;
    }
    if (mw_is_empty(found.code)) return false;
    mw_refuse(mw_rejected_at(
        mw_at("code"), "source_error", "the shop sent the error `", found.code, "` (", found.message,
        ") instead of the resource; check that the webhook's owner may still read it"));
    *body = MW_REFUSED;
    return true;
}

static mw_body read_body(const mw_input *input, const mw_model *model, const void **resource, mw_id *id)
{
    mw_body body;
    *resource = NULL;
    *id = MW_EMPTY;
    /* Short bodies are where the exceptions are; an order never is that short. */
    if (input->payload.len <= EXCEPTION_BYTES_MAX && is_exception(input->payload, &body, id)) return body;
    void *into = mw_alloc(model->size);
    if (!mw_read_model(input->payload, model, into)) return MW_REFUSED;
    *resource = into;
    return MW_PRESENT;
}

mw_body mw_read_order(const mw_input *input, const mw_order **order, mw_id *id)
{
    return read_body(input, &mw_order_model, (const void **)order, id);
}

mw_body mw_read_product(const mw_input *input, const mw_product **product, mw_id *id)
{
    return read_body(input, &mw_product_model, (const void **)product, id);
}

mw_body mw_read_customer(const mw_input *input, const mw_customer **customer, mw_id *id)
{
    return read_body(input, &mw_customer_model, (const void **)customer, id);
}

mw_body mw_read_refund(const mw_input *input, const mw_refund **refund, mw_id *id)
{
    return read_body(input, &mw_refund_model, (const void **)refund, id);
}

const mw_raw *mw_extra_value(const mw_extra *extra, const char *name)
{
    MW_EACH (field, *extra) {
        if (mw_equal(field->name, name)) return &field->value;
    }
    return NULL;
}

mw_text mw_extra_text(const mw_extra *extra, const char *name)
{
    const mw_raw *value = mw_extra_value(extra, name);
    return value == NULL ? MW_EMPTY : mw_raw_text(*value).text;
}

mw_text mw_meta_text(mw_meta_list meta, const char *key)
{
    MW_EACH (entry, meta) {
        if (mw_equal(entry->key, key)) return mw_raw_text(entry->value).text;
    }
    return MW_EMPTY;
}

bool mw_is_draft(const mw_order *order)
{
    mw_text status = order->status;
    return mw_equal(status, "auto-draft") || mw_equal(status, "checkout-draft") || mw_equal(status, "draft")
        || mw_equal(status, "new");
}

bool mw_is_guest(const mw_order *order) { return !mw_is_set(order->customer_id); }

const mw_address *mw_delivery_address(const mw_order *order)
{
    return mw_is_no_address(&order->shipping) ? &order->billing : &order->shipping;
}

const mw_tax_line *mw_tax_of_rate(const mw_order *order, mw_id rate_id)
{
    MW_EACH (tax, order->tax_lines) {
        if (mw_equal(tax->rate_id, rate_id)) return tax;
    }
    return NULL;
}

mw_decimal mw_discount(const mw_line_item *line) { return mw_sub(line->subtotal, line->total); }

bool mw_is_variation(const mw_product *product)
{
    return mw_equal(product->kind, "variation") || mw_is_set(product->parent_id);
}

mw_text mw_full_name(const mw_address *address)
{
    mw_text name = mw_trim(mw_concat(mw_trim(address->first_name), " ", mw_trim(address->last_name)));
    return mw_is_empty(name) ? mw_trim(address->company) : name;
}

bool mw_is_no_address(const mw_address *address)
{
    return mw_is_empty(mw_trim(address->address_1)) && mw_is_empty(mw_trim(address->city))
        && mw_is_empty(mw_trim(address->postcode));
}

mw_maybe_text mw_subdivision(const mw_address *address)
{
    mw_text state = mw_trim(address->state);
    if (state.len < 1 || state.len > 3 || address->country.len != 2) return (mw_maybe_text){0};
    for (size_t i = 0; i < state.len; i++) {
        char c = state.ptr[i];
        if (!((c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z'))) {
            return (mw_maybe_text){0};
        }
    }
    return (mw_maybe_text){true, mw_concat(address->country, "-", state)};
}
