/*
 * Where each field of a payload goes. Made from models/woocommerce.toml; do not edit.
 */
#include <stddef.h>

#include "internal.h"

extern const mw_model mw_address_model;
extern const mw_model mw_meta_model;
extern const mw_model mw_order_model;
extern const mw_model mw_line_item_model;
extern const mw_model mw_line_tax_model;
extern const mw_model mw_tax_line_model;
extern const mw_model mw_shipping_line_model;
extern const mw_model mw_fee_line_model;
extern const mw_model mw_coupon_line_model;
extern const mw_model mw_refund_model;
extern const mw_model mw_product_model;
extern const mw_model mw_term_model;
extern const mw_model mw_image_model;
extern const mw_model mw_attribute_model;
extern const mw_model mw_customer_model;

static const mw_field mw_address_fields[] = {
    {"first_name", 10, MW_FIELD_TEXT, false, false, offsetof(mw_address, first_name), NULL},
    {"last_name", 9, MW_FIELD_TEXT, false, false, offsetof(mw_address, last_name), NULL},
    {"company", 7, MW_FIELD_TEXT, false, false, offsetof(mw_address, company), NULL},
    {"address_1", 9, MW_FIELD_TEXT, false, false, offsetof(mw_address, address_1), NULL},
    {"address_2", 9, MW_FIELD_TEXT, false, false, offsetof(mw_address, address_2), NULL},
    {"city", 4, MW_FIELD_TEXT, false, false, offsetof(mw_address, city), NULL},
    {"state", 5, MW_FIELD_TEXT, false, false, offsetof(mw_address, state), NULL},
    {"postcode", 8, MW_FIELD_TEXT, false, false, offsetof(mw_address, postcode), NULL},
    {"country", 7, MW_FIELD_TEXT, false, false, offsetof(mw_address, country), NULL},
    {"email", 5, MW_FIELD_TEXT, false, false, offsetof(mw_address, email), NULL},
    {"phone", 5, MW_FIELD_TEXT, false, false, offsetof(mw_address, phone), NULL},
};
const mw_model mw_address_model = {mw_address_fields, 11, sizeof(mw_address), offsetof(mw_address, extra), 0x7b0};

static const mw_field mw_meta_fields[] = {
    {"id", 2, MW_FIELD_ID, false, false, offsetof(mw_meta, id), NULL},
    {"key", 3, MW_FIELD_TEXT, false, false, offsetof(mw_meta, key), NULL},
    {"value", 5, MW_FIELD_JSON, false, false, offsetof(mw_meta, value), NULL},
};
const mw_model mw_meta_model = {mw_meta_fields, 3, sizeof(mw_meta), offsetof(mw_meta, extra), 0x2c};

