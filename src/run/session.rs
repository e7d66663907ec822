//! All parties of a training, on one simulation.

use std::future::Future;
use std::pin::Pin;

use crate::nn::{OWNER, Secrets, Trainer, TrainingProgram, Weights, prepare};
use crate::protocol::{Demand, Message, Protocol, Role};
use crate::ring::Vector;
use crate::secure::{FixedPoint, Rounding, Secure};
use crate::sim::{Interceptor, Party, Run, SimError, Simulation, Trace, World};

type Task<'a, T> = Pin<Box<dyn Future<Output = T> + 'a>>;

/// What a party is between two iterations.
enum Member<P: Protocol> {
    Computes(Box<Trainer<P>>),
    Deals(P),
}

impl<P: Protocol> Member<P> {
    /// The offline phase of what comes next.
    async fn prepare(&self, demand: &Demand) {
        match self {
            Member::Computes(trainer) => trainer.prepare(demand).await,
            Member::Deals(protocol) => prepare(protocol, demand).await,
        }
    }

    /// Whether it learns what is opened.
    fn holds_shares(&self) -> bool {
        match self {
            Member::Computes(trainer) => trainer.role() == Role::Computes,
            Member::Deals(_) => false,
        }
    }
}

/// What each phase takes from its offline phase.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Demands {
    /// The sharing of data and weights.
    pub setup: Demand,
    /// An iteration.
    pub iteration: Demand,
    /// The sharing of fresh weights.
    pub restart: Demand,
}

/// The parties of a training between two iterations.
pub struct Session<P: Protocol> {
    simulation: Simulation<Message>,
    members: Vec<Member<P>>,
    demands: Demands,
    /// Whose outputs are taken.
    reader: usize,
    /// Whether parties may open different values.
    cheated: bool,
}

impl<P: Protocol> Session<P> {
    /// Runs the set-up and gives its trace. `start` makes a party's protocol. On shapes, `demands` may be empty:
    /// then nothing is prepared.
    pub fn set_up(
        world: World,
        start: impl Fn(Party<Message>) -> P,
        (fixed_point, rounding): (FixedPoint, Rounding),
        program: &TrainingProgram,
        secrets: Secrets<'_>,
        demands: Demands,
    ) -> Result<(Self, Trace), SimError> {
        let mut simulation = Simulation::new(world);
        let parties = simulation.parties();
        let task = |i| {
            let protocol = start(simulation.party(i));
            let brought = secrets.of_party(program, i, parties == 1);
            let demand = &demands.setup;
            Box::pin(async move {
                protocol.set_up().await;
                prepare(&protocol, demand).await;
                if protocol.role() == Role::Deals {
                    return Member::Deals(protocol);
                }
                let secure = Secure { protocol, fixed_point, rounding, most_at_once: usize::MAX };
                Member::Computes(Box::new(Trainer::set_up(secure, program.clone(), brought).await))
            }) as Task<_>
        };
        let tasks = (0..parties).map(task).collect();
        let run = simulation.run(tasks)?;
        let session = Session { simulation, members: run.outputs, demands, reader: 0, cheated: false };
        Ok((session, run.trace))
    }

    /// Lets all messages from now on go through the hands of a party that cheats: what it says it opens is not taken.
    pub fn intercept(&mut self, party: usize, interceptor: Interceptor<Message>) {
        self.simulation.intercept(Some(interceptor));
        self.reader = usize::from(party == 0);
        self.cheated = true;
    }

    /// What each party has done in the phase that failed.
    pub fn trace_so_far(&self) -> Trace {
        self.simulation.trace_so_far()
    }

