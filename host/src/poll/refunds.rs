//! Refunds: an order only names them, so they are fetched, and told apart from what was fetched.
//!
//! The journal knows which orders have other refunds than those that were fetched; it learnt so in
//! the commit that accepted the order. Whether a crash comes before the fetch, between two refunds
//! or before the last word, the order is still on that list, and a refund offered twice is a
//! duplicate.

use bytes::Bytes;

use super::error::Error;
use super::feed::Fed;
use super::ground::{Ground, Plan};
use super::row::Row;
use crate::event::Origin;
use crate::journal::FollowUp;

/// Orders looked after at a time.
pub(super) const PAGE: usize = 20;

/// Brings the refunds of one order into the journal; says how many came or went.
pub(super) async fn follow_up(ground: &Ground, of: FollowUp) -> Result<u64, Error> {
    let Plan { merchant, connection, .. } = &ground.plan;
    let journal = &ground.ingress.journal;
    let order: Option<u64> = of.resource_key.strip_prefix("order/").and_then(|id| id.parse().ok());
    let refunds = match order {
        Some(order) => ground.shop.refunds(order).await,
        // An order that is called by something else than a number cannot be asked for.
        None => Err(Error::Gone),
    };
    let refunds = match refunds {
        Ok(refunds) => refunds,
        Err(error @ (Error::Gone | Error::Rejected { .. })) => {
            tracing::warn!(
                merchant.name = merchant, connection, resource = of.resource_key, %error,
                "the refunds of an order cannot be had"
            );
            let have = of.have.clone();
            journal.followed_up(merchant, connection, of, have).await?;
            return Ok(0);
        }
        Err(error) => return Err(error),
    };
    let order = order.unwrap_or_default();
    let have: Vec<u64> = refunds.iter().map(|refund| refund.id).collect();
    let mut changed = 0;
    for refund in refunds.into_iter().filter(|refund| !of.have.contains(&refund.id)) {
        let body = with_order(&refund, order);
        let fed = ground.offer("refund.created", body, Origin::Poll).await?;
        changed += u64::from(fed == Fed::Found);
    }
    for gone in of.have.iter().filter(|id| !have.contains(id)) {
        let body = Bytes::from(format!(r#"{{"id":{gone},"order_id":{order}}}"#));
        let fed = ground.offer("refund.deleted", body, Origin::Poll).await?;
        changed += u64::from(fed == Fed::Found);
    }
    journal.followed_up(merchant, connection, of, have).await?;
    Ok(changed)
}

/// The refund as the shop wrote it, and whose it is, which the shop left out.
fn with_order(refund: &Row, order: u64) -> Bytes {
    let rest = refund.body.strip_prefix(b"{").unwrap_or(&refund.body);
    let mut body = format!(r#"{{"order_id":{order},"#).into_bytes();
    body.extend_from_slice(rest);
    body.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refund_says_whose_it_is_and_stays_as_it_was_written() {
        let refund = Row::of(r#"{"id":38,"amount":"71.90"}"#).unwrap();
        assert_eq!(with_order(&refund, 26), r#"{"order_id":26,"id":38,"amount":"71.90"}"#);
    }
}
