//! Connections among the parties, one for each directed link, and a common start.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream, ToSocketAddrs};
use std::thread;
use std::time::Duration;

use super::error::PlayError;
use super::outgoing::Outgoing;

/// Bytes with which every connection begins, before the first message: who speaks, and when to start.
pub const GREETING_BYTES: usize = 96;
/// Where a party sits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seat {
    /// Its number in the trace.
    pub party: usize,
    /// Where it listens: a host or address with a port.
    pub listen: String,
    /// Where each of the others listens, by party; its own entry is none.
    pub others: Vec<Option<String>>,
}

/// What measures.
#[allow(
    clippy::disallowed_types,
    reason = "this room measures real time; nothing that is computed depends on it"
)]
pub(super) type Clock = std::time::Instant;

/// How long to wait before an address is tried again.
const AGAIN: Duration = Duration::from_millis(20);
/// What a connection begins with.
const MAGIC: &[u8; 12] = b"mpcsim-play1";
/// Hexadecimal digits of a digest.
const DIGEST_BYTES: usize = 64;
/// The magic, the sender's number, and the digest.
const HELLO_BYTES: usize = MAGIC.len() + 4 + DIGEST_BYTES;
/// How often the way to a party and back is measured.
const PINGS: usize = 5;
/// When to start, in nanoseconds from now.
const START_BYTES: usize = 8;
/// Time for the last word before the start to be read, besides the way.
const MARGIN: Duration = Duration::from_millis(50);

/// Connections of a party, by the other party; its own entry is none.
pub(super) struct Connections {
    pub(super) outgoing: Vec<Option<Outgoing>>,
    pub(super) incoming: Vec<Option<TcpStream>>,
}

/// Waits for a moment, awake for the last bit, since a sleep ends late.
pub(super) fn wait_until(moment: Clock, awake: Duration) {
    let left = moment.saturating_duration_since(Clock::now());
    if left > awake {
        thread::sleep(left - awake);
    }
    while Clock::now() < moment {
        std::hint::spin_loop();
    }
}

/// Connects with a party, which may not be there yet.
fn connect(party: usize, address: &str, deadline: Clock) -> Result<TcpStream, PlayError> {
    let unresolved = |error| PlayError::Address { address: address.to_string(), error };
    let places: Vec<SocketAddr> = address.to_socket_addrs().map_err(unresolved)?.collect();
    let mut last = io::Error::from(ErrorKind::AddrNotAvailable);
    loop {
        for place in &places {
            let left = deadline.saturating_duration_since(Clock::now()).max(AGAIN);
            match TcpStream::connect_timeout(place, left) {
                Ok(stream) => return Ok(stream),
                Err(error) => last = error,
            }
        }
        if Clock::now() >= deadline {
            return Err(PlayError::Unreachable { party, address: address.to_string(), error: last });
        }
        thread::sleep(AGAIN);
    }
}

/// The next connection that is made to us; none if nobody comes in time.
fn accept(listener: &TcpListener, deadline: Clock) -> io::Result<Option<(TcpStream, SocketAddr)>> {
    listener.set_nonblocking(true)?;
    loop {
        match listener.accept() {
            Ok((stream, from)) => {
                stream.set_nonblocking(false)?;
                return Ok(Some((stream, from)));
            }
            Err(error) if error.kind() == ErrorKind::WouldBlock && Clock::now() < deadline => {
                thread::sleep(Duration::from_millis(1));
            }
            Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(None),
            Err(error) => return Err(error),
        }
    }
}

/// Who made a connection, by what it begins with.
fn hello(stream: &mut TcpStream, from: SocketAddr, digest: &str, parties: usize) -> Result<usize, PlayError> {
    let mut said = [0; HELLO_BYTES];
    let stranger = || PlayError::Stranger(from.to_string());
    stream.read_exact(&mut said).map_err(|_| stranger())?;
    let (magic, rest) = said.split_at(MAGIC.len());
    let (number, theirs) = rest.split_at(4);
    let party = u32::from_le_bytes(number.try_into().expect("four bytes")) as usize;
    match () {
        () if magic != MAGIC || party >= parties => Err(stranger()),
        () if theirs != digest.as_bytes() => Err(PlayError::Different(party)),
        () => Ok(party),
    }
}

/// Connections before the start.
pub(super) struct Opened {
    outgoing: Vec<Option<TcpStream>>,
    incoming: Vec<Option<TcpStream>>,
}

