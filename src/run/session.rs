//! All parties of a training, on one simulation.

use std::future::Future;
use std::pin::Pin;

use crate::nn::{OWNER, Secrets, Sgd, Trainer, TrainingProgram, Weights};
use crate::protocol::{Message, Protocol};
use crate::ring::Vector;
use crate::secure::{FixedPoint, Rounding, Secure};
use crate::sim::{Bench, Party, Run, SimError, Simulation, Trace};

type Task<'a, T> = Pin<Box<dyn Future<Output = T> + 'a>>;

/// The parties of a training between two iterations.
pub struct Session<P: Protocol> {
    simulation: Simulation<Message>,
    trainers: Vec<Trainer<P>>,
}

impl<P: Protocol> Session<P> {
    /// Runs the set-up and gives its trace. `start` makes a party's protocol.
    pub fn set_up(
        bench: Bench,
        start: impl Fn(Party<Message>) -> P,
        (fixed_point, rounding): (FixedPoint, Rounding),
        program: &TrainingProgram,
        secrets: Secrets<'_>,
    ) -> Result<(Self, Trace), SimError> {
        let mut simulation = Simulation::new(bench);
        let tasks = (0..simulation.parties())
            .map(|i| {
                let secure = Secure { protocol: start(simulation.party(i)), fixed_point, rounding };
                let secrets = (i == OWNER).then_some(secrets);
                Box::pin(Trainer::set_up(secure, program.clone(), secrets)) as Task<_>
            })
            .collect();
        let run = simulation.run(tasks)?;
        Ok((Session { simulation, trainers: run.outputs }, run.trace))
    }

    /// Runs a program of every party from clocks at zero.
    fn phase<'a, T>(
        simulation: &mut Simulation<Message>,
        tasks: Vec<Task<'a, T>>,
    ) -> Result<Run<T>, SimError> {
        simulation.reset();
        simulation.run(tasks)
    }

    /// One iteration on the given rows: its trace, and the mean loss if it was opened.
    pub fn iteration(&mut self, rows: &[usize]) -> Result<(Trace, Option<Vector>), SimError> {
        let tasks = self.trainers.iter_mut().map(|t| Box::pin(t.iteration(rows)) as Task<_>).collect();
        let mut run = Self::phase(&mut self.simulation, tasks)?;
        Ok((run.trace, run.outputs.swap_remove(0)))
    }

    /// All start again from other weights, with other constants.
    pub fn restart(&mut self, weights: &[Weights], sgd: Sgd) -> Result<Trace, SimError> {
        let owned = |i| (i == OWNER).then_some(weights);
        let trainers = self.trainers.iter_mut().enumerate();
        let tasks = trainers.map(|(i, t)| Box::pin(t.restart(owned(i), sgd)) as Task<_>).collect();
        Ok(Self::phase(&mut self.simulation, tasks)?.trace)
    }

    /// The weights, opened. This is not part of a training: it costs nothing in any result.
    pub fn open_weights(&mut self) -> Result<Vec<Weights>, SimError> {
        let tasks = self.trainers.iter().map(|t| Box::pin(t.open_weights()) as Task<_>).collect();
        let mut run = Self::phase(&mut self.simulation, tasks)?;
        let first = run.outputs.swap_remove(0);
        assert!(run.outputs.iter().all(|weights| *weights == first), "all parties open the same weights");
        Ok(first)
    }
}
