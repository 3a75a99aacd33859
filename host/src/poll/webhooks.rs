//! Whether the shop still tells us: its webhooks, looked at through its own API.
//!
//! A shop switches a webhook off at the seventh failure in a row, without a word, and never sends
//! what happened meanwhile. Such a webhook is reported, switched on again where that is allowed,
//! and its list is walked from the last good delivery on. Switched on again it keeps its count of
//! failures: one more, and it is off again.
//!
//! The API tells neither the secret of a webhook nor its owner. A wrong secret shows as signatures
//! that do not fit, an owner without rights as deliveries that are signed errors; both are counted
//! in the quarantine.

use jiff::Timestamp;
use reqwest::Url;

use super::error::Error;
use super::ground::{Ground, Plan};
use super::settings::Entity;
use super::shop::Webhook;
use super::status::Problem;

/// Signed 404s are resources that were deleted for good; so many between two looks are an API
/// version that cannot read orders.
const GONE_MANY: u64 = 5;

/// What a look at the shop's webhooks brought up.
#[derive(Debug, Default)]
pub(super) struct Look {
    /// Lists to be walked at once, each from the last good delivery on, where one is known.
    pub(super) walk: Vec<(Entity, Option<Timestamp>)>,
}

/// What is remembered from one look to the next.
#[derive(Debug, Default)]
pub(super) struct Watch {
    /// Webhooks found switched off, until they are on again.
    off: Vec<u64>,
    /// The last quarantined delivery that was counted; none before the first look.
    counted: Option<u64>,
    /// Problems that deliveries showed, until a good delivery comes.
    shown: Vec<(Timestamp, Problem)>,
}

impl Watch {
    /// Looks at the shop's webhooks and at what its deliveries have been.
    pub(super) async fn look(&mut self, ground: &Ground) -> Result<Look, Error> {
        let mut look = Look::default();
        self.count_errors(ground, &mut look)?;
        let webhooks = ground.shop.webhooks().await?;
        let ours: Vec<Webhook> =
            webhooks.into_iter().filter(|it| points_here(&it.delivery_url, &ground.plan)).collect();
        let off: Vec<&Webhook> = ours.iter().filter(|it| it.status == "disabled").collect();
        for webhook in off.iter().filter(|it| !self.off.contains(&it.id)) {
            tracing::warn!(
                merchant.name = ground.plan.merchant,
                connection = ground.plan.connection,
                topic = webhook.topic,
                webhook.id = webhook.id,
                "the shop has switched a webhook off: it failed seven times in a row, and what \
                 happened since was never sent"
            );
            let resource = webhook.topic.split('.').next().unwrap_or_default();
            if let Some(entity) = Entity::ALL.into_iter().find(|it| it.resource() == resource) {
                look.walk.push((entity, last_good(ground, resource)?));
            }
        }
        let mut reenabled = Vec::new();
        if ground.plan.config.reenable_webhooks {
            for webhook in &off {
                if enable(ground, webhook).await? {
                    reenabled.push(webhook.id);
                }
            }
        }
        self.off = off.iter().map(|it| it.id).filter(|id| !reenabled.contains(id)).collect();
        let mut problems = problems(&ours, &ground.plan);
        // One that is on again is no problem any more, but was one a moment ago: the log has it.
        problems.retain(|it| {
            it.code != "webhook_disabled"
                || ours.iter().any(|webhook| {
                    Some(&webhook.topic) == it.topic.as_ref() && self.off.contains(&webhook.id)
                })
        });
        problems.extend(self.shown.iter().map(|(_, problem)| problem.clone()));
        ground.board.note(&ground.plan, |status| {
            let health = &mut status.health;
            for problem in problems.iter().filter(|it| !health.problems.contains(it)) {
                tracing::warn!(
                    merchant.name = ground.plan.merchant,
                    connection = ground.plan.connection,
                    code = problem.code,
                    topic = problem.topic,
                    "{}",
                    problem.message
                );
            }
            health.checked_at = Some(Timestamp::now());
            health.last_error = None;
            health.webhooks = ours.len();
            health.reenabled += reenabled.len() as u64;
            health.problems = problems;
        });
        Ok(look)
    }

