//! The webhooks of the demo: captured from a real WooCommerce 10.5 shop, bytes and headers as sent.

use include_dir::{Dir, include_dir};

static CAPTURED: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/src/cli/demo/webhooks");

/// What the captured deliveries were signed with.
pub(super) const SECRET: &str = "segredo-do-webhook-0001";

/// How a delivery ought to end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Expected {
    /// The ping: 200 and nothing kept.
    Ping,
    /// The same body as the one before.
    Duplicate,
    /// Kept aside, not trusted.
    Quarantined,
    /// Through the whole road.
    Delivered,
    /// The plugin wants nothing done.
    Skipped,
    /// A dead letter, with its cause.
    Dead,
}

/// One request of the shop.
#[derive(Debug, Clone)]
pub(super) struct CapturedDelivery {
    /// The capture's name.
    pub(super) name: &'static str,
    /// What happened in the shop.
    pub(super) story: &'static str,
    expected: Expected,
    /// Where the bakery's rules say something else.
    expected_of_padaria: Option<Expected>,
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: &'static [u8],
}

/// Before the plugin is swapped.
pub(super) fn first_half() -> Vec<CapturedDelivery> {
    use Expected::{Delivered, Duplicate, Ping, Quarantined, Skipped};
    let mut deliveries = vec![
        captured("001-register-ping", "webhook created", Ping),
        // Bling gets orders only once they are paid.
        captured("032-order-br-pending-order-created", "order placed", Delivered)
            .but_padaria(Skipped),
        captured("033-order-br-pending-order-updated", "said twice", Duplicate),
        captured("034-order-br-paid-order-created", "order placed and paid", Delivered),
        captured("039-order-br-cnpj-order-created", "company, fees, backorder", Delivered),
        captured("070-order-checkoutdraft-order-created", "a cart, not an order", Skipped),
        captured("108-order-apiver-order-created", "a signed error", Quarantined),
    ];
    let mut forged = captured("054-order-zero-order-created", "a forged signature", Quarantined);
    for (name, value) in &mut forged.headers {
        if name == "x-wc-webhook-signature" {
            "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=".clone_into(value);
        }
    }
    deliveries.push(forged);
    deliveries
}

/// After it.
pub(super) fn second_half() -> Vec<CapturedDelivery> {
    use Expected::{Dead, Delivered, Skipped};
    vec![
        captured("054-order-zero-order-created", "a 100 % coupon", Delivered),
        // One line has no SKU, which Bling cannot do without: somebody has to look.
        captured("061-order-big-order-created", "60 lines", Delivered).but_padaria(Dead),
        captured("076-status-processing-order-updated", "payment came", Delivered),
        captured("082-status-completed-order-updated", "sent", Delivered),
        captured("093-refund-partial-order-updated", "one line refunded", Delivered),
        // Bling never had this one, so there is nothing to call off.
        captured("083-status-cancelled-order-updated", "called off", Delivered)
            .but_padaria(Skipped),
        captured("096-order-trash-order-deleted", "thrown away", Delivered),
    ]
}

fn captured(name: &'static str, story: &'static str, expected: Expected) -> CapturedDelivery {
    let headers = contents(&format!("{name}.headers"));
    let body = CAPTURED
        .get_file(format!("{name}.json"))
        .or_else(|| CAPTURED.get_file(format!("{name}.txt")))
        .expect("every capture has a body")
        .contents();
    let headers = std::str::from_utf8(headers)
        .expect("captured headers are text")
        .lines()
        .skip(1)
        .filter_map(|line| line.split_once(": "))
        .map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned()))
        .filter(|(name, _)| name == "content-type" || name.starts_with("x-wc-"))
        .collect();
    CapturedDelivery { name, story, expected, expected_of_padaria: None, headers, body }
}

impl CapturedDelivery {
    /// Whether it is the form that a shop posts when a webhook is made: it is answered, not kept.
    pub(super) fn is_ping(&self) -> bool {
        self.expected == Expected::Ping
    }

    /// How it ought to end for a merchant.
    pub(super) fn expected_of(&self, merchant: &str) -> Expected {
        match self.expected_of_padaria {
            Some(expected) if merchant == "padaria" => expected,
            _ => self.expected,
        }
    }

    fn but_padaria(mut self, expected: Expected) -> Self {
        self.expected_of_padaria = Some(expected);
        self
    }
}

fn contents(name: &str) -> &'static [u8] {
    CAPTURED.get_file(name).expect("every capture has its headers").contents()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_capture_named_here_is_embedded() {
        assert_eq!(first_half().len() + second_half().len(), 15);
        assert!(first_half().iter().chain(&second_half()).all(|d| !d.body.is_empty()));
    }
}
