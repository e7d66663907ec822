//! What goes to the terminal, or wherever the user sends it.

use std::borrow::Cow;
use std::io::{self, ErrorKind, Write};

use super::failure::Failure;
use crate::scenario::signs::is_order;

/// Prints to standard output, on one line what stands on one line. A reader who has gone away misses it and stops nothing;
/// any other failure is an error.
pub(crate) fn print(text: &str) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    printed(out.write_all(harmless(text).as_bytes()).and_then(|()| out.flush()))
}

/// The same for what has been printed already.
pub(crate) fn printed(done: io::Result<()>) -> Result<(), Failure> {
    match done {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            Err(Failure::Other(format!("error: standard output cannot be written: {error}")))
        }
        _ => Ok(()),
    }
}

/// Says what went wrong on standard error; if nobody listens, so be it.
pub(crate) fn complain(text: &str) {
    complain_in_colour(&harmless(text));
}

/// The same for what is harmless already, and may have colours.
pub(crate) fn complain_in_colour(text: &str) {
    let _ = writeln!(io::stderr(), "{}", text.trim_end());
}

/// A text that gives no orders to a terminal: names of files, parties and spans may hold anything. What would is shown as
/// JSON writes it, so that JSON stays what it is.
pub(crate) fn harmless(text: &str) -> Cow<'_, str> {
    if !text.contains(is_order) {
        return text.into();
    }
    let shown = |c: char| if is_order(c) { format!("\\u{:04x}", u32::from(c)) } else { c.to_string() };
    text.chars().map(shown).collect()
}

/// A file that cannot be written where the user wants it.
pub(crate) fn unsuitable(name: &str, error: io::Error) -> Failure {
    Failure::Mistake(format!("error: {name} cannot be written: {error}"))
}

/// A file that the system does not let us write to its end.
pub(crate) fn unwritable(name: &str, error: io::Error) -> Failure {
    Failure::Other(format!("error: {name} cannot be written: {error}"))
}
