//! WooCommerce orders become contacts and sales orders (pedidos de venda) of Bling v3.
//!
//! Bling knows the buyer by CPF or CNPJ, wants the freight and the payment plan, and numbers its
//! statuses (situações) by account. Amounts are JSON numbers there; they are written digit by digit.

mod contato;
mod parcelas;
mod pedido;
mod situacao;

use mapwright_guest::woocommerce::{Body, Order};
use mapwright_guest::{
    Context, Document, FieldMapping, Manifest, Mapped, MappingInput, Plugin, Refusal, SourceStatus,
    StatusTranslation, Violations, package,
};
use serde::{Deserialize, Serialize};

/// The plugin.
pub struct OrderToBling;

impl Plugin for OrderToBling {
    const MANIFEST: Manifest = Manifest {
        settings_schema: include_str!("../settings.schema.json"),
        topics: &["order.created", "order.updated", "order.deleted"],
        entities: &["contato", "pedido_venda"],
        ..package!()
    };
}

mapwright_guest::export!(OrderToBling: field_mapping, status_translation);

/// `settings.schema.json` says what each is for.
#[derive(Deserialize)]
#[serde(default)]
struct Settings {
    loja_id: Option<u64>,
    frete_por_conta: u8,
    unidade: String,
    parcelas_meta: String,
    parcelas_max: u32,
    accept_pending: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            loja_id: None,
            frete_por_conta: 0,
            unidade: "UN".to_owned(),
            parcelas_meta: "_mp_installments".to_owned(),
            parcelas_max: 12,
            accept_pending: false,
        }
    }
}

/// What is remembered of an order that was delivered.
#[derive(Serialize, Deserialize)]
struct Seen {
    situacao: Option<u64>,
}

impl StatusTranslation for OrderToBling {
    fn translate(_: &Context, source: &SourceStatus) -> Result<Option<String>, Refusal> {
        Ok(situacao::of(&source.status)?.map(|id| id.to_string()))
    }
}

impl FieldMapping for OrderToBling {
    fn transform(context: &Context, input: &MappingInput) -> Result<Mapped, Refusal> {
        let settings: Settings = context.settings()?;
        let order = match input.order()? {
            Body::Present(order) => order,
            Body::Deleted(id) => {
                return Ok(Mapped::document(Document::cancel(
                    "pedido_venda",
                    format!("order/{id}"),
                )));
            }
        };
        if order.is_draft() || (order.status == "pending" && !settings.accept_pending) {
            return Ok(Mapped::skipped(format!("order {} is {} only", order.id, order.status)));
        }
        let seen: Option<Seen> = context.checkpoint()?;
        if seen.is_none() && matches!(order.status.as_str(), "cancelled" | "failed" | "trash") {
            return Ok(Mapped::skipped(format!(
                "order {} is {} and was never sent",
                order.id, order.status
            )));
        }
        let situacao = match &input.status {
            Some(id) => id.parse().ok(),
            None => situacao::of(&order.status)?,
        };
        let documents = documents(&order, input, situacao, &settings)?;
        Ok(Mapped::documents(documents).remember(&Seen { situacao }))
    }
}

fn documents(
    order: &Order,
    input: &MappingInput,
    situacao: Option<u64>,
    settings: &Settings,
) -> Result<Vec<Document>, Refusal> {
    let mut violations = Violations::new();
    if order.currency != "BRL" {
        violations.at("currency").push(
            "currency_unsupported",
            format!("Bling keeps accounts in BRL, the order is in {}", order.currency),
        );
    }
    let contato = contato::Contato::of(order, &mut violations);
    let pedido = pedido::Pedido::of(order, input, situacao, &contato, settings, &mut violations)?;
    violations.finish()?;
    Ok(vec![
        Document::upsert("contato", &contato.key).body(&contato.body),
        Document::upsert("pedido_venda", format!("order/{}", order.id)).body(&pedido),
    ])
}
