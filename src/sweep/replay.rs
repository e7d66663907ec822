//! Network conditions as replays of a recorded program.

use crate::run::{Phase, Recorded};
use crate::sim::{Clock, Endpoint, Network, Parts, Replayer, SimError};

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
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Times {
    pub iteration: Option<End>,
    pub training: Option<End>,
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
    conditions.iter().map(|condition| replay_point(recorded, phases, condition)).collect()
}

fn replay_point(recorded: &Recorded, phases: &[Phase], condition: &Condition) -> Result<Times, SimError> {
    let mut replayer = Replayer::new(&condition.network, &condition.endpoints);
    let mut times = Times { iteration: None, training: None };
    for phase in phases {
        let (trace, repeat) = match phase {
            Phase::Iterations(repeat) => (&recorded.iteration, *repeat),
            Phase::Restart => (&recorded.restart, 1),
        };
        for _ in 0..repeat {
            match replayer.run(trace, &mut ()) {
                Ok(_) => {}
                Err(SimError::Overflow) => return Ok(times),
                Err(error) => return Err(error),
            }
            // A training begins with an iteration that all parties start together.
            times.iteration.get_or_insert_with(|| end(&replayer.clocks()));
        }
    }
    times.training = Some(end(&replayer.clocks()));
    Ok(times)
}
