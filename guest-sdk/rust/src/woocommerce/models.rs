//! What WooCommerce sends, field by field. Made from `models/woocommerce.toml`; do not edit.

use super::{Decimal, Id, Json, ShopTime};
use crate::json::model;

model! {
    /// A billing or shipping address. Fields of plug-ins (`cpf`, `cnpj`, `number`, `neighborhood`,
    /// `cellphone`) are in `extra`.
    pub struct Address {
        /// Given name.
        pub first_name: String,
        /// Family name.
        pub last_name: String,
        /// Company.
        pub company: String,
        /// Street, with the number where the shop does not ask for it apart.
        pub address_1: String,
        /// Flat, floor, building.
        pub address_2: String,
        /// City.
        pub city: String,
        /// State: the part of an ISO 3166-2 code after the hyphen (`SP`), or free text.
        pub state: String,
        /// Postal code.
        pub postcode: String,
        /// ISO 3166-1 alpha-2.
        pub country: String,
        /// E-mail; only in billing addresses.
        pub email: String,
        /// Telephone.
        pub phone: String,
    }
}

model! {
    /// One meta entry: a name and any JSON value.
    pub struct Meta {
        /// Its id.
        pub id: Id,
        /// Its name (`_billing_cpf`).
        pub key: String,
        /// Its value; plug-ins put any JSON there.
        pub value: Json,
    }
}

model! {
    /// An order as a webhook or `GET /orders/{id}` gives it.
    pub struct Order {
        /// Its id.
        pub id: Id,
        /// The order it belongs to (of a subscription); mostly `0`.
        pub parent_id: Id,
        /// The number the customer sees; plug-ins change it.
        pub number: String,
        /// `pending`, `processing`, `on-hold`, `completed`, `cancelled`, `refunded`, `failed`,
        /// `trash`, `auto-draft`, `checkout-draft`, or a plug-in's own.
        pub status: String,
        /// ISO 4217.
        pub currency: String,
        /// Whether prices were entered with tax in them. Amounts here are without, either way.
        pub prices_include_tax: bool,
        /// When it was placed, in the shop's zone.
        pub date_created: ShopTime,
        /// When it was placed, UTC.
        pub date_created_gmt: ShopTime,
        /// When it was last changed, UTC.
        pub date_modified_gmt: ShopTime,
        /// When it was paid, in the shop's zone.
        pub date_paid: ShopTime,
        /// When it was paid, UTC.
        pub date_paid_gmt: ShopTime,
        /// When it was completed, UTC.
        pub date_completed_gmt: ShopTime,
        /// All coupons, before tax.
        pub discount_total: Decimal,
        /// The tax saved by coupons.
        pub discount_tax: Decimal,
        /// Shipping before tax.
        pub shipping_total: Decimal,
        /// The tax on shipping.
        pub shipping_tax: Decimal,
        /// The tax on lines and fees.
        pub cart_tax: Decimal,
        /// What the customer pays. The truth: lines may differ from it by rounding.
        pub total: Decimal,
        /// All tax.
        pub total_tax: Decimal,
        /// The customer's account; `0` for guests.
        pub customer_id: Id,
        /// What the customer wrote.
        pub customer_note: String,
        /// Where the bill goes.
        pub billing: Address,
        /// Where the parcel goes; empty when as `billing`, see [`Order::delivery_address`].
        pub shipping: Address,
        /// Id of the payment method (`mercadopago`).
        pub payment_method: String,
        /// Its name for people.
        pub payment_method_title: String,
        /// The payment's id at the payment service.
        pub transaction_id: String,
        /// Where the order was placed (`checkout`, `rest-api`, `store-api`, `admin`).
        pub created_via: String,
        /// What plug-ins know.
        pub meta_data: Vec<Meta>,
        /// What was bought.
        pub line_items: Vec<LineItem>,
        /// Tax by rate.
        pub tax_lines: Vec<TaxLine>,
        /// How it is shipped.
        pub shipping_lines: Vec<ShippingLine>,
        /// Surcharges, and discounts as negative fees.
        pub fee_lines: Vec<FeeLine>,
        /// Coupons used; their effect is in the lines' totals already.
        pub coupon_lines: Vec<CouponLine>,
        /// What was given back; `total` is negative.
        pub refunds: Vec<Refund>,
    }
    require "status", "currency", "total";
}

