/*
 * WooCommerce orders become parties, addresses and sales of Tryton 8.
 *
 * The order's total is the truth: what Tryton will compute from the lines and taxes is computed here first,
 * cents of difference become a rounding line, more than cents a rejection.
 */
#include "party.h"
#include "sale.h"
#include "status.h"

static settings settings_of(const mw_context *context)
{
    const mw_value *given = mw_settings(context);
    return (settings){
        .shop_name = mw_setting(given, "shop_name", "WooCommerce"),
        .prefix = mw_setting(given, "prefix", "WC-"),
        .shipping_product = mw_setting(given, "shipping_product", "FRETE"),
        .fallback_product = mw_setting(given, "fallback_product", ""),
        .unit = mw_setting(given, "unit", "Unit"),
        .payment_term = mw_setting(given, "payment_term", ""),
        .warehouse = mw_setting(given, "warehouse", ""),
        .accept_pending = mw_setting_bool(given, "accept_pending", false),
        .subdivisions = mw_setting_bool(given, "subdivisions", true),
        .price_digits = (unsigned)mw_setting_int(given, "price_digits", 4),
    };
}

/* Whether this order was delivered before. What is remembered of it is `{"status": ...}`. */
static bool was_sent(const mw_context *context)
{
    const mw_value *seen = mw_checkpoint(context);
    if (seen != NULL && !mw_value_text(mw_get(seen, "status")).present) {
        mw_refuse(mw_not_ready("the checkpoint of `", context->resource_key, "` cannot be read: it has no status"));
    }
    return seen != NULL;
}

/* Party, addresses (one when both are the same) and sale, in the order they need each other. */
static mw_answer documents_of(
    const mw_order *order, const mw_input *input, mw_maybe_text state, const settings *settings)
{
    mw_violations found = {0};
    party party = party_of(order, settings, &found);
    party_address billing = party_address_of(&party, &order->billing, settings);
    party_address shipping = party_address_of(&party, mw_delivery_address(order), settings);
    sale_head head = {
        .state = state,
        .party = mw_reference("party", party.key),
        .invoice_address = mw_reference("address", billing.key),
        .shipment_address = mw_reference("address", shipping.key),
    };
    mw_json *sale = sale_of(&head, order, input, settings, &found);
    if (found.count > 0) return mw_rejected(&found);

    mw_documents documents = {0};
    mw_deliver(&documents, MW_UPSERT, "party", party.key, party.body);
    mw_deliver(&documents, MW_UPSERT, "address", billing.key, billing.body);
    if (!mw_equal(shipping.key, billing.key)) {
        mw_deliver(&documents, MW_UPSERT, "address", shipping.key, shipping.body);
    }
    mw_deliver(&documents, MW_UPSERT, "sale", mw_concat(settings->prefix, order->id), sale);
    if (order->refunds.count > 0) {
        mw_warning("order ", order->id, " has ", order->refunds.count, " refunds; credit notes are made in Tryton");
    }
    mw_json *seen = mw_object();
    mw_put(seen, "status", order->status);
    mw_remember(&documents, seen);
    return mw_mapped(&documents);
}

static mw_answer transform(const mw_context *context, const mw_input *input)
{
    settings settings = settings_of(context);
    const mw_order *order;
    mw_id id;
    switch (mw_read_order(input, &order, &id)) {
    case MW_PRESENT: break;
    case MW_DELETED: return mw_mapped_one(MW_CANCEL, "sale", mw_concat(settings.prefix, id), NULL);
    case MW_REFUSED: return mw_refusal();
    }
    if (mw_is_draft(order)) return mw_skipped("order ", order->id, " is a draft: nobody placed it");
    if (mw_equal(order->status, "pending") && !settings.accept_pending) {
        return mw_skipped("order ", order->id, " waits for its payment");
    }
    mw_maybe_text state = input->status;
    if (!state.present) {
        mw_answer translated = sale_state(order->status);
        if (mw_is_refusal(&translated)) return translated;
        state = translated.status;
    }
    bool sent = was_sent(context);
    if (state.present && mw_equal(state.text, "cancelled") && !sent) {
        return mw_skipped("order ", order->id, " is ", order->status, " and was never sent");
    }
    return documents_of(order, input, state, &settings);
}

static mw_answer translate(const mw_context *context, const mw_source_status *status)
{
    (void)context;
    return sale_state(status->status);
}

MAPWRIGHT_PLUGIN(.topics = {"order.created", "order.updated", "order.deleted"}, .entities = {"party", "address", "sale"})
MAPWRIGHT_FIELD_MAPPING(transform)
MAPWRIGHT_STATUS_TRANSLATION(translate)
