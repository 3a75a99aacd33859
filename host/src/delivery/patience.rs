//! How much patience a target asks for in the headers of an answer.
//!
//! `Retry-After` (seconds or a date) counts on any refusal. What is said of a quota counts on any
//! answer, also a good one, when nothing of it is left: `X-RateLimit-Remaining: 0` with
//! `X-RateLimit-Reset` (seconds, or a moment in seconds or milliseconds since 1970),
//! `RateLimit-Remaining` with `RateLimit-Reset`, and both forms of the `RateLimit` draft:
//! `limit=100, remaining=0, reset=50` and `"default";r=0;t=50`.
//! What cannot be read asks for nothing.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use http::HeaderMap;

/// No target is believed when it asks for more patience than a day.
pub(super) const PATIENCE_MAX: Duration = Duration::from_secs(24 * 60 * 60);

/// A reset beyond this is a moment, not a number of seconds (1.0e9 seconds are 31 years).
const EPOCH_SECONDS_MIN: u64 = 1_000_000_000;
/// And one beyond this is in milliseconds.
const EPOCH_MILLIS_MIN: u64 = 1_000_000_000_000;

/// What an answer asks for, at most a day.
pub(super) fn patience(status: u16, headers: &HeaderMap, now: SystemTime) -> Option<Duration> {
    let refused = (400..600).contains(&status).then(|| retry_after(headers, now)).flatten();
    let quota = [
        ("x-ratelimit-remaining", "x-ratelimit-reset"),
        ("x-rate-limit-remaining", "x-rate-limit-reset"),
        ("ratelimit-remaining", "ratelimit-reset"),
    ]
    .into_iter()
    .filter(|(remaining, _)| text(headers, remaining) == Some("0"))
    .filter_map(|(_, reset)| until_reset(text(headers, reset)?, now))
    .max();
    let draft = headers
        .get_all("ratelimit")
        .iter()
        .filter_map(|value| value.to_str().ok())
        .filter_map(|value| drafted(value, now))
        .max();
    refused.max(quota).max(draft).map(|asked| asked.min(PATIENCE_MAX))
}

/// `Retry-After`, as seconds or as a date.
pub(super) fn retry_after(headers: &HeaderMap, now: SystemTime) -> Option<Duration> {
    let text = text(headers, "retry-after")?;
    if let Ok(seconds) = text.parse::<u64>() {
        return Some(Duration::from_secs(seconds));
    }
    let date = httpdate::parse_http_date(text).ok()?;
    Some(date.duration_since(now).unwrap_or(Duration::ZERO))
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    Some(headers.get(name)?.to_str().ok()?.trim())
}

fn until_reset(text: &str, now: SystemTime) -> Option<Duration> {
    // Some write fractions of a second; the next whole one is late enough.
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let number = whole.parse::<u64>().ok()?.checked_add(u64::from(!fraction.is_empty()))?;
    let moment = match number {
        EPOCH_MILLIS_MIN.. => Duration::from_millis(number),
        EPOCH_SECONDS_MIN.. => Duration::from_secs(number),
        seconds => return Some(Duration::from_secs(seconds)),
    };
    Some((UNIX_EPOCH + moment).duration_since(now).unwrap_or(Duration::ZERO))
}

/// The `RateLimit` header: of several policies, the one that is used up for longest.
fn drafted(value: &str, now: SystemTime) -> Option<Duration> {
    let number = |part: &str, names: [&str; 2]| {
        let (name, number) = part.split_once('=')?;
        names.contains(&name.trim()).then(|| number.trim().to_owned())
    };
    let used_up = |parts: &mut dyn Iterator<Item = &str>| {
        let (mut remaining, mut reset) = (None, None);
        for part in parts {
            remaining = remaining.or_else(|| number(part, ["r", "remaining"]));
            reset = reset.or_else(|| number(part, ["t", "reset"]));
        }
        (remaining? == "0").then(|| until_reset(&reset?, now)).flatten()
    };
    if value.contains(';') {
        value.split(',').filter_map(|policy| used_up(&mut policy.split(';'))).max()
    } else {
        used_up(&mut value.split(','))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patience_is_read_from_every_header_that_targets_use() {
        let now = httpdate::parse_http_date("Sun, 22 Nov 2026 02:03:00 GMT").unwrap();
        let epoch = now.duration_since(UNIX_EPOCH).unwrap();
        let (seconds, millis) = (epoch.as_secs() + 40, epoch.as_millis() + 40_000);
        let cases: Vec<(u16, String, Option<u64>)> = vec![
            (429, "retry-after: 120".into(), Some(120)),
            (503, "retry-after:  0 ".into(), Some(0)),
            (503, "retry-after: Sun, 22 Nov 2026 02:04:30 GMT".into(), Some(90)),
            (503, "retry-after: Sun, 22 Nov 2026 01:00:00 GMT".into(), Some(0)),
            (503, "retry-after: soon".into(), None),
            (503, "retry-after: -5".into(), None),
            (200, "retry-after: 120".into(), None),
            (503, "retry-after: 99999999".into(), Some(86_400)),
            (200, "x-ratelimit-remaining: 0\nx-ratelimit-reset: 50".into(), Some(50)),
            (200, "x-ratelimit-remaining: 0\nx-ratelimit-reset: 1.5".into(), Some(2)),
            (200, format!("x-ratelimit-remaining: 0\nx-ratelimit-reset: {seconds}"), Some(40)),
            (200, format!("x-ratelimit-remaining: 0\nx-ratelimit-reset: {millis}"), Some(40)),
            (200, "x-ratelimit-remaining: 1\nx-ratelimit-reset: 50".into(), None),
            (200, "x-ratelimit-remaining: 0".into(), None),
            (200, "ratelimit-remaining: 0\nratelimit-reset: 7".into(), Some(7)),
            (200, "ratelimit: limit=100, remaining=0, reset=50".into(), Some(50)),
            (200, "ratelimit: limit=100, remaining=3, reset=50".into(), None),
            (200, "ratelimit: \"default\";r=0;t=30, \"daily\";r=0;t=60".into(), Some(60)),
            (200, "ratelimit: \"default\";r=0;t=30, \"daily\";r=9;t=60".into(), Some(30)),
            (429, "retry-after: 5\nratelimit: \"default\";r=0;t=30".into(), Some(30)),
            (200, "ratelimit: ;;=,r=0".into(), None),
        ];
        for (status, lines, expected) in cases {
            let mut headers = HeaderMap::new();
            for (name, value) in lines.lines().filter_map(|line| line.split_once(':')) {
                let name: http::HeaderName = name.parse().unwrap();
                headers.insert(name, value.parse().unwrap());
            }
            let expected = expected.map(Duration::from_secs);
            assert_eq!(patience(status, &headers, now), expected, "{status} {lines}");
        }
    }
}
