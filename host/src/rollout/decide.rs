//! Decisions: each is one commit, with its line of the audit record, and takes effect after it. They
//! are taken one after the other; whoever reads what stands never waits for one.

use std::sync::Arc;

use tracing::info;

use super::{Canary, Role, Rollout, State, Terms, Trial};
use crate::journal;
use crate::journal::audit::Act;
use crate::journal::rollouts::{CanaryRow, Change, Pause, TrialRow};
use crate::journal::versions::{VersionAct, VersionState};
use crate::plugin::Plugin;

/// Why something is not decided.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// It stands otherwise already.
    #[error("{0}")]
    Conflict(String),
    /// The journal would not.
    #[error(transparent)]
    Journal(#[from] journal::Error),
}

/// A version that was put to work.
#[derive(Debug)]
pub struct Activated<'a> {
    /// Whose.
    pub merchant: &'a str,
    /// What routes call it by.
    pub plugin: &'a str,
    /// The version that is in use now.
    pub to: &'a str,
    /// How the version before watches it, if it does.
    pub watch: Option<Watch>,
    /// Whether the host did it by itself, and what it saw.
    pub reverted: Option<&'a str>,
}

/// The version before, and how it watches the one that took its place.
#[derive(Debug)]
pub struct Watch {
    /// The version before.
    pub before: Plugin,
    /// How.
    pub terms: Terms,
    /// Who wants it.
    pub who: String,
    /// Why.
    pub why: String,
}

impl Rollout {
    /// Holds a route still: what is in flight on it ends, and nothing begins.
    ///
    /// # Errors
    /// It is held already; the journal would not.
    pub async fn pause(&self, pause: Pause, note: Act) -> Result<(), Error> {
        let _turn = self.inner.turn.lock().await;
        let (merchant, route) = (pause.merchant.clone(), pause.route.clone());
        let now = self.inner.now.load_full();
        if let Some(held) = now.merchants.get(&merchant).and_then(|of| of.paused.get(&route)) {
            return Err(Error::Conflict(format!(
                "route `{route}` is paused already, since {} by {}: {}",
                held.at, held.who, held.why
            )));
        }
        self.act(vec![Change::Pause(pause.clone())], [note]).await?;
        info!(merchant.name = merchant, route.name = route, who = pause.who, "route paused");
        self.change(&merchant, |of| {
            of.paused.insert(route, pause);
        });
        Ok(())
    }

    /// Lets a route go on where it was.
    ///
    /// # Errors
    /// It is not held; the journal would not.
    pub async fn resume(&self, merchant: &str, route: &str, note: Act) -> Result<(), Error> {
        let _turn = self.inner.turn.lock().await;
        if !self.is_paused(merchant, route) {
            return Err(Error::Conflict(format!("route `{route}` is not paused")));
        }
        let resume = Change::Resume { merchant: merchant.to_owned(), route: route.to_owned() };
        self.act(vec![resume], [note]).await?;
        info!(merchant.name = merchant, route.name = route, "route goes on");
        self.change(merchant, |of| {
            of.paused.remove(route);
        });
        self.inner.reconfigured.notify_one();
        Ok(())
    }

    /// Gives a candidate a share of the resources, or another share.
    ///
    /// # Errors
    /// Another candidate has one; the journal would not.
    pub async fn share(&self, row: CanaryRow, version: Plugin, note: Act) -> Result<(), Error> {
        let _turn = self.inner.turn.lock().await;
        let (merchant, plugin) = (row.merchant.clone(), row.plugin.clone());
        let before = self.canaries(Some(&merchant)).into_iter().find(|it| it.row.plugin == plugin);
        if let Some(before) = before.filter(|it| it.row.candidate != row.candidate) {
            return Err(Error::Conflict(format!(
                "another version of `{plugin}` is a canary already ({}…): stop that one first",
                before.row.candidate.chars().take(12).collect::<String>()
            )));
        }
        self.act(vec![Change::Canary(row.clone())], [note]).await?;
        info!(merchant.name = merchant, plugin.name = plugin, share = row.share, "canary");
        self.change(&merchant, |of| {
            of.canaries.insert(plugin, Arc::new(Canary::new(row, Ok(version))));
        });
        Ok(())
    }

    /// Nobody gets the candidate any more.
    ///
    /// # Errors
    /// There is none; the journal would not.
    pub async fn unshare(&self, merchant: &str, plugin: &str, note: Act) -> Result<(), Error> {
        let _turn = self.inner.turn.lock().await;
        if !self.canaries(Some(merchant)).iter().any(|it| it.row.plugin == plugin) {
            return Err(Error::Conflict(format!("no version of `{plugin}` is a canary")));
        }
        let end = Change::EndCanary { merchant: merchant.to_owned(), plugin: plugin.to_owned() };
        self.act(vec![end], [note]).await?;
        self.change(merchant, |of| {
            of.canaries.remove(plugin);
        });
        Ok(())
    }

