//! A shop that sends and an ERP that takes, for benchmarks: as little of both as HTTP allows, since
//! they share the machine with what is measured.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use base64::Engine as _;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// Open at once, as from a shop's proxy.
pub(crate) const CONNECTIONS: usize = 64;
pub(crate) const SECRET: &str = "segredo-do-webhook-0001";

/// The project's own folder.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// The plugin as `mapwright build` makes it.
pub(crate) fn plugin(name: &str) -> Vec<u8> {
    use mapwright::toolchain::{BuildOptions, build_plugin};
    let dir = root().join("example-plugins").join(name);
    let options = BuildOptions { install_toolchain: true, ..BuildOptions::default() };
    let built = build_plugin(&dir, &options).expect("the example plugin builds");
    std::fs::read(built.path).expect("the component is there")
}

/// What is sent, made before the clock starts.
pub(crate) struct Orders {
    /// Head without the line that names the host, and body.
    pub(crate) requests: Vec<(String, Vec<u8>)>,
    next: AtomicU64,
}

impl Orders {
    /// The captured company order under other ids, each signed.
    pub(crate) fn captured(ids: std::ops::Range<usize>) -> Self {
        let path = "tests/fixtures/woocommerce/webhooks/039-order-br-cnpj-order-created.json";
        let text = std::fs::read_to_string(root().join(path)).expect("the capture is there");
        let requests = ids
            .map(|id| {
                let id = format!("{{\"id\":{id}");
                let body = text.replacen("{\"id\":27", &id, 1).into_bytes();
                let head = format!(
                    "Content-Type: application/json\r\nX-WC-Webhook-Topic: order.created\r\n\
                     X-WC-Webhook-Signature: {}\r\nContent-Length: {}\r\n\r\n",
                    sign(&body),
                    body.len()
                );
                (head, body)
            })
            .collect();
        Self { requests, next: AtomicU64::new(0) }
    }

    /// Sends all of them over so many connections; gives the time until the last answer.
    pub(crate) async fn send(
        self: &Arc<Self>,
        connections: usize,
        to: SocketAddr,
        path: &str,
    ) -> Duration {
        let begun = Instant::now();
        self.send_all(connections, to, path, None).await;
        begun.elapsed()
    }

    /// Sends so many of them in a second, however long answers take; gives how long after it was due each was
    /// answered.
    #[allow(dead_code, reason = "each benchmark has this module for itself, and one has a pace")]
    pub(crate) async fn send_at(
        self: &Arc<Self>,
        connections: usize,
        to: SocketAddr,
        path: &str,
        per_second: f64,
    ) -> Vec<Duration> {
        self.send_all(connections, to, path, Some((Instant::now(), per_second))).await
    }

    async fn send_all(
        self: &Arc<Self>,
        connections: usize,
        to: SocketAddr,
        path: &str,
        pace: Option<(Instant, f64)>,
    ) -> Vec<Duration> {
        self.next.store(0, Ordering::Relaxed);
        let connections: Vec<_> = (0..connections)
            .map(|_| {
                let (orders, path) = (Arc::clone(self), path.to_owned());
                tokio::spawn(async move { orders.send_some(to, &path, pace).await })
            })
            .collect();
        let mut late = Vec::with_capacity(self.requests.len());
        for connection in connections {
            late.extend(connection.await.expect("a connection ends by itself"));
        }
        late
    }

