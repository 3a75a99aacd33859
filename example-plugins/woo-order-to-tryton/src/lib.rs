//! WooCommerce orders become parties, addresses and sales of Tryton 8.
//!
//! The order's total is the truth: what Tryton will compute from the lines and taxes is computed
//! here first, cents of difference become a rounding line, more than cents a rejection.

mod party;
mod sale;
mod status;
mod totals;

use mapwright_guest::woocommerce::{Body, Order};
use mapwright_guest::{
    Context, Document, FieldMapping, Manifest, Mapped, MappingInput, Plugin, Refusal, SourceStatus,
    StatusTranslation, Violations, package, reference,
};
use serde::{Deserialize, Serialize};

/// The plugin.
pub struct OrderToTryton;

impl Plugin for OrderToTryton {
    const MANIFEST: Manifest = Manifest {
        settings_schema: include_str!("../settings.schema.json"),
        topics: &["order.created", "order.updated", "order.deleted"],
        entities: &["party", "address", "sale"],
        ..package!()
    };
}

mapwright_guest::export!(OrderToTryton: field_mapping, status_translation);

/// `settings.schema.json` says what each is for.
#[derive(Deserialize)]
#[serde(default)]
struct Settings {
    shop_name: Option<String>,
    prefix: String,
    shipping_product: String,
    fallback_product: Option<String>,
    unit: String,
    payment_term: Option<String>,
    warehouse: Option<String>,
    accept_pending: bool,
    subdivisions: bool,
    price_digits: u32,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            shop_name: None,
            prefix: "WC-".to_owned(),
            shipping_product: "FRETE".to_owned(),
            fallback_product: None,
            unit: "Unit".to_owned(),
            payment_term: None,
            warehouse: None,
            accept_pending: false,
            subdivisions: true,
            price_digits: 4,
        }
    }
}

/// What is remembered of an order that was delivered.
#[derive(Serialize, Deserialize)]
struct Seen {
    status: String,
}

impl StatusTranslation for OrderToTryton {
    fn translate(_: &Context, source: &SourceStatus) -> Result<Option<String>, Refusal> {
        status::translate(&source.status)
    }
}

impl FieldMapping for OrderToTryton {
    fn transform(context: &Context, input: &MappingInput) -> Result<Mapped, Refusal> {
        let settings: Settings = context.settings()?;
        let order = match input.order()? {
            Body::Present(order) => order,
            Body::Deleted(id) => {
                let sale = Document::cancel("sale", format!("{}{id}", settings.prefix));
                return Ok(Mapped::document(sale));
            }
        };
        if order.is_draft() {
            return Ok(Mapped::skipped(format!("order {} is a draft: nobody placed it", order.id)));
        }
        if order.status == "pending" && !settings.accept_pending {
            return Ok(Mapped::skipped(format!("order {} waits for its payment", order.id)));
        }
        let state = match &input.status {
            Some(state) => Some(state.clone()),
            None => status::translate(&order.status)?,
        };
        let seen: Option<Seen> = context.checkpoint()?;
        if state.as_deref() == Some("cancelled") && seen.is_none() {
            return Ok(Mapped::skipped(format!(
                "order {} is {} and was never sent",
                order.id, order.status
            )));
        }
        let documents = documents(&order, input, state.as_deref(), &settings)?;
        Ok(Mapped::documents(documents).remember(&Seen { status: order.status.clone() }))
    }
}

/// Party, addresses (one when both are the same) and sale, in the order they need each other.
fn documents(
    order: &Order,
    input: &MappingInput,
    state: Option<&str>,
    settings: &Settings,
) -> Result<Vec<Document>, Refusal> {
    let mut violations = Violations::new();
    let party = party::Party::of(order, settings, &mut violations);
    let billing = party.address(&order.billing, settings);
    let shipping = party.address(order.delivery_address(), settings);
    let head = sale::Head {
        state,
        party: reference("party", &party.key),
        invoice_address: reference("address", &billing.key),
        shipment_address: reference("address", &shipping.key),
    };
    let sale = sale::build(head, order, input, settings, &mut violations)?;
    violations.finish()?;

    let mut documents = vec![
        Document::upsert("party", &party.key).body(&party.body),
        Document::upsert("address", &billing.key).body(&billing.body),
    ];
    if shipping.key != billing.key {
        documents.push(Document::upsert("address", &shipping.key).body(&shipping.body));
    }
    documents
        .push(Document::upsert("sale", format!("{}{}", settings.prefix, order.id)).body(&sale));
    if !order.refunds.is_empty() {
        mapwright_guest::warning!(
            "order {} has {} refunds; credit notes are made in Tryton",
            order.id,
            order.refunds.len()
        );
    }
    Ok(documents)
}
