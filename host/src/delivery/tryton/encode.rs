//! A body in natural JSON becomes a [`Record`], by the types that the server gives its fields.
//!
//! Amounts are text (`"79.90"`) or whole numbers: a JSON number with a point is a float by the time
//! anybody reads it, and Tryton refuses it late and obscurely, so it is refused here by name. Every
//! fault has its place in the body, as a JSON Pointer.

use std::collections::HashMap;
use std::sync::Arc;

use serde_json::{Map, Value, json};

use super::fault::Fault;
use super::record::{Record, Wire};
use super::schema::{Kind, Model};

/// What stands in the way.
#[derive(Debug)]
pub(super) enum Stop {
    /// The shape of this model is needed first.
    Need(String),
    /// The body names a field that the model does not have.
    UnknownField { model: String, fault: Fault },
    /// A value is not what its field wants.
    Wrong(Fault),
}

/// The models at hand.
pub(super) type Models = HashMap<String, Arc<Model>>;

/// Turns the members of an object into a record of the model.
pub(super) fn record(
    models: &Models,
    model: &str,
    members: &Map<String, Value>,
    pointer: &str,
) -> Result<Record, Stop> {
    let model = models.get(model).ok_or_else(|| Stop::Need(model.to_owned()))?;
    let mut fields = Vec::with_capacity(members.len());
    for (name, value) in members {
        let pointer = format!("{pointer}/{}", name.replace('~', "~0").replace('/', "~1"));
        let Some(kind) = model.fields.get(name) else {
            let hint = model.nearest(name).map(|near| format!("; did you mean {near:?}?"));
            let hint = hint.unwrap_or_default();
            let reason = format!("{pointer}: {} has no field {name:?}{hint}", model.name);
            let fault = Fault::rejected("field_unknown", reason);
            return Err(Stop::UnknownField { model: model.name.clone(), fault });
        };
        fields.push((name.clone(), wire(models, kind, value, &pointer)?));
    }
    Ok(Record(fields))
}

fn wire(models: &Models, kind: &Kind, value: &Value, pointer: &str) -> Result<Wire, Stop> {
    let wrong = |wanted: &str| {
        let reason = format!("{pointer}: {wanted}, not {}", shown(value));
        Stop::Wrong(Fault::rejected("field_value", reason))
    };
    Ok(match (kind, value) {
        (Kind::Many(_), Value::Null) => Wire::Links(Vec::new()),
        (Kind::Many(model), Value::Array(items)) => many(models, model, items, pointer)?,
        (Kind::Many(_), _) => return Err(wrong("write an array of objects or of references")),
        (Kind::One(_), Value::Null) => Wire::One(None),
        (Kind::One(_), Value::Number(id)) if id.as_i64().is_some() => Wire::One(id.as_i64()),
        (Kind::One(model), _) => {
            let wanted =
                format!("write a reference, {{\"$ref\": {{..}}}}, to a {model}, or its id");
            return Err(wrong(&wanted));
        }
        (_, Value::Null) => Wire::Plain(Value::Null),
        (kind, value) => Wire::Plain(plain(kind, value).map_err(wrong)?),
    })
}

fn many(models: &Models, model: &str, items: &[Value], pointer: &str) -> Result<Wire, Stop> {
    if items.is_empty() {
        return Ok(Wire::Children { model: model.to_owned(), records: Vec::new() });
    }
    let ids: Option<Vec<i64>> = items.iter().map(Value::as_i64).collect();
    if let Some(ids) = ids {
        return Ok(Wire::Links(ids));
    }
    let records = items.iter().enumerate().map(|(index, item)| {
        let pointer = format!("{pointer}/{index}");
        let Some(members) = item.as_object() else {
            let reason = format!(
                "{pointer}: the items must be all objects or all references, not {}",
                shown(item)
            );
            return Err(Stop::Wrong(Fault::rejected("field_value", reason)));
        };
        record(models, model, members, &pointer)
    });
    Ok(Wire::Children { model: model.to_owned(), records: records.collect::<Result<_, _>>()? })
}

/// The wire form of a plain value; the error says what the field wants.
fn plain(kind: &Kind, value: &Value) -> Result<Value, &'static str> {
    let text = value.as_str();
    match kind {
        Kind::Text => value.is_string().then(|| value.clone()).ok_or("write a text"),
        Kind::Boolean => value.is_boolean().then(|| value.clone()).ok_or("write true or false"),
        Kind::Integer => match text {
            Some(text) => text.parse::<i64>().ok().map(Value::from),
            None => value.as_i64().map(Value::from),
        }
        .ok_or("write a whole number"),
        Kind::Float => match text {
            Some(text) if is_decimal(text) => text.parse::<f64>().ok().map(Value::from),
            Some(_) => None,
            None => value.is_number().then(|| value.clone()),
        }
        .ok_or("write a number, or a decimal as text"),
        Kind::Numeric => {
            let decimal = match text {
                Some(text) => is_decimal(text).then(|| text.to_owned()),
                None => value.as_i64().map(|whole| whole.to_string()),
            };
            let decimal = decimal
                .ok_or("write the decimal as text, like \"79.90\" (a float loses digits)")?;
            Ok(json!({ "__class__": "Decimal", "decimal": decimal }))
        }
        Kind::Date => text.and_then(date).ok_or("write a date, like \"2026-11-22\""),
        Kind::DateTime => {
            text.and_then(date_time).ok_or("write a time like \"2026-11-22T02:03:00Z\"")
        }
        Kind::Time => text.and_then(time).ok_or("write a time of day, like \"14:30:00\""),
        Kind::Duration => {
            text.and_then(duration).ok_or("write a duration like \"PT36H\" or \"90m\"")
        }
        Kind::Bytes => text
            .map(|text| json!({ "__class__": "bytes", "base64": text }))
            .ok_or("write the bytes as base64 text"),
        Kind::AsIs => Ok(value.clone()),
        // `wire` takes links before it comes here.
        Kind::One(_) | Kind::Many(_) => Err("write a link"),
    }
}

