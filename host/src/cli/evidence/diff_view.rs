//! The report of `diff` for people: the verdict, then what differs, the most telling first.

use rust_decimal::Decimal;

use super::super::screen::{self, BAD, DIM, GOOD, NAME, STRONG, WARN, count, paint, plain};
use super::diff::Shown;
use crate::evidence::difference::{FieldTally, Moved, Tally};

/// Fields shown to people; JSON has all.
const FIELDS_MAX: usize = 40;

/// The whole report.
pub(super) fn report(shown: &Shown<'_>) -> String {
    let Shown { heads: (old, new), tally, verdict, passed_over } = shown;
    let mut out = String::new();
    line(&mut out, &format!("{old} → {new}"));
    let mut counts = format!(
        "{} compared, {} equal, {} different",
        count(tally.compared),
        count(tally.equal),
        count(tally.different())
    );
    if *passed_over > 0 {
        counts.push_str(&format!("; {} of topics that neither takes", count(*passed_over)));
    }
    line(&mut out, &counts);
    outcomes(&mut out, tally);
    statuses(&mut out, tally);
    documents(&mut out, tally);
    fields(&mut out, tally);
    fuel(&mut out, tally);
    out.push('\n');
    let Some(verdict) = verdict else { return out };
    if verdict.within {
        let words = if tally.different() == 0 { "no difference" } else { "within tolerances" };
        line(&mut out, &paint(GOOD.bold(), format!("✓ {words}")));
    } else {
        line(&mut out, &paint(BAD.bold(), "✗ stands in the way"));
        for obstacle in &verdict.obstacles {
            let subject = paint(NAME, plain(&obstacle.subject));
            line(&mut out, &format!("  {subject}: {}", plain(&obstacle.message)));
        }
    }
    if !verdict.tolerated.is_empty() {
        let mut tolerated: Vec<_> = verdict.tolerated.iter().map(|it| plain(it)).collect();
        tolerated.dedup();
        line(&mut out, &paint(DIM, format!("tolerated: {}", tolerated.join(", "))));
    }
    out
}

fn line(out: &mut String, text: &str) {
    out.push_str(text);
    out.push('\n');
}

fn heading(out: &mut String, text: &str) {
    line(out, &format!("\n{}", paint(DIM, text)));
}

fn outcomes(out: &mut String, tally: &Tally) {
    if tally.outcomes.is_empty() {
        return;
    }
    heading(out, "outcomes");
    for (pair, cases) in tally.outcomes.iter() {
        let pair = paint(WARN, format!("{} → {}", pair.from, pair.to));
        line(out, &format!("  {pair} {}", count(cases.count)));
        for example in cases.examples.iter() {
            let why = example.after.as_deref().unwrap_or_default();
            line(out, &paint(DIM, format!("    {} {}", plain(&example.event), plain(why))));
        }
    }
}

/// From in rows, to in columns, by the shop's own status.
fn statuses(out: &mut String, tally: &Tally) {
    if tally.statuses.is_empty() {
        return;
    }
    heading(out, "status");
    let mut table = screen::table(&["of the shop", "was", "would be", "events"]);
    for (pair, cases) in tally.statuses.iter() {
        let word = |it: &Option<String>| plain(it.as_deref().unwrap_or("none"));
        table.add_row([word(&pair.source), word(&pair.from), word(&pair.to), count(cases.count)]);
    }
    line(out, &table.to_string());
}

fn documents(out: &mut String, tally: &Tally) {
    if tally.documents.is_empty() {
        return;
    }
    heading(out, "documents");
    for (change, cases) in tally.documents.iter() {
        let word = if change.added { "added" } else { "removed" };
        let keys: Vec<_> = cases.examples.iter().map(|it| plain(&it.document)).collect();
        line(
            out,
            &format!(
                "  {word} {} {} {}",
                paint(NAME, plain(&change.entity)),
                count(cases.count),
                paint(DIM, keys.join(", "))
            ),
        );
    }
}

fn fields(out: &mut String, tally: &Tally) {
    if tally.fields.is_empty() {
        return;
    }
    heading(out, "fields");
    let mut fields: Vec<_> = tally.fields.iter().collect();
    fields.sort_by(|left, right| right.1.events.cmp(&left.1.events).then(left.0.cmp(right.0)));
    for (name, field) in fields.iter().take(FIELDS_MAX) {
        let events = if field.events == 1 {
            "1 event".to_owned()
        } else {
            format!("{} events", count(field.events))
        };
        line(out, &format!("  {} {events}", paint(STRONG, plain(&name.field))));
        amounts(out, field);
        for (pair, times) in field.moves.iter() {
            let (from, to) = (plain(&pair.from), plain(&pair.to));
            line(out, &format!("    {from} → {to} {}", paint(DIM, count(times.count))));
        }
        for (number, word) in [
            (field.added, "added"),
            (field.removed, "removed"),
            (field.rewritten, "the same number, written differently"),
        ] {
            if number > 0 {
                line(out, &format!("    {} {word}", count(number)));
            }
        }
        if let Some(example) = field.examples.first() {
            let side = |it: &Option<String>| it.as_deref().map_or("nothing".to_owned(), plain);
            let text = format!(
                "    {} {}: {} → {}",
                plain(&example.event),
                plain(&example.at),
                side(&example.before),
                side(&example.after)
            );
            line(out, &paint(DIM, text));
        }
    }
    let more = fields.len().saturating_sub(FIELDS_MAX);
    if more > 0 || tally.fields.others().is_some() {
        line(out, &paint(DIM, format!("  ({more} more fields; --json has them)")));
    }
}

fn amounts(out: &mut String, field: &FieldTally) {
    let mut row = |currency: &str, moved: &Moved| {
        let largest = moved.largest.as_ref();
        let largest = largest.map_or(String::new(), |it| {
            format!(
                ", the most {} ({} to {}, {})",
                signed(it.by),
                it.before,
                it.after,
                plain(&it.event)
            )
        });
        let numbers = if moved.count == 1 { "number" } else { "numbers" };
        let sum = paint(WARN, format!("{}{currency}", signed(moved.sum)));
        line(out, &format!("    {sum} in {} {numbers}{largest}", count(moved.count)));
    };
    if field.by_currency.is_empty() {
        if field.moved.count > 0 {
            row("", &field.moved);
        }
        return;
    }
    for (key, moved) in field.by_currency.iter() {
        row(&format!(" {}", plain(key.currency.as_deref().unwrap_or_default())), moved);
    }
}

fn fuel(out: &mut String, tally: &Tally) {
    if tally.fuel.before == 0 {
        return;
    }
    heading(out, "fuel");
    let times = |permille: u64| format!("{}.{:02}", permille / 1000, permille % 1000 / 10);
    line(
        out,
        &format!(
            "  {} times as much; the most {} times, {}",
            times(tally.fuel.permille()),
            times(tally.fuel.largest_permille),
            plain(&tally.fuel.largest_event)
        ),
    );
}

fn signed(number: Decimal) -> String {
    let number = number.normalize();
    if number > Decimal::ZERO { format!("+{number}") } else { number.to_string() }
}
