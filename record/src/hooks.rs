//! The functions that a program calls in place of the C library's. Each does what the next definition of its name does, and logs it.
//!
//! `unsafe extern "C-unwind"`: they are called from C, with C's pointers, and a thread that is cancelled within one unwinds through it.

use libc::{
    c_int, c_void, fd_set, iovec, mmsghdr, msghdr, nfds_t, off_t, off64_t, pollfd, pthread_cond_t,
    pthread_mutex_t, sigset_t, size_t, sockaddr, socklen_t, ssize_t, timespec, timeval,
};

use crate::connection::{forget, forget_all, number, numbered};
use crate::delay;
use crate::log::{self, Kind};
use crate::next::next;
use crate::thread::{self, Outcome, measured, waiting};

/// The connection behind a descriptor, if what is exchanged there is logged.
fn connection(descriptor: c_int) -> Option<u32> {
    let number = number(descriptor, log::connection)?;
    log::begun().then_some(number)
}

fn would_wait() -> bool {
    // SAFETY: each thread has a place for its error.
    unsafe { *libc::__errno_location() == libc::EAGAIN }
}

/// A call that moves bytes and returns how many.
fn moves(kind: Kind, descriptor: c_int, call: impl FnOnce() -> ssize_t) -> ssize_t {
    let Some(connection) = connection(descriptor) else { return call() };
    measured(matches!(kind, Kind::Send), call, |&result| match u64::try_from(result) {
        Ok(0) => Outcome::Done,
        Ok(bytes) => Outcome::Moved(kind, connection, bytes),
        Err(_) if would_wait() && matches!(kind, Kind::Receive) => Outcome::Nothing,
        Err(_) => Outcome::Done,
    })
}

/// A call that sends `bytes`, or has them sent later.
fn sends(descriptor: c_int, bytes: impl FnOnce() -> Vec<u8>, call: impl FnOnce() -> ssize_t) -> ssize_t {
    let delayed = || connection(descriptor).and_then(|number| delay::sent(number, descriptor, bytes));
    moves(Kind::Send, descriptor, || delayed().unwrap_or_else(call))
}

/// Bytes in one piece.
///
/// # Safety
/// So many bytes are there.
unsafe fn piece(buffer: *const c_void, length: size_t) -> Vec<u8> {
    let piece = iovec { iov_base: buffer.cast_mut(), iov_len: length };
    // SAFETY: the caller says so.
    unsafe { delay::gather(&piece, 1) }
}

/// Bytes of a message.
///
/// # Safety
/// The message is there, with all its bytes.
unsafe fn of_message(message: *const msghdr) -> Vec<u8> {
    // SAFETY: the caller says so.
    unsafe { delay::gather((*message).msg_iov, (*message).msg_iovlen) }
}

/// Several messages at once.
///
/// # Safety
/// So many messages are there, with all their bytes.
unsafe fn sends_messages(
    socket: c_int,
    messages: *mut mmsghdr,
    count: u32,
    call: impl FnOnce() -> c_int,
) -> c_int {
    let Some(number) = connection(socket) else { return call() };
    let delayed = || {
        for at in 0..count as usize {
            // SAFETY: the caller says so.
            let message = unsafe { &mut *messages.add(at) };
            // SAFETY: the caller says so.
            let taken = delay::sent(number, socket, || unsafe { of_message(&message.msg_hdr) })?;
            message.msg_len = taken as u32;
        }
        Some(count as c_int)
    };
    // SAFETY: the caller gave an array with room for so many.
    unsafe { moves_messages(Kind::Send, socket, messages, || delayed().unwrap_or_else(call)) }
}

/// What comes from a file goes behind what is held back.
fn sends_file(descriptor: c_int, call: impl FnOnce() -> ssize_t) -> ssize_t {
    if let Some(number) = connection(descriptor) {
        delay::drain(number);
    }
    moves(Kind::Send, descriptor, call)
}

