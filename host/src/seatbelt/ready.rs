//! Ready sets of belts, for the documents of the example plugins and whatever is shaped like them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::settings::Seatbelts;

/// A ready set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Ready {
    /// An order of WooCommerce in a document that keeps the shop's names (`currency`, `total`).
    WoocommerceOrder,
    /// An order of WooCommerce as `sale` of Tryton.
    WoocommerceOrderTryton,
    /// An order of WooCommerce as `pedido_venda` of Bling.
    WoocommerceOrderBling,
}

impl Ready {
    /// All of them.
    pub const ALL: [Self; 3] =
        [Self::WoocommerceOrder, Self::WoocommerceOrderTryton, Self::WoocommerceOrderBling];

    /// The set, as a merchant might have written it.
    #[must_use]
    pub fn belts(self) -> Seatbelts {
        let text = match self {
            Self::WoocommerceOrder => include_str!("ready/woocommerce-order.toml"),
            Self::WoocommerceOrderTryton => include_str!("ready/woocommerce-order-tryton.toml"),
            Self::WoocommerceOrderBling => include_str!("ready/woocommerce-order-bling.toml"),
        };
        let mut belts: Seatbelts = toml::from_str(text).expect("a test reads each of them");
        let edges: BTreeMap<String, Vec<String>> =
            toml::from_str(include_str!("ready/woocommerce-statuses.toml"))
                .expect("a test reads it");
        belts.statuses.get_or_insert(super::Statuses { of: super::StatusOf::Source, edges });
        belts
    }
}
