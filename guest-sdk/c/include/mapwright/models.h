/*
 * What WooCommerce sends, field by field. Made from models/woocommerce.toml; do not edit.
 */
#ifndef MAPWRIGHT_MODELS_H
#define MAPWRIGHT_MODELS_H

#include "woocommerce.h"

typedef struct mw_address mw_address;
typedef struct mw_meta mw_meta;
typedef struct mw_order mw_order;
typedef struct mw_line_item mw_line_item;
typedef struct mw_line_tax mw_line_tax;
typedef struct mw_tax_line mw_tax_line;
typedef struct mw_shipping_line mw_shipping_line;
typedef struct mw_fee_line mw_fee_line;
typedef struct mw_coupon_line mw_coupon_line;
typedef struct mw_refund mw_refund;
typedef struct mw_product mw_product;
typedef struct mw_term mw_term;
typedef struct mw_image mw_image;
typedef struct mw_attribute mw_attribute;
typedef struct mw_customer mw_customer;

typedef struct mw_address_list {
    const mw_address *items;
    size_t count;
} mw_address_list;

typedef struct mw_meta_list {
    const mw_meta *items;
    size_t count;
} mw_meta_list;

typedef struct mw_order_list {
    const mw_order *items;
    size_t count;
} mw_order_list;

typedef struct mw_line_item_list {
    const mw_line_item *items;
    size_t count;
} mw_line_item_list;

typedef struct mw_line_tax_list {
    const mw_line_tax *items;
    size_t count;
} mw_line_tax_list;

typedef struct mw_tax_line_list {
    const mw_tax_line *items;
    size_t count;
} mw_tax_line_list;

typedef struct mw_shipping_line_list {
    const mw_shipping_line *items;
    size_t count;
} mw_shipping_line_list;

typedef struct mw_fee_line_list {
    const mw_fee_line *items;
    size_t count;
} mw_fee_line_list;

typedef struct mw_coupon_line_list {
    const mw_coupon_line *items;
    size_t count;
} mw_coupon_line_list;

typedef struct mw_refund_list {
    const mw_refund *items;
    size_t count;
} mw_refund_list;

typedef struct mw_product_list {
    const mw_product *items;
    size_t count;
} mw_product_list;

typedef struct mw_term_list {
    const mw_term *items;
    size_t count;
} mw_term_list;

typedef struct mw_image_list {
    const mw_image *items;
    size_t count;
} mw_image_list;

typedef struct mw_attribute_list {
    const mw_attribute *items;
    size_t count;
} mw_attribute_list;

typedef struct mw_customer_list {
    const mw_customer *items;
    size_t count;
} mw_customer_list;

/* A billing or shipping address. Fields of plug-ins (`cpf`, `cnpj`, `number`, `neighborhood`,
   `cellphone`) are in `extra`. */
struct mw_address {
    /* Given name. */
    mw_text first_name;
    /* Family name. */
    mw_text last_name;
    /* Company. */
    mw_text company;
    /* Street, with the number where the shop does not ask for it apart. */
    mw_text address_1;
    /* Flat, floor, building. */
    mw_text address_2;
    /* City. */
    mw_text city;
    /* State: the part of an ISO 3166-2 code after the hyphen (`SP`), or free text. */
    mw_text state;
    /* Postal code. */
    mw_text postcode;
    /* ISO 3166-1 alpha-2. */
    mw_text country;
    /* E-mail; only in billing addresses. */
    mw_text email;
    /* Telephone. */
    mw_text phone;
    /* The fields that this model does not know. */
    mw_extra extra;
};

/* One meta entry: a name and any JSON value. */
struct mw_meta {
    /* Its id. */
    mw_id id;
    /* Its name (`_billing_cpf`). */
    mw_text key;
    /* Its value; plug-ins put any JSON there. */
    mw_raw value;
    /* The fields that this model does not know. */
    mw_extra extra;
};