    /// What the shop's deliveries say of their webhook's owner.
    fn count_errors(&mut self, ground: &Ground, look: &mut Look) -> Result<(), Error> {
        let Plan { merchant, connection, .. } = &ground.plan;
        let journal = &ground.ingress.journal;
        let Some(counted) = self.counted else {
            let (_, last) = journal.quarantine_tally(merchant, connection, u64::MAX)?;
            self.counted = Some(last);
            return Ok(());
        };
        let (tally, last) = journal.quarantine_tally(merchant, connection, counted)?;
        self.counted = Some(last);
        let mut healed = None;
        for entity in ground.plan.entities() {
            healed = healed.max(journal.last_hook(merchant, connection, entity.resource())?);
        }
        self.shown.retain(|(since, _)| healed.is_none_or(|healed| healed < *since));
        let now = Timestamp::now();
        for (reason, count) in tally {
            let Some(problem) = shown_by(&reason, count) else { continue };
            if !self.shown.iter().any(|(_, it)| it.code == problem.code) {
                // What they should have brought has to be fetched.
                look.walk.extend(ground.plan.entities().into_iter().map(|entity| (entity, None)));
                self.shown.push((now, problem));
            }
        }
        Ok(())
    }
}

fn shown_by(reason: &str, count: u64) -> Option<Problem> {
    let problem = |code, message: &str| {
        Some(Problem { code, topic: None, message: format!("{count} deliveries {message}") })
    };
    match reason {
        "owner_lost_rights" | "error_object" => problem(
            "owner_lost_rights",
            "were errors in place of the resource: the user who owns the webhook was removed or \
             lost its rights; save the webhook anew as an administrator",
        ),
        "resource_gone" if count >= GONE_MANY => problem(
            "resources_unreadable",
            "said that the resource is gone: set the webhook's API version to v3",
        ),
        "signature_mismatch" | "signature_missing" => problem(
            "secret_wrong",
            "were signed with another secret, or not at all: give the webhook the secret of this \
             connection",
        ),
        _ => None,
    }
}

async fn enable(ground: &Ground, webhook: &Webhook) -> Result<bool, Error> {
    match ground.shop.enable_webhook(webhook.id).await {
        Ok(now) if now.status == "active" => {
            tracing::info!(
                merchant.name = ground.plan.merchant,
                connection = ground.plan.connection,
                topic = webhook.topic,
                webhook.id = webhook.id,
                "the webhook is on again; its next failure switches it off"
            );
            Ok(true)
        }
        Ok(_) | Err(Error::Gone) => Ok(false),
        Err(Error::Refused { status, code, .. }) => {
            tracing::warn!(
                merchant.name = ground.plan.merchant,
                connection = ground.plan.connection,
                status,
                code,
                "the webhook cannot be switched on again: the key needs Read/Write permission"
            );
            Ok(false)
        }
        Err(error) => Err(error),
    }
}

fn last_good(ground: &Ground, resource: &str) -> Result<Option<Timestamp>, Error> {
    let Plan { merchant, connection, .. } = &ground.plan;
    Ok(ground.ingress.journal.last_hook(merchant, connection, resource)?)
}

/// Whether a webhook is meant for this connection, whatever name the host goes by.
fn points_here(delivery_url: &str, plan: &Plan) -> bool {
    let Ok(url) = Url::parse(delivery_url) else { return false };
    let here = format!("/hooks/{}/{}", plan.merchant, plan.connection);
    url.path().trim_end_matches('/').ends_with(&here)
}