/// `-12.50`: digits, at most one point with digits on both sides, no exponent.
fn is_decimal(text: &str) -> bool {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let text = text.strip_prefix('-').unwrap_or(text);
    match text.split_once('.') {
        Some((whole, part)) => digits(whole) && digits(part),
        None => digits(text),
    }
}

fn date(text: &str) -> Option<Value> {
    let date: jiff::civil::Date = (text.len() == 10).then(|| text.parse().ok())??;
    Some(json!({
        "__class__": "date", "year": date.year(), "month": date.month(), "day": date.day(),
    }))
}

/// Tryton keeps times in UTC without saying so: the text must carry its offset.
fn date_time(text: &str) -> Option<Value> {
    let at: jiff::Timestamp = text.parse().ok()?;
    let at = jiff::tz::Offset::UTC.to_datetime(at);
    Some(json!({
        "__class__": "datetime", "year": at.year(), "month": at.month(), "day": at.day(),
        "hour": at.hour(), "minute": at.minute(), "second": at.second(),
        "microsecond": i32::from(at.millisecond()) * 1000 + i32::from(at.microsecond()),
    }))
}

fn time(text: &str) -> Option<Value> {
    let at: jiff::civil::Time = text.parse().ok()?;
    Some(json!({
        "__class__": "time", "hour": at.hour(), "minute": at.minute(), "second": at.second(),
        "microsecond": i32::from(at.millisecond()) * 1000 + i32::from(at.microsecond()),
    }))
}

fn duration(text: &str) -> Option<Value> {
    let length: jiff::SignedDuration = text.parse().ok()?;
    Some(json!({ "__class__": "timedelta", "seconds": length.as_secs_f64() }))
}

/// A value as it may stand in a message.
fn shown(value: &Value) -> String {
    match value {
        Value::Array(_) => "an array".to_owned(),
        Value::Object(_) => "an object".to_owned(),
        plain => super::shorten(&plain.to_string(), 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn models() -> Models {
        let sale = json!({
            "party": {"type": "many2one", "relation": "party.party"},
            "reference": {"type": "char"}, "sale_date": {"type": "date"},
            "lines": {"type": "one2many", "relation": "sale.line"},
            "validity": {"type": "timedelta"}, "at": {"type": "timestamp"},
        });
        let line = json!({
            "unit_price": {"type": "numeric"}, "quantity": {"type": "float"},
            "taxes": {"type": "many2many", "relation": "account.tax"},
        });
        [("sale.sale", sale), ("sale.line", line)]
            .map(|(name, fields)| (name.to_owned(), Arc::new(Model::new(name, &fields))))
            .into()
    }

    fn encoded(body: Value) -> Result<Value, String> {
        match record(&models(), "sale.sale", body.as_object().unwrap(), "") {
            Ok(record) => Ok(record.to_create()),
            Err(Stop::Wrong(fault) | Stop::UnknownField { fault, .. }) => match fault {
                Fault::Rejected { reason, .. } => Err(reason),
                other => Err(format!("{other:?}")),
            },
            Err(Stop::Need(model)) => Err(format!("need {model}")),
        }
    }

    #[test]
    fn a_body_is_written_as_tryton_wants_it() {
        let body = json!({
            "party": 2, "sale_date": "2026-11-22", "validity": "PT36H",
            "at": "2026-11-22T02:03:00.5-03:00",
            "lines": [{"unit_price": "79.90", "quantity": "2", "taxes": [1]}],
        });
        assert_eq!(
            encoded(body).unwrap(),
            json!({
                "party": 2,
                "sale_date": {"__class__": "date", "year": 2026, "month": 11, "day": 22},
                "validity": {"__class__": "timedelta", "seconds": 129_600.0},
                "at": {"__class__": "datetime", "year": 2026, "month": 11, "day": 22, "hour": 5,
                       "minute": 3, "second": 0, "microsecond": 500_000},
                "lines": [["create", [{
                    "unit_price": {"__class__": "Decimal", "decimal": "79.90"}, "quantity": 2.0,
                    "taxes": [["add", [1]]],
                }]]],
            })
        );
    }

    #[test]
    fn a_wrong_value_is_named_with_its_place_and_what_is_wanted() {
        for (body, expected) in [
            (
                json!({"lines": [{"unit_price": 79.9}]}),
                "/lines/0/unit_price: write the decimal as text",
            ),
            (json!({"lines": [{"unit_price": "1e3"}]}), "/lines/0/unit_price"),
            (json!({"lines": [{"unit_price": "NaN"}]}), "/lines/0/unit_price"),
            (json!({"lines": [{"quantity": "inf"}]}), "/lines/0/quantity"),
            (json!({"lines": [{"unit_prise": "1"}]}), "did you mean \"unit_price\"?"),
            (json!({"lines": [1, {}]}), "/lines/0: the items must be all"),
            (json!({"lines": {}}), "/lines: write an array"),
            (json!({"party": "WC-2"}), "/party: write a reference"),
            (json!({"party": 1.5}), "/party: write a reference"),
            (json!({"reference": 27}), "/reference: write a text, not 27"),
            (json!({"sale_date": "2026-02-30"}), "/sale_date: write a date"),
            (json!({"sale_date": "2026-11-22T02:03:00"}), "/sale_date: write a date"),
            (json!({"at": "2026-11-22 02:03"}), "/at: write a time"),
        ] {
            let error = encoded(body.clone()).unwrap_err();
            assert!(error.contains(expected), "{body}: {error}");
        }
    }
}
