//! How long the points of a sweep take: some of each kind are replayed, and timed.
//!
//! A point takes no longer for more iterations where they repeat, and as much for each where they do not, so points differ by
//! factors of thousands. They are told apart by their program and by whether their iterations repeat.

use std::collections::BTreeMap;

use super::SweepError;
use super::planner::{Program, SweepPlan};
use super::replay::{Course, replay_points};
use super::trace::Sizes;
use crate::run::{Phase, RunError, record, training_program};

/// Points that are looked at, spread over all.
const LOOKED_AT: usize = 256;
/// No axis has so many values, or a part of it.
const PRIME: usize = 40_487;
/// Kinds of points that are timed: those with the most to replay.
const MOST_KINDS: usize = 6;
/// Timing goes on to other kinds as long as it has taken less, in seconds.
const TIMING: f64 = 0.5;
/// Points that are replayed together to be timed, at most; where no iteration repeats, each is replayed on its own.
const TOGETHER: usize = 32;
const APART: usize = 4;
/// Iterations of the shorter and of the longer replay that are timed.
const REPLAYED: (u64, u64) = (32, 256);
/// How often what is short is timed: the least counts, since other programs only make it longer.
const REPETITIONS: usize = 3;
/// What a row of results takes beside its replay: to write it, and to read it again for the report.
const RESULT_NS: f64 = 12_000.0;

/// The least that something takes when it is done several times, in nanoseconds.
pub(super) fn least<E>(clock: &dyn Fn() -> f64, mut work: impl FnMut() -> Result<(), E>) -> Result<f64, E> {
    let mut least = f64::INFINITY;
    for _ in 0..REPETITIONS {
        let began = clock();
        work()?;
        least = least.min((clock() - began) * 1e9);
    }
    Ok(least)
}

/// Points of one program whose iterations all repeat, or none.
struct Alike {
    varies: bool,
    /// With the iterations of their trainings.
    points: Vec<(u32, u64)>,
}

impl Alike {
    /// In what their replay is roughly proportional.
    fn weight(&self) -> f64 {
        let runs = |&(_, iterations): &(u32, u64)| {
            iterations.min(if self.varies { u64::MAX } else { REPLAYED.0 }) as f64
        };
        self.points.iter().map(runs).sum()
    }
}

/// Some of the points, one of each stretch of them, at places that fall in with no axis.
fn spread(points: &[u32]) -> Vec<u32> {
    let stretch = points.len().div_ceil(LOOKED_AT);
    let one = |(number, stretch): (usize, &[u32])| stretch[number * PRIME % stretch.len()];
    points.chunks(stretch).enumerate().map(one).collect()
}

/// Points by kind, those first that have the most to replay.
fn kinds(plan: &SweepPlan, points: &[u32]) -> Vec<Alike> {
    let mut kinds: BTreeMap<(u32, bool), Alike> = BTreeMap::new();
    for &point in points {
        let Program { trace, iterations, .. } = plan.program(point as usize);
        let own = plan.plan(point as usize);
        let varies = plan.condition(&own, &plan.sweep.grid.position(point as usize)).network.varies();
        let alike = kinds.entry((trace, varies)).or_insert(Alike { varies, points: Vec::new() });
        alike.points.push((point, iterations));
    }
    let mut kinds: Vec<Alike> = kinds.into_values().collect();
    kinds.sort_by(|a, b| b.weight().total_cmp(&a.weight()));
    kinds
}

/// What a point takes on average, in nanoseconds of one thread.
pub(super) fn point_ns(
    plan: &SweepPlan,
    sizes: &Sizes,
    points: &[u32],
    clock: &(dyn Fn() -> f64 + Sync),
) -> Result<f64, SweepError> {
    let looked_at = spread(points);
    let kinds = kinds(plan, &looked_at);
    let (mut all_ns, mut timed_weight, mut record_ns, mut timed) = (0.0, 0.0, 0.0, 0);
    let began = clock();
    for alike in kinds.iter().take(MOST_KINDS) {
        if timed > 0 && clock() - began > TIMING {
            break;
        }
        let (recorded_ns, replays_ns) = time(plan, sizes, alike, points.len() / looked_at.len(), clock)?;
        record_ns += recorded_ns;
        all_ns += replays_ns;
        timed_weight += alike.weight();
        timed += 1;
    }
    let all_weight: f64 = kinds.iter().map(Alike::weight).sum();
    let replays_ns = all_ns * all_weight / timed_weight / looked_at.len() as f64;
    let records_ns = record_ns / f64::from(timed) * plan.traces() as f64 / points.len() as f64;
    Ok(RESULT_NS + replays_ns + records_ns)
}

