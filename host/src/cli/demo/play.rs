//! The play: webhooks in over HTTP, a plugin swapped in the middle, and the journal asked for the end.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use arc_swap::ArcSwap;

use super::deliveries::{CapturedDelivery, Expected, first_half, second_half};
use super::report::{Fate, Report, Swap};
use super::stage::{SWAPPED, SWAPPED_OF, Stage};
use super::{Error, say};
use crate::config::Snapshot;
use crate::journal::{Filter, Journal, State, SummaryRow};

/// No event of the demo takes longer, even on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);
const MERCHANTS: [&str; 2] = ["acme", "padaria"];
/// Requests that the ERP refuses on purpose, to be tried again.
const REFUSALS: usize = 2;

/// Plays it all and reports.
pub(super) async fn play(
    stage: &Stage,
    address: SocketAddr,
    journal: &Journal,
    snapshot: &Arc<ArcSwap<Snapshot>>,
) -> Result<Report, Error> {
    let client = reqwest::Client::new();
    let mut sent = Vec::new();
    stage.erp.fail_next(REFUSALS, 503);
    send_all(&client, address, first_half(), &mut sent).await?;
    settle(journal).await?;
    let swap = swap(stage, snapshot).await?;
    say(&format!("swapped {} of {}", swap.plugin, swap.merchant));
    send_all(&client, address, second_half(), &mut sent).await?;
    settle(journal).await?;
    let rows = journal.summary(&Filter { limit: 1000, ..Filter::default() })?;
    let events: Vec<Fate> = sent.into_iter().map(|sent| fate(sent, &rows)).collect();
    let versions_seen = [&swap.from, &swap.to].iter().all(|version| {
        events.iter().any(|fate| fate.plugin_version.as_deref() == Some(version.as_str()))
    });
    Ok(Report {
        ok: versions_seen && events.iter().all(|fate| fate.as_expected),
        address: address.to_string(),
        erp_address: stage.erp_address.to_string(),
        swap,
        events,
        erp_documents: stage.erp.documents().len(),
        erp_refusals: REFUSALS,
    })
}

struct Sent {
    merchant: &'static str,
    delivery: CapturedDelivery,
    status: u16,
    answer: serde_json::Value,
}

async fn send_all(
    client: &reqwest::Client,
    address: SocketAddr,
    deliveries: Vec<CapturedDelivery>,
    sent: &mut Vec<Sent>,
) -> Result<(), Error> {
    for delivery in deliveries {
        for merchant in MERCHANTS {
            let mut request =
                client.post(format!("http://{address}/hooks/{merchant}/shop")).body(delivery.body);
            for (name, value) in &delivery.headers {
                request = request.header(name, value);
            }
            let response = request.send().await?;
            let status = response.status().as_u16();
            let answer = serde_json::from_slice(&response.bytes().await?).unwrap_or_default();
            sent.push(Sent { merchant, delivery: delivery.clone(), status, answer });
        }
    }
    Ok(())
}

/// Waits until the journal holds nothing open.
async fn settle(journal: &Journal) -> Result<(), Error> {
    let started = Instant::now();
    loop {
        if journal.counts()?.open == 0 {
            return Ok(());
        }
        if started.elapsed() > PATIENCE {
            let mut open = Vec::new();
            for merchant in journal.open_merchants()? {
                open.extend(journal.open_events(&merchant, 0, 20)?);
            }
            let names: Vec<String> = open
                .iter()
                .map(|e| format!("{} {} {}", e.merchant, e.topic, e.resource_key))
                .collect();
            return Err(Error::Stuck(PATIENCE.as_secs(), names.join(", ")));
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

async fn swap(stage: &Stage, snapshot: &Arc<ArcSwap<Snapshot>>) -> Result<Swap, Error> {
    let version = || {
        let snapshot = snapshot.load();
        let plugin = snapshot.merchants.get(SWAPPED_OF)?.catalog.get(SWAPPED)?;
        Some(plugin.version().to_owned())
    };
    let from = version().unwrap_or_default();
    let started = Instant::now();
    stage.swap()?;
    while version().as_ref() == Some(&from) {
        if started.elapsed() > PATIENCE {
            return Err(Error::Stuck(PATIENCE.as_secs(), "the plugin swap".into()));
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    Ok(Swap {
        merchant: SWAPPED_OF.into(),
        plugin: SWAPPED.into(),
        from,
        to: version().unwrap_or_default(),
        took_ms: u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX),
    })
}

fn fate(sent: Sent, rows: &[SummaryRow]) -> Fate {
    let text = |key: &str| sent.answer.get(key).and_then(|value| value.as_str()).map(str::to_owned);
    let event_id = text("event_id");
    let accepted = text("status").as_deref() == Some("accepted");
    let row = rows.iter().find(|row| accepted && Some(&row.event_id.0) == event_id.as_ref());
    let outcome = match row {
        Some(row) => state_word(row.state).to_owned(),
        None if sent.delivery.is_ping() => "ping".to_owned(),
        None => text("status").unwrap_or_else(|| format!("HTTP {}", sent.status)),
    };
    let expected = sent.delivery.expected_of(sent.merchant);
    let mapping = row.and_then(|row| row.receipts.iter().find(|r| r.capability == "field_mapping"));
    let topic = sent.delivery.headers.iter().find(|(name, _)| name == "x-wc-webhook-topic");
    Fate {
        merchant: sent.merchant.to_owned(),
        delivery: sent.delivery.name,
        story: sent.delivery.story,
        topic: topic.map_or_else(|| "(ping)".to_owned(), |(_, topic)| topic.clone()),
        http_status: sent.status,
        event_id,
        route: row.and_then(|row| row.route.clone()),
        as_expected: sent.status == 200 && outcome == expected.word(),
        outcome,
        expected,
        plugin: mapping.map(|receipt| receipt.plugin.clone()),
        plugin_version: mapping.map(|receipt| receipt.version.clone()),
        plugin_digest: mapping.map(|receipt| receipt.digest.clone()),
        documents: row.map(documents).unwrap_or_default(),
        fuel: row.map_or(0, |row| row.receipts.iter().map(|receipt| receipt.fuel).sum()),
        mapping_us: row.map_or(0, |row| row.receipts.iter().map(|r| r.duration_us).sum()),
        attempts: row.map_or(0, |row| row.attempts.len()),
        erp_ids: row.map(erp_ids).unwrap_or_default(),
        reason: row.and_then(|row| row.reason.clone().or_else(|| row.detail.clone())),
    }
}

fn documents(row: &SummaryRow) -> Vec<String> {
    row.documents.iter().map(|document| format!("{} {}", document.entity, document.key)).collect()
}

fn erp_ids(row: &SummaryRow) -> Vec<String> {
    row.documents.iter().filter_map(|document| document.target_id.clone()).collect()
}

fn state_word(state: State) -> &'static str {
    match state {
        State::Accepted => "accepted",
        State::Unrouted => "unrouted",
        State::Waiting => "waiting",
        State::Delivering => "delivering",
        State::Delivered => "delivered",
        State::Skipped => "skipped",
        State::Dead => "dead",
    }
}

impl Expected {
    fn word(self) -> &'static str {
        match self {
            Self::Ping => "ping",
            Self::Duplicate => "duplicate",
            Self::Quarantined => "quarantined",
            Self::Delivered => "delivered",
            Self::Skipped => "skipped",
            Self::Dead => "dead",
        }
    }
}