static const mw_field mw_order_fields[] = {
    {"id", 2, MW_FIELD_ID, false, false, offsetof(mw_order, id), NULL},
    {"parent_id", 9, MW_FIELD_ID, false, false, offsetof(mw_order, parent_id), NULL},
    {"number", 6, MW_FIELD_TEXT, false, false, offsetof(mw_order, number), NULL},
    {"status", 6, MW_FIELD_TEXT, false, true, offsetof(mw_order, status), NULL},
    {"currency", 8, MW_FIELD_TEXT, false, true, offsetof(mw_order, currency), NULL},
    {"prices_include_tax", 18, MW_FIELD_BOOL, false, false, offsetof(mw_order, prices_include_tax), NULL},
    {"date_created", 12, MW_FIELD_TEXT, false, false, offsetof(mw_order, date_created), NULL},
    {"date_created_gmt", 16, MW_FIELD_TEXT, false, false, offsetof(mw_order, date_created_gmt), NULL},
    {"date_modified_gmt", 17, MW_FIELD_TEXT, false, false, offsetof(mw_order, date_modified_gmt), NULL},
    {"date_paid", 9, MW_FIELD_TEXT, false, false, offsetof(mw_order, date_paid), NULL},
    {"date_paid_gmt", 13, MW_FIELD_TEXT, false, false, offsetof(mw_order, date_paid_gmt), NULL},
    {"date_completed_gmt", 18, MW_FIELD_TEXT, false, false, offsetof(mw_order, date_completed_gmt), NULL},
    {"discount_total", 14, MW_FIELD_DECIMAL, false, false, offsetof(mw_order, discount_total), NULL},
    {"discount_tax", 12, MW_FIELD_DECIMAL, false, false, offsetof(mw_order, discount_tax), NULL},
    {"shipping_total", 14, MW_FIELD_DECIMAL, false, false, offsetof(mw_order, shipping_total), NULL},
    {"shipping_tax", 12, MW_FIELD_DECIMAL, false, false, offsetof(mw_order, shipping_tax), NULL},
    {"cart_tax", 8, MW_FIELD_DECIMAL, false, false, offsetof(mw_order, cart_tax), NULL},
    {"total", 5, MW_FIELD_DECIMAL, false, true, offsetof(mw_order, total), NULL},
    {"total_tax", 9, MW_FIELD_DECIMAL, false, false, offsetof(mw_order, total_tax), NULL},
    {"customer_id", 11, MW_FIELD_ID, false, false, offsetof(mw_order, customer_id), NULL},
    {"customer_note", 13, MW_FIELD_TEXT, false, false, offsetof(mw_order, customer_note), NULL},
    {"billing", 7, MW_FIELD_MODEL, false, false, offsetof(mw_order, billing), &mw_address_model},
    {"shipping", 8, MW_FIELD_MODEL, false, false, offsetof(mw_order, shipping), &mw_address_model},
    {"payment_method", 14, MW_FIELD_TEXT, false, false, offsetof(mw_order, payment_method), NULL},
    {"payment_method_title", 20, MW_FIELD_TEXT, false, false, offsetof(mw_order, payment_method_title), NULL},
    {"transaction_id", 14, MW_FIELD_TEXT, false, false, offsetof(mw_order, transaction_id), NULL},
    {"created_via", 11, MW_FIELD_TEXT, false, false, offsetof(mw_order, created_via), NULL},
    {"meta_data", 9, MW_FIELD_MODEL, true, false, offsetof(mw_order, meta_data), &mw_meta_model},
    {"line_items", 10, MW_FIELD_MODEL, true, false, offsetof(mw_order, line_items), &mw_line_item_model},
    {"tax_lines", 9, MW_FIELD_MODEL, true, false, offsetof(mw_order, tax_lines), &mw_tax_line_model},
    {"shipping_lines", 14, MW_FIELD_MODEL, true, false, offsetof(mw_order, shipping_lines), &mw_shipping_line_model},
    {"fee_lines", 9, MW_FIELD_MODEL, true, false, offsetof(mw_order, fee_lines), &mw_fee_line_model},
    {"coupon_lines", 12, MW_FIELD_MODEL, true, false, offsetof(mw_order, coupon_lines), &mw_coupon_line_model},
    {"refunds", 7, MW_FIELD_MODEL, true, false, offsetof(mw_order, refunds), &mw_refund_model},
};
const mw_model mw_order_model = {mw_order_fields, 34, sizeof(mw_order), offsetof(mw_order, extra), 0x177fe4};

static const mw_field mw_line_item_fields[] = {
    {"id", 2, MW_FIELD_ID, false, false, offsetof(mw_line_item, id), NULL},
    {"name", 4, MW_FIELD_TEXT, false, false, offsetof(mw_line_item, name), NULL},
    {"product_id", 10, MW_FIELD_ID, false, false, offsetof(mw_line_item, product_id), NULL},
    {"variation_id", 12, MW_FIELD_ID, false, false, offsetof(mw_line_item, variation_id), NULL},
    {"sku", 3, MW_FIELD_TEXT, false, false, offsetof(mw_line_item, sku), NULL},
    {"quantity", 8, MW_FIELD_DECIMAL, false, false, offsetof(mw_line_item, quantity), NULL},
    {"tax_class", 9, MW_FIELD_TEXT, false, false, offsetof(mw_line_item, tax_class), NULL},
    {"subtotal", 8, MW_FIELD_DECIMAL, false, false, offsetof(mw_line_item, subtotal), NULL},
    {"subtotal_tax", 12, MW_FIELD_DECIMAL, false, false, offsetof(mw_line_item, subtotal_tax), NULL},
    {"total", 5, MW_FIELD_DECIMAL, false, false, offsetof(mw_line_item, total), NULL},
    {"total_tax", 9, MW_FIELD_DECIMAL, false, false, offsetof(mw_line_item, total_tax), NULL},
    {"taxes", 5, MW_FIELD_MODEL, true, false, offsetof(mw_line_item, taxes), &mw_line_tax_model},
    {"meta_data", 9, MW_FIELD_MODEL, true, false, offsetof(mw_line_item, meta_data), &mw_meta_model},
};
const mw_model mw_line_item_model = {mw_line_item_fields, 13, sizeof(mw_line_item), offsetof(mw_line_item, extra), 0x173c};

