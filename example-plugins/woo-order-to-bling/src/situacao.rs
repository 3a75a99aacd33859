//! The status of an order as the id of a situação.

use mapwright_guest::{Refusal, lookup};

/// The situação wanted; none where Bling is to keep the one it has. Ids belong to the account: the
/// lookup table `situacoes` (columns `status`, `id`) has them, the ids of a fresh account are used
/// for statuses it does not name.
pub(crate) fn of(status: &str) -> Result<Option<u64>, Refusal> {
    if let Ok(Some(row)) = lookup::row("situacoes", status) {
        let id = row.text("id")?;
        return id.parse().map(Some).map_err(|_| {
            Refusal::not_ready(format!(
                "lookups/situacoes.csv: the id `{id}` of `{status}` is no number"
            ))
        });
    }
    Ok(match status {
        "pending" | "on-hold" => Some(6),             // em aberto
        "processing" => Some(15),                     // em andamento
        "completed" => Some(9),                       // atendido
        "cancelled" | "failed" | "trash" => Some(12), // cancelado
        "refunded" | "auto-draft" | "checkout-draft" => None,
        other => {
            return Err(Refusal::rejected(
                "/status",
                "status_unknown",
                format!("`{other}` is no status of WooCommerce; add it to lookups/situacoes.csv"),
            ));
        }
    })
}
