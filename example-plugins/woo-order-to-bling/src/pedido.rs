//! The sales order.

use mapwright_guest::money::{Decimal, JsonNumber, round};
use mapwright_guest::woocommerce::Order;
use mapwright_guest::{MappingInput, Reference, Refusal, Violations, reference};
use serde::Serialize;

use crate::Settings;
use crate::contato::{Contato, Endereco};
use crate::parcelas::{self, Parcela};

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Pedido<'a> {
    numero_loja: &'a str,
    data: &'a str,
    contato: PedidoContato,
    #[serde(skip_serializing_if = "Option::is_none")]
    loja: Option<Numbered>,
    #[serde(skip_serializing_if = "Option::is_none")]
    situacao: Option<Numbered>,
    itens: Vec<Item<'a>>,
    desconto: Desconto,
    outras_despesas: JsonNumber,
    parcelas: Vec<Parcela>,
    transporte: Transporte,
    observacoes: &'a str,
    observacoes_internas: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct PedidoContato {
    id: Reference,
    tipo_pessoa: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    numero_documento: Option<String>,
}

#[derive(Serialize)]
struct Numbered {
    id: u64,
}

#[derive(Serialize)]
struct Item<'a> {
    codigo: &'a str,
    descricao: &'a str,
    unidade: String,
    quantidade: JsonNumber,
    valor: JsonNumber,
}

#[derive(Serialize)]
struct Desconto {
    valor: JsonNumber,
    unidade: &'static str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Transporte {
    frete_por_conta: u8,
    frete: JsonNumber,
    etiqueta: Etiqueta,
}

#[derive(Serialize)]
struct Etiqueta {
    nome: String,
    #[serde(flatten)]
    endereco: Endereco,
}

impl<'a> Pedido<'a> {
    /// Bling adds up items less discount plus freight plus other expenses. Coupons and negative fees
    /// are the discount; tax that the shop adds and other fees are other expenses; both together
    /// make the order's total, to the cent.
    pub(crate) fn of(
        order: &'a Order,
        input: &MappingInput,
        situacao: Option<u64>,
        contato: &Contato,
        settings: &Settings,
        violations: &mut Violations,
    ) -> Result<Self, Refusal> {
        let mut products = Decimal::ZERO;
        let mut itens = Vec::new();
        for (index, line) in order.line_items.iter().enumerate() {
            let mut lines = violations.at("line_items");
            let mut here = lines.index(index);
            if line.sku.trim().is_empty() {
                here.field("sku").push("sku_missing", format!("`{}` has no SKU", line.name));
            }
            if line.quantity <= Decimal::ZERO {
                here.field("quantity").push("quantity_invalid", "the quantity must be above zero");
                continue;
            }
            // Four decimals, as Bling keeps them; what that loses ends up in the discount.
            let valor = match input.line(line.id.as_str()) {
                Some(priced) => round(priced.unit_price, 4),
                None => round(line.subtotal / line.quantity, 4),
            };
            products += round(valor * line.quantity, 2);
            itens.push(Item {
                codigo: line.sku.trim(),
                descricao: &line.name,
                unidade: settings.unidade.clone(),
                quantidade: JsonNumber(line.quantity),
                valor: JsonNumber(valor.normalize()),
            });
        }
        if itens.is_empty() && violations.is_empty() {
            violations.at("line_items").push("lines_missing", "the order has no items");
        }
        let fees = |positive: bool| -> Decimal {
            let fees = order.fee_lines.iter().map(|fee| fee.total);
            fees.filter(|total| total.is_sign_positive() == positive).sum()
        };
        let despesas = fees(true) + order.total_tax;
        // What is left is the discount: priced lines change it, cents of rounding as well.
        let desconto = products + order.shipping_total + despesas - order.total;
        let expected = order.discount_total - fees(false);
        let cents = Decimal::new(1, 2) * Decimal::from(itens.len() + 1);
        if input.lines.is_empty() && violations.is_empty() && (desconto - expected).abs() > cents {
            violations.at("total").push(
                "total_differs",
                format!("the discount should be {expected} and would have to be {desconto}"),
            );
        }
        // Rounding in the customer's disfavour is an expense: a discount is never negative.
        let (desconto, despesas) = match desconto {
            surcharge if surcharge.is_sign_negative() => (Decimal::ZERO, despesas - surcharge),
            desconto => (desconto, despesas),
        };
        let Some(data) = order.date_created.date() else {
            violations.at("date_created").push("date_missing", "the order does not say when");
            return Err(violations.clone().finish().expect_err("one was just pushed"));
        };
        let address = order.delivery_address();
        Ok(Self {
            numero_loja: &order.number,
            data,
            contato: PedidoContato {
                id: reference("contato", &contato.key),
                tipo_pessoa: contato.body.tipo,
                numero_documento: contato.body.numero_documento.clone(),
            },
            loja: settings.loja_id.map(|id| Numbered { id }),
            situacao: situacao.map(|id| Numbered { id }),
            itens,
            desconto: Desconto { valor: JsonNumber(round(desconto, 2)), unidade: "REAL" },
            outras_despesas: JsonNumber(round(despesas, 2)),
            parcelas: parcelas::of(order, data, settings, violations)?,
            transporte: Transporte {
                frete_por_conta: settings.frete_por_conta,
                frete: JsonNumber(order.shipping_total),
                etiqueta: Etiqueta { nome: address.full_name(), endereco: Endereco::of(address) },
            },
            observacoes: order.customer_note.trim(),
            observacoes_internas: internal_note(order),
        })
    }
}

fn internal_note(order: &Order) -> String {
    let mut note = format!("WooCommerce #{}", order.number);
    if !order.transaction_id.is_empty() {
        note = format!("{note}; {} {}", order.payment_method_title, order.transaction_id);
    }
    for coupon in &order.coupon_lines {
        note = format!("{note}; cupom {}", coupon.code);
    }
    note
}