model! {
    /// A line of goods.
    pub struct LineItem {
        /// Its id.
        pub id: Id,
        /// The product's name when it was bought.
        pub name: String,
        /// The product; `0` when it was deleted since.
        pub product_id: Id,
        /// The variation; `0` for products without.
        pub variation_id: Id,
        /// The SKU; empty when the product has none or was deleted.
        pub sku: String,
        /// How many.
        pub quantity: Decimal,
        /// Tax class; empty for the standard one.
        pub tax_class: String,
        /// All of the line before coupons, before tax.
        pub subtotal: Decimal,
        /// The tax before coupons.
        pub subtotal_tax: Decimal,
        /// All of the line after coupons, before tax.
        pub total: Decimal,
        /// The tax after coupons.
        pub total_tax: Decimal,
        /// Tax by rate.
        pub taxes: Vec<LineTax>,
        /// Options chosen and what plug-ins know.
        pub meta_data: Vec<Meta>,
    }
}

model! {
    /// The tax of one rate on one line.
    pub struct LineTax {
        /// The rate's id, as in [`TaxLine::rate_id`].
        pub id: Id,
        /// After coupons.
        pub total: Decimal,
        /// Before coupons.
        pub subtotal: Decimal,
    }
}

model! {
    /// The tax of one rate on the whole order.
    pub struct TaxLine {
        /// Its id.
        pub id: Id,
        /// The rate's code (`BR-SP-ICMS SP-1`).
        pub rate_code: String,
        /// The rate's id.
        pub rate_id: Id,
        /// Its name for people.
        pub label: String,
        /// Whether it is taken on top of other taxes.
        pub compound: bool,
        /// On lines and fees.
        pub tax_total: Decimal,
        /// On shipping.
        pub shipping_tax_total: Decimal,
        /// In percent.
        pub rate_percent: Decimal,
        /// What plug-ins know.
        pub meta_data: Vec<Meta>,
    }
}

model! {
    /// A way of shipping.
    pub struct ShippingLine {
        /// Its id.
        pub id: Id,
        /// Its name for people.
        pub method_title: String,
        /// The method (`flat_rate`).
        pub method_id: String,
        /// Before tax.
        pub total: Decimal,
        /// The tax.
        pub total_tax: Decimal,
        /// Tax by rate.
        pub taxes: Vec<LineTax>,
        /// What plug-ins know.
        pub meta_data: Vec<Meta>,
    }
}

model! {
    /// A surcharge, or a discount when negative.
    pub struct FeeLine {
        /// Its id.
        pub id: Id,
        /// Its name.
        pub name: String,
        /// Tax class.
        pub tax_class: String,
        /// `taxable` or `none`; a negative fee is taxed either way.
        pub tax_status: String,
        /// Before tax.
        pub total: Decimal,
        /// The tax.
        pub total_tax: Decimal,
        /// Tax by rate.
        pub taxes: Vec<LineTax>,
        /// What plug-ins know.
        pub meta_data: Vec<Meta>,
    }
}

model! {
    /// A coupon that was used.
    pub struct CouponLine {
        /// Its id.
        pub id: Id,
        /// Its code, in lower case.
        pub code: String,
        /// What it took off, before tax.
        pub discount: Decimal,
        /// The tax it took off.
        pub discount_tax: Decimal,
        /// `percent`, `fixed_cart`, `fixed_product`.
        pub discount_type: String,
        /// What plug-ins know.
        pub meta_data: Vec<Meta>,
    }
}

model! {
    /// Money given back. In an order only `id`, `reason` and `total` are there; `GET
    /// /orders/{id}/refunds/{id}` gives the rest.
    pub struct Refund {
        /// Its id.
        pub id: Id,
        /// Why.
        pub reason: String,
        /// How much, negative; only in an order.
        pub total: Decimal,
        /// How much, positive; only in the refund itself.
        pub amount: Decimal,
        /// The order, where the shop says it.
        pub parent_id: Id,
        /// When it was made, UTC.
        pub date_created_gmt: ShopTime,
        /// The user who made it.
        pub refunded_by: Id,
        /// Whether the payment service gave the money back.
        pub refunded_payment: bool,
        /// Goods given back: quantities and totals are negative, the meta `_refunded_item_id` names
        /// the order's line.
        pub line_items: Vec<LineItem>,
        /// Shipping given back, negative.
        pub shipping_lines: Vec<ShippingLine>,
        /// Fees given back, negative.
        pub fee_lines: Vec<FeeLine>,
        /// Tax given back by rate, negative.
        pub tax_lines: Vec<TaxLine>,
        /// What plug-ins know.
        pub meta_data: Vec<Meta>,
    }
}

