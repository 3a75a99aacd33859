//! How the shop answers: lists, pages, single resources, and its errors word for word.

use std::collections::BTreeMap;
use std::time::Instant;

use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::response::Response;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::{ApiTrouble, Asked, Holdings, Inside, KEY, KEY_SECRET, LOCAL_TIME, ShopApi, fixture};

/// JSON as PHP writes it.
pub(super) fn php_json(value: &Value) -> String {
    let mut text = String::new();
    for c in value.to_string().chars() {
        match c {
            '/' => text.push_str("\\/"),
            c if c.is_ascii() => text.push(c),
            c => {
                let mut units = [0; 2];
                for unit in c.encode_utf16(&mut units) {
                    text.push_str(&format!("\\u{unit:04x}"));
                }
            }
        }
    }
    text
}

/// Answers one request.
pub(super) async fn answer(State(shop): State<ShopApi>, request: Request) -> Response {
    let (head, body) = request.into_parts();
    let body = to_bytes(body, 1 << 20).await.unwrap_or_default();
    let url = reqwest::Url::parse(&format!("http://shop{}", head.uri)).expect("it came as a URL");
    let Some(path) = url.path().strip_prefix("/wp-json/wc/v3/") else {
        return json_answer(404, &json!({ "code": "rest_no_route", "message": "No route" }), None);
    };
    let asked = Asked {
        method: head.method.to_string(),
        path: path.to_owned(),
        query: url.query_pairs().into_owned().collect(),
        body: serde_json::from_slice(&body).unwrap_or_default(),
        at: Instant::now(),
    };
    let authorized = head.headers.get("authorization").is_some_and(|value| {
        let right = format!("Basic {}", STANDARD.encode(format!("{KEY}:{KEY_SECRET}")));
        value.as_bytes() == right.as_bytes()
    });
    let trouble = {
        let mut inside = shop.inside();
        let number = inside.asked.len();
        inside.asked.push(asked.clone());
        inside.rule.as_ref().and_then(|rule| rule(number, &asked))
    };
    match trouble {
        Some(ApiTrouble::Status(status)) => return error(status, None),
        Some(ApiTrouble::StatusAfter(status, seconds)) => return error(status, Some(seconds)),
        Some(ApiTrouble::Html(status)) => return html(status),
        Some(ApiTrouble::Stale) => {
            let builder = Response::builder().header("content-type", "application/json");
            return builder.header("age", "120").body(Body::from("[]")).expect("it is valid");
        }
        Some(ApiTrouble::Hang(wait)) => tokio::time::sleep(wait).await,
        Some(ApiTrouble::Mute(wait)) if authorized => {
            let response = shop.give(&asked);
            tokio::time::sleep(wait).await;
            return response;
        }
        Some(ApiTrouble::Late(wait)) if authorized => {
            let late = async move {
                tokio::time::sleep(wait).await;
                shop.give(&asked)
            };
            return tokio::spawn(late).await.expect("it does not panic");
        }
        Some(ApiTrouble::Mute(_) | ApiTrouble::Late(_)) | None => {}
    }
    if !authorized {
        return json_answer(401, &fixture("096-401-bad-key"), None);
    }
    shop.give(&asked)
}

impl ShopApi {
    fn give(&self, asked: &Asked) -> Response {
        let mut inside = self.inside();
        let Inside { holdings, before, saved, .. } = &mut *inside;
        if let Some(before) = before {
            before(asked, holdings);
        }
        let parts: Vec<&str> = asked.path.split('/').collect();
        if asked.method != "GET" && parts[0] != "webhooks" {
            return holdings.write(asked, &parts, saved);
        }
        read(holdings, asked, &parts)
    }
}

fn read(holdings: &mut Holdings, asked: &Asked, parts: &[&str]) -> Response {
    match (asked.method.as_str(), parts) {
        ("GET", ["webhooks"]) => json_answer(200, &json!(holdings.webhooks), None),
        ("PUT", ["webhooks", id]) => {
            let id: u64 = id.parse().unwrap_or_default();
            let found = holdings.webhooks.iter_mut().find(|it| it["id"] == id);
            let Some(webhook) = found else { return not_found() };
            webhook["status"] = asked.body["status"].clone();
            json_answer(200, webhook, None)
        }
        ("GET", ["orders", id, "refunds"]) => {
            let Some(id) = id.parse().ok().filter(|id| holdings.has("orders", *id)) else {
                return not_found();
            };
            json_answer(200, &json!(holdings.refunds.get(&id).cloned().unwrap_or_default()), None)
        }
        ("GET", [list, id]) => {
            let found = id.parse().ok().and_then(|id: u64| holdings.shown(list, id));
            found.map_or_else(not_found, |it| json_answer(200, &with_links(&it), None))
        }
        ("GET", [list @ ("orders" | "products" | "customers" | "coupons")]) => {
            holdings.page(list, &asked.query)
        }
        _ => not_found(),
    }
}