    /// Runs a program of every party that computes, from clocks at zero; the others have nothing to do after the
    /// offline phase, which is left out if there is no `demand`.
    fn phase<'a, T>(
        &'a mut self,
        demand: Option<Demand>,
        program: impl AsyncFn(usize, &mut Trainer<P>) -> T + 'a,
    ) -> Result<Run<Option<T>>, SimError> {
        self.simulation.reset();
        let (demand, program) = (&demand, &program);
        let task = |(i, member): (usize, &'a mut Member<P>)| {
            Box::pin(async move {
                if let Some(demand) = demand {
                    member.prepare(demand).await;
                }
                match member {
                    Member::Computes(trainer) => Some(program(i, trainer).await),
                    Member::Deals(_) => None,
                }
            }) as Task<_>
        };
        let tasks = self.members.iter_mut().enumerate().map(task).collect();
        self.simulation.run(tasks)
    }

    /// From now on, no more than so many elements are rounded to nearest at once: to the same numbers, with more rounds and
    /// less memory.
    pub fn round_in_pieces(&mut self, most_at_once: usize) {
        for member in &mut self.members {
            if let Member::Computes(trainer) = member {
                trainer.round_in_pieces(most_at_once);
            }
        }
    }

    /// What was taken since the last phase began.
    pub fn demand(&self) -> Demand {
        let computing = self.members.iter().find_map(|member| match member {
            Member::Computes(trainer) => Some(trainer.demand()),
            Member::Deals(_) => None,
        });
        computing.expect("a party that computes")
    }

    /// One iteration on the given rows, offline phase included: its trace, and the mean loss if it was opened.
    pub fn iteration(&mut self, rows: &[usize]) -> Result<(Trace, Option<Vector>), SimError> {
        let demand = self.demands.iteration.of_rows(rows);
        let mut run = self.phase(Some(demand), async |_, trainer| trainer.iteration(rows).await)?;
        Ok((run.trace, run.outputs.swap_remove(self.reader).flatten()))
    }

    /// The offline phase of an iteration alone, then the iteration without it.
    pub fn iteration_apart(&mut self, rows: &[usize]) -> Result<[Trace; 2], SimError> {
        let demand = self.demands.iteration.of_rows(rows);
        let offline = self.phase(Some(demand), async |_, _| ())?.trace;
        let online = self.phase(None, async |_, trainer| trainer.iteration(rows).await)?.trace;
        Ok([offline, online])
    }

    /// What dropouts let stay in the last iteration, opened. This is not part of a training.
    pub fn open_masks(&mut self) -> Result<Vec<Vector>, SimError> {
        let run = self.phase(Some(Demand::default()), async |_, trainer| trainer.open_masks().await)?;
        Ok(run.outputs.into_iter().flatten().next().expect("a party that computes"))
    }

    /// What dropouts let stay in the next iteration, in place of what they would draw.
    pub fn give_masks(&mut self, masks: &[Vector]) {
        for member in &mut self.members {
            if let Member::Computes(trainer) = member {
                trainer.give_masks(masks.to_vec());
            }
        }
    }

    /// An epoch begins, counted from 1.
    pub fn begin_epoch(&mut self, epoch: u64) {
        for member in &mut self.members {
            if let Member::Computes(trainer) = member {
                trainer.begin_epoch(epoch);
            }
        }
    }

    /// All start again from other weights, at half the learning rate.
    pub fn restart(&mut self, weights: &[Weights]) -> Result<Trace, SimError> {
        let demand = self.demands.restart.clone();
        let owned = |i| (i == OWNER).then_some(weights);
        let restart = async |i, trainer: &mut Trainer<P>| trainer.restart(owned(i)).await;
        Ok(self.phase(Some(demand), restart)?.trace)
    }

    /// Goes on with these weights, in place of those that were drawn. This is not part of a training.
    pub fn give_weights(&mut self, weights: &[Weights]) -> Result<(), SimError> {
        let owned = |i| (i == OWNER).then_some(weights);
        let give = async |i, trainer: &mut Trainer<P>| trainer.give_weights(owned(i)).await;
        self.phase(Some(Demand::default()), give).map(|_| ())
    }

    /// The weights, opened. This is not part of a training: it costs nothing in any result.
    pub fn open_weights(&mut self) -> Result<Vec<Weights>, SimError> {
        let run = self.phase(Some(Demand::default()), async |_, trainer| trainer.open_weights().await)?;
        let mut opened = run.outputs;
        let first = opened[self.reader].take().expect("a party that computes");
        // A helper learns nothing.
        let learnt = opened.into_iter().zip(&self.members).filter(|(_, member)| member.holds_shares());
        let same = learnt.filter_map(|(weights, _)| weights).all(|weights| weights == first);
        assert!(same || self.cheated, "all parties open the same weights");
        Ok(first)
    }
}
