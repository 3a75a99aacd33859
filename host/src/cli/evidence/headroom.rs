//! The headroom forecast of `mapwright check --payload`.

use std::path::Path;

use super::super::case::{Case, CaseFlags};
use super::super::rehearsal::Rehearsal;
use super::{Failure, stem};
use crate::evidence::headroom::{Forecast, NoForecast, forecast};
use crate::evidence::trial::{Input, Rules};

/// What could be forecast.
pub(crate) type Outlook = Result<Forecast, NoForecast>;

/// A payload (or a golden case) with what surrounds it, and the rules it is run by.
pub(crate) fn ready(
    rehearsal: &Rehearsal,
    payload: &Path,
    flags: &CaseFlags,
) -> Result<(Rules, Input), Failure> {
    let mut case = if payload.is_dir() {
        super::super::case::Folder::read(payload)?.case
    } else {
        Case::of(payload)?
    };
    flags.read()?.put_around(&mut case);
    let faults = rehearsal.settings_faults(&case);
    if !faults.is_empty() {
        return Err(Failure::Settings(faults));
    }
    let rules = Rules { stages: rehearsal.stages().clone(), ..Rules::default() };
    Ok((rules, case.input(stem(payload))?))
}

/// Forecasts from it.
pub(crate) fn outlook(rehearsal: &Rehearsal, rules: &Rules, input: &Input) -> Outlook {
    forecast(rules, input, rehearsal.limits())
}