impl Opened {
    /// Listens, connects with all others and waits until all have connected.
    pub(super) fn among(seat: &Seat, digest: &str, patience: Duration) -> Result<Self, PlayError> {
        let parties = seat.others.len();
        let deadline = Clock::now() + patience;
        let cannot_listen = |error| PlayError::Listen { address: seat.listen.clone(), error };
        let listener = TcpListener::bind(&seat.listen).map_err(cannot_listen)?;
        let mut outgoing: Vec<Option<TcpStream>> = Vec::new();
        for (party, address) in seat.others.iter().enumerate() {
            let Some(address) = address else {
                outgoing.push(None);
                continue;
            };
            let lost = |error| PlayError::Lost { party, error };
            let mut stream = connect(party, address, deadline)?;
            stream.set_nodelay(true).map_err(lost)?;
            let mut said = [&MAGIC[..], &(seat.party as u32).to_le_bytes(), digest.as_bytes()].concat();
            if seat.party != 0 && party != 0 {
                said.resize(GREETING_BYTES, 0);
            }
            stream.write_all(&said).map_err(lost)?;
            outgoing.push(Some(stream));
        }
        let mut incoming: Vec<Option<TcpStream>> = (0..parties).map(|_| None).collect();
        let missing = |incoming: &[Option<TcpStream>]| -> Vec<usize> {
            (0..parties).filter(|&party| party != seat.party && incoming[party].is_none()).collect()
        };
        while !missing(&incoming).is_empty() {
            let came = accept(&listener, deadline).map_err(cannot_listen)?;
            let Some((mut stream, from)) = came else { return Err(PlayError::Missing(missing(&incoming))) };
            stream.set_read_timeout(Some(patience)).map_err(cannot_listen)?;
            let party = hello(&mut stream, from, digest, parties)?;
            if party == seat.party || incoming[party].is_some() {
                return Err(PlayError::Twice(party));
            }
            if seat.party != 0 && party != 0 {
                let padding = &mut [0; GREETING_BYTES - HELLO_BYTES];
                stream.read_exact(padding).map_err(|error| PlayError::Lost { party, error })?;
            }
            incoming[party] = Some(stream);
        }
        Ok(Opened { outgoing, incoming })
    }

    /// Sends a few bytes to a party.
    fn tell(&mut self, party: usize, bytes: &[u8]) -> Result<(), PlayError> {
        let stream = self.outgoing[party].as_mut().expect("another party");
        stream.write_all(bytes).map_err(|error| PlayError::Lost { party, error })
    }

    /// Waits for a few bytes of a party.
    fn hear<const N: usize>(&mut self, party: usize) -> Result<[u8; N], PlayError> {
        let mut heard = [0; N];
        let stream = self.incoming[party].as_mut().expect("another party");
        stream.read_exact(&mut heard).map_err(|error| PlayError::Lost { party, error })?;
        Ok(heard)
    }

    /// Agrees on a moment: party 0 measures how long the way to each other party and back takes, and tells each how long to wait
    /// from when it hears it. No clock need agree with another's; what two ways differ by, halved, is what the starts differ by.
    pub(super) fn start(mut self, party: usize) -> Result<(Connections, Clock), PlayError> {
        let parties = self.outgoing.len();
        let start = if party == 0 {
            let mut round_trips = vec![Duration::MAX; parties];
            for (other, shortest) in round_trips.iter_mut().enumerate().skip(1) {
                for _ in 0..PINGS {
                    let sent = Clock::now();
                    self.tell(other, b"?")?;
                    self.hear::<1>(other)?;
                    *shortest = sent.elapsed().min(*shortest);
                }
                self.hear::<{ GREETING_BYTES - HELLO_BYTES - PINGS }>(other)?;
            }
            let longest = round_trips.iter().skip(1).max().copied().unwrap_or_default();
            let start = Clock::now() + longest + MARGIN;
            for (other, round_trip) in round_trips.iter().enumerate().skip(1) {
                let left = start.saturating_duration_since(Clock::now()).saturating_sub(*round_trip / 2);
                let mut last = [0; GREETING_BYTES - HELLO_BYTES - PINGS];
                last[..START_BYTES].copy_from_slice(&(left.as_nanos() as u64).to_le_bytes());
                self.tell(other, &last)?;
            }
            start
        } else {
            for _ in 0..PINGS {
                self.hear::<1>(0)?;
                self.tell(0, b"!")?;
            }
            self.tell(0, &[0; GREETING_BYTES - HELLO_BYTES - PINGS])?;
            let last: [u8; GREETING_BYTES - HELLO_BYTES - PINGS] = self.hear(0)?;
            let (left, _) = last.split_first_chunk().expect("eight bytes and more");
            Clock::now() + Duration::from_nanos(u64::from_le_bytes(*left))
        };
        let outgoing = self.outgoing.into_iter().map(|stream| stream.map(Outgoing::new)).collect();
        Ok((Connections { outgoing, incoming: self.incoming }, start))
    }
}
