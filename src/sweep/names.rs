//! Names a sweep and its trainings by all that decides them.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use super::SweepError;
use super::loaded::data_name;
use super::planner::SweepPlan;
use crate::data::{DataSource, sizes};
use crate::run::{fingerprint_of, load, own_content, weights_content};
use crate::scenario::InitialWeights;

/// What results of a sweep are known by: digests of all that decides them, the program with all that it was built of included.
pub(super) struct Names {
    /// The sweep: its text and that of its base, and the data that it uses.
    pub sweep: String,
    /// Its trainings, by number: what decides their values, and their data.
    pub trainings: Vec<String>,
}

/// Names a sweep and its trainings. Reads the data that are not bundled.
pub(super) fn names(plan: &SweepPlan) -> Result<Names, SweepError> {
    let mut contents = BTreeMap::<String, String>::new();
    let mut trainings = Vec::new();
    for training in &plan.trainings {
        let own = plan.plan(training.point as usize);
        let blamed = |error| plan.blamed(training.point, &error);
        let place = data_name(&own);
        let mut key = own.accuracy_key();
        if !matches!(own.data, DataSource::Mnist { .. }) {
            let content = || -> Result<String, SweepError> {
                let data = load(&own).map_err(blamed)?;
                Ok(own_content(&own.data, &data))
            };
            key += remembered(&mut contents, format!("data {place}"), content)?;
        }
        if let InitialWeights::File(_) = own.training.initial_weights {
            let content = || -> Result<String, SweepError> {
                let (image, classes) = sizes(&own.data).map_err(blamed)?;
                weights_content(&own, image, classes).map_err(blamed)
            };
            let place = format!("{:?} {:?} {place}", own.training.initial_weights, own.model);
            key += remembered(&mut contents, place, content)?;
        }
        trainings.push(fingerprint_of(&[b"training", key.as_bytes()]));
    }
    let contents: String = contents.into_values().collect();
    let sweep = fingerprint_of(&[b"sweep", plan.sweep.digest.as_bytes(), contents.as_bytes()]);
    Ok(Names { sweep, trainings })
}

/// What is remembered under a name, made if it is not there.
fn remembered(
    all: &mut BTreeMap<String, String>,
    name: String,
    make: impl FnOnce() -> Result<String, SweepError>,
) -> Result<&str, SweepError> {
    Ok(match all.entry(name) {
        Entry::Occupied(known) => known.into_mut(),
        Entry::Vacant(free) => free.insert(make()?),
    })
}
