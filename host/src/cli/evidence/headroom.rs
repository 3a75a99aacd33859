//! The headroom forecast of `mapwright check --payload`.

use std::path::Path;
use std::sync::Arc;

use super::super::case::{Case, CaseFlags};
use super::super::rehearsal::{LimitFlags, PluginFiles, Rehearsal, context_of, engine, tables};
use super::{Failure, stem};
use crate::evidence::headroom::{Forecast, NoForecast, forecast};
use crate::evidence::trial::{Input, Rules};
use crate::plugin::Limits;

/// What could be forecast.
pub(crate) type Outlook = Result<Forecast, NoForecast>;

/// Forecasts from a payload (or a golden case) under these limits.
pub(crate) fn outlook(
    plugin: &Path,
    payload: &Path,
    flags: &CaseFlags,
    limits: &Limits,
) -> Result<Outlook, Failure> {
    let mut case = if payload.is_dir() {
        super::super::case::Folder::read(payload)?.case
    } else {
        Case::of(payload)?
    };
    flags.read()?.put_around(&mut case);
    let files = PluginFiles { plugin: plugin.to_owned(), pricing: None, status_translation: None };
    let rehearsal = Rehearsal::load_on(&engine(1, plugin)?, &files, &LimitFlags::of(*limits))?;
    let faults = rehearsal.settings_faults(&case);
    if !faults.is_empty() {
        return Err(Failure::Settings(faults));
    }
    let input = Input {
        name: stem(payload),
        payload: case.payload.clone(),
        context: context_of(&case),
        previous_status: case.circumstances.previous_status.clone(),
        lookups: Arc::new(tables(&case.lookups)?),
    };
    let rules = Rules { stages: rehearsal.stages().clone(), ..Rules::default() };
    Ok(forecast(&rules, &input, rehearsal.limits()))
}