    async fn send_some(
        &self,
        to: SocketAddr,
        path: &str,
        pace: Option<(Instant, f64)>,
    ) -> Vec<Duration> {
        let mut late = Vec::new();
        let mut stream = TcpStream::connect(to).await.expect("the host listens");
        stream.set_nodelay(true).expect("a socket takes its options");
        let (mut request, mut answer) = (Vec::new(), Vec::new());
        loop {
            let number = self.next.fetch_add(1, Ordering::Relaxed);
            let Some((head, body)) =
                usize::try_from(number).ok().and_then(|number| self.requests.get(number))
            else {
                return late;
            };
            let due = pace.map(|(begun, per_second)| {
                #[expect(
                    clippy::cast_precision_loss,
                    reason = "counts of events are far below 2^52"
                )]
                let after = number as f64 / per_second;
                begun + Duration::from_secs_f64(after)
            });
            if let Some(due) = due {
                tokio::time::sleep_until(due.into()).await;
            }
            request.clear();
            request.extend_from_slice(format!("POST {path} HTTP/1.1\r\nHost: {to}\r\n").as_bytes());
            request.extend_from_slice(head.as_bytes());
            request.extend_from_slice(body);
            stream.write_all(&request).await.expect("the host reads");
            answer.clear();
            let (end, _) = read_message(&mut stream, &mut answer).await.expect("the host answers");
            assert!(answer.starts_with(b"HTTP/1.1 200 "), "{}", String::from_utf8_lossy(&answer));
            assert_eq!(end, answer.len(), "one answer for each request");
            late.extend(due.map(|due| due.elapsed()));
        }
    }
}

fn sign(body: &[u8]) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(SECRET.as_bytes()).expect("any key will do");
    mac.update(body);
    base64::engine::general_purpose::STANDARD.encode(mac.finalize().into_bytes())
}

/// Reads one HTTP message with a content length; gives where it and where its head ends.
async fn read_message(stream: &mut TcpStream, into: &mut Vec<u8>) -> Option<(usize, usize)> {
    loop {
        if let Some(head) = into.windows(4).position(|window| window == b"\r\n\r\n") {
            let text = String::from_utf8_lossy(&into[..head]).to_ascii_lowercase();
            let length = text.lines().find_map(|line| line.strip_prefix("content-length:"));
            let length: usize = length.map_or(0, |text| text.trim().parse().expect("a number"));
            let (head, end) = (head + 4, head + 4 + length);
            while into.len() < end {
                if stream.read_buf(into).await.ok()? == 0 {
                    return None;
                }
            }
            return Some((end, head));
        }
        if stream.read_buf(into).await.ok()? == 0 {
            return None;
        }
    }
}

/// The ERP: answers each document with a new id and counts.
pub(crate) async fn sink(count: Arc<AtomicU64>) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port can be had");
    let address = listener.local_addr().expect("a bound listener has an address");
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let count = Arc::clone(&count);
            tokio::spawn(async move {
                stream.set_nodelay(true).expect("a socket takes its options");
                let mut message = Vec::new();
                while read_message(&mut stream, &mut message).await.is_some() {
                    message.clear();
                    let id = count.fetch_add(1, Ordering::Relaxed) + 1;
                    let body = format!("{{\"id\":{id}}}");
                    let answer = format!(
                        "HTTP/1.1 201 Created\r\nContent-Type: application/json\r\n\
                         Content-Length: {}\r\n\r\n{body}",
                        body.len()
                    );
                    if stream.write_all(answer.as_bytes()).await.is_err() {
                        return;
                    }
                }
            });
        }
    });
    address
}

/// The folder of a merchant whose orders go to the sink by way of `plugins`, the first of them.
pub(crate) fn merchant(folder: &Path, sink: SocketAddr, plugins: &[(&str, &[u8])]) {
    write(&folder.join("secret"), SECRET.as_bytes());
    let mapping = plugins.first().map_or("none", |(name, _)| name);
    write(&folder.join("merchant.toml"), merchant_toml(sink, mapping).as_bytes());
    for (name, bytes) in plugins {
        write(&folder.join(format!("plugins/{name}.wasm")), bytes);
    }
}

fn merchant_toml(sink: SocketAddr, mapping: &str) -> String {
    format!(
        "[connections.shop]\nconnector = \"woocommerce\"\n\
         base_url = \"https://shop.example\"\nwebhook_secret = {{ file = \"secret\" }}\n\
         [connections.erp]\nconnector = \"http\"\nurl = \"http://{sink}/documents\"\n\
         [routes.orders]\nfrom = \"shop\"\ntopics = [\"order.created\"]\nto = \"erp\"\n\
         field_mapping = \"{mapping}\"\n"
    )
}

/// Writes a file, making its folder.
pub(crate) fn write(path: &Path, bytes: &[u8]) {
    std::fs::create_dir_all(path.parent().expect("files are in folders")).expect("it can be made");
    std::fs::write(path, bytes).expect("it can be written");
}