/* An order as a webhook or `GET /orders/{id}` gives it. */
struct mw_order {
    /* Its id. */
    mw_id id;
    /* The order it belongs to (of a subscription); mostly `0`. */
    mw_id parent_id;
    /* The number the customer sees; plug-ins change it. */
    mw_text number;
    /* `pending`, `processing`, `on-hold`, `completed`, `cancelled`, `refunded`, `failed`, `trash`,
       `auto-draft`, `checkout-draft`, or a plug-in's own. */
    mw_text status;
    /* ISO 4217. */
    mw_text currency;
    /* Whether prices were entered with tax in them. Amounts here are without, either way. */
    bool prices_include_tax;
    /* When it was placed, in the shop's zone. */
    mw_time date_created;
    /* When it was placed, UTC. */
    mw_time date_created_gmt;
    /* When it was last changed, UTC. */
    mw_time date_modified_gmt;
    /* When it was paid, in the shop's zone. */
    mw_time date_paid;
    /* When it was paid, UTC. */
    mw_time date_paid_gmt;
    /* When it was completed, UTC. */
    mw_time date_completed_gmt;
    /* All coupons, before tax. */
    mw_decimal discount_total;
    /* The tax saved by coupons. */
    mw_decimal discount_tax;
    /* Shipping before tax. */
    mw_decimal shipping_total;
    /* The tax on shipping. */
    mw_decimal shipping_tax;
    /* The tax on lines and fees. */
    mw_decimal cart_tax;
    /* What the customer pays. The truth: lines may differ from it by rounding. */
    mw_decimal total;
    /* All tax. */
    mw_decimal total_tax;
    /* The customer's account; `0` for guests. */
    mw_id customer_id;
    /* What the customer wrote. */
    mw_text customer_note;
    /* Where the bill goes. */
    mw_address billing;
    /* Where the parcel goes; empty when as `billing`, see mw_delivery_address. */
    mw_address shipping;
    /* Id of the payment method (`mercadopago`). */
    mw_text payment_method;
    /* Its name for people. */
    mw_text payment_method_title;
    /* The payment's id at the payment service. */
    mw_text transaction_id;
    /* Where the order was placed (`checkout`, `rest-api`, `store-api`, `admin`). */
    mw_text created_via;
    /* What plug-ins know. */
    mw_meta_list meta_data;
    /* What was bought. */
    mw_line_item_list line_items;
    /* Tax by rate. */
    mw_tax_line_list tax_lines;
    /* How it is shipped. */
    mw_shipping_line_list shipping_lines;
    /* Surcharges, and discounts as negative fees. */
    mw_fee_line_list fee_lines;
    /* Coupons used; their effect is in the lines' totals already. */
    mw_coupon_line_list coupon_lines;
    /* What was given back; `total` is negative. */
    mw_refund_list refunds;
    /* The fields that this model does not know. */
    mw_extra extra;
};

/* A line of goods. */
struct mw_line_item {
    /* Its id. */
    mw_id id;
    /* The product's name when it was bought. */
    mw_text name;
    /* The product; `0` when it was deleted since. */
    mw_id product_id;
    /* The variation; `0` for products without. */
    mw_id variation_id;
    /* The SKU; empty when the product has none or was deleted. */
    mw_text sku;
    /* How many. */
    mw_decimal quantity;
    /* Tax class; empty for the standard one. */
    mw_text tax_class;
    /* All of the line before coupons, before tax. */
    mw_decimal subtotal;
    /* The tax before coupons. */
    mw_decimal subtotal_tax;
    /* All of the line after coupons, before tax. */
    mw_decimal total;
    /* The tax after coupons. */
    mw_decimal total_tax;
    /* Tax by rate. */
    mw_line_tax_list taxes;
    /* Options chosen and what plug-ins know. */
    mw_meta_list meta_data;
    /* The fields that this model does not know. */
    mw_extra extra;
};

