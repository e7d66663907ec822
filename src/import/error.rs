//! What can be wrong with a capture.

use std::io;
use std::net::SocketAddr;
use std::path::Path;

use crate::memory::TooMuchMemory;

/// A capture that cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("{file}: {}{problem}", packet.map_or_else(String::new, |packet| format!("packet {packet}: ")))]
pub struct ImportError {
    /// The file, as the user wrote it.
    pub file: String,
    /// The packet that is to blame, from 1; none: the file as a whole.
    pub packet: Option<u64>,
    /// What is wrong.
    pub problem: Box<Problem>,
}

impl ImportError {
    pub(super) fn of(file: &Path, packet: Option<u64>, problem: Problem) -> ImportError {
        ImportError { file: file.display().to_string(), packet, problem: Box::new(problem) }
    }
}

/// What is wrong.
#[derive(Debug, thiserror::Error)]
pub enum Problem {
    /// It cannot be read.
    #[error("it cannot be read: {0}")]
    Unreadable(io::Error),
    /// Neither pcap nor pcapng.
    #[error("this is no packet capture: it begins like neither pcap nor pcapng")]
    NoCapture,
    /// It ends within a packet or block.
    #[error("the file ends in the middle of it: the capture was cut")]
    Cut,
    /// A length that makes no sense.
    #[error("it says that it has {0} bytes, which no packet has")]
    Length(u64),
    /// An interface that the file did not describe.
    #[error("it is from interface {0}, which the file does not describe")]
    Interface(u32),
    /// A packet of pcapng without a time.
    #[error("it has no time, as a simple packet block: write enhanced packet blocks")]
    NoTime,
    /// A kind of frames that is not read.
    #[error("frames of link type {0} are not read; Ethernet, Linux cooked, loopback and raw IP are")]
    LinkType(u32),
    /// The capture kept too little of each packet.
    #[error(
        "only {0} bytes of it were kept, which is less than its headers: capture with a larger snapshot length"
    )]
    Short(usize),
    /// The bytes that say how long a message is were not kept.
    #[error(
        "the length of a message is in bytes that were not kept: capture whole packets, or leave out --lengths"
    )]
    ContentCut,
    /// A piece of a fragmented IP packet.
    #[error("it is a fragment of an IP packet, of which nobody can tell what it carries")]
    Fragment,
    /// Somebody else.
    #[error(
        "{stranger} exchanges data with party {party} and is no address of a party; say whose it is with --party \
         N={stranger}, or capture only what the parties send each other"
    )]
    Stranger {
        /// The other address.
        stranger: SocketAddr,
        /// Whose connection it is.
        party: usize,
    },
    /// Two parties have no common view of a connection.
    #[error("there is nothing of the connection from {from} to {to}, which another capture has")]
    NotSeen {
        /// Who sends.
        from: SocketAddr,
        /// Who receives.
        to: SocketAddr,
    },
    /// Two connections that cannot be told apart.
    #[error("the ports of {from} and {to} are used for a second connection: cut the capture before it")]
    Reused {
        /// Who sends.
        from: SocketAddr,
        /// Who receives.
        to: SocketAddr,
    },
    /// Bytes that nobody saw.
    #[error(
        "{bytes} bytes of the connection from {from} to {to}, after the first {after}, are not in the capture: it lost packets"
    )]
    Lost {
        /// Who sends.
        from: SocketAddr,
        /// Who receives.
        to: SocketAddr,
        /// Bytes before them.
        after: u64,
        /// How many.
        bytes: u64,
    },
    /// A message that goes on after the connection's last byte.
    #[error(
        "the last message from {from} to {to} should have {bytes} bytes, of which {seen} were sent: are --lengths and --skip-bytes right?"
    )]
    Unfinished {
        /// Who sends.
        from: SocketAddr,
        /// Who receives.
        to: SocketAddr,
        /// As the length says.
        bytes: u64,
        /// Bytes that there are.
        seen: u64,
    },
    /// No byte of any party.
    #[error("no party sends anything to another one: are the addresses of --party right?")]
    NoData,
    /// Clocks that no packet compares.
    #[error(
        "no packets went both ways between party 0 and party {0}, so nobody can tell how their clocks differ"
    )]
    Clocks(usize),
    /// Too many packets.
    #[error("{0}")]
    Memory(TooMuchMemory),
}
