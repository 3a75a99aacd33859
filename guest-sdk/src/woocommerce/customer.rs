//! Somebody with an account in the shop.

use std::borrow::Cow;

use super::{Address, Id, Meta, ShopTime, meta_text};
use crate::json::model;

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

impl Customer {
    /// The text of a meta entry.
    #[must_use]
    pub fn meta(&self, key: &str) -> Option<Cow<'_, str>> {
        meta_text(&self.meta_data, key)
    }
}
