//! What all handles of a simulation share: who waits for what, what is on its way, and the record.
//!
//! Owns the matching of receives to messages by (link, strand).

use std::sync::Arc;

use super::{
    Meter, SimError, SpanId, SpanTree, Wait, World, adversary::Adversary, log::Log, mailbox::Mailbox,
};

/// A receive that a program has begun.
#[derive(Debug)]
struct Pending<M> {
    from: usize,
    strand: u64,
    span: SpanId,
    /// Where its program picks the message up.
    slot: usize,
    /// The message that it gets, once it was sent: ordinal and content.
    claim: Option<(u64, M)>,
}

/// Where a receive finds its message.
#[derive(Debug)]
enum Slot<M> {
    Free,
    Waiting,
    Delivered(M),
}

/// The receives of one party.
#[derive(Debug)]
pub(super) struct Inbox<M> {
    /// Those without a message in hand, in the order in which they began.
    pending: Vec<Pending<M>>,
    slots: Vec<Slot<M>>,
    free: Vec<usize>,
    /// Messages that were delivered and not picked up yet.
    delivered: usize,
    /// How many pending receives have a claim.
    claims: usize,
    pub(super) exchanges: u64,
}

impl<M> Inbox<M> {
    fn new() -> Inbox<M> {
        Inbox {
            pending: Vec::new(),
            slots: Vec::new(),
            free: Vec::new(),
            delivered: 0,
            claims: 0,
            exchanges: 0,
        }
    }

    /// Begins a receive.
    fn register(&mut self, from: usize, strand: u64, span: SpanId, claim: Option<(u64, M)>) -> usize {
        let slot = self.free.pop().unwrap_or_else(|| {
            self.slots.push(Slot::Free);
            self.slots.len() - 1
        });
        self.slots[slot] = Slot::Waiting;
        self.claims += usize::from(claim.is_some());
        self.pending.push(Pending { from, strand, span, slot, claim });
        slot
    }

    /// Gives a message to the first receive that waits for it, or back if none does.
    fn claim(&mut self, from: usize, strand: u64, ordinal: u64, message: M) -> Option<M> {
        let waits =
            |recv: &&mut Pending<M>| recv.from == from && recv.strand == strand && recv.claim.is_none();
        match self.pending.iter_mut().find(waits) {
            Some(recv) => {
                recv.claim = Some((ordinal, message));
                self.claims += 1;
                None
            }
            None => Some(message),
        }
    }

    /// Receives every message that is there, in the order of the receives.
    fn deliver(&mut self, party: usize, log: &mut Log) {
        self.exchanges += 1;
        let slots = &mut self.slots;
        if let [recv] = &mut self.pending[..]
            && let Some((ordinal, message)) = recv.claim.take()
        {
            log.recv(party, recv.span, recv.from, ordinal, true);
            slots[recv.slot] = Slot::Delivered(message);
            self.pending.clear();
            (self.delivered, self.claims) = (1, 0);
            return;
        }
        let mut group_start = true;
        self.pending.retain_mut(|recv| {
            let Some((ordinal, message)) = recv.claim.take() else { return true };
            log.recv(party, recv.span, recv.from, ordinal, group_start);
            slots[recv.slot] = Slot::Delivered(message);
            group_start = false;
            false
        });
        self.delivered = std::mem::take(&mut self.claims);
    }

    fn take(&mut self, slot: usize) -> Option<M> {
        match std::mem::replace(&mut self.slots[slot], Slot::Free) {
            Slot::Delivered(message) => {
                self.free.push(slot);
                self.delivered -= 1;
                Some(message)
            }
            waiting => {
                self.slots[slot] = waiting;
                None
            }
        }
    }
}

/// All that handles of a simulation share.
pub(crate) struct Core<M> {
    parties: usize,
    pub(super) log: Log,
    pub(super) spans: Arc<SpanTree>,
    /// By link, row = from.
    mail: Vec<Mailbox<M>>,
    /// Messages sent in this run, by link.
    sent: Vec<u64>,
    pub(super) inboxes: Vec<Inbox<M>>,
    meter: Option<Meter>,
    pub(super) adversary: Adversary<M>,
    /// The span in which each party was last heard of.
    last_span: Vec<SpanId>,
    /// The first error. Whatever programs do after it has no effect.
    pub(super) failed: Option<SimError>,
}

