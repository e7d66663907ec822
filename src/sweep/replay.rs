//! Network conditions as replays of a recorded program.

use crate::ledger::Cost;
use crate::run::{Evaluation, Phase, Recorded, Spent};
use crate::sim::{self, Clock, Endpoint, Faults, Finish, Network, Parts, Prepared, SimError, replay_many};

/// What decides the time of a point beside its program.
pub(crate) struct Condition {
    pub network: Network,
    pub endpoints: Vec<Endpoint>,
}

/// A phase's end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct End {
    /// Longest chain of messages.
    pub rounds: u64,
    /// What the time was spent on.
    pub path: Parts,
}

/// When one iteration and the whole training are done; none beyond the range of a clock.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Times {
    /// Without faults, like the next two.
    pub iteration: Option<End>,
    /// Its offline phase alone, and its online phase; of protocols that have an offline phase.
    pub offline: Option<End>,
    pub online: Option<End>,
    pub training: Option<End>,
    /// What had been spent at each evaluation that was asked for; none that cannot be counted, and none at all if the training has
    /// no end.
    pub spent: Vec<Option<Spent>>,
    /// Iterations that were done when faults brought the training to a halt; then it has no end.
    pub halted: Option<u64>,
}

fn end(clocks: &[Clock]) -> End {
    let last = clocks.iter().rev().max_by_key(|clock| clock.time_ps).expect("a party");
    End { rounds: clocks.iter().map(|clock| clock.depth).max().unwrap_or(0), path: last.parts }
}

/// A training: what was done in order, and evaluations at which it is looked at, each with its place among all.
pub(crate) struct Course<'a> {
    pub phases: &'a [Phase],
    pub looks: &'a [(usize, Evaluation)],
}

/// The times under each condition, exactly those of [`Recorded::costs`].
pub(crate) fn replay_points(
    recorded: &Recorded,
    course: &Course,
    conditions: &[Condition],
) -> Result<Vec<Times>, SimError> {
    let mut times = vec![Times::default(); conditions.len()];
    let mut left: Vec<usize> = (0..conditions.len()).collect();
    // Traces are prepared for the costs per message; most often all conditions have the same.
    while let Some(&first) = left.first() {
        let endpoints = &conditions[first].endpoints;
        let (same, others) = left.into_iter().partition(|&at| conditions[at].endpoints == *endpoints);
        left = others;
        replay_alike(recorded, course, endpoints, (conditions, &same), &mut times)?;
    }
    Ok(times)
}

/// The times under those of the conditions that have the same costs per message.
fn replay_alike(
    recorded: &Recorded,
    course: &Course,
    endpoints: &[Endpoint],
    (conditions, alike): (&[Condition], &[usize]),
    times: &mut [Times],
) -> Result<(), SimError> {
    let places: Vec<usize> = course.looks.iter().map(|(place, _)| *place).collect();
    let ready = recorded.ready(endpoints, course.phases, &places)?;
    let networks: Vec<Network> = alike.iter().map(|&at| conditions[at].network.clone()).collect();
    let healthy = |network: &Network| Network { faults: Faults::default(), ..network.clone() };
    let healthy: Vec<Network> = networks.iter().map(healthy).collect();
    let once = |trace: &Prepared| -> Result<Vec<Option<End>>, SimError> {
        let one = replay_many(&[sim::Phase { trace, times: 1 }], &healthy);
        one.into_iter().map(end_if_in_range).collect()
    };
    let iteration = once(ready.iteration())?;
    let apart = match &recorded.iteration_apart {
        Some(apart) => {
            let [offline, online] = apart.each_ref().map(|trace| once(&Prepared::new(trace, endpoints)?));
            Some([offline?, online?])
        }
        None => None,
    };
    let all = replay_many(&ready.phases(), &networks);
    let finished: Vec<(usize, &Finish)> =
        all.iter().enumerate().filter_map(|(i, finish)| Some((i, finish.as_ref().ok()?))).collect();
    let mut spent = vec![Vec::new(); alike.len()];
    if !places.is_empty() && !finished.is_empty() {
        let setups = once(&Prepared::new(recorded.figures()[0], endpoints)?)?;
        let (numbers, finishes): (Vec<usize>, Vec<&Finish>) = finished.into_iter().unzip();
        let under: Vec<Network> = numbers.iter().map(|&i| networks[i].clone()).collect();
        for (&i, ends) in numbers.iter().zip(ready.ends_at(&places, &under, &finishes)?) {
            let setup = setups[i].and_then(|end| setup_cost(recorded, end));
            let spent_at = |at: usize| recorded.spent(setup.as_ref()?, &course.looks[at].1, &ends[at]).ok();
            spent[i] = (0..ends.len()).map(spent_at).collect();
        }
    }
    for (i, ((&at, all), spent)) in alike.iter().zip(all).zip(spent).enumerate() {
        let [offline, online] =
            apart.as_ref().map_or([None; 2], |apart| apart.each_ref().map(|ends| ends[i]));
        let (training, halted) = match all {
            Err(SimError::Stalled(stall)) => (None, Some(ready.iterations_of(stall.runs))),
            all => (end_if_in_range(all)?, None),
        };
        times[at] = Times { iteration: iteration[i], offline, online, training, spent, halted };
    }
    Ok(())
}

/// What of a set-up's cost is counted in a time to accuracy; none if its bytes cannot be counted.
fn setup_cost(recorded: &Recorded, end: End) -> Option<Cost> {
    let payload_bytes = recorded.figures()[0].payload_bytes()?;
    let (rounds, modelled_ps, critical_path) = (end.rounds, end.path.total_ps(), end.path);
    Some(Cost { rounds, payload_bytes, modelled_ps, critical_path, ..Cost::default() })
}

/// None if the clock ran over, or a count.
fn end_if_in_range(finish: Result<Finish, SimError>) -> Result<Option<End>, SimError> {
    match finish {
        Ok(finish) => Ok(Some(end(&finish.clocks))),
        Err(SimError::Overflow | SimError::Total(_)) => Ok(None),
        Err(error) => Err(error),
    }
}
