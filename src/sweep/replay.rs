//! Network conditions as replays of a recorded program.

use crate::run::{Phase, Recorded, iterations_of};
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
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Times {
    /// Without faults.
    pub iteration: Option<End>,
    pub training: Option<End>,
    /// Iterations that were done when faults brought the training to a halt; then it has no end.
    pub halted: Option<u64>,
}

fn end(clocks: &[Clock]) -> End {
    let last = clocks.iter().rev().max_by_key(|clock| clock.time_ps).expect("a party");
    End { rounds: clocks.iter().map(|clock| clock.depth).max().unwrap_or(0), path: last.parts }
}

/// The times under each condition, exactly those of [`Recorded::costs`].
pub(crate) fn replay_points(
    recorded: &Recorded,
    phases: &[Phase],
    conditions: &[Condition],
) -> Result<Vec<Times>, SimError> {
    let mut times = vec![Times::default(); conditions.len()];
    let mut left: Vec<usize> = (0..conditions.len()).collect();
    // Traces are prepared for the costs per message; most often all conditions have the same.
    while let Some(&first) = left.first() {
        let endpoints = &conditions[first].endpoints;
        let (same, others) = left.into_iter().partition(|&at| conditions[at].endpoints == *endpoints);
        left = others;
        replay_alike(recorded, phases, endpoints, (conditions, &same), &mut times)?;
    }
    Ok(times)
}

/// The times under those of the conditions that have the same costs per message.
fn replay_alike(
    recorded: &Recorded,
    phases: &[Phase],
    endpoints: &[Endpoint],
    (conditions, alike): (&[Condition], &[usize]),
    times: &mut [Times],
) -> Result<(), SimError> {
    let iteration = Prepared::new(&recorded.iteration, endpoints)?;
    let restart = Prepared::new(&recorded.restart, endpoints)?;
    let sequence: Vec<sim::Phase<'_>> = phases
        .iter()
        .map(|phase| match *phase {
            Phase::Iterations(times) => sim::Phase { trace: &iteration, times },
            Phase::Restart => sim::Phase { trace: &restart, times: 1 },
        })
        .collect();
    let networks: Vec<Network> = alike.iter().map(|&at| conditions[at].network.clone()).collect();
    let healthy = |network: &Network| Network { faults: Faults::default(), ..network.clone() };
    let healthy: Vec<Network> = networks.iter().map(healthy).collect();
    let one = replay_many(&[sim::Phase { trace: &iteration, times: 1 }], &healthy);
    let all = replay_many(&sequence, &networks);
    for ((&at, one), all) in alike.iter().zip(one).zip(all) {
        let iteration = end_if_in_range(one)?;
        times[at] = match all {
            Err(SimError::Stalled(stall)) => {
                Times { iteration, training: None, halted: Some(iterations_of(phases, stall.runs)) }
            }
            all => Times { iteration, training: end_if_in_range(all)?, halted: None },
        };
    }
    Ok(())
}

/// None if the clock ran over, or a count.
fn end_if_in_range(finish: Result<Finish, SimError>) -> Result<Option<End>, SimError> {
    match finish {
        Ok(finish) => Ok(Some(end(&finish.clocks))),
        Err(SimError::Overflow | SimError::Total(_)) => Ok(None),
        Err(error) => Err(error),
    }
}