impl Holdings {
    fn has(&self, list: &str, id: u64) -> bool {
        self.lists.get(list).is_some_and(|list| list.contains_key(&id))
    }

    fn page(&self, list: &str, query: &BTreeMap<String, String>) -> Response {
        let word = |key: &str| query.get(key).map(String::as_str);
        let number = |key: &str| word(key).and_then(|it| it.parse::<usize>().ok());
        let per_page = number("per_page").unwrap_or(10);
        if !(1..=100).contains(&per_page) {
            return json_answer(400, &fixture("023-products-per-page-101"), None);
        }
        if !matches!(word("orderby"), None | Some("id" | "date" | "modified")) {
            return json_answer(400, &fixture("086-orders-bad-orderby"), None);
        }
        let bound = |key: &str| {
            let civil: jiff::civil::DateTime = word(key)?.parse().ok()?;
            let gmt = civil.to_zoned(jiff::tz::TimeZone::UTC).ok()?.timestamp();
            let told_gmt = matches!(word("dates_are_gmt"), Some("true" | "1"));
            Some(if told_gmt { gmt } else { gmt - LOCAL_TIME })
        };
        let filters = list != "customers";
        let (after, before) = (bound("modified_after"), bound("modified_before"));
        let fits = |row: &&Value| {
            let modified = format!("{}Z", row["date_modified_gmt"].as_str().unwrap_or_default());
            let Ok(modified) = modified.parse::<Timestamp>() else { return true };
            let inside =
                after.is_none_or(|it| modified > it) && before.is_none_or(|it| modified < it);
            let same = |key: &str| {
                word(key).is_none_or(|wanted| row[key].as_str().is_some_and(|it| it == wanted))
            };
            let known = same("sku") && same("email") && same("code");
            row["status"] != "trash" && (!filters || inside) && known
        };
        let mut rows: Vec<&Value> = match self.lists.get(list) {
            Some(rows) => rows.values().filter(fits).collect(),
            None => Vec::new(),
        };
        if word("orderby") != Some("id") || word("order") != Some("asc") {
            rows.reverse();
        }
        let offset = number("offset")
            .unwrap_or_else(|| number("page").unwrap_or(1).saturating_sub(1) * per_page);
        let total = rows.len();
        let page: Vec<Value> =
            rows.into_iter().skip(offset).take(per_page).map(with_links).collect();
        let page = only(page, word("_fields"));
        json_answer(200, &json!(page), Some((total, total.div_ceil(per_page))))
    }
}

/// The fields that were asked for.
fn only(mut page: Vec<Value>, fields: Option<&str>) -> Vec<Value> {
    if let Some(fields) = fields {
        let wanted: Vec<&str> = fields.split(',').collect();
        for row in page.iter_mut().filter_map(Value::as_object_mut) {
            row.retain(|key, _| wanted.contains(&key.as_str()));
        }
    }
    page
}

pub(super) fn with_links(row: &Value) -> Value {
    let mut row = row.clone();
    let href = format!("https://shop.example/wp-json/wc/v3/x/{}", row["id"]);
    row["_links"] = json!({ "self": [{ "href": href }] });
    row
}

pub(super) fn not_found() -> Response {
    json_answer(404, &fixture("069-order-404"), None)
}

fn error(status: u16, retry_after: Option<u64>) -> Response {
    let body =
        json!({ "code": "told_to_fail", "message": "Told to fail", "data": { "status": status } });
    let mut answer = json_answer(status, &body, None);
    if let Some(seconds) = retry_after {
        answer.headers_mut().insert("retry-after", seconds.into());
    }
    answer
}

fn html(status: u16) -> Response {
    let page = "<!DOCTYPE html><html><title>Just a moment...</title></html>";
    let builder = Response::builder().status(status).header("content-type", "text/html");
    builder.body(Body::from(page)).expect("statuses of tests are valid")
}

pub(super) fn json_answer(status: u16, body: &Value, total: Option<(usize, usize)>) -> Response {
    let mut builder = Response::builder()
        .status(status)
        .header("content-type", "application/json; charset=UTF-8")
        .header("cache-control", "no-cache, must-revalidate, max-age=0, no-store, private");
    if let Some((rows, pages)) = total {
        builder = builder.header("x-wp-total", rows).header("x-wp-totalpages", pages);
    }
    builder.body(Body::from(php_json(body))).expect("statuses of tests are valid")
}