model! {
    /// A product, or a variation of one (`type` `variation`, with `parent_id`).
    pub struct Product {
        /// Its id.
        pub id: Id,
        /// Its name.
        pub name: String,
        /// Its name in URLs.
        pub slug: String,
        /// `simple`, `variable`, `variation`, `grouped`, `external`.
        pub kind: String = "type",
        /// `publish`, `draft`, `pending`, `private`, `trash`.
        pub status: String,
        /// When it was made, UTC.
        pub date_created_gmt: ShopTime,
        /// When it was last changed, UTC.
        pub date_modified_gmt: ShopTime,
        /// Its SKU; may be empty.
        pub sku: String,
        /// GTIN, EAN, UPC or ISBN.
        pub global_unique_id: String,
        /// What it costs now.
        pub price: Decimal,
        /// What it costs without a sale.
        pub regular_price: Decimal,
        /// What it costs in a sale; zero when there is none.
        pub sale_price: Decimal,
        /// Text for the page.
        pub description: String,
        /// Short text for the page.
        pub short_description: String,
        /// `taxable`, `shipping`, `none`.
        pub tax_status: String,
        /// Tax class; empty for the standard one.
        pub tax_class: String,
        /// Whether the shop counts its stock: `true`, `false` (then `stock_quantity` says nothing),
        /// or `parent` for a variation whose product is counted as a whole.
        pub manage_stock: String,
        /// How many there are.
        pub stock_quantity: Decimal,
        /// `instock`, `outofstock`, `onbackorder`.
        pub stock_status: String,
        /// Weight in the shop's unit.
        pub weight: Decimal,
        /// The product this is a variation of.
        pub parent_id: Id,
        /// The variations of this product.
        pub variations: Vec<Id>,
        /// Categories.
        pub categories: Vec<Term>,
        /// Tags.
        pub tags: Vec<Term>,
        /// Pictures.
        pub images: Vec<Image>,
        /// Colour, size and the like.
        pub attributes: Vec<Attribute>,
        /// What plug-ins know.
        pub meta_data: Vec<Meta>,
    }
}

model! {
    /// A category or tag.
    pub struct Term {
        /// Its id.
        pub id: Id,
        /// Its name.
        pub name: String,
        /// Its name in URLs.
        pub slug: String,
    }
}

model! {
    /// A picture.
    pub struct Image {
        /// Its id; `0` or empty for the placeholder.
        pub id: Id,
        /// Its URL.
        pub src: String,
        /// What it shows.
        pub alt: String,
    }
}

model! {
    /// An attribute of a product (`options`) or of a variation (`option`).
    pub struct Attribute {
        /// Its id; 0 when it belongs to this product alone.
        pub id: Id,
        /// Its name (`Colour`).
        pub name: String,
        /// The value a variation has.
        pub option: String,
        /// The values a product comes in.
        pub options: Vec<String>,
        /// Whether variations differ in it.
        pub variation: bool,
    }
}

model! {
    /// A customer with an account.
    pub struct Customer {
        /// Its id.
        pub id: Id,
        /// When the account was made, UTC.
        pub date_created_gmt: ShopTime,
        /// When it was last changed, UTC.
        pub date_modified_gmt: ShopTime,
        /// E-mail.
        pub email: String,
        /// Given name.
        pub first_name: String,
        /// Family name.
        pub last_name: String,
        /// The WordPress role (`customer`).
        pub role: String,
        /// The login name.
        pub username: String,
        /// Where bills go.
        pub billing: Address,
        /// Where parcels go.
        pub shipping: Address,
        /// Whether they have paid for anything yet.
        pub is_paying_customer: bool,
        /// What plug-ins know.
        pub meta_data: Vec<Meta>,
    }
}
