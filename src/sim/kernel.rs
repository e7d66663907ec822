//! The live simulation: polls one program per party and records what each did.
//!
//! Owns the matching of receives to messages by (link, lane), the waiting groups and the order of
//! polls. Times are the engine's.

use std::{
    cell::RefCell,
    collections::VecDeque,
    fmt,
    future::Future,
    pin::Pin,
    rc::Rc,
    sync::Arc,
    task::{Context, Poll, Waker},
};

use super::{
    Bench, Clock, Meter, Party, SimError, SpanId, SpanTree, Trace, TraceBuilder, Wait, engine::Engine,
    error::Overflow, mailbox::Mailbox,
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

/// The greatest depth that a message has had: every message is received.
pub(crate) fn depth(clocks: &[Clock]) -> u64 {
    clocks.iter().map(|clock| clock.depth).max().unwrap_or(0)
}

impl<M> fmt::Debug for Simulation<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Simulation({} parties)", self.roots.len())
    }
}

impl<M> Simulation<M> {
    /// All clocks at zero. Panics if the bench contradicts itself.
    pub fn new(bench: Bench) -> Simulation<M> {
        let parties = bench.network.parties;
        let core = Rc::new(RefCell::new(Core::new(bench)));
        let roots = (0..parties).map(|id| Party::root(Rc::clone(&core), id, parties)).collect();
        Simulation { core, roots }
    }

    /// How many parties there are.
    pub fn parties(&self) -> usize {
        self.roots.len()
    }

    /// A handle on a party, in the root lane.
    pub fn party(&self, id: usize) -> Party<M> {
        self.roots[id].clone()
    }

    /// The names of all spans so far.
    pub fn spans(&self) -> Arc<SpanTree> {
        Arc::clone(&self.core.borrow().spans)
    }

    /// Every party's clock.
    pub fn clocks(&self) -> Vec<Clock> {
        self.core.borrow().engine.clocks()
    }

    /// Puts clocks, links, ordinals and depths back to zero; also after an error. Lanes go on, so
    /// that no fork of a simulation gets the lane of another.
    pub fn reset(&mut self) {
        self.core.borrow_mut().reset();
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
        let start = self.core.borrow_mut().begin()?;
        let outputs = self.drive(programs)?;
        let mut core = self.core.borrow_mut();
        let (trace, exchanges) = core.end()?;
        Ok(Run { outputs, trace, start, clocks: core.engine.clocks(), exchanges })
    }

    /// Lets all parties go on until all are done.
    fn drive<T>(&self, mut programs: Vec<Pin<Box<dyn Future<Output = T> + '_>>>) -> Result<Vec<T>, SimError> {
        let mut outputs: Vec<Option<T>> = programs.iter().map(|_| None).collect();
        let mut context = Context::from_waker(Waker::noop());
        loop {
            loop {
                // A statement of its own, so that the core is not borrowed while the program runs.
                let next = self.core.borrow_mut().next_ready()?;
                let Some(party) = next else { break };
                let poll = programs[party].as_mut().poll(&mut context);
                self.core.borrow_mut().after_poll(party, poll.is_pending())?;
                if let Poll::Ready(output) = poll {
                    outputs[party] = Some(output);
                }
            }
            if !self.core.borrow_mut().serve()? {
                break;
            }
        }
        if outputs.iter().any(Option::is_none) {
            return Err(self.core.borrow().deadlock());
        }
        Ok(outputs.into_iter().flatten().collect())
    }
}

/// A receive that a program waits for.
#[derive(Debug)]
struct Pending<M> {
    from: usize,
    lane: u64,
    span: SpanId,
    /// The message that it gets, once it was sent: ordinal and content.
    claim: Option<(u64, M)>,
}

/// What one party waits for, and what it was given last.
#[derive(Debug)]
struct Group<M> {
    /// Receives that the current poll registered, in order.
    pending: Vec<Pending<M>>,
    /// How many of them have not arrived.
    missing: usize,
    /// Those before this one have their message.
    first_open: usize,
    /// Whether the poll has ended, so that an arrival may let the party go on.
    closed: bool,
    /// Messages of the group before, for the receives to pick up in the current poll.
    delivered: Vec<Option<M>>,
    exchanges: u64,
}

impl<M> Group<M> {
    fn new() -> Group<M> {
        Group {
            pending: Vec::new(),
            missing: 0,
            first_open: 0,
            closed: false,
            delivered: Vec::new(),
            exchanges: 0,
        }
    }

