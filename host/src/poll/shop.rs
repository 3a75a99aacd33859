//! A shop's REST API (`/wp-json/wc/v3/`), as far as polling needs it.
//!
//! Keys go out as Basic over HTTPS and never in a query string, where every log on the way keeps
//! them. What comes back is believed only if WooCommerce wrote it: a firewall's page or a cache's
//! copy is a transient error, whatever its status says. Answers are read up to a bound and a time.
//! Requests keep a pace; nothing here is tried again, that is the caller's business.

use std::time::{Duration, SystemTime};

use bytes::{Bytes, BytesMut};
use http::{HeaderMap, StatusCode};
use jiff::Timestamp;
use reqwest::{Method, Url};
use serde::Deserialize;

use super::error::Error;
use super::pace::Pace;
use super::row::{Row, as_gmt};
use super::settings::{Entity, Keys, PollConfig};

/// A hundred orders of a hundred kilobytes each are 10 MB; what is larger is asked for in smaller
/// pages.
const ANSWER_BYTES_MAX: usize = 32 * 1024 * 1024;
/// A host that does not take a connection in this time is down.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// How much of what somebody else answered stands in a log line.
const QUOTED_CHARS_MAX: usize = 120;
/// Webhooks of a shop that are looked at; nobody has more.
const WEBHOOKS_MAX: usize = 100;

/// The HTTP client of all polls; clones share its sockets.
#[derive(Debug, Clone)]
pub struct Client(reqwest::Client);

impl Client {
    /// Sets up the client. A machine without certificates can still poll over plain HTTP to itself.
    ///
    /// # Errors
    /// When the machine cannot do HTTP at all.
    pub fn new() -> Result<Self, reqwest::Error> {
        // An error says that another part of the process chose a provider before: as good as ours.
        rustls::crypto::ring::default_provider().install_default().ok();
        let builder = || {
            reqwest::Client::builder()
                .user_agent(concat!("mapwright/", env!("CARGO_PKG_VERSION"), " (order polling)"))
                .redirect(reqwest::redirect::Policy::none())
                .connect_timeout(CONNECT_TIMEOUT)
        };
        builder().build().or_else(|_| builder().tls_certs_only([]).build()).map(Self)
    }
}

/// One shop, ready to be asked.
#[derive(Debug)]
pub(super) struct Shop {
    client: Client,
    base: Url,
    keys: Keys,
    timeout: Duration,
    pace: Pace,
}

/// One page of a list.
#[derive(Debug)]
pub(super) struct Page {
    pub(super) rows: Vec<Row>,
    /// The shop's clock when it answered.
    pub(super) shop_time: Option<Timestamp>,
}

/// Which rows of a list are asked for, by ascending id.
#[derive(Debug, Clone, Copy)]
pub(super) struct Asked {
    pub(super) entity: Entity,
    pub(super) changed_after: Option<Timestamp>,
    pub(super) changed_before: Option<Timestamp>,
    pub(super) offset: u64,
    pub(super) rows: u32,
}

/// A webhook as the shop lists it. It never shows the secret, nor who owns it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(super) struct Webhook {
    pub(super) id: u64,
    pub(super) status: String,
    pub(super) topic: String,
    pub(super) delivery_url: String,
    /// Shops that say it say `wp_api_v3`.
    #[serde(default)]
    pub(super) api_version: Option<String>,
}

#[derive(Deserialize)]
struct Said {
    #[serde(default)]
    code: String,
    #[serde(default)]
    message: String,
}

struct Answer {
    body: Bytes,
    date: Option<Timestamp>,
}

/// Refuses an address that keys must not be sent to.
pub(super) fn check_base(base_url: &str) -> Result<Url, String> {
    let base = Url::parse(base_url).map_err(|error| format!("{base_url:?} is no URL: {error}"))?;
    let here = matches!(base.host_str(), Some("localhost" | "127.0.0.1" | "[::1]"));
    match base.scheme() {
        "https" => Ok(base),
        "http" if here => Ok(base),
        _ => Err(format!(
            "{base_url:?} is not https: the shop would not take keys, and everybody on the way \
             could read them"
        )),
    }
}

