//! Where somebody lives or gets their parcels.

use std::borrow::Cow;

use super::Address;

impl Address {
    /// First and last name; the company where there is neither.
    #[must_use]
    pub fn full_name(&self) -> String {
        let name = format!("{} {}", self.first_name.trim(), self.last_name.trim());
        match name.trim() {
            "" => self.company.trim().to_owned(),
            name => name.to_owned(),
        }
    }

    /// Whether it says nothing: WooCommerce sends all fields empty for "none".
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.address_1.trim().is_empty()
            && self.city.trim().is_empty()
            && self.postcode.trim().is_empty()
    }

    /// A field that a plug-in added, where it is not empty.
    #[must_use]
    pub fn plugin_field(&self, name: &str) -> Option<Cow<'_, str>> {
        self.extra.text(name)
    }

    /// The ISO 3166-2 code of the state (`BR-SP`), where there is one.
    #[must_use]
    pub fn subdivision(&self) -> Option<String> {
        let state = self.state.trim();
        let short =
            (1..=3).contains(&state.len()) && state.bytes().all(|b| b.is_ascii_alphanumeric());
        (short && self.country.len() == 2).then(|| format!("{}-{state}", self.country))
    }
}
