//! How much larger an order may get before a limit ends it, told before it happens.
//!
//! A real payload is grown from what it is to a thousand lines, as it is and with long texts and many
//! metas, and run at each size. Where a run ends otherwise within that, the last good size is found
//! by halving, exactly: fuel and memory are deterministic. Where none does, a curve through what was
//! measured says when the first limit would be met. Time is not forecast; fuel is the budget.

use std::collections::HashMap;

use serde::Serialize;
use serde::de::IgnoredAny;
use serde_json::value::RawValue;

use super::growth::Growth;
use super::trial::{Input, Rules};
use crate::exact::escape;
use crate::plugin::{self, Limits, Outcome};

/// The sizes that are measured.
const SIZES: [usize; 8] = [1, 3, 10, 30, 100, 300, 600, 1000];

/// What is extrapolated beyond this is only called "more than".
const LINES_MAX: u64 = 1_000_000;

/// One size.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Point {
    /// Lines.
    pub lines: u64,
    /// Size of the payload.
    pub payload_bytes: u64,
    /// How it ended.
    pub outcome: String,
    /// Fuel of the call that burnt the most.
    pub fuel: u64,
    /// Memory of the call that took the most.
    pub memory_bytes: u64,
    /// Size of the answers.
    pub output_bytes: u64,
}

/// How far it goes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Enough {
    /// For so many lines.
    pub lines: u64,
    /// Whether that many were run, and one more ended otherwise; else it is the curve that says so.
    pub measured: bool,
    /// What ends it: `fuel`, `memory`, `output`, or how the first run that is too large ends.
    pub because: String,
    /// What the plugin or the host says then.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub detail: String,
}

/// One way of growing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Curve {
    /// What was measured.
    pub points: Vec<Point>,
    /// How far it goes; none when too little could be measured to say.
    pub enough: Option<Enough>,
}

/// The forecast for one plugin and one payload.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Forecast {
    /// JSON Pointer of the list that was grown.
    pub list: String,
    /// How many items the payload has itself.
    pub own: u64,
    /// Its lines as they are.
    pub plain: Curve,
    /// With long texts and twenty metas a line.
    pub heavy: Curve,
}

/// Why there is no forecast.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoForecast {
    /// The payload is no JSON object with a list of objects.
    #[error("the payload has no list that could grow. Take an order with lines")]
    NothingGrows,
    /// It does not map as it is.
    #[error(
        "the payload is {0} as it stands, so nothing can be learnt from a larger one. Take one that maps, with its settings and tables"
    )]
    NotMapped(String),
}

/// Forecasts from one payload.
///
/// # Errors
///
/// When the payload cannot be grown, or does not map to begin with.
pub fn forecast(rules: &Rules, input: &Input, limits: &Limits) -> Result<Forecast, NoForecast> {
    let payload: serde_json::Value =
        serde_json::from_slice(&input.payload).map_err(|_| NoForecast::NothingGrows)?;
    let growth = Growth::of(&payload).ok_or(NoForecast::NothingGrows)?;
    let own = plugin::run(&rules.job(input)).outcome;
    if !matches!(own, Outcome::Mapped { .. }) {
        return Err(NoForecast::NotMapped(own.name().replace('_', " ")));
    }
    let curve = |heavy| {
        let run = |lines: usize| {
            let grown = growth.grown(&payload, lines, heavy);
            let input = Input { payload: grown.into(), ..input.clone() };
            measure(rules, &input, lines)
        };
        measured(&growth, limits, &run)
    };
    let (plain, heavy) = (curve(false), curve(true));
    Ok(Forecast { list: growth.list.clone(), own: growth.own as u64, plain, heavy })
}

/// How many items a payload has in the list of a forecast, without reading more of it than must be.
#[must_use]
pub fn items(payload: &[u8], list: &str) -> usize {
    let fields: HashMap<String, &RawValue> = serde_json::from_slice(payload).unwrap_or_default();
    let of_list = |key: &str| list.strip_prefix('/') == Some(&*escape(key));
    let Some((_, list)) = fields.iter().find(|(key, _)| of_list(key)) else { return 0 };
    serde_json::from_str::<Vec<IgnoredAny>>(list.get()).map_or(0, |items| items.len())
}