static const mw_field mw_line_tax_fields[] = {
    {"id", 2, MW_FIELD_ID, false, false, offsetof(mw_line_tax, id), NULL},
    {"total", 5, MW_FIELD_DECIMAL, false, false, offsetof(mw_line_tax, total), NULL},
    {"subtotal", 8, MW_FIELD_DECIMAL, false, false, offsetof(mw_line_tax, subtotal), NULL},
};
const mw_model mw_line_tax_model = {mw_line_tax_fields, 3, sizeof(mw_line_tax), offsetof(mw_line_tax, extra), 0x124};

static const mw_field mw_tax_line_fields[] = {
    {"id", 2, MW_FIELD_ID, false, false, offsetof(mw_tax_line, id), NULL},
    {"rate_code", 9, MW_FIELD_TEXT, false, false, offsetof(mw_tax_line, rate_code), NULL},
    {"rate_id", 7, MW_FIELD_ID, false, false, offsetof(mw_tax_line, rate_id), NULL},
    {"label", 5, MW_FIELD_TEXT, false, false, offsetof(mw_tax_line, label), NULL},
    {"compound", 8, MW_FIELD_BOOL, false, false, offsetof(mw_tax_line, compound), NULL},
    {"tax_total", 9, MW_FIELD_DECIMAL, false, false, offsetof(mw_tax_line, tax_total), NULL},
    {"shipping_tax_total", 18, MW_FIELD_DECIMAL, false, false, offsetof(mw_tax_line, shipping_tax_total), NULL},
    {"rate_percent", 12, MW_FIELD_DECIMAL, false, false, offsetof(mw_tax_line, rate_percent), NULL},
    {"meta_data", 9, MW_FIELD_MODEL, true, false, offsetof(mw_tax_line, meta_data), &mw_meta_model},
};
const mw_model mw_tax_line_model = {mw_tax_line_fields, 9, sizeof(mw_tax_line), offsetof(mw_tax_line, extra), 0x413a4};

static const mw_field mw_shipping_line_fields[] = {
    {"id", 2, MW_FIELD_ID, false, false, offsetof(mw_shipping_line, id), NULL},
    {"method_title", 12, MW_FIELD_TEXT, false, false, offsetof(mw_shipping_line, method_title), NULL},
    {"method_id", 9, MW_FIELD_TEXT, false, false, offsetof(mw_shipping_line, method_id), NULL},
    {"total", 5, MW_FIELD_DECIMAL, false, false, offsetof(mw_shipping_line, total), NULL},
    {"total_tax", 9, MW_FIELD_DECIMAL, false, false, offsetof(mw_shipping_line, total_tax), NULL},
    {"taxes", 5, MW_FIELD_MODEL, true, false, offsetof(mw_shipping_line, taxes), &mw_line_tax_model},
    {"meta_data", 9, MW_FIELD_MODEL, true, false, offsetof(mw_shipping_line, meta_data), &mw_meta_model},
};
const mw_model mw_shipping_line_model = {mw_shipping_line_fields, 7, sizeof(mw_shipping_line), offsetof(mw_shipping_line, extra), 0x1224};

static const mw_field mw_fee_line_fields[] = {
    {"id", 2, MW_FIELD_ID, false, false, offsetof(mw_fee_line, id), NULL},
    {"name", 4, MW_FIELD_TEXT, false, false, offsetof(mw_fee_line, name), NULL},
    {"tax_class", 9, MW_FIELD_TEXT, false, false, offsetof(mw_fee_line, tax_class), NULL},
    {"tax_status", 10, MW_FIELD_TEXT, false, false, offsetof(mw_fee_line, tax_status), NULL},
    {"total", 5, MW_FIELD_DECIMAL, false, false, offsetof(mw_fee_line, total), NULL},
    {"total_tax", 9, MW_FIELD_DECIMAL, false, false, offsetof(mw_fee_line, total_tax), NULL},
    {"taxes", 5, MW_FIELD_MODEL, true, false, offsetof(mw_fee_line, taxes), &mw_line_tax_model},
    {"meta_data", 9, MW_FIELD_MODEL, true, false, offsetof(mw_fee_line, meta_data), &mw_meta_model},
};
const mw_model mw_fee_line_model = {mw_fee_line_fields, 8, sizeof(mw_fee_line), offsetof(mw_fee_line, extra), 0x634};

