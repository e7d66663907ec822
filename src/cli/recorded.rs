//! Traces that commands read and write.

use std::io;
use std::path::Path;

use super::MemoryArgs;
use super::failure::{Failure, mistake};
use crate::sim::{SimError, Trace, trace_file};

/// The trace of a program of several parties.
pub(super) fn read_trace(path: &Path, memory: &MemoryArgs) -> Result<Trace, Failure> {
    let name = path.display();
    let trace = trace_file::read(path, memory.limit()).map_err(|error| match error.line {
        0 => mistake(format!("{name}: {}", error.problem)),
        _ => mistake(format!("{name}: {error}")),
    })?;
    if trace.parties() < 2 {
        return Err(mistake(format!("{name}: a trace of one party sends nothing over a network")));
    }
    Ok(trace)
}

/// Why no file was written.
pub(super) enum WriteError {
    /// The system does not let us.
    Io(io::Error),
    /// The trace cannot be timed.
    Sim(SimError),
}

impl From<io::Error> for WriteError {
    fn from(error: io::Error) -> Self {
        WriteError::Io(error)
    }
}

impl From<SimError> for WriteError {
    fn from(error: SimError) -> Self {
        WriteError::Sim(error)
    }
}