fn measure(rules: &Rules, input: &Input, lines: usize) -> (Point, String) {
    let run = plugin::run(&rules.job(input));
    let calls = run.receipts.iter().zip(&run.startups);
    let work = calls.map(|(receipt, startup)| receipt.fuel.saturating_sub(startup.fuel));
    let most = |of: fn(&crate::event::Receipt) -> u64| run.receipts.iter().map(of).max();
    let point = Point {
        lines: lines as u64,
        payload_bytes: input.payload.len() as u64,
        outcome: run.outcome.name().to_owned(),
        // Starting has a budget of its own, and does not grow with the order.
        fuel: work.max().unwrap_or(0),
        memory_bytes: most(|receipt| receipt.memory_bytes).unwrap_or(0),
        output_bytes: run.usage.output_bytes,
    };
    let detail = match &run.outcome {
        Outcome::Rejected { violations } => {
            violations.first().map(|it| format!("{} {}", it.code, it.pointer)).unwrap_or_default()
        }
        Outcome::Skipped { reason } | Outcome::NotReady { reason } => reason.clone(),
        Outcome::Trapped { message, .. } | Outcome::BadOutput { message } => message.clone(),
        Outcome::OutputTooLarge { what, limit, .. } => format!("{what} above {limit}"),
        _ => String::new(),
    };
    (point, detail)
}

fn measured(growth: &Growth, limits: &Limits, run: &dyn Fn(usize) -> (Point, String)) -> Curve {
    let mut points: Vec<Point> = Vec::new();
    let sizes = std::iter::once(growth.own).chain(SIZES.into_iter().filter(|it| *it > growth.own));
    for size in sizes {
        let (point, detail) = run(size);
        let good = point.outcome == "mapped";
        if !good {
            let last = points.last().map(|it| it.lines);
            let enough = last.map(|last| halved(last, size, &point, detail, run));
            points.push(point);
            return Curve { points, enough };
        }
        points.push(point);
    }
    let enough = extrapolated(&points, limits);
    Curve { points, enough }
}

/// The last good size between one that is good and one that is not.
fn halved(
    good: u64,
    bad: usize,
    point: &Point,
    detail: String,
    run: &dyn Fn(usize) -> (Point, String),
) -> Enough {
    let (mut good, mut bad) = (usize::try_from(good).unwrap_or(0), bad);
    let (mut because, mut detail) = (point.outcome.clone(), detail);
    while bad - good > 1 {
        let middle = good + (bad - good) / 2;
        let (point, said) = run(middle);
        if point.outcome == "mapped" {
            good = middle;
        } else {
            (bad, because, detail) = (middle, point.outcome, said);
        }
    }
    let because = match because.as_str() {
        "out_of_fuel" => "fuel".to_owned(),
        "out_of_memory" => "memory".to_owned(),
        "output_too_large" => "output".to_owned(),
        other => other.to_owned(),
    };
    Enough { lines: good as u64, measured: true, because, detail }
}

/// Where the first of the curves meets its limit.
fn extrapolated(points: &[Point], limits: &Limits) -> Option<Enough> {
    type Of = fn(&Point) -> u64;
    let curves: [(&str, u64, Of); 3] = [
        ("fuel", limits.fuel, |it| it.fuel),
        ("memory", limits.memory_bytes, |it| it.memory_bytes),
        ("output", limits.output_bytes, |it| it.output_bytes),
    ];
    let last = points.last()?.lines;
    let first = curves.into_iter().filter_map(|(name, limit, of)| {
        let pairs: Vec<_> = points.iter().map(|it| (it.lines as f64, of(it) as f64)).collect();
        Some((meets(&pairs, limit as f64)?, name))
    });
    let (lines, because) = first.min_by(|left, right| left.0.total_cmp(&right.0))?;
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "held between bounds"
    )]
    let lines = lines.clamp(0.0, LINES_MAX as f64) as u64;
    let because = because.to_owned();
    Some(Enough { lines: lines.max(last), measured: false, because, detail: String::new() })
}

