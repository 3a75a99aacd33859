//! sha256 over fields, each behind its length, so that no two different answers read the same.

use sha2::{Digest, Sha256};

/// A digest being made.
#[derive(Default)]
pub(super) struct Digester(Sha256);

impl Digester {
    /// sha256 of bytes as they are, hex.
    pub(super) fn of(bytes: &[u8]) -> String {
        hex::encode(Sha256::digest(bytes))
    }

    pub(super) fn count(&mut self, count: usize) -> &mut Self {
        self.0.update((count as u64).to_le_bytes());
        self
    }

    pub(super) fn text(&mut self, text: &str) -> &mut Self {
        self.count(text.len()).0.update(text.as_bytes());
        self
    }

    pub(super) fn option(&mut self, text: Option<&str>) -> &mut Self {
        match text {
            Some(text) => self.count(1).text(text),
            None => self.count(0),
        }
    }

    pub(super) fn pairs(&mut self, pairs: &[(String, String)]) -> &mut Self {
        self.count(pairs.len());
        for (name, value) in pairs {
            self.text(name).text(value);
        }
        self
    }

    pub(super) fn finish(self) -> String {
        hex::encode(self.0.finalize())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn where_one_field_ends_matters() {
        let digest = |fields: [&str; 2]| {
            let mut digester = Digester::default();
            digester.text(fields[0]).text(fields[1]);
            digester.finish()
        };
        assert_ne!(digest(["ab", "c"]), digest(["a", "bc"]));
    }
}