/// What is wrong with the webhooks that point here.
fn problems(ours: &[Webhook], plan: &Plan) -> Vec<Problem> {
    let mut found = Vec::new();
    let mut add = |code, topic: &str, message: String| {
        let topic = (!topic.is_empty()).then(|| topic.to_owned());
        found.push(Problem { code, topic, message });
    };
    for webhook in ours {
        let Webhook { topic, delivery_url, .. } = webhook;
        match webhook.status.as_str() {
            "active" => {}
            "disabled" => add(
                "webhook_disabled",
                topic,
                "the shop has switched this webhook off after seven failures in a row: switch it \
                 on again, or set reenable_webhooks = true"
                    .into(),
            ),
            other => {
                add("webhook_inactive", topic, format!("this webhook is {other}: activate it"))
            }
        }
        if let Some(expected) = &plan.hook_url
            && delivery_url.trim_end_matches('/') != expected
        {
            let message = format!("this webhook points to {delivery_url} instead of {expected}");
            add("webhook_url", topic, message);
        }
        let port = Url::parse(delivery_url).ok().and_then(|url| url.port_or_known_default());
        if !matches!(port, Some(80 | 443 | 8080)) {
            let message = "shops send only to ports 80, 443 and 8080: this webhook never sends";
            add("webhook_port", topic, message.into());
        }
        if webhook.api_version.as_deref().is_some_and(|it| it != "wp_api_v3") {
            let message = "this webhook has an old API version, which cannot read orders of newer \
                           shops: set it to v3";
            add("webhook_version", topic, message.into());
        }
    }
    for topic in plan.topics.keys().filter(|topic| plan.takes(topic) && is_needed(topic)) {
        if !ours.iter().any(|it| it.topic == *topic) {
            let message = "a route takes this topic, and no webhook sends it: polling finds what \
                           it can, later; make a webhook for it";
            add("webhook_missing", topic, message.into());
        }
    }
    found.sort();
    found
}

/// Whether a shop can have a webhook for a topic, and one that waits for nothing is missed.
/// `restored` only repeats what `updated` says.
fn is_needed(topic: &str) -> bool {
    matches!(
        topic.split_once('.'),
        Some(("order" | "product" | "customer" | "coupon", "created" | "updated" | "deleted"))
            | Some(("action", _))
    )
}

#[cfg(test)]
mod tests {
    use super::super::settings::{Keys, PollConfig};
    use super::*;
    use crate::secret::Secret;

    fn plan(topics: &[&str]) -> Plan {
        Plan {
            merchant: "acme".into(),
            connection: "shop".into(),
            base_url: Url::parse("https://shop.example").unwrap(),
            keys: Keys { consumer_key: Secret::new("k"), consumer_secret: Secret::new("s") },
            config: PollConfig::default(),
            topics: topics.iter().map(|it| ((*it).to_owned(), vec!["orders".into()])).collect(),
            hook_url: Some("https://hooks.example/hooks/acme/shop".into()),
        }
    }

    fn webhook(topic: &str, status: &str, delivery_url: &str) -> Webhook {
        Webhook {
            id: 1,
            status: status.into(),
            topic: topic.into(),
            delivery_url: delivery_url.into(),
            api_version: None,
        }
    }

    fn codes(ours: &[Webhook], topics: &[&str]) -> Vec<&'static str> {
        problems(ours, &plan(topics)).iter().map(|it| it.code).collect()
    }

    #[test]
    fn each_thing_that_keeps_a_webhook_from_working_is_called_by_its_name() {
        let right = "https://hooks.example/hooks/acme/shop/";
        let topic = "order.updated";
        assert_eq!(codes(&[webhook(topic, "active", right)], &[topic]), [""; 0]);
        assert_eq!(codes(&[webhook(topic, "disabled", right)], &[topic]), ["webhook_disabled"]);
        assert_eq!(codes(&[webhook(topic, "paused", right)], &[topic]), ["webhook_inactive"]);
        let elsewhere = "https://old.example/hooks/acme/shop";
        assert_eq!(codes(&[webhook(topic, "active", elsewhere)], &[topic]), ["webhook_url"]);
        let silent = "https://hooks.example:8443/hooks/acme/shop";
        let both = ["webhook_port", "webhook_url"];
        assert_eq!(codes(&[webhook(topic, "active", silent)], &[topic]), both);
        let mut old = webhook(topic, "active", right);
        old.api_version = Some("wp_api_v1".into());
        assert_eq!(codes(&[old], &[topic]), ["webhook_version"]);
        assert_eq!(codes(&[], &[topic, "refund.created", "order.restored"]), ["webhook_missing"]);
    }

    #[test]
    fn a_webhook_is_ours_by_the_path_it_points_to() {
        let plan = plan(&[]);
        assert!(points_here("https://any.example/proxy/hooks/acme/shop/", &plan));
        assert!(!points_here("https://any.example/hooks/acme/shop2", &plan));
        assert!(!points_here("https://any.example/hooks/other/shop", &plan));
        assert!(!points_here("hooks/acme/shop", &plan));
    }
}
