//! One row of a list as the shop wrote it, and the little we read of it.

use bytes::Bytes;
use jiff::Timestamp;
use jiff::civil::DateTime;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::error::Error;

/// One resource.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Row {
    pub(super) id: u64,
    /// When the shop last changed it.
    pub(super) version: Option<Timestamp>,
    /// Its JSON, byte for byte.
    pub(super) body: Bytes,
}

#[derive(Deserialize)]
struct Head {
    id: u64,
    #[serde(default)]
    date_modified_gmt: Option<String>,
}

impl Row {
    /// Reads one resource.
    pub(super) fn of(body: &str) -> Result<Self, Error> {
        let head: Head = serde_json::from_str(body)
            .map_err(|error| Error::foreign(format!("this is not a resource: {error}")))?;
        let version = head.date_modified_gmt.as_deref().and_then(gmt);
        Ok(Self { id: head.id, version, body: Bytes::copy_from_slice(body.as_bytes()) })
    }

    /// Reads a list. One row that is none spoils all: then WooCommerce did not write this.
    pub(super) fn all_of(body: &[u8]) -> Result<Vec<Self>, Error> {
        let rows: Vec<&RawValue> = serde_json::from_slice(body)
            .map_err(|error| Error::foreign(format!("the answer is not a list: {error}")))?;
        rows.into_iter().map(|row| Self::of(row.get())).collect()
    }
}

/// A `_gmt` date: no zone, and UTC.
pub(super) fn gmt(text: &str) -> Option<Timestamp> {
    if let Ok(moment) = text.parse() {
        return Some(moment);
    }
    let civil: DateTime = text.parse().ok()?;
    civil.to_zoned(jiff::tz::TimeZone::UTC).ok().map(|it| it.timestamp())
}

/// The same the other way, as `modified_after` takes it.
pub(super) fn as_gmt(moment: Timestamp) -> String {
    moment.strftime("%Y-%m-%dT%H:%M:%S").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_is_kept_byte_for_byte() {
        let rows = Row::all_of(
            br#"[{"id":7,"date_modified_gmt":"2026-11-22T02:20:25","u":"https:\/\/x \u00e9"} , {"id":8}]"#,
        )
        .unwrap();
        assert_eq!(rows.iter().map(|row| row.id).collect::<Vec<_>>(), [7, 8]);
        assert!(rows[0].body.ends_with(br#""https:\/\/x \u00e9"}"#));
        let version = rows[0].version.unwrap();
        assert_eq!(version.to_string(), "2026-11-22T02:20:25Z");
        assert_eq!(as_gmt(version), "2026-11-22T02:20:25");
        assert_eq!(rows[1].version, None);
    }

    #[test]
    fn what_is_no_list_of_resources_is_somebody_elses_answer() {
        for body in ["{}", "<html>", "[1]", "[{\"id\":\"x\"}]", "[{\"code\":\"x\"}]", "", "null"] {
            let error = Row::all_of(body.as_bytes()).unwrap_err();
            assert!(matches!(error, Error::Transient { hint: Some(_), .. }), "{body}: {error}");
        }
    }
}
