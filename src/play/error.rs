//! Why a line could not be played.

use std::io::{self, ErrorKind};

/// Why a line could not be played.
#[derive(Debug, thiserror::Error)]
pub enum PlayError {
    /// A message that the four bytes of a length cannot tell.
    #[error("a message of party {party} has {bytes} bytes; messages of 4 GiB and more are not played")]
    Long {
        /// Who sends it.
        party: usize,
        /// Its payload.
        bytes: u64,
    },
    /// The party's own address cannot be used.
    #[error("nobody can listen at {address}: {error}")]
    Listen {
        /// As the user wrote it.
        address: String,
        /// What the system says.
        error: io::Error,
    },
    /// An address that means nothing.
    #[error("{address} is no address: {error}")]
    Address {
        /// As the user wrote it.
        address: String,
        /// What the system says.
        error: io::Error,
    },
    /// Another party does not answer.
    #[error("party {party} does not answer at {address}: {error}")]
    Unreachable {
        /// Which one.
        party: usize,
        /// As the user wrote it.
        address: String,
        /// What the system said last.
        error: io::Error,
    },
    /// Other parties did not connect.
    #[error("no connection from {}", parties(.0))]
    Missing(Vec<usize>),
    /// Who connected is no party of this play.
    #[error("a connection from {0} is not from a party that plays")]
    Stranger(String),
    /// Another party plays another trace.
    #[error("party {0} plays another trace, or another number of iterations")]
    Different(usize),
    /// Two parties have the same number.
    #[error("two parties say that they are party {0}")]
    Twice(usize),
    /// Another party went away, or sends nothing any more.
    #[error("{}", lost(*.party, .error))]
    Lost {
        /// Which one.
        party: usize,
        /// What the system says.
        error: io::Error,
    },
}

impl PlayError {
    /// Whether the user can do something about it, at this party.
    pub fn is_mistake(&self) -> bool {
        use PlayError::{Address, Listen, Long};
        matches!(self, Long { .. } | Listen { .. } | Address { .. })
    }
}

fn parties(numbers: &[usize]) -> String {
    let names: Vec<String> = numbers.iter().map(usize::to_string).collect();
    format!("{} {}", if names.len() == 1 { "party" } else { "parties" }, names.join(", "))
}

fn lost(party: usize, error: &io::Error) -> String {
    match error.kind() {
        ErrorKind::WouldBlock | ErrorKind::TimedOut => format!("party {party} sends nothing any more"),
        ErrorKind::UnexpectedEof | ErrorKind::ConnectionReset | ErrorKind::BrokenPipe => {
            format!("party {party} has gone away")
        }
        _ => format!("the connection with party {party} failed: {error}"),
    }
}