impl<M> Core<M> {
    pub(super) fn new(world: World) -> Core<M> {
        let parties = world.network.parties;
        Core {
            parties,
            log: Log::new(&world),
            spans: Arc::new(SpanTree::new()),
            mail: (0..parties * parties).map(|_| Mailbox::new()).collect(),
            sent: vec![0; parties * parties],
            inboxes: (0..parties).map(|_| Inbox::new()).collect(),
            meter: world.meter,
            adversary: Adversary(None),
            last_span: vec![SpanId::ROOT; parties],
            failed: None,
        }
    }

    pub(super) fn reset(&mut self) {
        self.log.reset();
        self.mail.iter_mut().for_each(Mailbox::clear);
        self.inboxes.iter_mut().for_each(|inbox| *inbox = Inbox::new());
        self.failed = None;
    }

    pub(super) fn begin(&mut self) -> Result<(), SimError> {
        assert!(self.failed.is_none(), "after an error a simulation must be reset");
        self.sent.fill(0);
        for party in 0..self.parties {
            if let Some(meter) = &mut self.meter {
                meter(party)?;
            }
            self.inboxes[party].exchanges = 0;
            self.last_span[party] = SpanId::ROOT;
        }
        self.log.begin();
        Ok(())
    }

    /// Delivers what was sent so far; says which parties can go on.
    pub(super) fn next_step(&mut self, going: &mut Vec<usize>) {
        going.clear();
        for (party, inbox) in self.inboxes.iter_mut().enumerate() {
            if inbox.claims > 0 {
                inbox.deliver(party, &mut self.log);
                going.push(party);
            }
        }
    }

    pub(super) fn after_poll(&mut self, party: usize, pending: bool) -> Result<(), SimError> {
        self.charge(party, self.last_span[party]);
        if let Some(error) = &self.failed {
            return Err(error.clone());
        }
        let inbox = &self.inboxes[party];
        assert_eq!(inbox.delivered, 0, "party {party} dropped a receive it had begun");
        assert_eq!(
            pending,
            !inbox.pending.is_empty(),
            "party {party} waits for something other than a receive, or ended with a receive begun"
        );
        Ok(())
    }

    pub(crate) fn send(
        &mut self,
        from: usize,
        to: usize,
        payload_bytes: u64,
        message: M,
        strand: u64,
        span: SpanId,
    ) {
        self.charge(from, span);
        if self.failed.is_some() {
            return;
        }
        self.log.send(from, span, to, payload_bytes);
        let link = from * self.parties + to;
        let ordinal = self.sent[link];
        self.sent[link] += 1;
        let Some(message) = self.adversary.pass((from, to, ordinal), (&self.spans, span), message) else {
            return;
        };
        if let Some(message) = self.inboxes[to].claim(from, strand, ordinal, message) {
            self.mail[link].push(strand, ordinal, message);
        }
    }

    /// A party ends the run.
    pub(crate) fn abort(&mut self, party: usize, span: SpanId, check: std::borrow::Cow<'static, str>) {
        self.charge(party, span);
        let span = self.spans.path(span);
        self.failed.get_or_insert(SimError::Aborted { party, check: check.into_owned(), span });
    }

    /// Begins a receive; its message comes in a later step.
    pub(crate) fn register(&mut self, party: usize, from: usize, strand: u64, span: SpanId) -> usize {
        self.charge(party, span);
        let claim = self.mail[from * self.parties + party].pop(strand);
        self.inboxes[party].register(from, strand, span, claim)
    }

    /// The message of a receive, if it has come.
    pub(crate) fn take(&mut self, party: usize, slot: usize) -> Option<M> {
        self.inboxes[party].take(slot)
    }

    pub(crate) fn work(&mut self, party: usize, span: SpanId, ps: u64) {
        self.touch(party, span);
        if self.failed.is_none() {
            self.log.work(party, span, ps);
        }
    }

    /// Charges the arithmetic since the meter was last read.
    #[inline(always)]
    pub(crate) fn charge(&mut self, party: usize, span: SpanId) {
        self.touch(party, span);
        if self.meter.is_some() && self.failed.is_none() {
            self.read_meter(party, span);
        }
    }

    fn read_meter(&mut self, party: usize, span: SpanId) {
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

    pub(super) fn deadlock(&self) -> SimError {
        let waits = self.inboxes.iter().enumerate().flat_map(|(party, inbox)| {
            inbox.pending.iter().map(move |recv| Wait {
                party,
                peer: recv.from,
                strand: Some(recv.strand),
                span: self.spans.path(recv.span),
            })
        });
        SimError::Deadlock { waits: waits.collect() }
    }
}
