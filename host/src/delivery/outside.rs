//! What delivery has from outside: the time, and a network that carries requests.
//!
//! [`Real`] is the machine's own of both. They stand apart so that everything between a walk and the
//! socket (gate, connector, look-ups, verdicts) runs as it is on a clock and against a target that
//! the simulation of `dispatch` plays. It costs a box for each request and each wait at the gate.

use std::fmt::Debug;
use std::future::Future;
use std::pin::Pin;

use tokio::time::Instant;

use super::client::{NoAnswer, Timeouts};

/// What a clock or a network is waited for with.
pub(crate) type Waiting<T> = Pin<Box<dyn Future<Output = T> + Send>>;

/// What time it is.
pub(crate) trait Clock: Debug + Send + Sync {
    /// Now.
    fn now(&self) -> Instant;

    /// Until then.
    fn sleep_until(&self, at: Instant) -> Waiting<()>;
}

/// Carries requests to targets.
pub(crate) trait Wire: Debug + Send + Sync {
    /// One request, and what came back of it within the timeouts.
    fn carry(
        &self,
        client: reqwest::Client,
        request: reqwest::Request,
        timeouts: Timeouts,
    ) -> Waiting<Result<reqwest::Response, NoAnswer>>;
}

/// This machine's clock and network.
#[derive(Debug)]
pub(super) struct Real;

impl Clock for Real {
    fn now(&self) -> Instant {
        Instant::now()
    }

    fn sleep_until(&self, at: Instant) -> Waiting<()> {
        Box::pin(tokio::time::sleep_until(at))
    }
}

impl Wire for Real {
    fn carry(
        &self,
        client: reqwest::Client,
        mut request: reqwest::Request,
        timeouts: Timeouts,
    ) -> Waiting<Result<reqwest::Response, NoAnswer>> {
        *request.timeout_mut() = Some(timeouts.whole);
        Box::pin(async move {
            client.execute(request).await.map_err(|error| NoAnswer::of(&error, timeouts))
        })
    }
}
