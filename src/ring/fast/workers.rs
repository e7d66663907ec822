//! Threads that arithmetic is spread over.
//!
//! A training is a long chain of short pieces of work, some ten to some hundred microseconds each. A thread that sleeps
//! takes longer than that to wake up, so the threads of a training wait awake, for work and for each other.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use rayon::{ThreadPoolBuildError, ThreadPoolBuilder, Yield};

/// Threads of a training, at most: the pieces are too short to be worth more.
const MOST: usize = 8;

/// Does `work` on a pool of its own with so many threads, or as many as are of use. What is metered (see
/// [`crate::ring::meter`]) on the thread that works is the work's own, since nobody else uses the pool.
///
/// # Errors
/// If the system gives no threads.
pub fn with_workers<T: Send>(
    threads: usize,
    work: impl FnOnce() -> T + Send,
) -> Result<T, ThreadPoolBuildError> {
    let pool = ThreadPoolBuilder::new().num_threads(threads.min(MOST)).build()?;
    let over = &AtomicBool::new(false);
    let scoped = || {
        rayon::scope(|scope| {
            let own = rayon::current_thread_index();
            scope.spawn_broadcast(move |_, thread| {
                while Some(thread.index()) != own && !over.load(Ordering::Acquire) {
                    help();
                }
            });
            let _end = AtEnd(|| over.store(true, Ordering::Release));
            work()
        })
    };
    Ok(pool.install(scoped))
}

/// Does what another thread of the pool has to do, or else lets other programs go first. False outside of a pool.
fn help() -> bool {
    let done = rayon::yield_now();
    if done == Some(Yield::Idle) {
        std::thread::yield_now();
    }
    done.is_some()
}

/// Does something when it goes, in a panic too.
struct AtEnd<F: Fn()>(F);

impl<F: Fn()> Drop for AtEnd<F> {
    fn drop(&mut self) {
        self.0();
    }
}

/// How many pieces are worth being made of `amount`, if each should have `enough` at least.
pub(in crate::ring) fn pieces_of(amount: usize, enough: usize) -> usize {
    match amount / enough {
        0 | 1 => 1,
        worthwhile => worthwhile.min(rayon::current_num_threads()),
    }
}

/// `work` on all pieces, spread over the current rayon pool.
pub(in crate::ring) fn spread<T: Send>(pieces: Vec<T>, work: impl Fn(T) + Sync) {
    if pieces.len() < 2 || rayon::current_num_threads() == 1 {
        return pieces.into_iter().for_each(work);
    }
    let mut pieces = pieces.into_iter();
    let own = pieces.next_back();
    let (work, open) = (&work, &AtomicUsize::new(pieces.len()));
    rayon::in_place_scope(|scope| {
        for piece in pieces {
            scope.spawn(move |_| {
                let _end = AtEnd(|| {
                    open.fetch_sub(1, Ordering::Release);
                });
                work(piece);
            });
        }
        own.into_iter().for_each(work);
        while open.load(Ordering::Acquire) > 0 && help() {}
    });
}
