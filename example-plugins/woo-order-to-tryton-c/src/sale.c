/* The sale and its lines. */
#include "sale.h"

#include "totals.h"

/* A line of a product, or of an amount only where `product` is empty. */
static mw_json *sale_line(const settings *settings, mw_text product, mw_decimal quantity, mw_decimal unit_price,
    mw_json *taxes, mw_text description)
{
    mw_json *line = mw_object();
    mw_put(line, "type", "line");
    if (!mw_is_empty(product)) mw_put(line, "product", mw_reference("product", product));
    mw_put(line, "quantity", quantity);
    if (!mw_is_empty(product)) mw_put(line, "unit", mw_reference("unit", settings->unit));
    mw_put(line, "unit_price", unit_price);
    mw_put(line, "taxes", taxes);
    mw_put(line, "description", description);
    return line;
}

/* The net amount of a line: the shop's, or at the price that the route's pricing gave it. A coupon keeps the
   share it took off the shop's own price. */
static mw_decimal net_of(const mw_line_item *item, const mw_input *input, bool *repriced)
{
    const mw_price_line *priced = mw_priced_line(input, item->id);
    if (priced == NULL) return item->total;
    mw_decimal net = mw_mul(priced->unit_price, item->quantity);
    if (!mw_is_zero(item->subtotal)) net = mw_div(mw_mul(net, item->total), item->subtotal);
    if (mw_compare(mw_round(net, 2), mw_round(item->total, 2)) != 0) *repriced = true;
    return net;
}

/* The lines of goods. Gives whether a price is another than the shop's. */
static bool add_items(mw_json *lines, taxes *taxes, const mw_order *order, const mw_input *input,
    const settings *settings, mw_violations *found)
{
    bool repriced = false;
    MW_EACH (item, order->line_items) {
        mw_pointer here = mw_at("line_items", MW_INDEX(item, order->line_items));
        mw_text sku = mw_trim(item->sku);
        mw_text product = mw_is_empty(sku) ? settings->fallback_product : sku;
        if (mw_is_empty(product)) {
            mw_violate(found, mw_at(here, "sku"), "sku_missing",
                mw_concat("`", item->name, "` has no SKU; give it one or set fallback_product"));
            continue;
        }
        if (mw_is_zero(item->quantity)) {
            mw_violate(found, mw_at(here, "quantity"), "quantity_zero", "a line of nothing has no unit price");
            continue;
        }
        mw_decimal unit_price =
            mw_round(mw_div(net_of(item, input, &repriced), item->quantity), settings->price_digits);
        mw_json *charged = taxes_charge(taxes, mw_mul(unit_price, item->quantity), item->taxes);
        mw_push(lines, sale_line(settings, product, item->quantity, unit_price, charged, item->name));
    }
    return repriced;
}

static void add_shipping(mw_json *lines, taxes *taxes, const mw_order *order, const settings *settings)
{
    MW_EACH (shipping, order->shipping_lines) {
        if (mw_is_zero(shipping->total)) continue;
        mw_json *charged = taxes_charge(taxes, shipping->total, shipping->taxes);
        mw_push(lines, sale_line(settings, settings->shipping_product, MW_ONE, shipping->total, charged,
            shipping->method_title));
    }
}

static void add_amount(mw_json *lines, const settings *settings, mw_decimal amount, mw_json *charged, mw_text name)
{
    mw_push(lines, sale_line(settings, MW_EMPTY, MW_ONE, amount, charged, name));
}

static void add_fees(mw_json *lines, taxes *taxes, const mw_order *order, const settings *settings)
{
    MW_EACH (fee, order->fee_lines) {
        mw_decimal taxed = taxes_taxed_part(taxes, fee->total, fee->taxes);
        mw_decimal rest = mw_sub(fee->total, taxed);
        if (!mw_is_zero(taxed)) {
            add_amount(lines, settings, taxed, taxes_charge(taxes, taxed, fee->taxes), fee->name);
        }
        if (!mw_is_zero(rest)) {
            add_amount(lines, settings, rest, taxes_charge(taxes, rest, (mw_line_tax_list){0}), fee->name);
        }
    }
}

/* The order's total is the truth: cents of difference become a line, more than cents a fault. */
static void settle(mw_json *lines, const taxes *taxes, const mw_order *order, const settings *settings,
    mw_violations *found)
{
    mw_decimal total = taxes_total(taxes), difference = mw_sub(order->total, total);
    mw_decimal tolerated = mw_scaled((long long)mw_count(lines) + 1, taxes->decimals);
    if (mw_compare(mw_abs(difference), tolerated) > 0) {
        mw_violate(found, mw_at("total"), "total_differs",
            mw_concat("the order says ", order->total, ", its lines and taxes make ", total));
    } else if (!mw_is_zero(difference)) {
        add_amount(lines, settings, mw_round(difference, taxes->decimals), mw_array(), MW("Rounding"));
    }
}

static mw_text line_of_comment(mw_text comment, const char *what, mw_text text)
{
    if (mw_is_empty(text)) return comment;
    return mw_concat(comment, mw_is_empty(comment) ? "" : "\n", what, text);
}

/* What people in the warehouse and the office want to read. */
static mw_text comment_of(const mw_order *order)
{
    mw_text *codes = MW_NEW_ARRAY(mw_text, order->coupon_lines.count);
    MW_EACH (coupon, order->coupon_lines) codes[MW_INDEX(coupon, order->coupon_lines)] = coupon->code;
    mw_text_list coupons = {codes, order->coupon_lines.count};
    mw_text comment = mw_trim(order->customer_note);
    comment = line_of_comment(comment, "Payment: ", order->payment_method_title);
    comment = line_of_comment(comment, "Transaction: ", order->transaction_id);
    return line_of_comment(comment, "Coupons: ", mw_join(coupons, ", "));
}

mw_json *sale_of(const sale_head *head, const mw_order *order, const mw_input *input, const settings *settings,
    mw_violations *found)
{
    taxes taxes = taxes_of(order, found);
    mw_json *lines = mw_array();
    bool repriced = add_items(lines, &taxes, order, input, settings, found);
    add_shipping(lines, &taxes, order, settings);
    add_fees(lines, &taxes, order, settings);
    if (mw_count(lines) == 0 && found->count == 0) {
        mw_violate(found, mw_at("line_items"), "lines_missing", "the order has nothing in it");
    }
    if (!repriced && found->count == 0) settle(lines, &taxes, order, settings, found);

    mw_json *sale = mw_object();
    if (head->state.present) mw_put(sale, "state", head->state.text);
    mw_put(sale, "party", head->party);
    mw_put(sale, "invoice_address", head->invoice_address);
    mw_put(sale, "shipment_address", head->shipment_address);
    mw_put(sale, "currency", mw_reference("currency", order->currency));
    if (!mw_is_empty(settings->payment_term)) {
        mw_put(sale, "payment_term", mw_reference("payment_term", settings->payment_term));
    }
    if (!mw_is_empty(settings->warehouse)) {
        mw_put(sale, "warehouse", mw_reference("warehouse", settings->warehouse));
    }
    mw_text day = mw_date(order->date_created);
    if (!mw_is_empty(day)) mw_put(sale, "sale_date", day);
    mw_put(sale, "description", mw_concat(settings->shop_name, " #", order->number));
    mw_put(sale, "comment", comment_of(order));
    mw_put(sale, "lines", lines);
    return sale;
}
