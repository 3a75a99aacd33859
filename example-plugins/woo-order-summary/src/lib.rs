//! The smallest useful plugin: an order becomes one flat document. Nothing to configure.

use mapwright_guest::woocommerce::{Body, Decimal, Order};
use mapwright_guest::{
    Context, Document, FieldMapping, Manifest, Mapped, MappingInput, Plugin, Refusal, package,
};
use serde::Serialize;

/// The plugin.
pub struct OrderSummary;

impl Plugin for OrderSummary {
    const MANIFEST: Manifest = Manifest {
        topics: &["order.created", "order.updated", "order.deleted"],
        entities: &["order_summary"],
        ..package!()
    };
}

#[derive(Serialize)]
struct Summary<'a> {
    number: &'a str,
    status: &'a str,
    placed_at: Option<String>,
    customer: String,
    email: &'a str,
    currency: &'a str,
    items: Decimal,
    skus: Vec<&'a str>,
    discount: Decimal,
    shipping: Decimal,
    tax: Decimal,
    total: Decimal,
    paid: bool,
}

impl FieldMapping for OrderSummary {
    fn transform(context: &Context, input: &MappingInput) -> Result<Mapped, Refusal> {
        let key = context.resource_key.as_str();
        Ok(match input.order()? {
            Body::Deleted(_) => Mapped::document(Document::cancel("order_summary", key)),
            Body::Present(order) if order.is_draft() => {
                Mapped::skipped(format!("order {} is only a draft ({})", order.id, order.status))
            }
            Body::Present(order) => Mapped::document(
                Document::upsert("order_summary", key)
                    .body(&summary(&order, input.status.as_deref())),
            ),
        })
    }
}

fn summary<'a>(order: &'a Order, status: Option<&'a str>) -> Summary<'a> {
    Summary {
        number: &order.number,
        status: status.unwrap_or(&order.status),
        placed_at: order.date_created_gmt.as_utc(),
        customer: order.billing.full_name(),
        email: &order.billing.email,
        currency: &order.currency,
        items: order.line_items.iter().map(|line| line.quantity).sum(),
        skus: order.line_items.iter().map(|line| line.sku.as_str()).collect(),
        discount: order.discount_total,
        shipping: order.shipping_total,
        tax: order.total_tax,
        total: order.total,
        paid: order.date_paid_gmt.is_set(),
    }
}

mapwright_guest::export!(OrderSummary: field_mapping);