/// Where a parabola through the points (by least squares) reaches the limit; none when it never does.
fn meets(points: &[(f64, f64)], limit: f64) -> Option<f64> {
    let [a, b, c] = fitted(points)?;
    // A curve that bends down is measured noise: a straight line then.
    let (a, b, c) = if c < 0.0 { straight(points)? } else { (a, b, c) };
    let left = limit - a;
    if c.abs() < 1e-9 {
        return (b > 1e-9).then(|| left / b);
    }
    let under = b * b + 4.0 * c * left;
    (under >= 0.0).then(|| (-b + under.sqrt()) / (2.0 * c)).filter(|lines| *lines > 0.0)
}

fn straight(points: &[(f64, f64)]) -> Option<(f64, f64, f64)> {
    let many = points.len() as f64;
    let sum = |of: fn(&(f64, f64)) -> f64| points.iter().map(of).sum::<f64>();
    let (x, y, xx, xy) = (sum(|p| p.0), sum(|p| p.1), sum(|p| p.0 * p.0), sum(|p| p.0 * p.1));
    let under = many * xx - x * x;
    if under.abs() < 1e-9 {
        return None;
    }
    let slope = (many * xy - x * y) / under;
    Some(((y - slope * x) / many, slope, 0.0))
}

/// Least squares of `a + b x + c x²`, by the normal equations.
fn fitted(points: &[(f64, f64)]) -> Option<[f64; 3]> {
    if points.len() < 3 {
        return straight(points).map(|(a, b, c)| [a, b, c]);
    }
    let power = |n: i32| points.iter().map(|p| p.0.powi(n)).sum::<f64>();
    let mixed = |n: i32| points.iter().map(|p| p.1 * p.0.powi(n)).sum::<f64>();
    let sums = [power(0), power(1), power(2), power(3), power(4)];
    let m = [
        [sums[0], sums[1], sums[2], mixed(0)],
        [sums[1], sums[2], sums[3], mixed(1)],
        [sums[2], sums[3], sums[4], mixed(2)],
    ];
    let three = |columns: [usize; 3]| {
        let at = |row: usize, column: usize| m[row][columns[column]];
        at(0, 0) * (at(1, 1) * at(2, 2) - at(1, 2) * at(2, 1))
            - at(0, 1) * (at(1, 0) * at(2, 2) - at(1, 2) * at(2, 0))
            + at(0, 2) * (at(1, 0) * at(2, 1) - at(1, 1) * at(2, 0))
    };
    let whole = three([0, 1, 2]);
    if whole.abs() < 1e-9 {
        return straight(points).map(|(a, b, c)| [a, b, c]);
    }
    Some([three([3, 1, 2]) / whole, three([0, 3, 2]) / whole, three([0, 1, 3]) / whole])
}

impl Forecast {
    /// The forecast in sentences; `largest` is the largest order known.
    #[must_use]
    pub fn words(&self, largest: Option<u64>) -> Vec<String> {
        let mut words = vec![
            said(&self.plain, "lines like these"),
            said(&self.heavy, "lines with long texts and twenty metas each"),
        ];
        let least = [&self.plain, &self.heavy]
            .into_iter()
            .filter_map(|curve| curve.enough.as_ref().map(|it| it.lines))
            .min();
        match (largest, least) {
            (Some(largest), Some(least)) if largest > least => {
                words.push(format!("NOT enough for all: the largest order has {largest} lines"))
            }
            (Some(largest), Some(_)) => {
                words.push(format!("the largest order has {largest} lines"));
            }
            _ => {}
        }
        words
    }
}

