//! What goes to another party. A send of a trace never waits, a write does once the system's buffer is full: so a thread writes.

use std::io::{self, Write};
use std::net::TcpStream;
use std::sync::mpsc::{self, Sender};
use std::thread::{self, JoinHandle};

/// Bytes that are written at once, at most.
const PIECE_BYTES: usize = 1 << 20;

/// A directed link, on the side that sends.
pub(super) struct Outgoing {
    sizes: Sender<u32>,
    writer: JoinHandle<io::Result<()>>,
}

impl Outgoing {
    pub(super) fn new(mut stream: TcpStream) -> Outgoing {
        let (sizes, wanted) = mpsc::channel();
        let writer = thread::spawn(move || {
            let piece = vec![1; PIECE_BYTES];
            for bytes in wanted {
                let bytes: u32 = bytes;
                stream.write_all(&bytes.to_le_bytes())?;
                let mut left = bytes as usize;
                while left > 0 {
                    let most = left.min(PIECE_BYTES);
                    stream.write_all(&piece[..most])?;
                    left -= most;
                }
            }
            Ok(())
        });
        Outgoing { sizes, writer }
    }

    /// A message of so many bytes, after all before it.
    pub(super) fn send(&self, bytes: u32) {
        // A writer that failed has gone; `finish` says why.
        let _ = self.sizes.send(bytes);
    }

    /// Waits until all is written.
    pub(super) fn finish(self) -> io::Result<()> {
        drop(self.sizes);
        self.writer.join().expect("a writer does not panic")
    }
}