    /// The first receive that waits for a message of that link and lane to be sent.
    fn claimant(&mut self, from: usize, lane: u64) -> Option<&mut Pending<M>> {
        while self.pending.get(self.first_open).is_some_and(|recv| recv.claim.is_some()) {
            self.first_open += 1;
        }
        let open = &mut self.pending[self.first_open..];
        open.iter_mut().find(|recv| recv.from == from && recv.lane == lane && recv.claim.is_none())
    }
}

/// All that handles of a simulation share.
pub(crate) struct Core<M> {
    engine: Engine,
    spans: Arc<SpanTree>,
    recorder: TraceBuilder,
    /// By link, row = from.
    mail: Vec<Mailbox<M>>,
    groups: Vec<Group<M>>,
    ready: VecDeque<usize>,
    meter: Option<Meter>,
    /// The span in which each party was last heard of.
    last_span: Vec<SpanId>,
    /// The first error. Whatever programs do after it has no effect.
    failed: Option<SimError>,
}

impl<M> Core<M> {
    fn new(bench: Bench) -> Core<M> {
        let parties = bench.network.parties;
        Core {
            engine: Engine::new(&bench.network, &bench.endpoints),
            spans: Arc::new(SpanTree::new()),
            recorder: TraceBuilder::new(parties),
            mail: (0..parties * parties).map(|_| Mailbox::new()).collect(),
            groups: (0..parties).map(|_| Group::new()).collect(),
            ready: VecDeque::new(),
            meter: bench.meter,
            last_span: vec![SpanId::ROOT; parties],
            failed: None,
        }
    }

    fn reset(&mut self) {
        self.engine.reset();
        self.recorder = TraceBuilder::new(self.engine.parties());
        self.mail.iter_mut().for_each(Mailbox::clear);
        self.groups.iter_mut().for_each(|group| *group = Group::new());
        self.ready.clear();
        self.failed = None;
    }

    fn begin(&mut self) -> Result<Vec<Clock>, SimError> {
        assert!(self.failed.is_none(), "after an error a simulation must be reset");
        self.engine.begin_run();
        for party in 0..self.engine.parties() {
            if let Some(meter) = &mut self.meter {
                meter(party)?;
            }
            self.groups[party].exchanges = 0;
            self.last_span[party] = SpanId::ROOT;
            self.ready.push_back(party);
        }
        Ok(self.engine.clocks())
    }

    fn end(&mut self) -> Result<(Trace, Vec<u64>), SimError> {
        if let Some(error) = self.engine.unreceived() {
            return Err(error);
        }
        let recorder = std::mem::replace(&mut self.recorder, TraceBuilder::new(self.engine.parties()));
        let exchanges = self.groups.iter().map(|group| group.exchanges).collect();
        Ok((recorder.finish(Arc::clone(&self.spans)), exchanges))
    }

    /// Takes a party that can go on, and gives it the messages it waited for.
    fn next_ready(&mut self) -> Result<Option<usize>, SimError> {
        let Some(party) = self.ready.pop_front() else { return Ok(None) };
        let group = &mut self.groups[party];
        group.closed = false;
        group.first_open = 0;
        group.delivered.clear();
        let mut group_start = true;
        for recv in group.pending.drain(..) {
            let (ordinal, message) = recv.claim.expect("a party goes on when all has arrived");
            self.engine.receive(party, recv.from, ordinal)?;
            let ordinal = ordinal - self.engine.base(recv.from, party);
            self.recorder.recv(party, recv.span, recv.from, ordinal, group_start);
            group.delivered.push(Some(message));
            group_start = false;
        }
        Ok(Some(party))
    }

    fn after_poll(&mut self, party: usize, pending: bool) -> Result<(), SimError> {
        self.charge(party, self.last_span[party]);
        if let Some(error) = &self.failed {
            return Err(error.clone());
        }
        let group = &mut self.groups[party];
        assert!(group.delivered.iter().all(Option::is_none), "party {party} dropped a receive it had begun");
        assert_eq!(
            pending,
            !group.pending.is_empty(),
            "party {party} waits for something other than a receive, or ended with a receive begun"
        );
        group.closed = pending;
        group.exchanges += u64::from(pending);
        if pending && group.missing == 0 {
            self.ready.push_back(party);
        }
        Ok(())
    }