/* The tax of one rate on one line. */
struct mw_line_tax {
    /* The rate's id, as in mw_tax_line.rate_id. */
    mw_id id;
    /* After coupons. */
    mw_decimal total;
    /* Before coupons. */
    mw_decimal subtotal;
    /* The fields that this model does not know. */
    mw_extra extra;
};

/* The tax of one rate on the whole order. */
struct mw_tax_line {
    /* Its id. */
    mw_id id;
    /* The rate's code (`BR-SP-ICMS SP-1`). */
    mw_text rate_code;
    /* The rate's id. */
    mw_id rate_id;
    /* Its name for people. */
    mw_text label;
    /* Whether it is taken on top of other taxes. */
    bool compound;
    /* On lines and fees. */
    mw_decimal tax_total;
    /* On shipping. */
    mw_decimal shipping_tax_total;
    /* In percent. */
    mw_decimal rate_percent;
    /* What plug-ins know. */
    mw_meta_list meta_data;
    /* The fields that this model does not know. */
    mw_extra extra;
};

/* A way of shipping. */
struct mw_shipping_line {
    /* Its id. */
    mw_id id;
    /* Its name for people. */
    mw_text method_title;
    /* The method (`flat_rate`). */
    mw_text method_id;
    /* Before tax. */
    mw_decimal total;
    /* The tax. */
    mw_decimal total_tax;
    /* Tax by rate. */
    mw_line_tax_list taxes;
    /* What plug-ins know. */
    mw_meta_list meta_data;
    /* The fields that this model does not know. */
    mw_extra extra;
};

/* A surcharge, or a discount when negative. */
struct mw_fee_line {
    /* Its id. */
    mw_id id;
    /* Its name. */
    mw_text name;
    /* Tax class. */
    mw_text tax_class;
    /* `taxable` or `none`; a negative fee is taxed either way. */
    mw_text tax_status;
    /* Before tax. */
    mw_decimal total;
    /* The tax. */
    mw_decimal total_tax;
    /* Tax by rate. */
    mw_line_tax_list taxes;
    /* What plug-ins know. */
    mw_meta_list meta_data;
    /* The fields that this model does not know. */
    mw_extra extra;
};

/* A coupon that was used. */
struct mw_coupon_line {
    /* Its id. */
    mw_id id;
    /* Its code, in lower case. */
    mw_text code;
    /* What it took off, before tax. */
    mw_decimal discount;
    /* The tax it took off. */
    mw_decimal discount_tax;
    /* `percent`, `fixed_cart`, `fixed_product`. */
    mw_text discount_type;
    /* What plug-ins know. */
    mw_meta_list meta_data;
    /* The fields that this model does not know. */
    mw_extra extra;
};

/* Money given back. In an order only `id`, `reason` and `total` are there; `GET
   /orders/{id}/refunds/{id}` gives the rest. */
struct mw_refund {
    /* Its id. */
    mw_id id;
    /* Why. */
    mw_text reason;
    /* How much, negative; only in an order. */
    mw_decimal total;
    /* How much, positive; only in the refund itself. */
    mw_decimal amount;
    /* The order, where the shop says it. */
    mw_id parent_id;
    /* When it was made, UTC. */
    mw_time date_created_gmt;
    /* The user who made it. */
    mw_id refunded_by;
    /* Whether the payment service gave the money back. */
    bool refunded_payment;
    /* Goods given back: quantities and totals are negative, the meta `_refunded_item_id` names the
       order's line. */
    mw_line_item_list line_items;
    /* Shipping given back, negative. */
    mw_shipping_line_list shipping_lines;
    /* Fees given back, negative. */
    mw_fee_line_list fee_lines;
    /* Tax given back by rate, negative. */
    mw_tax_line_list tax_lines;
    /* What plug-ins know. */
    mw_meta_list meta_data;
    /* The fields that this model does not know. */
    mw_extra extra;
};

