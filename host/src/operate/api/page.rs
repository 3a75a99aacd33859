//! Lists: one page as JSON, or all of it as NDJSON, streamed a few hundred rows at a time.

use std::pin::Pin;
use std::task::{Context, Poll};

use axum::body::Body;
use axum::http::{Response, StatusCode, header};
use bytes::{BufMut, Bytes, BytesMut};
use serde::Serialize;
use serde_json::{Value, json};
use tokio::sync::mpsc;

use super::problem::Problem;

/// Rows read for one piece of an export.
const EXPORT_ROWS: usize = 200;
/// Pieces that wait for a slow reader.
const EXPORT_PIECES: usize = 2;

/// Some rows, and the place of the page after them.
pub(super) struct Page {
    pub(super) rows: Vec<Value>,
    pub(super) next: Option<String>,
}

impl Page {
    /// A page of rows read with a limit of one more than wanted; `place` names the last one shown.
    pub(super) fn of<T: Serialize>(
        mut rows: Vec<T>,
        limit: usize,
        place: impl Fn(&T) -> String,
    ) -> Result<Self, Problem> {
        let more = rows.len() > limit;
        rows.truncate(limit);
        let next = rows.last().filter(|_| more).map(place);
        Ok(Self { rows: rows.iter().map(value).collect::<Result<_, _>>()?, next })
    }
}

/// Reads the page behind a place, of so many rows.
pub(super) type Read = Box<dyn Fn(Option<String>, usize) -> Result<Page, Problem> + Send>;

/// A list that can be read from any place.
pub(super) struct List {
    /// The kind of its cursors.
    pub(super) kind: &'static str,
    pub(super) from: Option<String>,
    pub(super) limit: usize,
    pub(super) read: Read,
}

impl List {
    pub(super) async fn page(self) -> Result<Value, Problem> {
        let Self { kind, from, limit, read } = self;
        let reading = tokio::task::spawn_blocking(move || read(from, limit));
        let page = reading.await.map_err(|_| stopped())??;
        let next = page.next.map(|place| super::query::cursor(kind, &place));
        Ok(json!({ "items": page.rows, "next": next }))
    }

    /// Everything from the cursor on. A reader that is slow is waited for, one that has gone ends it.
    pub(super) fn lines(self) -> Response<Body> {
        let (pieces, received) = mpsc::channel(EXPORT_PIECES);
        tokio::task::spawn_blocking(move || {
            let mut place = self.from;
            loop {
                let (piece, next) = match (self.read)(place, EXPORT_ROWS) {
                    Ok(page) => (lines_of(&page.rows), page.next),
                    // The answer has begun: a broken stream is the only way to say it.
                    Err(problem) => {
                        let said = std::io::Error::other(problem.detail);
                        drop(pieces.blocking_send(Err(said)));
                        return;
                    }
                };
                if pieces.blocking_send(Ok(piece)).is_err() || next.is_none() {
                    return;
                }
                place = next;
            }
        });
        Response::builder()
            .status(StatusCode::OK)
            .header(header::CONTENT_TYPE, "application/x-ndjson")
            .body(Body::from_stream(Pieces(received)))
            .expect("all of its parts are valid")
    }
}

pub(super) fn value(of: &impl Serialize) -> Result<Value, Problem> {
    serde_json::to_value(of).map_err(|error| Problem::from(crate::journal::Error::from(error)))
}

fn stopped() -> Problem {
    Problem::from(crate::journal::Error::Stopped)
}

fn lines_of(rows: &[Value]) -> Bytes {
    let mut text = BytesMut::new();
    for row in rows {
        text.put_slice(row.to_string().as_bytes());
        text.put_u8(b'\n');
    }
    text.freeze()
}

struct Pieces(mpsc::Receiver<std::io::Result<Bytes>>);

impl futures_core::Stream for Pieces {
    type Item = std::io::Result<Bytes>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.0.poll_recv(context)
    }
}
