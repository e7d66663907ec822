//! Recorded programs: made when they are first needed, dropped when the last point that needs them is done.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::sync::{Arc, Mutex, PoisonError};

use super::SweepError;
use super::planner::{SweepPlan, source_name};
use crate::data::{self, ImageSize};
use crate::nn::Layer;
use crate::run::{Recorded, RunError, check_sends, layers, record, training_program};
use crate::scenario::Plan;

/// Images and classes of each data set.
#[derive(Debug)]
pub(crate) struct Sizes {
    by_source: BTreeMap<String, (ImageSize, usize)>,
}

impl Sizes {
    /// Looks at the data sets that traces need, and whether all networks fit them.
    pub(crate) fn read(plan: &SweepPlan) -> Result<Sizes, SweepError> {
        let mut by_source = BTreeMap::new();
        for distinct in &plan.traces {
            let own = plan.plan(distinct.point as usize);
            let (image, classes) = match by_source.entry(source_name(&own)) {
                Entry::Vacant(entry) => {
                    let sizes = data::sizes(&own.data);
                    *entry.insert(sizes.map_err(|error| plan.blamed(distinct.point, &error))?)
                }
                Entry::Occupied(entry) => *entry.get(),
            };
            layers(&own, image, classes)?;
        }
        Ok(Sizes { by_source })
    }

    /// All layers of a plan's network.
    pub(crate) fn layers(&self, plan: &Plan) -> Vec<Layer> {
        let (image, classes) = self.by_source[&source_name(plan)];
        layers(plan, image, classes).expect("all networks were tried")
    }
}

/// The distinct programs of a sweep.
pub(crate) struct Traces<'a> {
    plan: &'a SweepPlan,
    sizes: &'a Sizes,
    slots: Vec<Mutex<Slot>>,
}

#[derive(Default)]
struct Slot {
    recorded: Option<Arc<Recorded>>,
    /// Points to come.
    open: usize,
}

impl<'a> Traces<'a> {
    /// Nothing is recorded yet; `points` are those to come.
    pub(crate) fn new(
        plan: &'a SweepPlan,
        sizes: &'a Sizes,
        points: impl Iterator<Item = u32>,
    ) -> Traces<'a> {
        let mut open = vec![0; plan.traces.len()];
        points.for_each(|point| open[plan.program(point as usize).trace as usize] += 1);
        let slot = |open| Mutex::new(Slot { recorded: None, open });
        Traces { plan, sizes, slots: open.into_iter().map(slot).collect() }
    }

    fn slot(&self, trace: u32) -> std::sync::MutexGuard<'_, Slot> {
        self.slots[trace as usize].lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A program, recorded now if it is not yet.
    pub(crate) fn get(&self, trace: u32) -> Result<Arc<Recorded>, SweepError> {
        let mut slot = self.slot(trace);
        if let Some(recorded) = &slot.recorded {
            return Ok(Arc::clone(recorded));
        }
        let recorded = Arc::new(self.record(self.plan.traces[trace as usize].point)?);
        slot.recorded = Some(Arc::clone(&recorded));
        Ok(recorded)
    }

    /// The program of a point, recorded and not kept.
    pub(crate) fn record(&self, point: u32) -> Result<Recorded, SweepError> {
        Ok(record_plan(&self.plan.plan(point as usize), self.sizes)?)
    }

    /// So many points are done with a program.
    pub(crate) fn used(&self, trace: u32, points: usize, recorded: Arc<Recorded>) {
        drop(recorded);
        let mut slot = self.slot(trace);
        slot.open = slot.open.saturating_sub(points);
        if slot.open == 0 {
            slot.recorded = None;
        }
    }
}

fn record_plan(plan: &Plan, sizes: &Sizes) -> Result<Recorded, RunError> {
    let program = training_program(plan, &sizes.layers(plan), plan.data.train_rows());
    Ok(record(plan, &program)?)
}

/// Refuses adversaries with nothing to do.
pub(crate) fn check_adversaries(plan: &SweepPlan, sizes: &Sizes) -> Result<(), SweepError> {
    for distinct in &plan.adversaries {
        let own = plan.plan(distinct.point as usize);
        check_sends(&own, &record_plan(&own, sizes)?, own.data.train_rows())?;
    }
    Ok(())
}
