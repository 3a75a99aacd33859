//! The door: connections come in here, so many at a time, and none is waited for without end.
//!
//! A sender has [`HEAD_TIME_MAX`] to send the head of a request, and a connection that is kept open for the next
//! request rests as long at most. [`Door::connections_max`] are open at a time; more wait outside, where the kernel
//! keeps them, and a line in the log says so. It costs a timer for each request. Bodies have limits of
//! their own, where they are read.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Body;
use axum::extract::ConnectInfo;
use http::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::{Service, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use tokio::net::TcpListener;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::sync::CancellationToken;
use tracing::warn;

/// For the head of a request, and between two of one connection. Longer than proxies keep a connection that
/// rests (60 s), so that none of them sends into one that is just being closed.
const HEAD_TIME_MAX: Duration = Duration::from_secs(75);
/// More connections than any shop, marketplace and console together open.
const CONNECTIONS_MAX: u64 = 8_192;
/// File descriptors for everything else: the journal, plugins, targets, shops that are polled.
const FILES_KEPT: u64 = 512;
/// After the system refused a connection.
const AFTER_REFUSAL: Duration = Duration::from_millis(200);
/// That every place is taken is said this often at most: whoever takes them all must not fill the log as well.
const SAID_EVERY: Duration = Duration::from_secs(60);

/// How wide it is, and how patient.
#[derive(Debug, Clone, Copy)]
pub(super) struct Door {
    connections_max: usize,
    head_time_max: Duration,
}

impl Door {
    /// As wide as the system lets this process have files open.
    pub(super) fn of_this_process() -> Self {
        // As many as the system's own ceiling allows; where it cannot be raised, what there is will do.
        let files =
            rlimit::increase_nofile_limit(CONNECTIONS_MAX + FILES_KEPT).unwrap_or(2 * FILES_KEPT);
        // A process with few keeps half of them for the rest.
        let left = files.saturating_sub(FILES_KEPT).max(files / 2).clamp(1, CONNECTIONS_MAX);
        let connections_max = usize::try_from(left).unwrap_or(usize::MAX);
        Self { connections_max, head_time_max: HEAD_TIME_MAX }
    }
}

/// Serves until `stop`; then what is begun is finished, without an end: the caller has the patience.
pub(super) async fn serve(
    listener: TcpListener,
    router: Router,
    door: Door,
    stop: CancellationToken,
) {
    let room = Arc::new(Semaphore::new(door.connections_max));
    let graceful = GracefulShutdown::new();
    let service = TowerToHyperService::new(router);
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(door.head_time_max);
    let mut said = None;
    loop {
        let place = tokio::select! {
            place = place_in(&room, door.connections_max, &mut said) => place,
            () = stop.cancelled() => break,
        };
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = stop.cancelled() => break,
        };
        let (stream, peer) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                // Nobody can be let in at the moment, or somebody went away at the door.
                warn!(%error, "a connection could not be accepted");
                tokio::time::sleep(AFTER_REFUSAL).await;
                continue;
            }
        };
        let service = with_peer(service.clone(), peer);
        let connection = graceful.watch(http.serve_connection(TokioIo::new(stream), service));
        tokio::spawn(async move {
            // Whoever broke off knows it.
            if let Err(error) = connection.await {
                tracing::debug!(%error, %peer, "a connection ended early");
            }
            drop(place);
        });
    }
    drop(listener);
    graceful.shutdown().await;
}

/// A place for one more, as soon as there is one.
async fn place_in(
    room: &Arc<Semaphore>,
    connections_max: usize,
    said: &mut Option<Instant>,
) -> Option<OwnedSemaphorePermit> {
    if let Ok(place) = Arc::clone(room).try_acquire_owned() {
        return Some(place);
    }
    if said.is_none_or(|at| at.elapsed() > SAID_EVERY) {
        *said = Some(Instant::now());
        warn!(
            connections_max,
            "every place for a connection is taken: others wait until one is closed; if it stays so, somebody \
             opens connections and does not use them, or the limit of open files of this process is too low"
        );
    }
    Arc::clone(room).acquire_owned().await.ok()
}

/// The router, told who is calling.
fn with_peer(
    service: TowerToHyperService<Router>,
    peer: SocketAddr,
) -> impl Service<Request<Incoming>, Response = axum::response::Response, Error = Infallible, Future: Send>
{
    service_fn(move |request: Request<Incoming>| {
        let mut request = request.map(Body::new);
        request.extensions_mut().insert(ConnectInfo(peer));
        service.call(request)
    })
}

#[cfg(test)]
mod tests {
    use axum::routing::get;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpStream;

    use super::*;

    const REQUEST: &[u8] = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n";

    async fn open(door: Door) -> (SocketAddr, CancellationToken, tokio::task::JoinHandle<()>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let who = |ConnectInfo(peer): ConnectInfo<SocketAddr>| async move { peer.to_string() };
        let router = Router::new().route("/", get(who));
        let stop = CancellationToken::new();
        let serving = tokio::spawn(serve(listener, router, door, stop.clone()));
        (address, stop, serving)
    }

    async fn ask(stream: &mut TcpStream) -> String {
        stream.write_all(REQUEST).await.unwrap();
        let mut answer = [0; 1024];
        let read = stream.read(&mut answer).await.unwrap();
        String::from_utf8_lossy(&answer[..read]).into_owned()
    }

    #[tokio::test]
    async fn who_comes_when_it_is_full_is_served_once_somebody_has_gone() {
        let door = Door { connections_max: 2, head_time_max: HEAD_TIME_MAX };
        let (address, stop, serving) = open(door).await;
        let mut first = TcpStream::connect(address).await.unwrap();
        let mut second = TcpStream::connect(address).await.unwrap();
        for stream in [&mut first, &mut second] {
            let own = stream.local_addr().unwrap().to_string();
            let answer = ask(stream).await;
            assert!(answer.starts_with("HTTP/1.1 200") && answer.ends_with(&own), "{answer}");
        }
        let third = tokio::spawn(async move {
            let mut third = TcpStream::connect(address).await.unwrap();
            ask(&mut third).await
        });
        // The others are served on while it waits.
        assert!(ask(&mut second).await.starts_with("HTTP/1.1 200"));
        assert!(!third.is_finished());
        drop(first);
        assert!(third.await.unwrap().starts_with("HTTP/1.1 200"));
        stop.cancel();
        serving.await.unwrap();
    }

    #[tokio::test]
    async fn a_head_that_does_not_come_is_not_waited_for() {
        let door = Door { connections_max: 1, head_time_max: Duration::from_millis(100) };
        let (address, stop, serving) = open(door).await;
        let mut slow = TcpStream::connect(address).await.unwrap();
        slow.write_all(&REQUEST[..10]).await.unwrap();
        // It had the only place.
        let mut next = TcpStream::connect(address).await.unwrap();
        assert!(ask(&mut next).await.starts_with("HTTP/1.1 200"));
        let mut rest = Vec::new();
        slow.read_to_end(&mut rest).await.unwrap();
        assert!(rest.is_empty() || rest.starts_with(b"HTTP/1.1 408"), "{rest:?}");
        stop.cancel();
        serving.await.unwrap();
    }
}
