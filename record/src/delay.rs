//! Holds back what is sent, so that it comes as late as over a network.
//!
//! Where messages come at once, a program that does several things side by side is now ahead with one of them and now with another, as its
//! threads and processes happen to get a processor; what it takes in which order says little about a network. With a latency that is
//! longer than what a round computes, messages come round by round, in the order in which any network brings them.
//!
//! A connection has a thread that sends what is due; its processor time within the system counts as work of whoever comes next, as if
//! the program had made the call.

use std::collections::{BTreeMap, VecDeque};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError};
use std::thread;
use std::time::Duration;

use libc::{c_int, iovec, ssize_t};

use crate::log::no_work;
use crate::thread::{cpu_ns, now_ns};

/// Says for how many microseconds.
const DELAY: &str = "MPCSIM_RECORD_DELAY_US";

/// What is to be done when it is due.
enum Piece {
    Bytes(Vec<u8>),
    Shutdown(c_int),
    Close,
}

#[derive(Default)]
struct Queue {
    pieces: VecDeque<(u64, Piece)>,
    /// All that was due is done.
    idle: bool,
}

#[derive(Default)]
struct Line {
    queue: Mutex<Queue>,
    changed: Condvar,
}

/// The lines of the connections that were delayed, by their numbers.
static LINES: Mutex<BTreeMap<u32, Arc<Line>>> = Mutex::new(BTreeMap::new());
/// Processor time of sends that nobody has counted yet.
static SENDS_NS: AtomicU64 = AtomicU64::new(0);

fn whole<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn delay_ns() -> u64 {
    static KNOWN: OnceLock<u64> = OnceLock::new();
    *KNOWN.get_or_init(|| {
        let wanted = std::env::var(DELAY).ok().and_then(|text| text.parse::<u64>().ok());
        wanted.unwrap_or(0).saturating_mul(1000)
    })
}

/// Processor time of sends, once.
pub(crate) fn take_work_ns() -> u64 {
    if SENDS_NS.load(Ordering::Relaxed) == 0 { 0 } else { SENDS_NS.swap(0, Ordering::Relaxed) }
}

impl Line {
    fn push(&self, piece: Piece) {
        let mut queue = whole(&self.queue);
        queue.pieces.push_back((now_ns() + delay_ns(), piece));
        queue.idle = false;
        self.changed.notify_all();
    }

