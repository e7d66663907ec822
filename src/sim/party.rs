//! A party as its own program sees it.
//!
//! Owns the handle: identity, strand, current span. What a call does to time is in the kernel.

use std::{
    borrow::Cow,
    cell::{Cell, RefCell},
    fmt,
    future::Future,
    pin::Pin,
    rc::Rc,
    task::{Context, Poll},
};

use super::{
    SpanId,
    core::Core,
    strand::{ROOT_STRAND, child_strand},
};

/// A handle on one party, for one strand of its program.
///
/// Clones share the strand, the span and the count of forks.
pub struct Party<M> {
    handle: Rc<Handle<M>>,
}

struct Handle<M> {
    core: Rc<RefCell<Core<M>>>,
    id: usize,
    parties: usize,
    strand: u64,
    span: Cell<SpanId>,
    forks: Cell<u64>,
}

impl<M> Clone for Party<M> {
    fn clone(&self) -> Party<M> {
        Party { handle: Rc::clone(&self.handle) }
    }
}

impl<M> fmt::Debug for Party<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Party({} of {}, strand {:016x})", self.id(), self.parties(), self.strand())
    }
}

impl<M> Party<M> {
    pub(crate) fn root(core: Rc<RefCell<Core<M>>>, id: usize, parties: usize) -> Party<M> {
        Party::new(core, id, parties, ROOT_STRAND, SpanId::ROOT)
    }

    fn new(core: Rc<RefCell<Core<M>>>, id: usize, parties: usize, strand: u64, span: SpanId) -> Party<M> {
        let handle = Handle { core, id, parties, strand, span: Cell::new(span), forks: Cell::new(0) };
        Party { handle: Rc::new(handle) }
    }

    /// Its number, from 0.
    pub fn id(&self) -> usize {
        self.handle.id
    }

    /// How many parties there are.
    pub fn parties(&self) -> usize {
        self.handle.parties
    }

    /// The key of its strand: 0 before any fork, the same in all parties whose programs fork alike,
    /// and never the same for two forks of a simulation.
    pub fn strand(&self) -> u64 {
        self.handle.strand
    }

    /// Sends a message of that size; never waits. Sending to oneself is a bug.
    pub fn send(&self, to: usize, payload_bytes: u64, message: M) {
        let handle = &*self.handle;
        assert!(to != handle.id, "party {to} sends to itself");
        assert!(to < handle.parties, "party {} sends to party {to} of {}", handle.id, handle.parties);
        let mut core = handle.core.borrow_mut();
        core.send(handle.id, to, payload_bytes, message, handle.strand, handle.span.get());
    }

    /// Receives the next message of this strand from a party. Its place among receives is where it is
    /// first polled.
    pub fn recv(&self, from: usize) -> Recv<'_, M> {
        let handle = &*self.handle;
        assert!(from != handle.id, "party {from} receives from itself");
        assert!(
            from < handle.parties,
            "party {} receives from party {from} of {}",
            handle.id,
            handle.parties
        );
        Recv { handle, from, slot: None }
    }

    /// Ends the run of all parties: a check failed. Never comes back.
    pub async fn abort(&self, check: impl Into<Cow<'static, str>>) -> ! {
        let handle = &*self.handle;
        handle.core.borrow_mut().abort(handle.id, handle.span.get(), check.into());
        std::future::pending().await
    }

    /// Computes for so many picoseconds.
    pub fn work(&self, ps: u64) {
        self.handle.core.borrow_mut().work(self.handle.id, self.handle.span.get(), ps);
    }

    /// Enters a span inside the current one, until the guard is dropped.
    #[must_use = "the span ends when the guard is dropped"]
    pub fn span(&self, name: impl Into<Cow<'static, str>>) -> SpanGuard<M> {
        let handle = &*self.handle;
        let outer = handle.span.get();
        let inner = handle.core.borrow_mut().enter(handle.id, outer, name.into());
        handle.span.set(inner);
        SpanGuard { party: self.clone(), outer }
    }

    /// The span it is in.
    pub fn current_span(&self) -> SpanId {
        self.handle.span.get()
    }

    /// Two handles for sub-programs that run side by side, to be joined by [`both`](super::both).
    pub fn fork(&self) -> [Party<M>; 2] {
        let fork = self.next_fork();
        [self.child(fork, 0), self.child(fork, 1)]
    }

    /// As many handles for sub-programs that run side by side, to be joined by [`all`](super::all).
    pub fn fork_n(&self, n: usize) -> Vec<Party<M>> {
        let fork = self.next_fork();
        (0..n as u64).map(|child| self.child(fork, child)).collect()
    }

    fn next_fork(&self) -> u64 {
        self.handle.forks.replace(self.handle.forks.get() + 1)
    }

    fn child(&self, fork: u64, child: u64) -> Party<M> {
        let handle = &*self.handle;
        let strand = child_strand(handle.strand, fork, child);
        Party::new(Rc::clone(&handle.core), handle.id, handle.parties, strand, handle.span.get())
    }
}

/// Ends a span when dropped.
pub struct SpanGuard<M> {
    party: Party<M>,
    outer: SpanId,
}

impl<M> fmt::Debug for SpanGuard<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SpanGuard({:?})", self.party)
    }
}

impl<M> Drop for SpanGuard<M> {
    fn drop(&mut self) {
        let handle = &*self.party.handle;
        // While the kernel unwinds from a panic it may be borrowed; then nobody reads the meter.
        if let Ok(mut core) = handle.core.try_borrow_mut() {
            core.charge(handle.id, handle.span.get());
            core.touch(handle.id, self.outer);
        }
        handle.span.set(self.outer);
    }
}

/// A receive; gives the message when awaited.
#[must_use = "a receive does nothing unless awaited"]
pub struct Recv<'p, M> {
    handle: &'p Handle<M>,
    from: usize,
    slot: Option<usize>,
}

impl<M> fmt::Debug for Recv<'_, M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Recv(party {} from {})", self.handle.id, self.from)
    }
}

impl<M> Future for Recv<'_, M> {
    type Output = M;

    /// The first poll begins the receive; the message is there in a later step.
    fn poll(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<M> {
        let this = self.get_mut();
        let handle = this.handle;
        let mut core = handle.core.borrow_mut();
        match this.slot {
            None => {
                let slot = core.register(handle.id, this.from, handle.strand, handle.span.get());
                this.slot = Some(slot);
                Poll::Pending
            }
            Some(slot) => core.take(handle.id, slot).map_or(Poll::Pending, Poll::Ready),
        }
    }
}
