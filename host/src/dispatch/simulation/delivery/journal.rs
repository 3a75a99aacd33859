//! The model of the journal: what a crash leaves.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};

use tokio::time::Instant;

use super::target::key_of;
use crate::event::{Document, Operation};
use crate::journal::{Mapped, Passage, PassageState};

/// Every event, and how far its passage is.
#[derive(Debug, Clone, Default)]
pub(super) struct Journal {
    rows: Arc<Mutex<Vec<Row>>>,
    /// Whether the disk is full: nothing is written.
    full: Arc<AtomicBool>,
}

#[derive(Debug)]
pub(super) struct Row {
    pub(super) resource: String,
    pub(super) documents: Vec<Document>,
    pub(super) passage: Option<Passage>,
    pub(super) due: Option<Instant>,
    pub(super) cause: Option<String>,
}

impl Row {
    pub(super) fn has_ended(&self) -> bool {
        self.passage.as_ref().is_some_and(|passage| passage.state.is_terminal())
    }
}

impl Journal {
    pub(super) fn rows(&self) -> MutexGuard<'_, Vec<Row>> {
        self.rows.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    pub(super) fn fill_up(&self, full: bool) {
        self.full.store(full, Ordering::Relaxed);
    }

    pub(super) fn is_full(&self) -> bool {
        self.full.load(Ordering::Relaxed)
    }

    /// Accepts an event; numbers begin with 0 here.
    pub(super) fn accept(&self, resource: String, documents: u64) -> u64 {
        let mut rows = self.rows();
        let seq = rows.len() as u64;
        let document = |ordinal| Document {
            entity: "thing".to_owned(),
            key: key_of(&resource, seq, ordinal),
            operation: Operation::Create,
            body: serde_json::from_str("{}").unwrap(),
            attributes: Vec::new(),
            request_key: None,
        };
        let documents = (0..documents).map(document).collect();
        rows.push(Row { resource, documents, passage: None, due: None, cause: None });
        seq
    }
}

/// A passage as it stands once it is mapped.
pub(super) fn begun(mapped: Mapped) -> Passage {
    Passage {
        seq: mapped.seq,
        route: mapped.route,
        state: PassageState::Delivering,
        attempt: 0,
        due_at: None,
        reason: None,
        intended: Some(0),
        receipts: Vec::new(),
        documents: mapped.documents,
        delivered: Vec::new(),
        checkpoint: None,
        status: None,
        target_status: None,
        attempts: Vec::new(),
        dead: None,
        replays: 0,
        pin: None,
        corrects: false,
        released: false,
        ended_at: None,
    }
}
