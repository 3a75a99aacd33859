//! The status of an order as the state of a sale.

use mapwright_guest::{Refusal, lookup};

/// The state wanted; none for states that Tryton is to keep. The lookup table `order_status`
/// (columns `status`, `state`), where the merchant has one, goes first: plug-ins invent statuses.
pub(crate) fn translate(status: &str) -> Result<Option<String>, Refusal> {
    if let Ok(Some(row)) = lookup::row("order_status", status) {
        return Ok(row.get("state").map(str::to_owned));
    }
    let state = match status {
        "pending" => "draft",
        "on-hold" => "quotation",
        "processing" => "confirmed",
        "completed" => "processing",
        "cancelled" | "failed" | "trash" => "cancelled",
        // Money that went back is a credit note; the sale stays what it is. Drafts are not mapped.
        "refunded" | "auto-draft" | "checkout-draft" => return Ok(None),
        other => {
            return Err(Refusal::rejected(
                "/status",
                "status_unknown",
                format!(
                    "`{other}` is no status of WooCommerce; add it to lookups/order_status.csv"
                ),
            ));
        }
    };
    Ok(Some(state.to_owned()))
}