/// A descriptor is closed.
fn closes(descriptor: c_int) {
    if let Some(number) = numbered(descriptor) {
        delay::closed(number);
    }
    forget(descriptor);
}

/// The same where flags can say that bytes stay where they are.
fn receives(descriptor: c_int, flags: c_int, call: impl FnOnce() -> ssize_t) -> ssize_t {
    if flags & (libc::MSG_PEEK | libc::MSG_ERRQUEUE) != 0 {
        return call();
    }
    moves(Kind::Receive, descriptor, call)
}

/// The same with several messages, of which the call returns the number.
///
/// # Safety
/// There are as many messages as the call returns.
unsafe fn moves_messages(
    kind: Kind,
    descriptor: c_int,
    messages: *const mmsghdr,
    call: impl FnOnce() -> c_int,
) -> c_int {
    let Some(connection) = connection(descriptor) else { return call() };
    measured(matches!(kind, Kind::Send), call, |&result| {
        let Ok(count) = usize::try_from(result) else {
            let polls = would_wait() && matches!(kind, Kind::Receive);
            return if polls { Outcome::Nothing } else { Outcome::Done };
        };
        // SAFETY: so many messages were moved, so they are there.
        let bytes = (0..count).map(|at| u64::from(unsafe { (*messages.add(at)).msg_len })).sum();
        if bytes == 0 { Outcome::Done } else { Outcome::Moved(kind, connection, bytes) }
    })
}

/// A call that looks whether something can be done, and may wait until then.
fn looks(waits: bool, call: impl FnOnce() -> c_int) -> c_int {
    if !log::begun() {
        return call();
    }
    if waits {
        return waiting(call);
    }
    measured(false, call, |&result| if result == 0 { Outcome::Nothing } else { Outcome::Done })
}

/// A call in which the thread waits for another one.
fn waits(call: impl FnOnce() -> c_int) -> c_int {
    if log::begun() { waiting(call) } else { call() }
}

/// Functions that do one thing with a call of the next function of their name.
macro_rules! hooks {
    ($($name:ident, $text:literal, ($($argument:ident: $type:ty),*) -> $result:ty, |$call:ident| $body:expr;)*) => {
        $(
            /// # Safety
            /// That of the function of the C library.
            #[unsafe(no_mangle)]
            pub unsafe extern "C-unwind" fn $name($($argument: $type),*) -> $result {
                let next = next!($text as unsafe extern "C-unwind" fn($($type),*) -> $result);
                // SAFETY: with the arguments that we were given.
                let $call = || unsafe { next($($argument),*) };
                $body
            }
        )*
    };
}

