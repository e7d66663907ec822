//! The work of a thread: its processor time between calls.

use std::cell::Cell;
use std::sync::atomic::{AtomicU32, Ordering};

use libc::clockid_t;

use crate::delay;
use crate::log::{Happened, Kind, add, no_work};
use crate::switched::{stayed, watch};

/// Two calls that found nothing, with less processor time than this from one to the next: the thread is waiting, awake.
const POLLING_NS: u64 = 15_000;

/// Calls that begin so soon after one another have the thread at work in between, as good as always; so has one that returns so soon. Time is
/// cheaper to look at than the processor time of a thread, which takes most of a microsecond on some machines; what the next look at that
/// shows is right in sum.
const SOON_NS: u64 = 20_000;

static NEXT: AtomicU32 = AtomicU32::new(1);

/// What is known of a thread.
struct Thread {
    /// From 1; 0: not seen yet.
    number: Cell<u32>,
    /// Its processor time when that was looked at.
    mark_ns: Cell<u64>,
    /// When the last call began.
    begun_ns: Cell<u64>,
    /// The last call was soon back, and the thread has been watched since.
    watched: Cell<bool>,
    /// Time that was taken for processor time since then.
    ahead_ns: Cell<u64>,
    /// Of that, what is not decided yet.
    since_ns: Cell<u64>,
    /// Work since its last record.
    work_ns: Cell<u64>,
    /// The last call was made without waiting, and found nothing.
    polled: Cell<bool>,
}

thread_local! {
    // Without a destructor, so that it is there at every moment of a thread.
    static HERE: Thread = const { Thread::new() };
}

fn clock(which: clockid_t) -> u64 {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: there is room for a time.
    unsafe { libc::clock_gettime(which, &mut time) };
    time.tv_sec as u64 * 1_000_000_000 + time.tv_nsec as u64
}

/// Since some moment of this machine.
pub(crate) fn now_ns() -> u64 {
    clock(libc::CLOCK_MONOTONIC)
}

/// Processor time of this thread.
pub(crate) fn cpu_ns() -> u64 {
    clock(libc::CLOCK_THREAD_CPUTIME_ID)
}

/// Processor time of all threads.
pub(crate) fn process_cpu_ns() -> u64 {
    clock(libc::CLOCK_PROCESS_CPUTIME_ID)
}

/// What came of a call.
#[derive(Clone, Copy)]
pub(crate) enum Outcome {
    /// Bytes were sent or received.
    Moved(Kind, u32, u64),
    /// It would have had to wait, and was told not to.
    Nothing,
    /// Anything else.
    Done,
}

impl Thread {
    const fn new() -> Thread {
        Thread {
            number: Cell::new(0),
            mark_ns: Cell::new(0),
            begun_ns: Cell::new(0),
            watched: Cell::new(false),
            ahead_ns: Cell::new(0),
            since_ns: Cell::new(0),
            work_ns: Cell::new(0),
            polled: Cell::new(false),
        }
    }

    /// A call begins: what the thread did since the one before, that call's own handling included, is
    /// its work.
    fn count(&self, begin_ns: u64) {
        if self.number.get() == 0 {
            // What it did before is not of a time when it was looked at.
            self.number.set(NEXT.fetch_add(1, Ordering::Relaxed));
            self.mark_ns.set(cpu_ns());
            self.begun_ns.set(begin_ns);
        }
        let passed = begin_ns.saturating_sub(self.begun_ns.replace(begin_ns));
        let worked = self.watched.take() && stayed();
        let since = if passed < SOON_NS || worked {
            self.ahead_ns.set(self.ahead_ns.get() + passed);
            passed
        } else {
            let cpu_ns = cpu_ns();
            let all = cpu_ns.saturating_sub(self.mark_ns.replace(cpu_ns));
            let ahead = self.ahead_ns.get();
            self.ahead_ns.set(ahead.saturating_sub(all));
            all.saturating_sub(ahead)
        };
        self.since_ns.set(since);
    }

    /// A call is back: whether the thread keeps its processor until the next one will show, if it did in this one.
    fn watch(&self, time_ns: u64) {
        if time_ns.saturating_sub(self.begun_ns.get()) < SOON_NS {
            watch();
            self.watched.set(true);
        }
    }

    /// Whether that was work.
    fn decide(&self, polls: bool) {
        let since = self.since_ns.take();
        if self.polled.replace(polls) && polls && since < POLLING_NS {
            no_work(since);
        } else {
            self.work_ns.set(self.work_ns.get() + since);
        }
    }

    fn happened(&self, time_ns: u64) -> Happened {
        let work_ns = self.work_ns.take() + delay::take_work_ns();
        Happened { thread: self.number.get(), connection: 0, bytes: 0, time_ns, work_ns }
    }

    /// Work before a wait is done before it.
    fn record_work(&self) {
        if self.work_ns.get() > 0 {
            add(Kind::Work, &self.happened(now_ns()));
        }
    }
}

/// Makes a call that moves bytes or looks whether any are there, and logs it.
pub(crate) fn measured<R>(sends: bool, call: impl FnOnce() -> R, outcome: impl FnOnce(&R) -> Outcome) -> R {
    HERE.with(|thread| {
        let begin_ns = now_ns();
        // Before the call, in which the thread may wait; whether it polls shows after it.
        thread.count(begin_ns);
        let result = call();
        // SAFETY: each thread has a place for its error.
        let error = unsafe { *libc::__errno_location() };
        let outcome = outcome(&result);
        thread.decide(matches!(outcome, Outcome::Nothing));
        let end_ns = now_ns();
        if let Outcome::Moved(kind, connection, bytes) = outcome {
            let time_ns = if sends { begin_ns } else { end_ns };
            add(kind, &Happened { connection, bytes, ..thread.happened(time_ns) });
        }
        thread.watch(end_ns);
        // SAFETY: as above; what we called in between may have changed it.
        unsafe { *libc::__errno_location() = error };
        result
    })
}

/// Makes a call in which the thread may wait.
pub(crate) fn waiting<R>(call: impl FnOnce() -> R) -> R {
    HERE.with(|thread| {
        thread.count(now_ns());
        thread.decide(false);
        thread.record_work();
    });
    call()
}

/// The work up to the end of the process.
pub(crate) fn last() {
    HERE.with(|thread| {
        thread.count(now_ns());
        thread.decide(false);
        thread.record_work();
    });
}

/// In a child of `fork` the thread is another one.
pub(crate) fn forked() {
    HERE.with(|thread| {
        thread.number.set(0);
        thread.watched.set(false);
        thread.ahead_ns.set(0);
        thread.work_ns.set(0);
        thread.polled.set(false);
    });
}