    /// Waits until all is done that there is to do.
    fn drain(&self) {
        let mut queue = whole(&self.queue);
        while !queue.idle {
            queue = self.changed.wait(queue).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// The next piece, when it is due.
    fn next(&self) -> Piece {
        let mut queue = whole(&self.queue);
        loop {
            match queue.pieces.front() {
                None => {
                    queue.idle = true;
                    self.changed.notify_all();
                    queue = self.changed.wait(queue).unwrap_or_else(PoisonError::into_inner);
                }
                Some(&(due_ns, _)) => {
                    let left = due_ns.saturating_sub(now_ns());
                    if left == 0 {
                        return queue.pieces.pop_front().expect("it was there").1;
                    }
                    let waited = self.changed.wait_timeout(queue, Duration::from_nanos(left));
                    queue = waited.unwrap_or_else(PoisonError::into_inner).0;
                }
            }
        }
    }

    /// Does what is due, until the connection is closed.
    fn run(&self, own: c_int) {
        let mut counted_ns = cpu_ns();
        loop {
            match self.next() {
                Piece::Bytes(bytes) => {
                    let begin_ns = cpu_ns();
                    send_all(own, &bytes);
                    let end_ns = cpu_ns();
                    no_work(begin_ns - counted_ns);
                    SENDS_NS.fetch_add(end_ns - begin_ns, Ordering::Relaxed);
                    counted_ns = end_ns;
                }
                Piece::Shutdown(how) => {
                    // SAFETY: the descriptor is ours.
                    unsafe { libc::syscall(libc::SYS_shutdown, own, how) };
                }
                Piece::Close => break,
            }
        }
        // SAFETY: the descriptor is ours, and this is its last use. The C library's function of this name is ours.
        unsafe { libc::syscall(libc::SYS_close, own) };
        no_work(cpu_ns() - counted_ns);
        let mut queue = whole(&self.queue);
        queue.pieces.clear();
        queue.idle = true;
        self.changed.notify_all();
    }
}

/// Sends bytes over a descriptor that may be one that does not wait. If the other end is gone, the program hears of it when it receives.
fn send_all(own: c_int, bytes: &[u8]) {
    let mut done = 0;
    while done < bytes.len() {
        let rest = &bytes[done..];
        let (none, flags) = (std::ptr::null::<libc::sockaddr>(), libc::MSG_NOSIGNAL);
        // SAFETY: these bytes are ours.
        let sent = unsafe { libc::syscall(libc::SYS_sendto, own, rest.as_ptr(), rest.len(), flags, none, 0) };
        // SAFETY: each thread has a place for its error.
        match (usize::try_from(sent), unsafe { *libc::__errno_location() }) {
            (Ok(sent), _) => done += sent,
            (Err(_), libc::EINTR) => {}
            (Err(_), libc::EAGAIN) => {
                let mut file = libc::pollfd { fd: own, events: libc::POLLOUT, revents: 0 };
                // SAFETY: there is one descriptor, and no time-out and no mask.
                unsafe { libc::syscall(libc::SYS_ppoll, &raw mut file, 1, 0, 0, 0) };
            }
            _ => return,
        }
    }
}

/// The line of a connection, which this begins if it is new; none if nothing is held back.
fn line(connection: u32, descriptor: c_int) -> Option<Arc<Line>> {
    if delay_ns() == 0 {
        return None;
    }
    let mut lines = whole(&LINES);
    if let Some(line) = lines.get(&connection) {
        return Some(Arc::clone(line));
    }
    // One of our own: the program may close its descriptor while something is under way.
    // SAFETY: these arguments are numbers.
    let own = unsafe { libc::fcntl(descriptor, libc::F_DUPFD_CLOEXEC, 512) };
    if own < 0 {
        return None;
    }
    let line = Arc::<Line>::default();
    let running = Arc::clone(&line);
    let begun = thread::Builder::new().name("mpcsim-delay".into()).spawn(move || running.run(own));
    begun.ok()?;
    lines.insert(connection, Arc::clone(&line));
    Some(line)
}

/// Bytes of several pieces, one after the other.
///
/// # Safety
/// There are so many pieces, and all their bytes are there.
pub(crate) unsafe fn gather(pieces: *const iovec, count: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    for at in 0..count {
        // SAFETY: the caller says so.
        let piece = unsafe { *pieces.add(at) };
        if piece.iov_len > 0 {
            // SAFETY: the caller says so.
            bytes.extend_from_slice(unsafe {
                std::slice::from_raw_parts(piece.iov_base.cast(), piece.iov_len)
            });
        }
    }
    bytes
}

/// Takes bytes for a connection, and returns how many; none if they are not held back.
pub(crate) fn sent(connection: u32, descriptor: c_int, bytes: impl FnOnce() -> Vec<u8>) -> Option<ssize_t> {
    let line = line(connection, descriptor)?;
    let bytes = bytes();
    let taken = bytes.len() as ssize_t;
    line.push(Piece::Bytes(bytes));
    Some(taken)
}

fn known(connection: u32) -> Option<Arc<Line>> {
    whole(&LINES).get(&connection).map(Arc::clone)
}

/// Waits until nothing of a connection is held back.
pub(crate) fn drain(connection: u32) {
    if let Some(line) = known(connection) {
        line.drain();
    }
}

/// The program says that it sends nothing more; false if nothing was held back on this connection.
pub(crate) fn shut_down(connection: u32, how: c_int) -> bool {
    let line = known(connection);
    if let Some(line) = &line {
        line.push(Piece::Shutdown(how));
    }
    line.is_some()
}

/// The program closes its descriptor.
pub(crate) fn closed(connection: u32) {
    let line = whole(&LINES).remove(&connection);
    if let Some(line) = line {
        line.push(Piece::Close);
        whole(&CLOSING).push(line);
    }
}

/// Lines whose descriptors the program has closed.
static CLOSING: Mutex<Vec<Arc<Line>>> = Mutex::new(Vec::new());

/// Waits until nothing is held back: the process ends.
pub(crate) fn drain_all() {
    let mut all: Vec<Arc<Line>> = whole(&LINES).values().map(Arc::clone).collect();
    all.append(&mut whole(&CLOSING));
    all.iter().for_each(|line| line.drain());
}

/// In a child of `fork` there is nobody who would send.
pub(crate) fn forked() {
    // Another thread of the parent may have held one of them.
    if let Ok(mut lines) = LINES.try_lock() {
        std::mem::take(&mut *lines).into_values().for_each(std::mem::forget);
    }
    if let Ok(mut closing) = CLOSING.try_lock() {
        std::mem::take(&mut *closing).into_iter().for_each(std::mem::forget);
    }
}