    /// Lets one message through an interface. False if none is on its way.
    fn serve(&mut self) -> Result<bool, SimError> {
        let Some(served) = self.engine.serve()? else { return Ok(false) };
        let group = &mut self.groups[served.to];
        let claims = |recv: &Pending<M>| {
            recv.from == served.from && recv.claim.as_ref().is_some_and(|claim| claim.0 == served.ordinal)
        };
        if group.pending.iter().any(claims) {
            self.arrived(served.to);
        }
        Ok(true)
    }

    /// One of the messages that a party waits for has arrived.
    fn arrived(&mut self, party: usize) {
        let group = &mut self.groups[party];
        group.missing -= 1;
        if group.missing == 0 && group.closed {
            self.ready.push_back(party);
        }
    }

    pub(crate) fn send(
        &mut self,
        from: usize,
        to: usize,
        payload_bytes: u64,
        message: M,
        lane: u64,
        span: SpanId,
    ) {
        self.charge(from, span);
        if self.failed.is_some() {
            return;
        }
        let sent = match self.engine.send(from, to, payload_bytes) {
            Ok(sent) => sent,
            Err(error) => return self.fail(error),
        };
        self.recorder.send(from, span, to, payload_bytes);
        match self.groups[to].claimant(from, lane) {
            Some(recv) => {
                recv.claim = Some((sent.ordinal, message));
                if sent.arrived {
                    self.arrived(to);
                }
            }
            None => {
                let link = from * self.engine.parties() + to;
                self.mail[link].push(lane, sent.ordinal, message);
            }
        }
    }

    /// Adds a receive to the group that the current poll makes.
    pub(crate) fn register(&mut self, party: usize, from: usize, lane: u64, span: SpanId) -> usize {
        self.charge(party, span);
        let claim = self.mail[from * self.engine.parties() + party].pop(lane);
        let here = claim.as_ref().is_some_and(|&(ordinal, _)| self.engine.has_arrived(from, party, ordinal));
        let group = &mut self.groups[party];
        group.missing += usize::from(!here);
        group.pending.push(Pending { from, lane, span, claim });
        group.pending.len() - 1
    }

    /// The message of a receive that was registered in the poll before.
    pub(crate) fn take(&mut self, party: usize, slot: usize) -> M {
        let message = self.groups[party].delivered.get_mut(slot).and_then(Option::take);
        message.expect("a receive is polled whenever its party is")
    }

    pub(crate) fn work(&mut self, party: usize, span: SpanId, ps: u64) {
        self.touch(party, span);
        if self.failed.is_some() {
            return;
        }
        match self.engine.work(party, ps) {
            Ok(()) => self.recorder.work(party, span, ps),
            Err(error) => self.fail(error),
        }
    }

    /// Charges the arithmetic since the meter was last read.
    pub(crate) fn charge(&mut self, party: usize, span: SpanId) {
        self.touch(party, span);
        if self.failed.is_some() {
            return;
        }
        let Some(meter) = &mut self.meter else { return };
        match meter(party) {
            Ok(0) => {}
            Ok(ps) => self.work(party, span, ps),
            Err(error) => self.failed = Some(error),
        }
    }

    /// Enters a span.
    pub(crate) fn enter(
        &mut self,
        party: usize,
        outer: SpanId,
        name: std::borrow::Cow<'static, str>,
    ) -> SpanId {
        self.charge(party, outer);
        let inner = match self.spans.child(outer, &name) {
            Some(span) => span,
            None => Arc::make_mut(&mut self.spans).intern(outer, name),
        };
        self.touch(party, inner);
        inner
    }

    /// Notes where a party is, for what its poll leaves to charge.
    pub(crate) fn touch(&mut self, party: usize, span: SpanId) {
        self.last_span[party] = span;
    }

    fn fail(&mut self, error: Overflow) {
        self.failed.get_or_insert(error.into());
    }

    fn deadlock(&self) -> SimError {
        let waits = self.groups.iter().enumerate().flat_map(|(party, group)| {
            let open = group.pending.iter().filter(|recv| recv.claim.is_none());
            open.map(move |recv| Wait {
                party,
                peer: recv.from,
                lane: Some(recv.lane),
                span: self.spans.path(recv.span),
            })
        });
        SimError::Deadlock { waits: waits.collect() }
    }
}
