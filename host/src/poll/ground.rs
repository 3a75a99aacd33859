//! What every part of polling one connection works with.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::settings::{Entity, Keys, PollConfig};
use super::shop::{Client, Shop};
use super::status::Board;
use crate::backlog::Backlog;
use crate::checkpoint::Checkpoints;
use crate::ingress::Ingress;
use crate::telemetry::Metrics;

/// One connection that is to be polled. Two that are equal are polled alike.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// Whose.
    pub merchant: String,
    /// The name under `[connections.NAME]`.
    pub connection: String,
    /// Where the shop is.
    pub base_url: reqwest::Url,
    /// What to show there.
    pub keys: Keys,
    /// `[connections.NAME.poll]`.
    pub config: PollConfig,
    /// The routes that take each topic from it; a topic that none takes may be left out.
    pub topics: BTreeMap<String, Vec<String>>,
    /// Where the shop's webhooks should point, where the host knows its own name.
    pub hook_url: Option<String>,
}

impl Plan {
    /// What is polled: what is asked for, or else what goes anywhere.
    #[must_use]
    pub fn entities(&self) -> BTreeSet<Entity> {
        if let Some(entities) = &self.config.entities {
            return entities.clone();
        }
        let goes_somewhere = |entity: &Entity| {
            let of = |verb: &str| format!("{}.{verb}", entity.resource());
            self.takes(&of("created")) || self.takes(&of("updated"))
        };
        Entity::ALL.into_iter().filter(goes_somewhere).collect()
    }

    /// Whether some route takes a topic.
    pub(super) fn takes(&self, topic: &str) -> bool {
        self.topics.get(topic).is_some_and(|routes| !routes.is_empty())
    }

    /// Whether two topics go the same ways.
    pub(super) fn alike(&self, one: &str, other: &str) -> bool {
        let routes = |topic: &str| self.topics.get(topic).map_or(&[][..], Vec::as_slice);
        routes(one) == routes(other)
    }
}

/// The tools of all polling.
#[derive(Clone)]
pub(super) struct Tools {
    pub(super) client: Client,
    pub(super) ingress: Ingress,
    pub(super) checkpoints: Checkpoints,
    pub(super) metrics: Arc<Metrics>,
    pub(super) board: Arc<Board>,
    pub(super) backlog: Arc<Backlog>,
}

/// The tools and the shop they are used on.
pub(super) struct Ground {
    pub(super) plan: Plan,
    pub(super) shop: Shop,
    pub(super) ingress: Ingress,
    pub(super) checkpoints: Checkpoints,
    pub(super) metrics: Arc<Metrics>,
    pub(super) board: Arc<Board>,
    pub(super) backlog: Arc<Backlog>,
}

impl Ground {
    pub(super) fn new(plan: Plan, tools: &Tools) -> Self {
        let Tools { client, ingress, checkpoints, metrics, board, backlog } = tools.clone();
        let shop = Shop::new(client, plan.base_url.clone(), plan.keys.clone(), &plan.config);
        Self { plan, shop, ingress, checkpoints, metrics, board, backlog }
    }
}
