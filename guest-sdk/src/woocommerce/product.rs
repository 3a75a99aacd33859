//! Something the shop sells.

use std::borrow::Cow;

use super::{Decimal, Id, Meta, ShopTime, meta_text};
use crate::json::model;

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

impl Product {
    /// The text of a meta entry.
    #[must_use]
    pub fn meta(&self, key: &str) -> Option<Cow<'_, str>> {
        meta_text(&self.meta_data, key)
    }

    /// Whether this is a variation of another product.
    #[must_use]
    pub fn is_variation(&self) -> bool {
        self.kind == "variation" || self.parent_id.is_set()
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
