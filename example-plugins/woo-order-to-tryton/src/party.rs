//! Who buys, and where they live.

use mapwright_guest::brazil::{Kind, TaxId};
use mapwright_guest::woocommerce::{Address, Order};
use mapwright_guest::{Reference, Violations, reference};
use serde::Serialize;

use crate::Settings;

/// A party and the key it is known by for ever.
pub(crate) struct Party {
    pub(crate) key: String,
    pub(crate) body: PartyBody,
}

#[derive(Serialize)]
pub(crate) struct PartyBody {
    name: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    identifiers: Vec<Coded>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    contact_mechanisms: Vec<Contact>,
}

#[derive(Serialize)]
struct Coded {
    r#type: &'static str,
    code: String,
}

#[derive(Serialize)]
struct Contact {
    r#type: &'static str,
    value: String,
}

/// An address and its key: other words make another address, since old orders keep theirs.
pub(crate) struct PartyAddress {
    pub(crate) key: String,
    pub(crate) body: AddressBody,
}

#[derive(Serialize)]
pub(crate) struct AddressBody {
    party: Reference,
    #[serde(skip_serializing_if = "Option::is_none")]
    party_name: Option<String>,
    street: String,
    postal_code: String,
    city: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    country: Option<Reference>,
    #[serde(skip_serializing_if = "Option::is_none")]
    subdivision: Option<Reference>,
}

impl Party {
    /// The buyer: an account by its id; a guest by tax number, else e-mail, else the order itself,
    /// so that a guest who comes back is the same party and two guests never become one.
    pub(crate) fn of(order: &Order, settings: &Settings, violations: &mut Violations) -> Self {
        let billing = &order.billing;
        let tax_id = TaxId::of_order(order, &mut violations.at("billing"));
        let email = billing.email.trim().to_lowercase();
        let key = match &tax_id {
            _ if !order.is_guest() => order.customer_id.to_string(),
            Some(id) => id.plain().to_owned(),
            None if !email.is_empty() => email.clone(),
            None => format!("ORDER-{}", order.id),
        };
        let company = tax_id.as_ref().is_some_and(|id| id.kind() == Kind::Cnpj);
        let name = match billing.company.trim() {
            company_name if company && !company_name.is_empty() => company_name.to_owned(),
            _ => billing.full_name(),
        };
        if name.is_empty() {
            violations.at("billing").push("name_missing", "the order does not say who buys");
        }
        if billing.is_empty() {
            violations.at("billing").push("address_missing", "the order has no billing address");
        }
        let mut contact_mechanisms = Vec::new();
        if !email.is_empty() {
            contact_mechanisms.push(Contact { r#type: "email", value: email });
        }
        if let Some(phone) = phone(billing) {
            contact_mechanisms.push(phone);
        }
        Self {
            key: format!("{}{key}", settings.prefix),
            body: PartyBody {
                name,
                identifiers: tax_id.iter().map(identifier).collect(),
                contact_mechanisms,
            },
        }
    }

    /// One of the party's addresses.
    pub(crate) fn address(&self, address: &Address, settings: &Settings) -> PartyAddress {
        let field = |name| address.plugin_field(name).map(|text| text.trim().to_owned());
        let mut street = address.address_1.trim().to_owned();
        if let Some(number) = field("number") {
            street = format!("{street}, {number}");
        }
        for more in [address.address_2.trim(), field("neighborhood").unwrap_or_default().trim()] {
            if !more.is_empty() {
                street = format!("{street}\n{more}");
            }
        }
        let recipient = address.full_name();
        let body = AddressBody {
            party: reference("party", &self.key),
            party_name: (recipient != self.body.name && !recipient.is_empty()).then_some(recipient),
            street,
            postal_code: address.postcode.trim().to_owned(),
            city: address.city.trim().to_owned(),
            country: (!address.country.is_empty()).then(|| reference("country", &address.country)),
            subdivision: address
                .subdivision()
                .filter(|_| settings.subdivisions)
                .map(|code| reference("subdivision", code)),
        };
        let words = [
            body.party_name.as_deref().unwrap_or_default(),
            &body.street,
            &body.postal_code,
            &body.city,
            &address.state,
            &address.country,
        ];
        PartyAddress { key: format!("{}/{:016x}", self.key, fingerprint(&words)), body }
    }
}

/// Tryton checks these and keeps them as they are typed. It names a country's tax number by the
/// country, not as people there do: a CNPJ is a `br_vat`.
fn identifier(id: &TaxId) -> Coded {
    let r#type = match id.kind() {
        Kind::Cpf => "br_cpf",
        Kind::Cnpj => "br_vat",
    };
    Coded { r#type, code: id.to_string() }
}

/// A telephone with its country code, as Tryton wants one; anything else is kept as "other".
fn phone(billing: &Address) -> Option<Contact> {
    let text = billing.plugin_field("cellphone").unwrap_or_else(|| billing.phone.as_str().into());
    let digits: String = text.chars().filter(char::is_ascii_digit).collect();
    Some(match text.trim() {
        "" => return None,
        international if international.starts_with('+') => {
            Contact { r#type: "phone", value: format!("+{digits}") }
        }
        _ if billing.country == "BR" && matches!(digits.len(), 10 | 11) => {
            Contact { r#type: "phone", value: format!("+55{digits}") }
        }
        other => Contact { r#type: "other", value: other.to_owned() },
    })
}

/// FNV-1a: short, and the same for ever.
fn fingerprint(words: &[&str]) -> u64 {
    words.join("\u{1f}").bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}
