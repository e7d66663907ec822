//! Data sets in memory: each is read once for all trainings that use it at about the same time.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use crate::data::{DataError, TrainTest};
use crate::run::load;
use crate::scenario::Plan;

/// What data of a plan are known by. Whether a number fits depends on the number format.
pub(super) fn data_name(plan: &Plan) -> String {
    format!("{:?} {:?}", plan.data, plan.fixed_point)
}

/// A data set as long as somebody holds it.
type Slot = Arc<Mutex<Weak<TrainTest>>>;

/// The data sets that anybody holds.
#[derive(Default)]
pub(super) struct Loaded {
    by_name: Mutex<BTreeMap<String, Slot>>,
}

/// The data of a worker's last training, which it holds until it needs others: so many workers hold at most so many data sets.
pub(super) struct Held<'a> {
    loaded: &'a Loaded,
    own: Option<(String, Arc<TrainTest>)>,
}

impl<'a> Held<'a> {
    /// Holds nothing yet.
    pub(super) fn new(loaded: &'a Loaded) -> Held<'a> {
        Held { loaded, own: None }
    }

    /// The data of a plan: those that this worker or another one holds; read if nobody does.
    pub(super) fn data(&mut self, plan: &Plan) -> Result<&TrainTest, DataError> {
        let name = data_name(plan);
        let (name, data) = match self.own.take().filter(|(held, _)| *held == name) {
            Some(held) => held,
            None => {
                let mut by_name = self.loaded.by_name.lock().unwrap_or_else(PoisonError::into_inner);
                let slot = Arc::clone(by_name.entry(name.clone()).or_default());
                drop(by_name);
                // Whoever needs them too waits for them here.
                let mut slot = slot.lock().unwrap_or_else(PoisonError::into_inner);
                let data = match slot.upgrade() {
                    Some(data) => data,
                    None => Arc::new(load(plan)?),
                };
                *slot = Arc::downgrade(&data);
                (name, data)
            }
        };
        Ok(&self.own.insert((name, data)).1)
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::scenario::{FixedPoint, Scenario};

    fn plan(train: usize) -> Plan {
        let text = format!(
            "(name: \"a\", protocol: rep3, model: dense(hidden: []), softmax: exact, data: mnist(train: {train}, test: 10), \
             network: preset(\"lan\"))"
        );
        Scenario::parse(&text, "x", Path::new(""), &[]).unwrap()
    }

    /// Whether all numbers fit is looked at when they are read, so numbers of another format are read anew.
    #[test]
    fn data_of_another_format_have_another_name() {
        let other = FixedPoint { total_bits: 40, ..plan(200).fixed_point };
        assert_ne!(data_name(&plan(200)), data_name(&Plan { fixed_point: other, ..plan(200) }));
    }

    #[test]
    fn data_are_shared_while_somebody_holds_them() {
        let loaded = Loaded::default();
        let (mut one, mut other) = (Held::new(&loaded), Held::new(&loaded));
        let first: *const TrainTest = one.data(&plan(200)).unwrap();
        assert_eq!(first, std::ptr::from_ref(one.data(&plan(200)).unwrap()));
        assert_eq!(first, std::ptr::from_ref(other.data(&plan(200)).unwrap()));
        assert_eq!(*one.data(&plan(200)).unwrap(), load(&plan(200)).unwrap());
        // Nobody holds more than one.
        assert_eq!(one.data(&plan(150)).unwrap().train.rows, 150);
        let held = |plan: &Plan| {
            let by_name = loaded.by_name.lock().unwrap();
            let slot = by_name[&data_name(plan)].lock().unwrap();
            slot.strong_count()
        };
        assert_eq!((held(&plan(200)), held(&plan(150))), (1, 1));
        drop(other);
        assert_eq!((held(&plan(200)), held(&plan(150))), (0, 1), "what nobody needs is freed");
        assert_eq!(one.data(&plan(200)).unwrap().train.rows, 200);
        assert_eq!((held(&plan(200)), held(&plan(150))), (1, 0));
    }
}