static const mw_field mw_coupon_line_fields[] = {
    {"id", 2, MW_FIELD_ID, false, false, offsetof(mw_coupon_line, id), NULL},
    {"code", 4, MW_FIELD_TEXT, false, false, offsetof(mw_coupon_line, code), NULL},
    {"discount", 8, MW_FIELD_DECIMAL, false, false, offsetof(mw_coupon_line, discount), NULL},
    {"discount_tax", 12, MW_FIELD_DECIMAL, false, false, offsetof(mw_coupon_line, discount_tax), NULL},
    {"discount_type", 13, MW_FIELD_TEXT, false, false, offsetof(mw_coupon_line, discount_type), NULL},
    {"meta_data", 9, MW_FIELD_MODEL, true, false, offsetof(mw_coupon_line, meta_data), &mw_meta_model},
};
const mw_model mw_coupon_line_model = {mw_coupon_line_fields, 6, sizeof(mw_coupon_line), offsetof(mw_coupon_line, extra), 0x3314};

static const mw_field mw_refund_fields[] = {
    {"id", 2, MW_FIELD_ID, false, false, offsetof(mw_refund, id), NULL},
    {"reason", 6, MW_FIELD_TEXT, false, false, offsetof(mw_refund, reason), NULL},
    {"total", 5, MW_FIELD_DECIMAL, false, false, offsetof(mw_refund, total), NULL},
    {"amount", 6, MW_FIELD_DECIMAL, false, false, offsetof(mw_refund, amount), NULL},
    {"parent_id", 9, MW_FIELD_ID, false, false, offsetof(mw_refund, parent_id), NULL},
    {"date_created_gmt", 16, MW_FIELD_TEXT, false, false, offsetof(mw_refund, date_created_gmt), NULL},
    {"refunded_by", 11, MW_FIELD_ID, false, false, offsetof(mw_refund, refunded_by), NULL},
    {"refunded_payment", 16, MW_FIELD_BOOL, false, false, offsetof(mw_refund, refunded_payment), NULL},
    {"line_items", 10, MW_FIELD_MODEL, true, false, offsetof(mw_refund, line_items), &mw_line_item_model},
    {"shipping_lines", 14, MW_FIELD_MODEL, true, false, offsetof(mw_refund, shipping_lines), &mw_shipping_line_model},
    {"fee_lines", 9, MW_FIELD_MODEL, true, false, offsetof(mw_refund, fee_lines), &mw_fee_line_model},
    {"tax_lines", 9, MW_FIELD_MODEL, true, false, offsetof(mw_refund, tax_lines), &mw_tax_line_model},
    {"meta_data", 9, MW_FIELD_MODEL, true, false, offsetof(mw_refund, meta_data), &mw_meta_model},
};
const mw_model mw_refund_model = {mw_refund_fields, 13, sizeof(mw_refund), offsetof(mw_refund, extra), 0x14e64};

static const mw_field mw_product_fields[] = {
    {"id", 2, MW_FIELD_ID, false, false, offsetof(mw_product, id), NULL},
    {"name", 4, MW_FIELD_TEXT, false, false, offsetof(mw_product, name), NULL},
    {"slug", 4, MW_FIELD_TEXT, false, false, offsetof(mw_product, slug), NULL},
    {"type", 4, MW_FIELD_TEXT, false, false, offsetof(mw_product, kind), NULL},
    {"status", 6, MW_FIELD_TEXT, false, false, offsetof(mw_product, status), NULL},
    {"date_created_gmt", 16, MW_FIELD_TEXT, false, false, offsetof(mw_product, date_created_gmt), NULL},
    {"date_modified_gmt", 17, MW_FIELD_TEXT, false, false, offsetof(mw_product, date_modified_gmt), NULL},
    {"sku", 3, MW_FIELD_TEXT, false, false, offsetof(mw_product, sku), NULL},
    {"global_unique_id", 16, MW_FIELD_TEXT, false, false, offsetof(mw_product, global_unique_id), NULL},
    {"price", 5, MW_FIELD_DECIMAL, false, false, offsetof(mw_product, price), NULL},
    {"regular_price", 13, MW_FIELD_DECIMAL, false, false, offsetof(mw_product, regular_price), NULL},
    {"sale_price", 10, MW_FIELD_DECIMAL, false, false, offsetof(mw_product, sale_price), NULL},
    {"description", 11, MW_FIELD_TEXT, false, false, offsetof(mw_product, description), NULL},
    {"short_description", 17, MW_FIELD_TEXT, false, false, offsetof(mw_product, short_description), NULL},
    {"tax_status", 10, MW_FIELD_TEXT, false, false, offsetof(mw_product, tax_status), NULL},
    {"tax_class", 9, MW_FIELD_TEXT, false, false, offsetof(mw_product, tax_class), NULL},
    {"manage_stock", 12, MW_FIELD_TEXT, false, false, offsetof(mw_product, manage_stock), NULL},
    {"stock_quantity", 14, MW_FIELD_DECIMAL, false, false, offsetof(mw_product, stock_quantity), NULL},
    {"stock_status", 12, MW_FIELD_TEXT, false, false, offsetof(mw_product, stock_status), NULL},
    {"weight", 6, MW_FIELD_DECIMAL, false, false, offsetof(mw_product, weight), NULL},
    {"parent_id", 9, MW_FIELD_ID, false, false, offsetof(mw_product, parent_id), NULL},
    {"variations", 10, MW_FIELD_ID, true, false, offsetof(mw_product, variations), NULL},
    {"categories", 10, MW_FIELD_MODEL, true, false, offsetof(mw_product, categories), &mw_term_model},
    {"tags", 4, MW_FIELD_MODEL, true, false, offsetof(mw_product, tags), &mw_term_model},
    {"images", 6, MW_FIELD_MODEL, true, false, offsetof(mw_product, images), &mw_image_model},
    {"attributes", 10, MW_FIELD_MODEL, true, false, offsetof(mw_product, attributes), &mw_attribute_model},
    {"meta_data", 9, MW_FIELD_MODEL, true, false, offsetof(mw_product, meta_data), &mw_meta_model},
};
const mw_model mw_product_model = {mw_product_fields, 27, sizeof(mw_product), offsetof(mw_product, extra), 0x37e7c};