impl Shop {
    pub(super) fn new(client: Client, base: Url, keys: Keys, config: &PollConfig) -> Self {
        Self {
            client,
            base,
            keys,
            timeout: Duration::from_millis(config.timeout_ms.get().into()),
            pace: Pace::new(config.requests_per_minute.get()),
        }
    }

    /// A part of a list.
    pub(super) async fn page(&self, asked: Asked) -> Result<Page, Error> {
        let mut query = vec![
            ("orderby", "id".to_owned()),
            ("order", "asc".to_owned()),
            ("per_page", asked.rows.to_string()),
            ("offset", asked.offset.to_string()),
        ];
        if asked.entity == Entity::Customers {
            // Left out, it lists only the role `customer`; a shopkeeper orders too.
            query.push(("role", "all".to_owned()));
        } else {
            query.push(("status", "any".to_owned()));
        }
        if asked.entity.filters_by_change() {
            query.push(("dates_are_gmt", "true".to_owned()));
            let bounds = [
                ("modified_after", asked.changed_after),
                ("modified_before", asked.changed_before),
            ];
            for (name, moment) in bounds {
                if let Some(moment) = moment {
                    query.push((name, as_gmt(moment)));
                }
            }
        }
        let answer = self.ask(Method::GET, asked.entity.as_str(), &query, None).await?;
        let rows = Row::all_of(&answer.body)?;
        if !rows.is_sorted_by(|a, b| a.id < b.id) {
            return Err(Error::foreign("the rows are not in the order that was asked for"));
        }
        Ok(Page { rows, shop_time: answer.date })
    }

    /// The shop's own time, learnt from the smallest question there is.
    pub(super) async fn time(&self, entity: Entity) -> Result<Option<Timestamp>, Error> {
        let query = [("per_page", "1".to_owned())];
        let answer = self.ask(Method::GET, entity.as_str(), &query, None).await?;
        let newest = Row::all_of(&answer.body)?.first().and_then(|row| row.version);
        Ok(answer.date.or(newest))
    }

    /// One resource as it is now.
    pub(super) async fn one(&self, entity: Entity, id: u64) -> Result<Row, Error> {
        let path = format!("{}/{id}", entity.as_str());
        let answer = self.ask(Method::GET, &path, &[], None).await?;
        let text = std::str::from_utf8(&answer.body)
            .map_err(|_| Error::foreign("the answer is not UTF-8"))?;
        Row::of(text)
    }

    /// All refunds of an order; a hundred at most, which no order has.
    pub(super) async fn refunds(&self, order: u64) -> Result<Vec<Row>, Error> {
        let query = [("per_page", "100".to_owned())];
        let path = format!("orders/{order}/refunds");
        Row::all_of(&self.ask(Method::GET, &path, &query, None).await?.body)
    }

    /// The shop's webhooks.
    pub(super) async fn webhooks(&self) -> Result<Vec<Webhook>, Error> {
        let query = [("per_page", WEBHOOKS_MAX.to_string())];
        let answer = self.ask(Method::GET, "webhooks", &query, None).await?;
        serde_json::from_slice(&answer.body)
            .map_err(|error| Error::foreign(format!("the answer lists no webhooks: {error}")))
    }

