//! A shop's REST API (`/wp-json/wc/v3/`), as far as polling needs it.
//!
//! Keys go out as Basic over HTTPS and never in a query string, where every log on the way keeps
//! them. What comes back is believed only if WooCommerce wrote it: a firewall's page or a cache's
//! copy is a transient error, whatever its status says. Answers are read up to a bound and a time.
//! Requests keep a pace; nothing here is tried again, that is the caller's business.

use std::time::Duration;

use bytes::Bytes;
use jiff::Timestamp;
use reqwest::{Method, Url};
use serde::Deserialize;

use super::answer::{ANSWER_BYTES_MAX, date, judge, no_answer, read};
use super::error::Error;
use super::pace::Pace;
use super::row::{Row, as_gmt};
use super::settings::{Entity, Keys, PollConfig};

/// A host that does not take a connection in this time is down.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
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

#[cfg(test)]
mod tests {
    use super::*;

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
