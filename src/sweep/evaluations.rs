//! `evaluations.csv`: the test accuracy at each look at a training, under the index of the first point that it belongs to, and what was
//! counted in an epoch, at its end.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

use super::SweepError;
use super::files::EVALUATIONS;
use super::planner::SweepPlan;
use super::result::TrainingResult;

const HEADER: &str = "index,iterations,restarts,test_accuracy,out_of_range,rows_beyond_domain\n";

/// The file of a sweep that trains.
pub(crate) fn evaluations_csv(
    plan: &SweepPlan,
    trainings: &BTreeMap<u32, TrainingResult>,
) -> Option<Vec<u8>> {
    if !plan.sweep().train {
        return None;
    }
    let mut text = HEADER.to_string();
    for (&training, result) in trainings {
        let index = plan.trainings[training as usize].point;
        for look in result.evaluations() {
            let (iterations, restarts, accuracy) = (look.iterations, look.restarts, look.test_accuracy);
            let epoch = result.epochs.iter().find(|epoch| epoch.iterations == iterations);
            let cell = |count: Option<u64>| count.map_or(String::new(), |count| count.to_string());
            let values = cell(epoch.and_then(|epoch| epoch.out_of_range));
            let rows = cell(epoch.map(|epoch| epoch.rows_beyond_domain));
            writeln!(text, "{index},{iterations},{restarts},{accuracy},{values},{rows}")
                .expect("written to memory");
        }
    }
    Some(text.into_bytes())
}

/// The files of all shards as one; a training that several have is in it once.
pub(crate) fn joined(folders: &[PathBuf]) -> Result<Option<Vec<u8>>, SweepError> {
    let mut trainings: BTreeMap<u64, String> = BTreeMap::new();
    let mut any = false;
    for folder in folders.iter().map(|folder| folder.join(EVALUATIONS)).filter(|file| file.exists()) {
        any = true;
        for (index, looks) in read(&folder)? {
            let known = trainings.entry(index).or_insert_with(|| looks.clone());
            if *known != looks {
                return Err(damaged(&folder));
            }
        }
    }
    let all = || HEADER.bytes().chain(trainings.into_values().flat_map(String::into_bytes)).collect();
    Ok(any.then(all))
}

fn damaged(file: &Path) -> SweepError {
    SweepError::Damaged(file.parent().unwrap_or(file).display().to_string())
}

/// The lines of a file by their index.
fn read(file: &Path) -> Result<BTreeMap<u64, String>, SweepError> {
    let text = fs::read_to_string(file).map_err(|_| damaged(file))?;
    let mut trainings: BTreeMap<u64, String> = BTreeMap::new();
    for line in text.strip_prefix(HEADER).ok_or_else(|| damaged(file))?.split_inclusive('\n') {
        let index = line.split(',').next().and_then(|digits| digits.parse().ok());
        *trainings.entry(index.ok_or_else(|| damaged(file))?).or_default() += line;
    }
    Ok(trainings)
}
