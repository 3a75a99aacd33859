//! The buyer.

use mapwright_guest::Violations;
use mapwright_guest::brazil::{Kind, TaxId};
use mapwright_guest::woocommerce::{Address, Order};
use serde::Serialize;

/// A contact and the key it is known by for ever.
pub(crate) struct Contato {
    pub(crate) key: String,
    pub(crate) body: ContatoBody,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ContatoBody {
    nome: String,
    codigo: String,
    situacao: &'static str,
    pub(crate) tipo: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) numero_documento: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ie: Option<String>,
    email: String,
    telefone: String,
    celular: String,
    endereco: Enderecos,
}

#[derive(Serialize)]
struct Enderecos {
    geral: Endereco,
}

/// An address in Brazil's order.
#[derive(Serialize)]
pub(crate) struct Endereco {
    endereco: String,
    numero: String,
    complemento: String,
    bairro: String,
    cep: String,
    municipio: String,
    uf: String,
}

impl Contato {
    /// By tax number where there is one; else the account, else the e-mail, else the order.
    pub(crate) fn of(order: &Order, violations: &mut Violations) -> Self {
        let billing = &order.billing;
        let tax_id = TaxId::of_order(order, &mut violations.at("billing"));
        let email = billing.email.trim().to_lowercase();
        let key = match &tax_id {
            Some(id) => id.plain().to_owned(),
            None if !order.is_guest() => format!("cliente/{}", order.customer_id),
            None if !email.is_empty() => email.clone(),
            None => format!("pedido/{}", order.id),
        };
        let company = tax_id.as_ref().is_some_and(|id| id.kind() == Kind::Cnpj);
        let nome = match billing.company.trim() {
            name if company && !name.is_empty() => name.to_owned(),
            _ => billing.full_name(),
        };
        if nome.is_empty() {
            violations.at("billing").push("name_missing", "the order does not say who buys");
        }
        let field = |name| billing.plugin_field(name).map(std::borrow::Cow::into_owned);
        Self {
            body: ContatoBody {
                nome,
                codigo: key.clone(),
                situacao: "A",
                // People and companies abroad are a kind of their own.
                tipo: match () {
                    () if company => "J",
                    () if billing.country == "BR" || tax_id.is_some() => "F",
                    () => "E",
                },
                numero_documento: tax_id.map(|id| id.plain().to_owned()),
                ie: field("ie"),
                email,
                telefone: billing.phone.clone(),
                celular: field("cellphone").unwrap_or_default(),
                endereco: Enderecos { geral: Endereco::of(billing) },
            },
            key,
        }
    }
}

impl Endereco {
    /// Number and neighbourhood come from the Brazilian plug-in.
    pub(crate) fn of(address: &Address) -> Self {
        let field = |name| address.plugin_field(name).unwrap_or_default().trim().to_owned();
        let numero = match field("number") {
            number if number.is_empty() => "S/N".to_owned(),
            number => number,
        };
        Self {
            endereco: address.address_1.trim().to_owned(),
            numero,
            complemento: address.address_2.trim().to_owned(),
            bairro: field("neighborhood"),
            cep: address.postcode.trim().to_owned(),
            municipio: address.city.trim().to_owned(),
            uf: if address.country == "BR" { address.state.clone() } else { "EX".to_owned() },
        }
    }
}
