//! Makes a trace of a run, as `mpcsim replay` takes it: of packet captures, of what the library of `record/` logged of each party or what
//! strace wrote of it, and of schedules and traces of other simulators.
//!
//! A capture shows packets, not what the program meant by them. So three things are approximations, and docs/trace-format.md says so:
//! where a message ends (or, where messages begin with their length, exactly that); that a party waits for a message not before it
//! needs it for what it sends next; and that it works from the last message that it received until it sends.
//!
//! Logs have what captures lack: each call of each thread, with the processor time before it. `log` reads them, `line` makes one line of
//! a process's threads, `recorded` finds out which receive needs which send. `strace` makes logs of what strace wrote.
//!
//! Other simulators have messages with tags: `goal` reads schedules of LogGOPSim, whose ranks are graphs, which `schedule` puts in order, `simgrid`
//! reads time-independent traces, and `tags` makes a trace of either. `text` reads lines, `kind` tells all of these apart.
//!
//! Of captures, `capture` reads files, `packet` reads headers, `stream` puts the bytes of a connection in order, `messages` cuts them, and `program`
//! makes the lines of the parties.

mod capture;
mod decimal;
mod error;
mod goal;
mod kind;
mod line;
mod log;
mod messages;
mod packet;
mod program;
mod recorded;
mod schedule;
mod simgrid;
mod strace;
mod stream;
mod tags;
mod text;

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;

use crate::memory::MemoryLimit;
use crate::sim::Trace;

use capture::Capture;
use packet::Segment;
use program::Connection;
use stream::Stream;

pub use decimal::Decimal;
pub use error::{ImportError, Problem};
pub use goal::{Goal, goal};
pub use kind::{FileKind, file_kind};
pub use log::{LogError, LogProblem, write_log};
pub use messages::Lengths;
pub use recorded::{Recorded, Summary, check_log, recorded};
pub use simgrid::independent;
pub use strace::{StraceError, straced};
pub use text::TextError;

/// An address of a party: all its ports, or one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Address {
    /// The host.
    pub host: IpAddr,
    /// The port; none: all of them.
    pub port: Option<u16>,
}

/// What is to be made of captures.
#[derive(Clone, Debug)]
pub struct Import {
    /// One capture that shows everything, or one of each party's machine in the order of the parties.
    pub captures: Vec<PathBuf>,
    /// The addresses of each party.
    pub parties: Vec<Vec<Address>>,
    /// How messages say how long they are; none: they end where a burst ends.
    pub lengths: Option<Lengths>,
    /// Bytes that are left out at the beginning of each direction of a connection.
    pub skip_bytes: u64,
    /// How much memory it may take.
    pub limit: MemoryLimit,
}

/// A directed connection, by its ends.
type Ends = (SocketAddr, SocketAddr);

/// Memory in bytes that a packet takes. Measured: 247 for 1,000,000 small ones.
const PACKET_BYTES: u128 = 270;

impl Import {
    /// Whose address it is.
    fn party(&self, address: SocketAddr) -> Option<usize> {
        let has =
            |each: &Address| each.host == address.ip() && each.port.is_none_or(|port| port == address.port());
        let exactly = |each: &Address| has(each) && each.port.is_some();
        let find = |is: &dyn Fn(&Address) -> bool| self.parties.iter().position(|own| own.iter().any(is));
        find(&exactly).or_else(|| find(&has))
    }

    /// Reads a capture: the streams of all connections among parties.
    fn streams(&self, file: usize) -> Result<BTreeMap<Ends, Stream>, ImportError> {
        let path = &self.captures[file];
        let mut streams: BTreeMap<Ends, Stream> = BTreeMap::new();
        let (mut capture, mut kept) = (Capture::open(path)?, 0u128);
        while let Some(packet) = capture.next_packet()? {
            let number = packet.number;
            let wrong = |problem| ImportError::of(path, Some(number), problem);
            let segment = packet::segment(packet.link_type, packet.bytes, packet.length).map_err(wrong)?;
            let Some(segment) = segment else { continue };
            let Segment { from, to, .. } = segment;
            let (Some(sender), Some(receiver)) = (self.party(from), self.party(to)) else {
                // Between a party and somebody whom the user did not name: whose connection it is decides the program.
                let known = self.party(from).or_else(|| self.party(to));
                match known {
                    Some(party) if segment.length > 0 => {
                        let stranger = if self.party(from).is_none() { from } else { to };
                        return Err(wrong(Problem::Stranger { stranger, party }));
                    }
                    _ => continue,
                }
            };
            if sender == receiver {
                continue;
            }
            kept += 1;
            let what = || format!("{kept} packets take");
            let checked =
                self.limit.check(kept * PACKET_BYTES, what, "a capture of fewer iterations takes less");
            checked.map_err(|error| wrong(Problem::Memory(error)))?;
            let stream =
                streams.entry((from, to)).or_insert_with(|| Stream::new(self.lengths, self.skip_bytes));
            stream.add(&segment, packet.time_ns).map_err(wrong)?;
        }
        Ok(streams)
    }

    /// The trace.
    ///
    /// # Errors
    /// If a file is no capture, is cut, lacks bytes that were sent, or shows connections of nobody who was named.
    pub fn trace(&self) -> Result<Trace, ImportError> {
        let mut views = Vec::new();
        for file in 0..self.captures.len() {
            views.push(self.streams(file)?);
        }
        let file_of = |party: usize| if views.len() == 1 { 0 } else { party };
        let whole = |file: usize, problem| ImportError::of(&self.captures[file], None, problem);
        let mut ends: Vec<Ends> = views.iter().flat_map(|streams| streams.keys().copied()).collect();
        ends.sort();
        ends.dedup();
        let mut connections = Vec::new();
        for (from, to) in ends {
            let (Some(sender), Some(receiver)) = (self.party(from), self.party(to)) else { continue };
            let of = |party: usize| {
                let file = file_of(party);
                let Some(stream) = views[file].get(&(from, to)) else {
                    return Err(whole(file, Problem::NotSeen { from, to }));
                };
                if let Some((after, bytes)) = stream.lost() {
                    return Err(whole(file, Problem::Lost { from, to, after, bytes }));
                }
                match stream.unfinished() {
                    Some((bytes, seen)) => Err(whole(file, Problem::Unfinished { from, to, bytes, seen })),
                    None => Ok(stream),
                }
            };
            connections.push(Connection { sender, receiver, sent: of(sender)?, received: of(receiver)? });
        }
        program::trace(self.parties.len(), &connections, views.len() == 1)
            .map_err(|problem| whole(0, problem))
    }
}
