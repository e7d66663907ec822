//! How a command fails.

use crate::memory::TooMuchMemory;
use crate::report::FolderError;
use crate::run::RunError;
use crate::scenario::{Scenario, ScenarioErrors};
use crate::sweep::SweepError;

/// Why a command failed.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The user's mistake, explained; exit code 2.
    Mistake(String),
    /// The same with a place in a file, in colour if that can be seen.
    Placed(ScenarioErrors),
    /// The same, explained already.
    Told,
    /// Results are worse than the user allows, as has been printed; exit code 1.
    Worse,
    /// Anything else; exit code 1.
    Other(String),
}

/// A mistake, in a sentence.
pub(super) fn mistake(text: String) -> Failure {
    Failure::Mistake(format!("error: {text}"))
}

impl From<ScenarioErrors> for Failure {
    fn from(errors: ScenarioErrors) -> Self {
        Failure::Placed(errors)
    }
}

impl From<RunError> for Failure {
    fn from(error: RunError) -> Self {
        let text = format!("error: {error}");
        if error.is_mistake() { Failure::Mistake(text) } else { Failure::Other(text) }
    }
}

impl Failure {
    /// Why a run of a scenario with what is set in it failed; what is wrong with a file of data is shown where the file is named.
    pub(super) fn of_run(scenario: &Scenario, sets: &[String], error: RunError) -> Failure {
        match error {
            RunError::Data(error) => Failure::Placed(scenario.blamed(sets, &error)),
            other => other.into(),
        }
    }
}

impl From<TooMuchMemory> for Failure {
    fn from(error: TooMuchMemory) -> Self {
        Failure::Mistake(format!("error: {error}"))
    }
}

impl From<FolderError> for Failure {
    fn from(error: FolderError) -> Self {
        let text = format!("error: {error}");
        if error.is_mistake() { Failure::Mistake(text) } else { Failure::Other(text) }
    }
}

impl From<SweepError> for Failure {
    fn from(error: SweepError) -> Self {
        let error = match error {
            SweepError::Scenario(errors) => return Failure::Placed(errors),
            other => other,
        };
        let text = format!("error: {error}");
        if error.is_mistake() { Failure::Mistake(text) } else { Failure::Other(text) }
    }
}
