//! Writes the log: records of 48 bytes, little-endian on both processors.

use std::ffi::CString;
use std::ptr::null_mut;
use std::sync::atomic::{AtomicPtr, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use crate::connection::End;
use crate::thread::process_cpu_ns;

/// What a record is.
#[derive(Clone, Copy)]
#[repr(u8)]
pub(crate) enum Kind {
    Connection = 1,
    Send = 2,
    Receive = 3,
    Work = 4,
    End = 5,
}

pub(crate) const RECORD_BYTES: usize = 48;
/// Records that are written at once.
const KEPT: usize = 1024;
/// Says where the log is written: this, a dot and the number of the process.
const PLACE: &str = "MPCSIM_RECORD_LOG";

struct Log {
    place: CString,
    kept: Vec<u8>,
    /// A write failed; what comes now is not written, so that the log lacks its end.
    failed: bool,
    /// Processor time of the process when its log began.
    begun_cpu_ns: u64,
}

/// The log of this process; null before it has one, and again in a child of `fork`.
static LOG: AtomicPtr<Mutex<Log>> = AtomicPtr::new(null_mut());
/// Processor time of polling: no work.
static POLLING_NS: AtomicU64 = AtomicU64::new(0);

fn log() -> Option<&'static Mutex<Log>> {
    // SAFETY: what was stored there was leaked, so it lives as long as the process.
    unsafe { LOG.load(Ordering::Acquire).as_ref() }
}

/// Whether this process has a log.
pub(crate) fn begun() -> bool {
    !LOG.load(Ordering::Relaxed).is_null()
}

/// Begins the log if there is none and somebody wants one.
fn begin() {
    if begun() {
        return;
    }
    let Some(place) = std::env::var_os(PLACE) else { return };
    let place = format!("{}.{}", place.display(), std::process::id());
    let Ok(place) = CString::new(place) else { return };
    let kept = Vec::with_capacity(KEPT * RECORD_BYTES);
    let log = Mutex::new(Log { place, kept, failed: false, begun_cpu_ns: process_cpu_ns() });
    let log = Box::into_raw(Box::new(log));
    if LOG.compare_exchange(null_mut(), log, Ordering::AcqRel, Ordering::Relaxed).is_err() {
        // SAFETY: it was made above, and nobody else has seen it.
        drop(unsafe { Box::from_raw(log) });
    }
}

impl Log {
    fn write(&mut self) {
        let (flags, mode) =
            (libc::O_WRONLY | libc::O_CREAT | libc::O_APPEND | libc::O_CLOEXEC, 0o600 as libc::c_uint);
        // Opened anew each time: a program may close all descriptors that it does not know. The calls go to the kernel directly, since
        // the C library's functions of these names are ours.
        // SAFETY: the path ends with a zero.
        let file =
            unsafe { libc::syscall(libc::SYS_openat, libc::AT_FDCWD, self.place.as_ptr(), flags, mode) };
        let mut done = 0;
        while file >= 0 && done < self.kept.len() {
            let rest = &self.kept[done..];
            // SAFETY: these bytes are ours.
            let written = unsafe { libc::syscall(libc::SYS_write, file, rest.as_ptr(), rest.len()) };
            match usize::try_from(written) {
                Ok(written) if written > 0 => done += written,
                _ => break,
            }
        }
        self.failed |= done < self.kept.len();
        if file >= 0 {
            // SAFETY: nobody else knows this descriptor.
            unsafe { libc::syscall(libc::SYS_close, file) };
        }
        self.kept.clear();
    }

    fn add(&mut self, record: [u8; RECORD_BYTES]) {
        if self.failed {
            return;
        }
        self.kept.extend(record);
        if self.kept.len() == KEPT * RECORD_BYTES {
            self.write();
        }
    }
}

/// What happened.
#[derive(Clone, Copy)]
pub(crate) struct Happened {
    pub(crate) thread: u32,
    pub(crate) connection: u32,
    pub(crate) bytes: u64,
    /// When it was handed over, or had come.
    pub(crate) time_ns: u64,
    /// Processor time of the thread since its last record.
    pub(crate) work_ns: u64,
}

fn record(kind: Kind, happened: &Happened) -> [u8; RECORD_BYTES] {
    let mut record = [0; RECORD_BYTES];
    record[0] = kind as u8;
    record[4..8].copy_from_slice(&happened.thread.to_le_bytes());
    record[8..12].copy_from_slice(&happened.connection.to_le_bytes());
    for (at, value) in (16..).step_by(8).zip([happened.bytes, happened.time_ns, happened.work_ns]) {
        record[at..at + 8].copy_from_slice(&value.to_le_bytes());
    }
    record
}

/// Adds a record, if there is a log.
pub(crate) fn add(kind: Kind, happened: &Happened) {
    if let Some(log) = log() {
        log.lock().unwrap_or_else(PoisonError::into_inner).add(record(kind, happened));
    }
}

/// A connection over which something is exchanged for the first time; the first of them begins the log.
pub(crate) fn connection(number: u32, own: End, peer: End) {
    begin();
    let Some(log) = log() else { return };
    let mut record = [0; RECORD_BYTES];
    record[0] = Kind::Connection as u8;
    record[8..12].copy_from_slice(&number.to_le_bytes());
    record[12..28].copy_from_slice(&own.0);
    record[28..44].copy_from_slice(&peer.0);
    record[44..46].copy_from_slice(&own.1.to_le_bytes());
    record[46..48].copy_from_slice(&peer.1.to_le_bytes());
    log.lock().unwrap_or_else(PoisonError::into_inner).add(record);
}

/// Processor time that was no work.
pub(crate) fn no_work(cpu_ns: u64) {
    POLLING_NS.fetch_add(cpu_ns, Ordering::Relaxed);
}

/// The process ends. The last record has the processor time of all threads since the log began, less what was no work.
pub(crate) fn end() {
    let Some(log) = log() else { return };
    let mut log = log.lock().unwrap_or_else(PoisonError::into_inner);
    let process = process_cpu_ns().saturating_sub(log.begun_cpu_ns);
    let work_ns = process.saturating_sub(POLLING_NS.load(Ordering::Relaxed));
    let last = Happened { thread: 0, connection: 0, bytes: 0, time_ns: 0, work_ns };
    log.add(record(Kind::End, &last));
    if !log.failed {
        log.write();
    }
    // Nothing comes after the end.
    log.failed = true;
}

/// In a child of `fork`: it begins anew. The parent's log is left where it is: another thread may have been about to write to it.
pub(crate) fn forked() {
    LOG.store(null_mut(), Ordering::Release);
    POLLING_NS.store(0, Ordering::Relaxed);
}