    /// Switches a webhook on again.
    pub(super) async fn enable_webhook(&self, id: u64) -> Result<Webhook, Error> {
        let body = Some(r#"{"status":"active"}"#);
        let answer = self.ask(Method::PUT, &format!("webhooks/{id}"), &[], body).await?;
        serde_json::from_slice(&answer.body)
            .map_err(|error| Error::foreign(format!("the answer is no webhook: {error}")))
    }

    async fn ask(
        &self,
        method: Method,
        path: &str,
        query: &[(&str, String)],
        body: Option<&'static str>,
    ) -> Result<Answer, Error> {
        self.pace.turn().await;
        let answered = self.ask_now(method, path, query, body).await;
        if let Err(Error::Transient { retry_after: Some(wait), .. }) = &answered {
            self.pace.hold(*wait).await;
        }
        answered
    }

    async fn ask_now(
        &self,
        method: Method,
        path: &str,
        query: &[(&str, String)],
        body: Option<&'static str>,
    ) -> Result<Answer, Error> {
        let mut url = self.base.clone();
        url.path_segments_mut()
            .map_err(|()| Error::transient("base_url cannot have a path"))?
            .pop_if_empty()
            .extend(["wp-json", "wc", "v3"])
            .extend(path.split('/'));
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        let keys = &self.keys;
        let mut request = self
            .client
            .0
            .request(method, url)
            .timeout(self.timeout)
            .header(http::header::ACCEPT, "application/json")
            .header(http::header::CACHE_CONTROL, "no-cache")
            .basic_auth(keys.consumer_key.expose(), Some(keys.consumer_secret.expose()));
        if let Some(body) = body {
            request = request.header(http::header::CONTENT_TYPE, "application/json").body(body);
        }
        let mut response = request.send().await.map_err(|error| no_answer(&error, self.timeout))?;
        let status = response.status();
        let headers = std::mem::take(response.headers_mut());
        let body = read(&mut response).await.map_err(|error| no_answer(&error, self.timeout))?;
        let body = body.ok_or_else(|| {
            Error::transient(format!(
                "the answer is larger than {ANSWER_BYTES_MAX} bytes: lower page_size"
            ))
        })?;
        judge(status, &headers, &body)?;
        Ok(Answer { body, date: date(&headers) })
    }
}

/// Whether this is WooCommerce's own good answer, and what it is otherwise.
fn judge(status: StatusCode, headers: &HeaderMap, body: &[u8]) -> Result<(), Error> {
    let wait = retry_after(headers);
    let header = |name: http::HeaderName| headers.get(name)?.to_str().ok();
    let json = header(http::header::CONTENT_TYPE)
        .is_some_and(|kind| kind.trim_start().starts_with("application/json"));
    if status == StatusCode::TOO_MANY_REQUESTS || status == StatusCode::REQUEST_TIMEOUT {
        let said = format!("the shop asks for fewer requests ({})", status.as_u16());
        return Err(Error::Transient { said, hint: None, retry_after: wait });
    }
    if status.is_server_error() {
        let said = format!("the shop failed ({}): {}", status.as_u16(), quote(body));
        return Err(Error::Transient { said, hint: None, retry_after: wait });
    }
    if !json {
        // Also with a 403: the firewall says it, not WooCommerce, and our keys are as good as ever.
        let said = format!("{} without JSON: {}", status.as_u16(), quote(body));
        return Err(Error::foreign(said));
    }
    if header(http::header::AGE).and_then(|age| age.trim().parse::<u64>().ok()) > Some(0) {
        return Err(Error::foreign("a cache answered with an old copy"));
    }
    if status == StatusCode::OK {
        return Ok(());
    }
    let Said { code, message } = serde_json::from_slice(body)
        .unwrap_or_else(|_| Said { code: String::new(), message: quote(body) });
    let status = status.as_u16();
    Err(match status {
        401 | 403 => Error::Refused { status, code, message },
        404 if code == "rest_no_route" => Error::foreign("the shop has no WooCommerce REST API"),
        404 | 410 => Error::Gone,
        400..500 => Error::Rejected { status, code, message },
        _ => Error::foreign(format!("the shop answered {status}")),
    })
}

/// Reads the body, or nothing if it is larger than it may be.
async fn read(response: &mut reqwest::Response) -> Result<Option<Bytes>, reqwest::Error> {
    let mut body = BytesMut::new();
    while let Some(chunk) = response.chunk().await? {
        if body.len() + chunk.len() > ANSWER_BYTES_MAX {
            return Ok(None);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(Some(body.freeze()))
}

/// The innermost cause says it in the fewest words, and never holds the URL.
fn no_answer(error: &reqwest::Error, timeout: Duration) -> Error {
    if error.is_timeout() && !error.is_connect() {
        return Error::transient(format!("no answer within {} ms", timeout.as_millis()));
    }
    let mut cause: &dyn std::error::Error = error;
    while let Some(next) = cause.source() {
        cause = next;
    }
    let what = if error.is_connect() { "cannot connect" } else { "the answer broke off" };
    Error::transient(format!("{what}: {cause}"))
}

fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let text = headers.get(http::header::RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = text.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let date = httpdate::parse_http_date(text).ok()?;
    Some(date.duration_since(SystemTime::now()).unwrap_or(Duration::ZERO))
}

fn date(headers: &HeaderMap) -> Option<Timestamp> {
    let text = headers.get(http::header::DATE)?.to_str().ok()?;
    Timestamp::try_from(httpdate::parse_http_date(text).ok()?).ok()
}

fn quote(body: &[u8]) -> String {
    let head = body.get(..4 * QUOTED_CHARS_MAX).unwrap_or(body);
    let text = String::from_utf8_lossy(head);
    let words: Vec<&str> = text.split_whitespace().collect();
    words.join(" ").chars().take(QUOTED_CHARS_MAX).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(status: u16, headers: &[(&str, &str)], body: &str) -> Result<(), Error> {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.insert(http::HeaderName::try_from(*name).unwrap(), value.parse().unwrap());
        }
        judge(StatusCode::from_u16(status).unwrap(), &map, body.as_bytes())
    }

    const JSON: (&str, &str) = ("content-type", "application/json; charset=UTF-8");
    const HTML: (&str, &str) = ("content-type", "text/html");

    #[test]
    fn only_what_woocommerce_says_is_believed() {
        assert_eq!(judged(200, &[JSON], "[]"), Ok(()));
        let transient = |it| matches!(it, Err(Error::Transient { .. }));
        let with_hint = |it| matches!(it, Err(Error::Transient { hint: Some(_), .. }));
        assert!(with_hint(judged(200, &[HTML], "<html>Checking your browser")));
        assert!(
            with_hint(judged(403, &[HTML], "<html>Forbidden")),
            "the firewall's, not the shop's"
        );
        assert!(with_hint(judged(404, &[HTML], "<html>")));
        assert!(with_hint(judged(302, &[HTML], "")));
        assert!(with_hint(judged(200, &[JSON, ("age", "40")], "[]")), "a cache's copy");
        assert_eq!(judged(200, &[JSON, ("age", "0")], "[]"), Ok(()));
        assert!(transient(judged(503, &[HTML], "")));
        assert!(transient(judged(500, &[JSON], "{}")));
        let refused =
            r#"{"code":"woocommerce_rest_cannot_view","message":"m","data":{"status":401}}"#;
        assert!(matches!(judged(401, &[JSON], refused), Err(Error::Refused { status: 401, .. })));
        let gone = r#"{"code":"woocommerce_rest_shop_order_invalid_id","message":"Invalid ID."}"#;
        assert_eq!(judged(404, &[JSON], gone), Err(Error::Gone));
        assert!(with_hint(judged(404, &[JSON], r#"{"code":"rest_no_route"}"#)));
        assert!(matches!(judged(400, &[JSON], "{}"), Err(Error::Rejected { .. })));
    }

    #[test]
    fn a_shop_that_wants_to_be_left_alone_says_how_long() {
        let error = judged(429, &[HTML, ("retry-after", "17")], "").unwrap_err();
        assert_eq!(error.retry_after(), Some(Duration::from_secs(17)));
        let error = judged(503, &[HTML, ("retry-after", "5")], "").unwrap_err();
        assert_eq!(error.retry_after(), Some(Duration::from_secs(5)));
        assert_eq!(judged(429, &[HTML], "").unwrap_err().retry_after(), None);
    }

    #[test]
    fn keys_do_not_travel_in_the_open() {
        for good in ["https://shop.example", "http://127.0.0.1:80/x", "http://[::1]:1"] {
            check_base(good).unwrap();
        }
        for bad in ["http://shop.example", "ftp://127.0.0.1", "shop.example"] {
            check_base(bad).unwrap_err();
        }
    }
}
