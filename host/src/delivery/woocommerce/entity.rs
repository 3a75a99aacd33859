//! What can be written to a shop, where it is, and by what it is found again.
//!
//! | entity | path | found by | may be |
//! |---|---|---|---|
//! | `order` | `orders` | the key in its meta data | all, `cancel` too |
//! | `product` | `products` | `sku`, else the key in its meta data | all but `cancel` |
//! | `variation` | `products/{parent_id}/variations` | the same | all but `cancel` |
//! | `customer` | `customers` | `email` | all but `cancel` |
//! | `coupon` | `coupons` | `code` | all but `cancel` |
//! | `refund` | `orders/{order_id}/refunds` | the key in its meta data | made and deleted |
//! | `order_note` | `orders/{order_id}/notes` | nothing | made and deleted |

use super::fault::Fault;
use crate::event::Operation;

/// See the head of the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Entity {
    Order,
    Product,
    Variation,
    Customer,
    Coupon,
    Refund,
    Note,
}

const ALL: [Entity; 7] = [
    Entity::Order,
    Entity::Product,
    Entity::Variation,
    Entity::Customer,
    Entity::Coupon,
    Entity::Refund,
    Entity::Note,
];

impl Entity {
    /// By the name that documents and references have for it.
    pub(super) fn of(name: &str) -> Result<Self, String> {
        if let Some(entity) = ALL.into_iter().find(|entity| entity.name() == name) {
            return Ok(entity);
        }
        let score = |entity: &Self| strsim::jaro_winkler(entity.name(), name);
        let nearest = ALL.into_iter().max_by(|a, b| score(a).total_cmp(&score(b)));
        let hint = nearest.filter(|near| score(near) > 0.7);
        let hint = hint.map(|near| format!("; did you mean {:?}?", near.name()));
        let names: Vec<_> = ALL.iter().map(|entity| entity.name()).collect();
        Err(format!(
            "a shop has no entity {name:?}{}, only {}",
            hint.unwrap_or_default(),
            names.join(", ")
        ))
    }

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Order => "order",
            Self::Product => "product",
            Self::Variation => "variation",
            Self::Customer => "customer",
            Self::Coupon => "coupon",
            Self::Refund => "refund",
            Self::Note => "order_note",
        }
    }

    /// Refuses what the API has no call for.
    pub(super) fn check(self, operation: Operation) -> Result<(), Fault> {
        let why = match (self, operation) {
            (Self::Order, Operation::Cancel) => return Ok(()),
            (_, Operation::Cancel) => "cannot be called off, only an order can; use delete",
            (Self::Refund | Self::Note, Operation::Update) => "cannot be changed once it is made",
            _ => return Ok(()),
        };
        let reason = format!("a shop's {} {why}", self.name());
        Err(Fault::rejected("operation_not_supported", reason))
    }

    /// The member of the body that says where it belongs, and to what.
    pub(super) fn parent(self) -> Option<(&'static str, Self)> {
        match self {
            Self::Variation => Some(("parent_id", Self::Product)),
            Self::Refund | Self::Note => Some(("order_id", Self::Order)),
            Self::Order | Self::Product | Self::Customer | Self::Coupon => None,
        }
    }

    /// The list it stands in.
    pub(super) fn list(self, parent: Option<u64>) -> String {
        let parent = parent.unwrap_or_default();
        match self {
            Self::Order => "orders".to_owned(),
            Self::Product => "products".to_owned(),
            Self::Variation => format!("products/{parent}/variations"),
            Self::Customer => "customers".to_owned(),
            Self::Coupon => "coupons".to_owned(),
            Self::Refund => format!("orders/{parent}/refunds"),
            Self::Note => format!("orders/{parent}/notes"),
        }
    }

    /// The member of the body by which the shop knows it, where it has one of its own. The shop does
    /// not take a second one of the same.
    pub(super) fn natural_key(self) -> Option<&'static str> {
        match self {
            Self::Product | Self::Variation => Some("sku"),
            Self::Customer => Some("email"),
            Self::Coupon => Some("code"),
            Self::Order | Self::Refund | Self::Note => None,
        }
    }

    /// Where it is looked for by that, and with what besides.
    pub(super) fn natural_list(self) -> (&'static str, Option<(&'static str, &'static str)>) {
        match self {
            // Left out, it lists only the role `customer`.
            Self::Customer => ("customers", Some(("role", "all"))),
            Self::Coupon => ("coupons", None),
            // This finds variations as well.
            _ => ("products", None),
        }
    }

    /// Whether it has meta data that can be written when it is made.
    pub(super) fn takes_meta(self) -> bool {
        self != Self::Note
    }

    /// Whether there is a trash for it.
    pub(super) fn has_trash(self) -> bool {
        !matches!(self, Self::Customer | Self::Refund | Self::Note)
    }

    /// What webhooks call it; a variation comes as a product.
    pub(super) fn resource(self) -> Option<&'static str> {
        match self {
            Self::Order => Some("order"),
            Self::Product | Self::Variation => Some("product"),
            Self::Customer => Some("customer"),
            Self::Coupon => Some("coupon"),
            Self::Refund => Some("refund"),
            Self::Note => None,
        }
    }
}