/// Times the recording of a program, and some of its points: what all that were looked at take to be replayed. Each of them
/// stands for so many.
fn time(
    plan: &SweepPlan,
    sizes: &Sizes,
    alike: &Alike,
    stands_for: usize,
    clock: &(dyn Fn() -> f64 + Sync),
) -> Result<(f64, f64), SweepError> {
    let own = plan.plan(alike.points[0].0 as usize);
    let began = clock();
    let recorded = record(&own, &training_program(&own, &sizes.layers(&own), own.data.train_rows()));
    let recorded = recorded.map_err(RunError::from)?;
    let recorded_ns = (clock() - began) * 1e9;
    let together = if alike.varies { APART } else { TOGETHER };
    let chosen: Vec<u32> = alike.points.iter().map(|&(point, _)| point).take(together).collect();
    let positions: Vec<_> = chosen.iter().map(|&point| plan.sweep.grid.position(point as usize)).collect();
    let plans: Vec<_> = chosen.iter().map(|&point| plan.plan(point as usize)).collect();
    let conditions = || plans.iter().zip(&positions).map(|(own, position)| plan.condition(own, position));
    // Where there are many points, those that are replayed together are many too, if not just these.
    let times_each = if stands_for > 1 { (together / chosen.len()).max(1) } else { 1 };
    let longest = alike.points.iter().map(|&(_, iterations)| iterations).max().unwrap_or(1);
    let lengths = [REPLAYED.0, REPLAYED.1].map(|length| length.min(longest));
    let mut times = [0.0; 2];
    for (time, length) in times.iter_mut().zip(lengths) {
        *time = least::<SweepError>(clock, || {
            let phases = [Phase::Iterations(length)];
            let course = Course { phases: &phases, looks: &[] };
            let conditions: Vec<_> = (0..times_each).flat_map(|_| conditions()).collect();
            replay_points(&recorded, &course, &conditions).map_err(RunError::from)?;
            Ok(())
        })?;
    }
    let replayed = (chosen.len() * times_each) as f64;
    let longer = (lengths[1] - lengths[0]).max(1) as f64;
    // Nothing where a training repeats itself, and is not replayed to its end.
    let repeats = !alike.varies && times[1] < 2.0 * times[0];
    let each = if repeats { 0.0 } else { ((times[1] - times[0]) / longer).max(0.0) / replayed };
    let of = |&(_, iterations): &(u32, u64)| {
        (times[1] / replayed + each * (iterations as f64 - lengths[1] as f64)).max(each)
    };
    Ok((recorded_ns, alike.points.iter().map(of).sum()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_value_of_every_axis_is_looked_at() {
        let points: Vec<u32> = (0..256_000).collect();
        let looked_at = spread(&points);
        assert_eq!(looked_at.len(), LOOKED_AT);
        for values in [2, 3, 4, 5, 8, 10, 20] {
            let mut found: Vec<u32> = looked_at.iter().map(|point| point % values).collect();
            found.sort_unstable();
            found.dedup();
            assert_eq!(found.len(), values as usize, "an axis of {values}");
        }
        assert_eq!(spread(&points[7..107]), points[7..107], "few are all looked at");
    }

    /// Programs are timed apart, and those points that repeat nothing apart from those that do.
    #[test]
    fn points_are_told_apart_by_what_they_replay() {
        let text = "(name: \"s\", base: (name: \"b\", protocol: rep3, model: dense(hidden: []), softmax: exact, \
                    data: mnist(train: 500, test: 100), training: (iterations: 5, batch: 100), \
                    network: custom(latency_ms: 1, bandwidth_mbps: 1)), axes: [\
                    (field: \"softmax\", values: [exact, relu_gradient]), \
                    (field: \"training.iterations\", values: [10, 1000]), \
                    (field: \"network.jitter\", values: [none, uniform(max_ms: 1)])])";
        let limit = crate::memory::MemoryLimit::of_machine();
        let sweep = crate::sweep::Sweep::from_text(text, "s.ron", std::path::Path::new(""), limit).unwrap();
        let plan = SweepPlan::new(sweep).unwrap();
        let kinds = kinds(&plan, &(0..8).collect::<Vec<u32>>());
        let told: Vec<_> = kinds.iter().map(|alike| (alike.varies, alike.points.clone())).collect();
        let expected = [
            (true, vec![(1, 10), (3, 1000)]),
            (true, vec![(5, 10), (7, 1000)]),
            (false, vec![(0, 10), (2, 1000)]),
            (false, vec![(4, 10), (6, 1000)]),
        ];
        assert_eq!(told, expected);
        assert_eq!(kinds.iter().map(Alike::weight).collect::<Vec<_>>(), [1010.0, 1010.0, 42.0, 42.0]);
    }
}
