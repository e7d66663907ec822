//! Threads that arithmetic is spread over.
//!
//! A training is a long chain of short pieces of work, some ten to some hundred microseconds each. A thread that sleeps
//! takes longer than that to wake up, so the threads of a training wait for work awake.

use std::sync::atomic::{AtomicBool, Ordering};

use rayon::{ThreadPoolBuildError, ThreadPoolBuilder, Yield};

/// Threads that wait awake, at most: pieces of work that only more of them could shorten are long enough to wake some.
const AWAKE: usize = 8;

/// Does `work` on a pool of its own with so many threads. What is metered (see [`super::meter`]) on the thread that works
/// is the work's own, since nobody else uses the pool.
///
/// # Errors
/// If the system gives no threads.
pub fn with_workers<T: Send>(
    threads: usize,
    work: impl FnOnce() -> T + Send,
) -> Result<T, ThreadPoolBuildError> {
    let pool = ThreadPoolBuilder::new().num_threads(threads).build()?;
    let over = &AtomicBool::new(false);
    let scoped = || {
        rayon::scope(|scope| {
            let own = rayon::current_thread_index();
            scope.spawn_broadcast(move |_, thread| {
                if Some(thread.index()) != own && thread.index() < AWAKE {
                    wait_awake(over);
                }
            });
            let _end = SetAtEnd(over);
            work()
        })
    };
    Ok(pool.install(scoped))
}

/// Sets a flag when it goes, in a panic too.
struct SetAtEnd<'a>(&'a AtomicBool);

impl Drop for SetAtEnd<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Release);
    }
}

/// Takes work of this pool as soon as there is some; lets other programs go first meanwhile.
fn wait_awake(over: &AtomicBool) {
    while !over.load(Ordering::Acquire) {
        if rayon::yield_now() == Some(Yield::Idle) {
            std::thread::yield_now();
        }
    }
}
