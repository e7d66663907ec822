//! Which descriptors are TCP connections.

use std::mem::{size_of, zeroed};
use std::sync::atomic::{AtomicU32, Ordering};

use libc::{AF_INET, AF_INET6, c_int, sockaddr_in, sockaddr_in6, sockaddr_storage, socklen_t};

/// Descriptors that are looked after; a process with more has to ask for them.
const MOST: usize = 1 << 16;
/// Not looked at yet.
const UNKNOWN: u32 = 0;
/// A file, a pipe, a socket of another kind.
const OTHER: u32 = 1;
/// From here on numbers of connections.
const FIRST: u32 = 2;

static KNOWN: [AtomicU32; MOST] = [const { AtomicU32::new(UNKNOWN) }; MOST];
static NEXT: AtomicU32 = AtomicU32::new(FIRST);

/// An end of a connection: an address of IPv6 (one of IPv4 is written as `::ffff:…`) and a port.
pub(crate) type End = ([u8; 16], u16);

fn known(descriptor: c_int) -> Option<&'static AtomicU32> {
    usize::try_from(descriptor).ok().and_then(|at| KNOWN.get(at))
}

/// The number that a descriptor's connection has already.
pub(crate) fn numbered(descriptor: c_int) -> Option<u32> {
    known(descriptor).map(|known| known.load(Ordering::Relaxed)).filter(|&number| number >= FIRST)
}

/// The descriptor means something else from now on.
pub(crate) fn forget(descriptor: c_int) {
    if let Some(known) = known(descriptor) {
        known.store(UNKNOWN, Ordering::Relaxed);
    }
}

/// After a fork: the child's connections are to be named anew.
pub(crate) fn forget_all() {
    for known in &KNOWN {
        // Most pages of the table were never written, and stay so.
        if known.load(Ordering::Relaxed) != UNKNOWN {
            known.store(UNKNOWN, Ordering::Relaxed);
        }
    }
}

/// The number of the TCP connection behind a descriptor; `begin` is told of new ones.
pub(crate) fn number(descriptor: c_int, begin: impl FnOnce(u32, End, End)) -> Option<u32> {
    let known = known(descriptor)?;
    match known.load(Ordering::Relaxed) {
        OTHER => None,
        UNKNOWN => {
            let (own, peer) = match ends(descriptor) {
                Kind::Connection(own, peer) => (own, peer),
                Kind::NotYet => return None,
                Kind::Other => {
                    known.store(OTHER, Ordering::Relaxed);
                    return None;
                }
            };
            let number = NEXT.fetch_add(1, Ordering::Relaxed);
            begin(number, own, peer);
            known.store(number, Ordering::Relaxed);
            Some(number)
        }
        number => Some(number),
    }
}

enum Kind {
    Connection(End, End),
    /// It may become a connection.
    NotYet,
    Other,
}

type Name = unsafe extern "C" fn(c_int, *mut libc::sockaddr, *mut socklen_t) -> c_int;

fn address(name: Name, descriptor: c_int) -> Option<sockaddr_storage> {
    // SAFETY: all zeros is an address of no family.
    let mut address: sockaddr_storage = unsafe { zeroed() };
    let mut length = size_of::<sockaddr_storage>() as socklen_t;
    // SAFETY: the address has room for as many bytes as the length says.
    let done = unsafe { name(descriptor, (&raw mut address).cast(), &mut length) };
    (done == 0).then_some(address)
}

fn end(address: &sockaddr_storage) -> Option<End> {
    match c_int::from(address.ss_family) {
        AF_INET => {
            // SAFETY: an address of this family has this form, and there is room for all.
            let address = unsafe { &*(&raw const *address).cast::<sockaddr_in>() };
            let mut mapped = [0; 16];
            mapped[10..12].fill(0xff);
            mapped[12..].copy_from_slice(&address.sin_addr.s_addr.to_ne_bytes());
            Some((mapped, u16::from_be(address.sin_port)))
        }
        AF_INET6 => {
            // SAFETY: an address of this family has this form, and there is room for all.
            let address = unsafe { &*(&raw const *address).cast::<sockaddr_in6>() };
            Some((address.sin6_addr.s6_addr, u16::from_be(address.sin6_port)))
        }
        _ => None,
    }
}

fn ends(descriptor: c_int) -> Kind {
    let (mut kind, mut length): (c_int, _) = (0, size_of::<c_int>() as socklen_t);
    // SAFETY: there is room for as many bytes as the length says.
    let done = unsafe {
        libc::getsockopt(descriptor, libc::SOL_SOCKET, libc::SO_TYPE, (&raw mut kind).cast(), &mut length)
    };
    if done != 0 || kind != libc::SOCK_STREAM {
        return Kind::Other;
    }
    let Some(own) = address(libc::getsockname, descriptor).as_ref().and_then(end) else { return Kind::Other };
    match address(libc::getpeername, descriptor).as_ref().and_then(end) {
        Some(peer) => Kind::Connection(own, peer),
        None => Kind::NotYet,
    }
}