    /// Begins to run a version beside the one in use.
    ///
    /// # Errors
    /// One is running; the journal would not.
    pub async fn begin(&self, trial: Trial, note: Act) -> Result<Arc<Trial>, Error> {
        let _turn = self.inner.turn.lock().await;
        let before = self.trial(&trial.merchant, &trial.plugin, trial.role);
        if before.is_some_and(|it| it.state() == State::Running) {
            return Err(Error::Conflict(format!(
                "a version of `{}` is in shadow already: stop it first",
                trial.plugin
            )));
        }
        self.act(vec![Change::Begin(trial.row())], [note]).await?;
        let trial = Arc::new(trial);
        self.change(&trial.merchant, |of| of.put(Arc::clone(&trial)));
        Ok(trial)
    }

    /// Ends a trial by hand; its report stays.
    ///
    /// # Errors
    /// It is not running; the journal would not.
    pub async fn stop(&self, trial: &Trial, note: Act) -> Result<(), Error> {
        let _turn = self.inner.turn.lock().await;
        if trial.state() != State::Running {
            return Err(Error::Conflict(format!("it is not running: {}", trial.state().as_str())));
        }
        self.act(vec![Change::Step(trial.ended(State::Stopped, None))], [note]).await?;
        trial.end(State::Stopped, None);
        self.show();
        Ok(())
    }

    /// A version was put to work: the canary that it was ends, trials that were about the version
    /// before end, and it is watched, all in one commit with what else is told of it: the line of the
    /// audit record.
    ///
    /// # Errors
    /// The journal would not; then nothing of this is written down, and the version is in use.
    pub async fn activated(&self, it: Activated<'_>, told: Vec<Act>) -> Result<(), Error> {
        let Activated { merchant, plugin, to, watch, reverted } = it;
        let _turn = self.inner.turn.lock().await;
        let (mut changes, mut ended) = (Vec::new(), Vec::new());
        let canary = self.canaries(Some(merchant)).into_iter().find(|it| it.row.plugin == plugin);
        let over = canary.is_some_and(|it| it.row.candidate == to);
        if over {
            let (merchant, plugin) = (merchant.to_owned(), plugin.to_owned());
            changes.push(Change::EndCanary { merchant, plugin });
        }
        for trial in self.trials(Some(merchant)).into_iter().filter(|it| it.plugin == plugin) {
            // What the thread has found to be superseded a moment ago was, by this.
            use State::{Done, Running, Superseded};
            let end = match (trial.role, trial.state()) {
                (Role::Shadow, Running | Done | Superseded) if trial.beside.digest == to => {
                    State::Promoted
                }
                (Role::Watch, Running | Superseded) if reverted.is_some() => State::Reverted,
                (_, Running) if trial.live.digest != to => Superseded,
                _ => continue,
            };
            changes.push(Change::Step(trial.ended(end, reverted)));
            ended.push((trial, end));
        }
        let watch = watch.map(|watch| {
            let live = self.named(to);
            let (before, terms) = (watch.before, watch.terms);
            let trial = Trial::begin(
                (merchant, plugin, Role::Watch),
                (live, before),
                terms,
                (&watch.who, &watch.why),
            );
            Arc::new(trial)
        });
        changes.extend(watch.iter().map(|trial| Change::Begin(trial.row())));
        let active = Act::Version(VersionAct::State {
            merchant: merchant.to_owned(),
            plugin: plugin.to_owned(),
            digest: to.to_owned(),
            to: VersionState::Active,
        });
        self.act(changes, [active].into_iter().chain(told)).await?;
        if reverted.is_some() {
            self.inner.metrics.reverts.inc();
        }
        for (trial, end) in ended {
            trial.end(end, reverted.map(str::to_owned));
        }
        self.change(merchant, |of| {
            if over {
                of.canaries.remove(plugin);
            }
            if let Some(watch) = watch {
                of.put(watch);
            }
        });
        Ok(())
    }

    /// One commit: the changes, where versions stand after them, and the line of the audit record.
    async fn act(
        &self,
        changes: Vec<Change>,
        told: impl IntoIterator<Item = Act>,
    ) -> Result<(), Error> {
        let stand = changes.iter().filter_map(stands_now).map(Act::Version);
        let mut acts: Vec<Act> = stand.collect();
        acts.extend(changes.into_iter().map(|change| Act::Rollout(Box::new(change))));
        acts.extend(told);
        self.inner.journal.act(acts).await?;
        Ok(())
    }
}

/// What the record of versions is told of a change. That a version is active, and the one before it
/// retired, is told by [`Rollout::activated`].
pub(super) fn stands_now(change: &Change) -> Option<VersionAct> {
    let (merchant, plugin, digest, to) = match change {
        Change::Canary(it) => (&it.merchant, &it.plugin, &it.candidate, VersionState::Candidate),
        Change::Begin(it) | Change::Step(it) if it.role == Role::Shadow.as_str() => {
            let TrialRow { merchant, plugin, beside, state, .. } = it;
            let to = match state.as_str() {
                "running" => VersionState::Shadow,
                "done" | "stopped" | "superseded" => VersionState::Candidate,
                _ => return None,
            };
            (merchant, plugin, beside, to)
        }
        _ => return None,
    };
    Some(VersionAct::State {
        merchant: merchant.clone(),
        plugin: plugin.clone(),
        digest: digest.clone(),
        to,
    })
}
