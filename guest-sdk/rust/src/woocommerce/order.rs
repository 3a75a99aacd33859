//! What an order and its lines can be asked.

use std::borrow::Cow;

use super::{Address, Decimal, Id, LineItem, Order, TaxLine, meta_text};
use crate::money::Money;

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

    /// The rate code of a tax by its rate id, as [`super::LineTax::id`] has it.
    #[must_use]
    pub fn tax_line(&self, rate_id: &Id) -> Option<&TaxLine> {
        self.tax_lines.iter().find(|tax| tax.rate_id == *rate_id)
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
