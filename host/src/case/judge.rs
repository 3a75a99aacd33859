//! One golden case, run and held against what it expects.

use super::Unreadable;
use super::expectation::{Comparison, Expectation};
use super::folder::{Expected, Folder};
use super::rehearsal::{Rehearsal, SettingsFault};
use super::report::Report;

/// What became of a case that could be read.
#[derive(Debug)]
pub(crate) enum Judged {
    /// What came is what is expected.
    Passed,
    /// It is not.
    Failed(Comparison),
    /// Nothing is expected, so nothing is known.
    NothingExpected,
    /// Its settings break the plugin's schema, so it was not run.
    Settings(Vec<SettingsFault>),
}

impl Rehearsal {
    /// Runs one case; leaves in `slot` what came of it, where it came to a run.
    pub(crate) fn judge(
        &self,
        folder: &Folder,
        slot: &mut Option<Report>,
    ) -> Result<Judged, Unreadable> {
        let expectation = match &folder.expected {
            Expected::File(file) => Some(Expectation::read(file)?),
            Expected::Missing => None,
        };
        let faults = self.settings_faults(&folder.case);
        if !faults.is_empty() {
            return Ok(Judged::Settings(faults));
        }
        let report = slot.insert(self.run(&folder.case)?);
        Ok(match expectation.map(|expectation| expectation.compare(report)) {
            Some(comparison) if comparison.same() => Judged::Passed,
            Some(comparison) => Judged::Failed(comparison),
            None => Judged::NothingExpected,
        })
    }
}
