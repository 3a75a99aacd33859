//! Looking for what may be there already: by the key the shop has of its own, or by the one that was
//! written along.
//!
//! The REST API lists orders neither by meta data nor by anything else of ours, so what was made is
//! looked for from the newest on, back to when the event came: it cannot have been made before. Rows
//! are asked for with a few of their fields. A shop that has made more since than [`PAGES_MAX`] pages
//! cannot tell, and a person has to look.

use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;

use super::super::Health;
use super::body::MARK;
use super::entity::Entity;
use super::fault::Fault;
use super::rest::Rest;

/// Of a hundred rows each, the API's own limit.
const PAGES_MAX: usize = 10;
const ROWS: usize = 100;
/// Clocks of hosts and shops differ by less.
const CLOCKS_DIFFER_MAX: SignedDuration = SignedDuration::from_hours(1);

const FIELDS: &str = "id,parent_id,type,sku,email,code,date_created_gmt,meta_data";

/// A thing that was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct There {
    pub(super) id: u64,
    /// The product of a variation.
    pub(super) parent: Option<u64>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Row {
    id: u64,
    parent_id: u64,
    r#type: String,
    sku: String,
    email: String,
    code: String,
    date_created_gmt: Option<String>,
    meta_data: Vec<Meta>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Meta {
    key: String,
    value: serde_json::Value,
}

impl Row {
    fn there(&self) -> There {
        let parent = (self.r#type == "variation").then_some(self.parent_id);
        There { id: self.id, parent }
    }

    /// The list is asked with a filter that takes commas for several and may be as kind as it likes.
    fn has(&self, entity: Entity, value: &str) -> bool {
        match entity {
            Entity::Product => self.sku == value && self.r#type != "variation",
            Entity::Variation => self.sku == value && self.r#type == "variation",
            Entity::Customer => self.email.to_lowercase() == value.to_lowercase(),
            Entity::Coupon => self.code.to_lowercase() == value.to_lowercase(),
            Entity::Order | Entity::Refund | Entity::Note => false,
        }
    }

    fn is_marked(&self, key: &str) -> bool {
        self.meta_data.iter().any(|meta| meta.key == MARK && meta.value == *key)
    }

    /// Whether it was made before then, for certain.
    fn is_before(&self, moment: Timestamp) -> bool {
        let made = self.date_created_gmt.as_deref().and_then(gmt);
        made.is_some_and(|made| made < moment)
    }
}

impl Rest {
    /// The one thing with this SKU, address or code.
    pub(super) async fn by_natural_key(
        &self,
        entity: Entity,
        value: &str,
    ) -> Result<Option<There>, Fault> {
        let Some(member) = entity.natural_key() else { return Ok(None) };
        let (list, besides) = entity.natural_list();
        let mut query = vec![(member, value), ("per_page", "100"), ("_fields", FIELDS)];
        query.extend(besides);
        if list == "products" {
            query.push(("status", "any"));
        }
        let rows: Vec<Row> = self.rows(list, &query).await?;
        let same: Vec<&Row> = rows.iter().filter(|row| row.has(entity, value)).collect();
        match same.as_slice() {
            [] => Ok(None),
            [row] => Ok(Some(row.there())),
            several => {
                let ids: Vec<u64> = several.iter().map(|row| row.id).collect();
                let name = entity.name();
                let reason = format!(
                    "the shop has more than one {name} with {member} {value:?} (ids {ids:?}): only \
                     one may be left"
                );
                Err(Fault::rejected("ambiguous", reason))
            }
        }
    }

    /// What was made under this key since the event came.
    pub(super) async fn by_mark(
        &self,
        entity: Entity,
        parent: Option<u64>,
        key: &str,
        event_came: Timestamp,
    ) -> Result<Option<There>, Fault> {
        let list = entity.list(parent);
        let since = event_came.checked_sub(CLOCKS_DIFFER_MAX).unwrap_or(Timestamp::MIN);
        let (mut offset, mut last) = (0_usize, None);
        for _ in 0..PAGES_MAX {
            let (rows, at) = (ROWS.to_string(), offset.to_string());
            let mut query = vec![
                ("orderby", "id"),
                ("order", "desc"),
                ("per_page", rows.as_str()),
                ("offset", at.as_str()),
                ("_fields", FIELDS),
            ];
            if matches!(entity, Entity::Order | Entity::Product | Entity::Variation) {
                query.push(("status", "any"));
            }
            let rows: Vec<Row> = self.rows(&list, &query).await?;
            // A page begins with the last row of the one before, or rows have left the list and one
            // was jumped over.
            if let Some(last) = last
                && rows.first().is_none_or(|row| row.id < last)
            {
                let reason = "the shop's list moved while it was looked through".to_owned();
                let (after, status) = (None, Some(200));
                return Err(Fault::Retry { reason, after, status, health: Health::Well });
            }
            if let Some(row) = rows.iter().find(|row| row.is_marked(key)) {
                return Ok(Some(row.there()));
            }
            if rows.len() < ROWS || rows.iter().any(|row| row.is_before(since)) {
                return Ok(None);
            }
            last = rows.last().map(|row| row.id);
            offset += ROWS - 1;
        }
        let reason = format!(
            "the shop has made more than {} of them since, and cannot be asked for the one",
            PAGES_MAX * (ROWS - 1)
        );
        Err(Fault::Untold { reason })
    }
}

/// A shop's `_gmt` date: without a zone, and UTC.
pub(super) fn gmt(text: &str) -> Option<Timestamp> {
    let civil: jiff::civil::DateTime = text.parse().ok()?;
    civil.to_zoned(jiff::tz::TimeZone::UTC).ok().map(|at| at.timestamp())
}