static const mw_field mw_term_fields[] = {
    {"id", 2, MW_FIELD_ID, false, false, offsetof(mw_term, id), NULL},
    {"name", 4, MW_FIELD_TEXT, false, false, offsetof(mw_term, name), NULL},
    {"slug", 4, MW_FIELD_TEXT, false, false, offsetof(mw_term, slug), NULL},
};
const mw_model mw_term_model = {mw_term_fields, 3, sizeof(mw_term), offsetof(mw_term, extra), 0x14};

static const mw_field mw_image_fields[] = {
    {"id", 2, MW_FIELD_ID, false, false, offsetof(mw_image, id), NULL},
    {"src", 3, MW_FIELD_TEXT, false, false, offsetof(mw_image, src), NULL},
    {"alt", 3, MW_FIELD_TEXT, false, false, offsetof(mw_image, alt), NULL},
};
const mw_model mw_image_model = {mw_image_fields, 3, sizeof(mw_image), offsetof(mw_image, extra), 0xc};

static const mw_field mw_attribute_fields[] = {
    {"id", 2, MW_FIELD_ID, false, false, offsetof(mw_attribute, id), NULL},
    {"name", 4, MW_FIELD_TEXT, false, false, offsetof(mw_attribute, name), NULL},
    {"option", 6, MW_FIELD_TEXT, false, false, offsetof(mw_attribute, option), NULL},
    {"options", 7, MW_FIELD_TEXT, true, false, offsetof(mw_attribute, options), NULL},
    {"variation", 9, MW_FIELD_BOOL, false, false, offsetof(mw_attribute, variation), NULL},
};
const mw_model mw_attribute_model = {mw_attribute_fields, 5, sizeof(mw_attribute), offsetof(mw_attribute, extra), 0x2d4};

static const mw_field mw_customer_fields[] = {
    {"id", 2, MW_FIELD_ID, false, false, offsetof(mw_customer, id), NULL},
    {"date_created_gmt", 16, MW_FIELD_TEXT, false, false, offsetof(mw_customer, date_created_gmt), NULL},
    {"date_modified_gmt", 17, MW_FIELD_TEXT, false, false, offsetof(mw_customer, date_modified_gmt), NULL},
    {"email", 5, MW_FIELD_TEXT, false, false, offsetof(mw_customer, email), NULL},
    {"first_name", 10, MW_FIELD_TEXT, false, false, offsetof(mw_customer, first_name), NULL},
    {"last_name", 9, MW_FIELD_TEXT, false, false, offsetof(mw_customer, last_name), NULL},
    {"role", 4, MW_FIELD_TEXT, false, false, offsetof(mw_customer, role), NULL},
    {"username", 8, MW_FIELD_TEXT, false, false, offsetof(mw_customer, username), NULL},
    {"billing", 7, MW_FIELD_MODEL, false, false, offsetof(mw_customer, billing), &mw_address_model},
    {"shipping", 8, MW_FIELD_MODEL, false, false, offsetof(mw_customer, shipping), &mw_address_model},
    {"is_paying_customer", 18, MW_FIELD_BOOL, false, false, offsetof(mw_customer, is_paying_customer), NULL},
    {"meta_data", 9, MW_FIELD_MODEL, true, false, offsetof(mw_customer, meta_data), &mw_meta_model},
};
const mw_model mw_customer_model = {mw_customer_fields, 12, sizeof(mw_customer), offsetof(mw_customer, extra), 0x707b4};
