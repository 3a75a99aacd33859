//! Events with their whole history in a journal, as the road would leave it.

use bytes::Bytes;
use jiff::Timestamp;
use mapwright::event::{Document, EventId, NewEvent, Operation, Origin, Receipt};
use mapwright::journal::{AttemptRecord, DocumentDelivered, Identity, Journal, Mapped, Next};
use serde_json::value::RawValue;

/// An event of its own about this order, and its fingerprint.
pub(crate) fn event(n: u64, order: u64, body: &Bytes) -> (NewEvent, [u8; 32]) {
    let event = NewEvent {
        id: EventId::fresh(),
        correlation_id: format!("c-{n}"),
        merchant: "acme".into(),
        connection: "shop".into(),
        topic: "order.updated".into(),
        resource_key: format!("order/{order}"),
        version: Some(Timestamp::UNIX_EPOCH),
        received_at: Timestamp::now(),
        origin: Origin::Hook,
        body: body.clone(),
    };
    let mut fingerprint = [0x5a; 32];
    fingerprint[..8].copy_from_slice(&n.to_be_bytes());
    (event, fingerprint)
}

/// Accepted, read back, mapped into a document, delivered: what the road asks of the journal.
pub(crate) async fn road(
    journal: &Journal,
    n: u64,
    order: u64,
    body: &Bytes,
    document: Box<RawValue>,
) {
    let (event, fingerprint) = event(n, order, body);
    let accepted = journal.accept(event, fingerprint).await.expect("there is room");
    let mapwright::journal::Acceptance::Accepted { seq } = accepted else {
        unreachable!("every event is new")
    };
    let route = "orders".to_owned();
    let read = journal.event(seq).expect("it reads back").expect("it is there");
    let document = Document {
        entity: "sale".into(),
        key: format!("acme:{n}"),
        operation: Operation::Upsert,
        body: document,
        attributes: Vec::new(),
        request_key: None,
    };
    let digest = "0".repeat(64);
    let receipt = Receipt {
        capability: "field_mapping".into(),
        plugin: "woo-order-summary".into(),
        version: "1.0.0".into(),
        digest: digest.clone(),
        settings_digest: digest.clone(),
        output_digest: digest,
        fuel: 1_000_000,
        memory_bytes: 1 << 20,
        duration_us: 200,
    };
    let step = Mapped {
        seq,
        route: route.clone(),
        receipts: vec![receipt],
        documents: vec![document],
        checkpoint: Some("{}".into()),
        status: Some("processing".into()),
        target_status: None,
        at: read.received_at,
    };
    journal.mapped(step).await.expect("it is open");
    let target_id = format!("T-{n}");
    let step = DocumentDelivered {
        seq,
        route,
        ordinal: 0,
        target_id: Some(target_id.clone()),
        attempt: AttemptRecord {
            ordinal: 0,
            no: 1,
            at: read.received_at,
            duration_us: 900,
            outcome: "delivered".into(),
            detail: String::new(),
        },
        identities: vec![Identity {
            merchant: "acme".into(),
            connection: "erp".into(),
            entity: "sale".into(),
            key: format!("acme:{n}"),
            target_id,
        }],
        written: None,
        next: Next::EndDelivered,
        siblings: Vec::new(),
    };
    journal.document_delivered(step).await.expect("it is mapped");
}
