//! A training that did not come to its end, and what was done until then.

use super::epochs::{Abort, EpochResult, Trained};
use super::record::{Phase, Recorded};
use crate::sim::{Endpoint, Network, Replayer, SimError, Stall};

/// How a training failed.
#[derive(Clone, Debug, PartialEq)]
pub struct Failure {
    /// Names all that decides it.
    pub fingerprint: String,
    /// Why it did not go on.
    pub cause: Cause,
    /// When it was over, in picoseconds of the training.
    pub end_ps: u64,
    /// Iterations that were done, and how many there would have been.
    pub iterations: u64,
    /// Iterations of the whole training.
    pub all_iterations: u64,
    /// What the epochs that were done ended with.
    pub epochs: Vec<EpochResult>,
    /// Messages that were sent.
    pub messages: u64,
    /// Their payload.
    pub payload_bytes: u64,
}

/// Why a training did not go on.
#[derive(Clone, Debug, PartialEq)]
pub enum Cause {
    /// Parties had stopped or given up, or waited for what never came.
    Stalled(Stall),
    /// A party found that another one cheats.
    Aborted {
        /// The party that noticed.
        party: usize,
        /// The check that failed.
        check: String,
        /// Span path in which it was done.
        span: String,
        /// Messages that had been altered.
        altered: u64,
        /// Losses, a number each, that had been opened or were just being opened. Nothing else is opened in a training; the
        /// weights that `epochs` were tested with are opened outside it.
        losses_opened: u64,
    },
}

impl Failure {
    /// A training whose replay stalled.
    pub(super) fn stalled(
        fingerprint: String,
        stall: Stall,
        (trained, all_iterations): (Trained, u64),
        (recorded, endpoints): (&Recorded, &[Endpoint]),
    ) -> Result<Failure, SimError> {
        let iterations = recorded.ready(endpoints, &trained.phases, &[])?.iterations_of(stall.runs);
        let mut epochs = trained.epochs;
        epochs.retain(|epoch| epoch.iterations <= iterations);
        let (end_ps, messages, payload_bytes) = (stall.end_ps, stall.messages, stall.payload_bytes);
        let cause = Cause::Stalled(stall);
        Ok(Failure {
            fingerprint,
            cause,
            end_ps,
            iterations,
            all_iterations,
            epochs,
            messages,
            payload_bytes,
        })
    }

    /// A training that a check ended, with the time that this takes. It may stall before.
    pub(super) fn aborted(
        fingerprint: String,
        (abort, trained, all_iterations): (Abort, Trained, u64),
        recorded: &Recorded,
        (network, endpoints, loss): (&Network, &[Endpoint], bool),
    ) -> Result<Failure, SimError> {
        let sent = recorded.training_counts(&network.overhead, &trained.phases)?;
        let end_ps = match abort_ps(&abort, &trained.phases, recorded, (network, endpoints)) {
            Err(SimError::Stalled(stall)) => {
                let end = (trained, all_iterations);
                return Failure::stalled(fingerprint, *stall, end, (recorded, endpoints));
            }
            end_ps => end_ps?,
        };
        let of_phase = |phase: &Phase| if let Phase::Iterations(times) = *phase { times } else { 0 };
        let iterations: u64 = trained.phases.iter().map(of_phase).sum();
        let losses_opened = if loss { iterations + u64::from(abort.loss_opened) } else { 0 };
        let Abort { party, check, span, trace, .. } = abort;
        let altered = trained.altered.unwrap_or(0);
        let more_bytes = trace.payload_bytes().and_then(|bytes| bytes.checked_add(sent.payload_bytes));
        Ok(Failure {
            fingerprint,
            cause: Cause::Aborted { party, check, span, altered, losses_opened },
            end_ps,
            iterations,
            all_iterations,
            epochs: trained.epochs,
            messages: sent.messages + trace.messages(),
            payload_bytes: more_bytes.ok_or(SimError::Total("bytes"))?,
        })
    }
}

/// When the party that noticed had done all that it did: the phases before, and its line of the last one, while the other
/// parties do what they always do.
fn abort_ps(
    abort: &Abort,
    phases: &[Phase],
    recorded: &Recorded,
    (network, endpoints): (&Network, &[Endpoint]),
) -> Result<u64, SimError> {
    let mut replayer = Replayer::new(network, endpoints);
    let mut runs = 0;
    let after = |runs, error| match error {
        SimError::Stalled(stall) => SimError::Stalled(Box::new(Stall { runs, ..*stall })),
        other => other,
    };
    for phase in phases {
        let (trace, times) = match *phase {
            Phase::Iterations(times) => (&recorded.iteration, times),
            Phase::Restart => (&recorded.restart, 1),
        };
        for _ in 0..times {
            replayer.run(trace, &mut ()).map_err(|error| after(runs, error))?;
            runs += 1;
        }
    }
    let whole = if abort.in_restart { &recorded.restart } else { &recorded.iteration };
    let last = whole.with_line_of(abort.party, &abort.trace);
    replayer.end_of_line_ps(&last, abort.party).map_err(|error| after(runs, error))
}