/* A product, or a variation of one (`type` `variation`, with `parent_id`). */
struct mw_product {
    /* Its id. */
    mw_id id;
    /* Its name. */
    mw_text name;
    /* Its name in URLs. */
    mw_text slug;
    /* `simple`, `variable`, `variation`, `grouped`, `external`. */
    mw_text kind;
    /* `publish`, `draft`, `pending`, `private`, `trash`. */
    mw_text status;
    /* When it was made, UTC. */
    mw_time date_created_gmt;
    /* When it was last changed, UTC. */
    mw_time date_modified_gmt;
    /* Its SKU; may be empty. */
    mw_text sku;
    /* GTIN, EAN, UPC or ISBN. */
    mw_text global_unique_id;
    /* What it costs now. */
    mw_decimal price;
    /* What it costs without a sale. */
    mw_decimal regular_price;
    /* What it costs in a sale; zero when there is none. */
    mw_decimal sale_price;
    /* Text for the page. */
    mw_text description;
    /* Short text for the page. */
    mw_text short_description;
    /* `taxable`, `shipping`, `none`. */
    mw_text tax_status;
    /* Tax class; empty for the standard one. */
    mw_text tax_class;
    /* Whether the shop counts its stock: `true`, `false` (then `stock_quantity` says nothing), or
       `parent` for a variation whose product is counted as a whole. */
    mw_text manage_stock;
    /* How many there are. */
    mw_decimal stock_quantity;
    /* `instock`, `outofstock`, `onbackorder`. */
    mw_text stock_status;
    /* Weight in the shop's unit. */
    mw_decimal weight;
    /* The product this is a variation of. */
    mw_id parent_id;
    /* The variations of this product. */
    mw_id_list variations;
    /* Categories. */
    mw_term_list categories;
    /* Tags. */
    mw_term_list tags;
    /* Pictures. */
    mw_image_list images;
    /* Colour, size and the like. */
    mw_attribute_list attributes;
    /* What plug-ins know. */
    mw_meta_list meta_data;
    /* The fields that this model does not know. */
    mw_extra extra;
};

/* A category or tag. */
struct mw_term {
    /* Its id. */
    mw_id id;
    /* Its name. */
    mw_text name;
    /* Its name in URLs. */
    mw_text slug;
    /* The fields that this model does not know. */
    mw_extra extra;
};

/* A picture. */
struct mw_image {
    /* Its id; `0` or empty for the placeholder. */
    mw_id id;
    /* Its URL. */
    mw_text src;
    /* What it shows. */
    mw_text alt;
    /* The fields that this model does not know. */
    mw_extra extra;
};

/* An attribute of a product (`options`) or of a variation (`option`). */
struct mw_attribute {
    /* Its id; 0 when it belongs to this product alone. */
    mw_id id;
    /* Its name (`Colour`). */
    mw_text name;
    /* The value a variation has. */
    mw_text option;
    /* The values a product comes in. */
    mw_text_list options;
    /* Whether variations differ in it. */
    bool variation;
    /* The fields that this model does not know. */
    mw_extra extra;
};

/* A customer with an account. */
struct mw_customer {
    /* Its id. */
    mw_id id;
    /* When the account was made, UTC. */
    mw_time date_created_gmt;
    /* When it was last changed, UTC. */
    mw_time date_modified_gmt;
    /* E-mail. */
    mw_text email;
    /* Given name. */
    mw_text first_name;
    /* Family name. */
    mw_text last_name;
    /* The WordPress role (`customer`). */
    mw_text role;
    /* The login name. */
    mw_text username;
    /* Where bills go. */
    mw_address billing;
    /* Where parcels go. */
    mw_address shipping;
    /* Whether they have paid for anything yet. */
    bool is_paying_customer;
    /* What plug-ins know. */
    mw_meta_list meta_data;
    /* The fields that this model does not know. */
    mw_extra extra;
};

#endif
