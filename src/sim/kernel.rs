//! The live simulation: polls one program per party and records what each did.
//!
//! Owns the matching of receives to messages by (link, strand), the order of polls, and with it each party's line of
//! work, sends and receives. Times are the replayer's.
//!
//! Programs run in steps. In each step every party receives the messages that its receives wait for and that were sent
//! in an earlier step, in the order in which the receives began, and then goes on until all its sub-programs wait again.
//! So what goes out in one step from sub-programs side by side arrives together, whatever the network: a party's line
//! does not depend on arrival times, and it cannot deadlock where its programs alone would not. (If a party had to wait
//! for all its sub-programs at once, it could: one in which it waits twice while others wait once holds up a second.)

use std::{
    cell::RefCell,
    fmt,
    future::Future,
    pin::Pin,
    rc::Rc,
    sync::Arc,
    task::{Context, Poll, Waker},
};

use super::{
    Clock, Party, SimError, SpanTree, Trace, World,
    adversary::{Adversary, Interceptor},
    clock::depth,
    core::Core,
};

/// Parties on a simulated network, ready to run programs.
pub struct Simulation<M> {
    core: Rc<RefCell<Core<M>>>,
    roots: Vec<Party<M>>,
}

/// What a run gave.
#[derive(Debug)]
pub struct Run<T> {
    /// What each party's program returned.
    pub outputs: Vec<T>,
    /// What each party did.
    pub trace: Trace,
    /// Each party's clock when the run began.
    pub start: Vec<Clock>,
    /// Each party's clock when its program ended.
    pub clocks: Vec<Clock>,
    /// How often each party stopped to wait.
    pub exchanges: Vec<u64>,
}

impl<T> Run<T> {
    /// By how much this run lengthened the longest chain of messages since the simulation began. For
    /// a first run, and after a reset, that is the greatest depth of a message.
    pub fn rounds(&self) -> u64 {
        depth(&self.clocks) - depth(&self.start)
    }
}

impl<M> fmt::Debug for Simulation<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Simulation({} parties)", self.roots.len())
    }
}

impl<M> Simulation<M> {
    /// All clocks at zero. Panics if the world contradicts itself.
    pub fn new(world: World) -> Simulation<M> {
        let parties = world.network.parties;
        let core = Rc::new(RefCell::new(Core::new(world)));
        let roots = (0..parties).map(|id| Party::root(Rc::clone(&core), id, parties)).collect();
        Simulation { core, roots }
    }

    /// How many parties there are.
    pub fn parties(&self) -> usize {
        self.roots.len()
    }

    /// A handle on a party, in the root strand.
    pub fn party(&self, id: usize) -> Party<M> {
        self.roots[id].clone()
    }

    /// The names of all spans so far.
    pub fn spans(&self) -> Arc<SpanTree> {
        Arc::clone(&self.core.borrow().spans)
    }

    /// Every party's clock.
    pub fn clocks(&self) -> Vec<Clock> {
        self.core.borrow().log.clocks()
    }

    /// What each party has done in the run that failed.
    pub fn trace_so_far(&self) -> Trace {
        let core = self.core.borrow();
        core.log.so_far(&core.spans)
    }

    /// Puts clocks, links, ordinals and depths back to zero; also after an error. Strands go on, so
    /// that no fork of a simulation gets the strand of another.
    pub fn reset(&mut self) {
        self.core.borrow_mut().reset();
    }

    /// Lets all messages from now on go through an adversary's hands; `None` takes it away.
    pub fn intercept(&mut self, interceptor: Option<Interceptor<M>>) {
        self.core.borrow_mut().adversary = Adversary(interceptor);
    }

    /// Runs one program per party to its end. Clocks, links and depths go on from the run before.
    ///
    /// After an error the simulation must be [`reset`](Self::reset).
    pub fn run<'a, T>(
        &mut self,
        programs: Vec<Pin<Box<dyn Future<Output = T> + 'a>>>,
    ) -> Result<Run<T>, SimError> {
        assert_eq!(programs.len(), self.parties(), "one program per party");
        let result = self.start_to_end(programs);
        if let Err(error) = &result {
            self.core.borrow_mut().failed.get_or_insert_with(|| error.clone());
        }
        result
    }

    fn start_to_end<T>(
        &self,
        programs: Vec<Pin<Box<dyn Future<Output = T> + '_>>>,
    ) -> Result<Run<T>, SimError> {
        self.core.borrow_mut().begin()?;
        let outputs = self.drive(programs)?;
        let mut core = self.core.borrow_mut();
        let Core { log, spans, inboxes, .. } = &mut *core;
        let exchanges = inboxes.iter().map(|inbox| inbox.exchanges).collect();
        let (trace, replay) = log.end(spans)?;
        Ok(Run { outputs, trace, start: replay.start, clocks: replay.clocks, exchanges })
    }

    /// Lets all parties go on, step by step, until all are done.
    fn drive<T>(&self, mut programs: Vec<Pin<Box<dyn Future<Output = T> + '_>>>) -> Result<Vec<T>, SimError> {
        let mut outputs: Vec<Option<T>> = programs.iter().map(|_| None).collect();
        let mut context = Context::from_waker(Waker::noop());
        let mut going: Vec<usize> = (0..programs.len()).collect();
        while !going.is_empty() {
            for &party in &going {
                let poll = programs[party].as_mut().poll(&mut context);
                self.core.borrow_mut().after_poll(party, poll.is_pending())?;
                if let Poll::Ready(output) = poll {
                    outputs[party] = Some(output);
                }
            }
            self.core.borrow_mut().next_step(&mut going);
        }
        if outputs.iter().any(Option::is_none) {
            return Err(self.core.borrow().deadlock());
        }
        Ok(outputs.into_iter().flatten().collect())
    }
}
