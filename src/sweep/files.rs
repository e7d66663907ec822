//! Names of the files of a sweep's results.

pub(crate) const RESULTS: &str = "results.csv";
pub(crate) const SUMMARY: &str = "sweep.json";
pub(crate) const BY_SEED: &str = "results_by_seed.csv";
pub(crate) const EVALUATIONS: &str = "evaluations.csv";
pub(crate) const TRAININGS: &str = "trainings.jsonl";
pub(crate) const REPORT: &str = "report.html";