fn said(curve: &Curve, lines: &str) -> String {
    let Some(Enough { lines: number, measured, because, detail }) = &curve.enough else {
        let ended = curve.points.last().map(|it| it.outcome.replace('_', " ")).unwrap_or_default();
        return format!("nothing can be said of {lines}: the first is {ended}");
    };
    let ends = match because.as_str() {
        "fuel" | "memory" | "output" => format!("{because} is what runs out first"),
        other if detail.is_empty() => format!("the next is {}", other.replace('_', " ")),
        other => format!("the next is {}: {detail}", other.replace('_', " ")),
    };
    if *measured {
        format!("enough for {number} {lines}; {ends}")
    } else if *number >= LINES_MAX {
        format!("enough for more than {LINES_MAX} {lines}; {ends}")
    } else {
        format!("enough for about {} {lines}; {ends}", rounded(*number))
    }
}

/// Two digits are all that a curve knows.
fn rounded(number: u64) -> u64 {
    let mut unit = 1;
    while number / unit >= 100 {
        unit *= 10;
    }
    number / unit * unit
}

#[cfg(test)]
mod tests {
    use super::*;

    fn points(fuel: impl Fn(u64) -> u64) -> Vec<Point> {
        SIZES
            .into_iter()
            .map(|lines| Point {
                lines: lines as u64,
                payload_bytes: 0,
                outcome: "mapped".to_owned(),
                fuel: fuel(lines as u64),
                memory_bytes: 1 << 20,
                output_bytes: 100,
            })
            .collect()
    }

    fn near(number: u64, wanted: u64) -> bool {
        number.abs_diff(wanted) <= wanted / 50
    }

    #[test]
    fn straight_and_bent_curves_are_carried_on_to_the_limit() {
        let limits = Limits { fuel: 100_000_000, ..Limits::default() };
        let enough = extrapolated(&points(|lines| 500_000 + 20_000 * lines), &limits).unwrap();
        assert!(near(enough.lines, 4_975), "{enough:?}");
        assert_eq!((enough.because.as_str(), enough.measured), ("fuel", false));
        let enough = extrapolated(&points(|lines| 1_000 + 40 * lines * lines), &limits).unwrap();
        assert!(near(enough.lines, 1_581), "{enough:?}");
        // What does not grow never ends.
        assert_eq!(extrapolated(&points(|_| 7), &limits), None);
    }

    #[test]
    fn the_last_good_size_is_found_exactly() {
        let run = |lines: usize| {
            let outcome = if lines <= 641 { "mapped" } else { "out_of_fuel" }.to_owned();
            let point = Point {
                lines: lines as u64,
                payload_bytes: 0,
                outcome,
                fuel: 0,
                memory_bytes: 0,
                output_bytes: 0,
            };
            (point, String::new())
        };
        let growth = Growth::of(&serde_json::json!({"line_items": [{}], "total": "1"})).unwrap();
        let curve = measured(&growth, &Limits::default(), &run);
        let enough = curve.enough.clone().unwrap();
        assert_eq!((enough.lines, enough.because.as_str(), enough.measured), (641, "fuel", true));
        let forecast = Forecast {
            list: String::new(),
            own: 1,
            heavy: Curve { points: Vec::new(), enough: None },
            plain: curve,
        };
        let words = forecast.words(Some(700)).join("\n");
        assert!(words.contains("enough for 641 lines like these; fuel is what runs out first"));
        assert!(words.contains("NOT enough for all: the largest order has 700 lines"), "{words}");
    }

    #[test]
    fn the_items_of_other_payloads_are_counted() {
        let payload = br#"{"a":[1,2],"b~/c":[{},[],3],"line_items":[{"id":1.10}],"n":{}}"#;
        let counted = ["/line_items", "/a", "/b~0~1c", "/n", "/none"].map(|it| items(payload, it));
        assert_eq!(counted, [1, 2, 3, 0, 0]);
        assert_eq!([items(b"[1]", "/a"), items(b"{", "/a")], [0, 0]);
    }

    #[test]
    fn a_forecast_does_not_pretend_to_know_more_than_two_digits() {
        assert_eq!([rounded(7), rounded(641), rounded(12_345)], [7, 640, 12_000]);
    }
}