hooks! {
    send, c"send", (socket: c_int, buffer: *const c_void, length: size_t, flags: c_int) -> ssize_t,
        // SAFETY: what a caller sends is there.
        |call| sends(socket, || unsafe { piece(buffer, length) }, call);
    sendto, c"sendto", (socket: c_int, buffer: *const c_void, length: size_t, flags: c_int,
        address: *const sockaddr, address_length: socklen_t) -> ssize_t,
        // SAFETY: what a caller sends is there.
        |call| sends(socket, || unsafe { piece(buffer, length) }, call);
    sendmsg, c"sendmsg", (socket: c_int, message: *const msghdr, flags: c_int) -> ssize_t,
        // SAFETY: what a caller sends is there.
        |call| sends(socket, || unsafe { of_message(message) }, call);
    sendmmsg, c"sendmmsg", (socket: c_int, messages: *mut mmsghdr, count: u32, flags: c_int) -> c_int,
        // SAFETY: what a caller sends is there.
        |call| unsafe { sends_messages(socket, messages, count, call) };
    write, c"write", (file: c_int, buffer: *const c_void, length: size_t) -> ssize_t,
        // SAFETY: what a caller sends is there.
        |call| sends(file, || unsafe { piece(buffer, length) }, call);
    writev, c"writev", (file: c_int, pieces: *const iovec, count: c_int) -> ssize_t,
        // SAFETY: what a caller sends is there.
        |call| sends(file, || unsafe { delay::gather(pieces, count as usize) }, call);
    sendfile, c"sendfile", (file: c_int, from: c_int, offset: *mut off_t, length: size_t) -> ssize_t,
        |call| sends_file(file, call);
    sendfile64, c"sendfile64", (file: c_int, from: c_int, offset: *mut off64_t, length: size_t) -> ssize_t,
        |call| sends_file(file, call);

    recv, c"recv", (socket: c_int, buffer: *mut c_void, length: size_t, flags: c_int) -> ssize_t,
        |call| receives(socket, flags, call);
    recvfrom, c"recvfrom", (socket: c_int, buffer: *mut c_void, length: size_t, flags: c_int,
        address: *mut sockaddr, address_length: *mut socklen_t) -> ssize_t,
        |call| receives(socket, flags, call);
    recvmsg, c"recvmsg", (socket: c_int, message: *mut msghdr, flags: c_int) -> ssize_t,
        |call| receives(socket, flags, call);
    recvmmsg, c"recvmmsg", (socket: c_int, messages: *mut mmsghdr, count: u32, flags: c_int,
        timeout: *mut timespec) -> c_int,
        |call| if flags & (libc::MSG_PEEK | libc::MSG_ERRQUEUE) != 0 { call() } else {
            // SAFETY: the caller gave an array with room for so many.
            unsafe { moves_messages(Kind::Receive, socket, messages, call) }
        };
    read, c"read", (file: c_int, buffer: *mut c_void, length: size_t) -> ssize_t,
        |call| moves(Kind::Receive, file, call);
    readv, c"readv", (file: c_int, pieces: *const iovec, count: c_int) -> ssize_t,
        |call| moves(Kind::Receive, file, call);
    // What programs call that were compiled with checks of their buffers.
    __read_chk, c"__read_chk", (file: c_int, buffer: *mut c_void, length: size_t, room: size_t) -> ssize_t,
        |call| moves(Kind::Receive, file, call);
    __recv_chk, c"__recv_chk", (socket: c_int, buffer: *mut c_void, length: size_t, room: size_t,
        flags: c_int) -> ssize_t,
        |call| receives(socket, flags, call);
    __recvfrom_chk, c"__recvfrom_chk", (socket: c_int, buffer: *mut c_void, length: size_t, room: size_t,
        flags: c_int, address: *mut sockaddr, address_length: *mut socklen_t) -> ssize_t,
        |call| receives(socket, flags, call);

    poll, c"poll", (files: *mut pollfd, count: nfds_t, timeout_ms: c_int) -> c_int,
        |call| looks(timeout_ms != 0, call);
    __poll_chk, c"__poll_chk", (files: *mut pollfd, count: nfds_t, timeout_ms: c_int, room: size_t) -> c_int,
        |call| looks(timeout_ms != 0, call);
    ppoll, c"ppoll", (files: *mut pollfd, count: nfds_t, timeout: *const timespec, mask: *const sigset_t) -> c_int,
        |call| looks(!zero(timeout), call);
    select, c"select", (count: c_int, read: *mut fd_set, write: *mut fd_set, except: *mut fd_set,
        timeout: *mut timeval) -> c_int,
        |call| looks(!zero_of_microseconds(timeout), call);
    pselect, c"pselect", (count: c_int, read: *mut fd_set, write: *mut fd_set, except: *mut fd_set,
        timeout: *const timespec, mask: *const sigset_t) -> c_int,
        |call| looks(!zero(timeout), call);
    epoll_wait, c"epoll_wait", (queue: c_int, events: *mut libc::epoll_event, count: c_int,
        timeout_ms: c_int) -> c_int,
        |call| looks(timeout_ms != 0, call);
    epoll_pwait, c"epoll_pwait", (queue: c_int, events: *mut libc::epoll_event, count: c_int, timeout_ms: c_int,
        mask: *const sigset_t) -> c_int,
        |call| looks(timeout_ms != 0, call);

    pthread_cond_wait, c"pthread_cond_wait", (condition: *mut pthread_cond_t, mutex: *mut pthread_mutex_t) -> c_int,
        |call| waits(call);
    pthread_cond_timedwait, c"pthread_cond_timedwait", (condition: *mut pthread_cond_t,
        mutex: *mut pthread_mutex_t, until: *const timespec) -> c_int,
        |call| waits(call);
    pthread_cond_clockwait, c"pthread_cond_clockwait", (condition: *mut pthread_cond_t,
        mutex: *mut pthread_mutex_t, clock: libc::clockid_t, until: *const timespec) -> c_int,
        |call| waits(call);
    sem_wait, c"sem_wait", (semaphore: *mut libc::sem_t) -> c_int, |call| waits(call);
    pthread_join, c"pthread_join", (thread: libc::pthread_t, result: *mut *mut c_void) -> c_int, |call| waits(call);

    socket, c"socket", (domain: c_int, kind: c_int, protocol: c_int) -> c_int, |call| anew(call());
    accept, c"accept", (socket: c_int, address: *mut sockaddr, length: *mut socklen_t) -> c_int,
        |call| anew(call());
    accept4, c"accept4", (socket: c_int, address: *mut sockaddr, length: *mut socklen_t, flags: c_int) -> c_int,
        |call| anew(call());
    connect, c"connect", (socket: c_int, address: *const sockaddr, length: socklen_t) -> c_int,
        |call| { forget(socket); call() };
    dup2, c"dup2", (from: c_int, to: c_int) -> c_int, |call| { if from != to { closes(to); } call() };
    dup3, c"dup3", (from: c_int, to: c_int, flags: c_int) -> c_int, |call| { closes(to); call() };
    close, c"close", (file: c_int) -> c_int, |call| { closes(file); call() };
    shutdown, c"shutdown", (socket: c_int, how: c_int) -> c_int,
        |call| if numbered(socket).is_some_and(|number| delay::shut_down(number, how)) { 0 } else { call() };
}

