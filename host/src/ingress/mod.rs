//! Ingress: takes deliveries in, makes sure whose they are, and has them on disk before it answers.
//!
//! `POST /hooks/{merchant}/{connection}`, and [`Ingress::offer`] for who fetches payloads itself. A shop never sends twice and switches its webhook off at
//! the seventh failure in a row, so whatever can be stored is answered 200: as an event if it is
//! one, in quarantine if it is not. Other answers mean that nothing was stored.
//!
//! A delivery costs one HMAC, one SHA-256 and one pass of skipping over its body; it waits for one
//! group commit of the journal. Ingress does not look at what the payload means, and starts no
//! work: the journal wakes the dispatcher.

mod answer;
mod content;
mod guard;
mod hook;
mod intake;
mod look;
mod peek;
mod source;
pub mod woocommerce;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use arc_swap::ArcSwap;
use axum::Router;
use axum::body::Body;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::http::{Method, Request, Response};
use axum::routing::any;

use self::answer::Answer;
pub use self::content::content;
pub use self::guard::{Guard, Noisy, Share};
pub use self::intake::{Offer, Taken};
pub use self::look::look;
pub use self::source::{Listening, Source, Sources};
use crate::journal::Journal;

/// What ingress works with; clones share it.
#[derive(Clone)]
pub struct Ingress {
    /// Where everything goes.
    pub journal: Journal,
    /// Who may send; stored anew on each reload.
    pub sources: Arc<ArcSwap<Sources>>,
    /// What has been answered.
    pub counters: Arc<Counters>,
    /// Counts bodies per resource.
    pub guard: Arc<Guard>,
}

/// What came since the start, by whatever way.
#[derive(Debug, Default)]
pub struct Counters {
    /// Events stored.
    pub accepted: AtomicU64,
    /// Events that said what the last one of their resource said.
    pub duplicates: AtomicU64,
    /// What our own writes made a shop say.
    pub echoes: AtomicU64,
    /// Deliveries in quarantine.
    pub quarantined: AtomicU64,
    /// Pings.
    pub pings: AtomicU64,
    /// Requests that were wrong in themselves (4xx, nothing stored).
    pub refused: AtomicU64,
    /// Requests that could not be stored (503).
    pub unavailable: AtomicU64,
    /// Bytes of bodies that are being received, now.
    pub(super) receiving: AtomicUsize,
}

impl Counters {
    fn add(counter: &AtomicU64) {
        counter.fetch_add(1, Ordering::Relaxed);
    }
}

/// What a body that comes under `topic` is about (`order/27`), where that can be told: how a
/// rehearsal names what the host would.
#[must_use]
pub fn resource_key(topic: &str, body: &[u8]) -> Option<String> {
    peek::peek(topic, body, None).ok().map(|peek| peek.resource_key)
}

/// The hooks as an axum router; merge it with the host's other paths.
pub fn router(ingress: Ingress) -> Router {
    Router::new()
        .route("/hooks/{merchant}/{connection}", any(handle))
        // A slash too many in a shop's settings must cost no order.
        .route("/hooks/{merchant}/{connection}/", any(handle))
        .with_state(ingress)
}

async fn handle(
    State(ingress): State<Ingress>,
    path: Result<Path<(String, String)>, PathRejection>,
    request: Request<Body>,
) -> Response<Body> {
    let answer = match path {
        _ if request.method() != Method::POST => Answer::NotPost,
        Ok(Path((merchant, connection))) => {
            hook::receive(&ingress, &merchant, &connection, request).await
        }
        // A path that is not text names nobody.
        Err(_) => Answer::Unknown,
    };
    answer.give(&ingress.counters)
}
