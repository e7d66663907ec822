//! Plays one party's line of a trace over real TCP: it computes as long as the line says (it waits), sends as many bytes, receives what
//! the others send, and says how long that took. So the time of a program can be measured on real machines and
//! networks, and compared with what a replay says.
//!
//! This room measures. It is the only one outside the command line that looks at the host's clock, and nothing that is computed
//! depends on it.
//!
//! A message is sent as a length of four bytes in a write of its own and then its payload, without waiting for more
//! (`TCP_NODELAY`), over a connection for each directed link.

mod connections;
mod error;
mod outgoing;

use std::io::Read;
use std::net::TcpStream;
use std::time::Duration;

use crate::digest::Hasher;
use crate::sim::{EventKind, Trace};
use connections::{Clock, Connections, Opened, wait_until};

pub use connections::{GREETING_BYTES, Seat};
pub use error::PlayError;

/// Bytes of the length that goes before a message.
pub const LENGTH_BYTES: usize = 4;
/// Work of less than this is waited for awake; so is the end of longer work, since a sleep ends late.
const AWAKE: Duration = Duration::from_micros(100);
/// Bytes that are taken from a connection at once, at most.
const PIECE_BYTES: usize = 1 << 20;

/// What a party measured.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Played {
    /// From its start until all parties were connected.
    pub connected: Duration,
    /// From the common start until the party had done each iteration.
    pub ends: Vec<Duration>,
    /// Messages that it sent.
    pub messages: u64,
    /// Bytes of their payload.
    pub payload_bytes: u64,
}

/// A step of a line, as it is played.
enum Step {
    Work(Duration),
    Send {
        to: usize,
        bytes: u32,
    },
    /// All messages of a link up to this one, counted from 0, have come.
    Recv {
        from: usize,
        ordinal: u64,
    },
}

/// What is played of a trace.
struct Line {
    steps: Vec<Step>,
    /// The sizes of the messages that come from each party.
    incoming: Vec<Vec<u32>>,
}

impl Line {
    fn of(trace: &Trace, party: usize) -> Result<Line, PlayError> {
        let size = |from: usize, bytes: u64| {
            u32::try_from(bytes).map_err(|_| PlayError::Long { party: from, bytes })
        };
        let mut incoming = vec![Vec::new(); trace.parties()];
        for from in (0..trace.parties()).filter(|&from| from != party) {
            for event in trace.events(from) {
                if let EventKind::Send { to, payload_bytes } = event.kind
                    && to == party
                {
                    incoming[from].push(size(from, payload_bytes)?);
                }
            }
        }
        let step = |kind| {
            Ok(match kind {
                EventKind::Work { ps } => Step::Work(Duration::from_nanos(ps / 1000)),
                EventKind::Send { to, payload_bytes } => {
                    Step::Send { to, bytes: size(party, payload_bytes)? }
                }
                EventKind::Recv { from, ordinal, .. } => Step::Recv { from, ordinal },
            })
        };
        let steps = trace.events(party).map(|event| step(event.kind)).collect::<Result<_, _>>()?;
        Ok(Line { steps, incoming })
    }
}

/// What names a trace and how often it is played: parties that play different ones would wait for each other for ever.
fn digest(trace: &Trace, iterations: u32) -> String {
    let mut hasher = Hasher::default();
    hasher.add_piece(&iterations.to_le_bytes());
    for party in 0..trace.parties() {
        hasher.add_piece(&(trace.events(party).count() as u64).to_le_bytes());
        for event in trace.events(party) {
            hasher.add_piece(format!("{:?}", event.kind).as_bytes());
        }
    }
    hasher.digits()
}

/// Takes what another party sends.
struct Incoming<'a> {
    from: usize,
    stream: TcpStream,
    sizes: &'a [u32],
    /// Messages of this iteration that have come.
    come: u64,
}

impl Incoming<'_> {
    /// Waits until a message has come, and all before it.
    fn take(&mut self, ordinal: u64, piece: &mut [u8]) -> Result<(), PlayError> {
        while self.come <= ordinal {
            let mut left = self.sizes[self.come as usize] as usize + LENGTH_BYTES;
            while left > 0 {
                let most = left.min(piece.len());
                let read = self.stream.read(&mut piece[..most]);
                left -= read
                    .and_then(|bytes| {
                        if bytes == 0 { Err(std::io::ErrorKind::UnexpectedEof.into()) } else { Ok(bytes) }
                    })
                    .map_err(|error| PlayError::Lost { party: self.from, error })?;
            }
            self.come += 1;
        }
        Ok(())
    }
}

/// Plays a party's line so many times without a pause. Each wait for others ends after `patience`.
///
/// # Errors
/// If the others cannot be reached, play something else, or go away; and if a message has 4 GiB or more.
pub fn play(trace: &Trace, seat: &Seat, iterations: u32, patience: Duration) -> Result<Played, PlayError> {
    let line = Line::of(trace, seat.party)?;
    let begun = Clock::now();
    let opened = Opened::among(seat, &digest(trace, iterations), patience)?;
    let connected = begun.elapsed();
    let (Connections { outgoing, incoming }, start) = opened.start(seat.party)?;
    wait_until(start, AWAKE);

    let mut incoming: Vec<_> = incoming
        .into_iter()
        .enumerate()
        .map(|(from, stream)| {
            stream.map(|stream| Incoming { from, stream, sizes: &line.incoming[from], come: 0 })
        })
        .collect();
    let other = "a trace has no messages of a party to itself";
    let mut piece = vec![0; PIECE_BYTES];
    let (mut ends, mut messages, mut payload_bytes) = (Vec::new(), 0, 0);
    for _ in 0..iterations {
        incoming.iter_mut().flatten().for_each(|link| link.come = 0);
        for step in &line.steps {
            match *step {
                Step::Work(time) => wait_until(Clock::now() + time, AWAKE),
                Step::Send { to, bytes } => {
                    outgoing[to].as_ref().expect(other).send(bytes);
                    messages += 1;
                    payload_bytes += u64::from(bytes);
                }
                Step::Recv { from, ordinal } => {
                    incoming[from].as_mut().expect(other).take(ordinal, &mut piece)?;
                }
            }
        }
        ends.push(start.elapsed());
    }
    for (party, link) in outgoing.into_iter().enumerate() {
        if let Some(link) = link {
            link.finish().map_err(|error| PlayError::Lost { party, error })?;
        }
    }
    Ok(Played { connected, ends, messages, payload_bytes })
}