/// A descriptor that a call returned is a new one.
fn anew(descriptor: c_int) -> c_int {
    forget(descriptor);
    descriptor
}

/// Whether a call is told not to wait.
fn zero(timeout: *const timespec) -> bool {
    // SAFETY: a caller gives none or one that can be read.
    unsafe { timeout.as_ref() }.is_some_and(|time| time.tv_sec == 0 && time.tv_nsec == 0)
}

/// The same for times in microseconds.
fn zero_of_microseconds(timeout: *const timeval) -> bool {
    // SAFETY: a caller gives none or one that can be read.
    unsafe { timeout.as_ref() }.is_some_and(|time| time.tv_sec == 0 && time.tv_usec == 0)
}

fn ends() {
    if log::begun() {
        thread::last();
        delay::drain_all();
        log::end();
    }
}

/// # Safety
/// That of the function of the C library.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn _exit(status: c_int) -> ! {
    ends();
    let next = next!(c"_exit" as unsafe extern "C-unwind" fn(c_int) -> !);
    // SAFETY: it takes any status.
    unsafe { next(status) }
}

/// # Safety
/// That of the function of the C library.
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn _Exit(status: c_int) -> ! {
    // SAFETY: the same function by another name.
    unsafe { _exit(status) }
}

extern "C" fn at_end() {
    ends();
}

extern "C" fn in_child() {
    log::forked();
    delay::forked();
    thread::forked();
    forget_all();
}

extern "C" fn at_start() {
    // SAFETY: the functions live as long as the process.
    unsafe { libc::pthread_atfork(None, None, Some(in_child)) };
}

#[used]
#[unsafe(link_section = ".init_array")]
static AT_START: extern "C" fn() = at_start;
#[used]
#[unsafe(link_section = ".fini_array")]
static AT_END: extern "C" fn() = at_end;
