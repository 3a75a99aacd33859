//! An order and all that hangs on it.

use std::borrow::Cow;

use super::{Address, Decimal, Id, Meta, ShopTime, meta_text};
use crate::json::model;
use crate::money::Money;

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

impl Order {
    /// The text of a meta entry (`_billing_cpf`).
    #[must_use]
    pub fn meta(&self, key: &str) -> Option<Cow<'_, str>> {
        meta_text(&self.meta_data, key)
    }

    /// Whether nobody has placed it yet: WooCommerce sends drafts as orders.
    #[must_use]
    pub fn is_draft(&self) -> bool {
        matches!(self.status.as_str(), "auto-draft" | "checkout-draft" | "draft" | "new")
    }

    /// Whether it was placed without an account.
    #[must_use]
    pub fn is_guest(&self) -> bool {
        !self.customer_id.is_set()
    }

    /// Where the parcel goes: the shipping address, or the billing address where that is empty.
    #[must_use]
    pub fn delivery_address(&self) -> &Address {
        if self.shipping.is_empty() { &self.billing } else { &self.shipping }
    }

    /// What the customer pays, with its currency.
    #[must_use]
    pub fn total_money(&self) -> Money {
        Money::new(self.total, self.currency.clone())
    }

    /// The rate code of a tax by its rate id, as [`LineTax::id`] has it.
    #[must_use]
    pub fn tax_line(&self, rate_id: &Id) -> Option<&TaxLine> {
        self.tax_lines.iter().find(|tax| tax.rate_id == *rate_id)
    }
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

impl LineItem {
    /// The text of a meta entry.
    #[must_use]
    pub fn meta(&self, key: &str) -> Option<Cow<'_, str>> {
        meta_text(&self.meta_data, key)
    }

    /// What coupons took off this line, before tax.
    #[must_use]
    pub fn discount(&self) -> Decimal {
        self.subtotal - self.total
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
    /// Money given back. Its lines are not in the payload.
    pub struct Refund {
        /// Its id.
        pub id: Id,
        /// Why.
        pub reason: String,
        /// How much, negative.
        pub total: Decimal,
    }
}
