//! Whether a thread was taken off its processor, without asking the kernel: then time is processor time.
//!
//! The kernel keeps an area of each thread for restartable sequences (rseq(2)); the C library registers it since version 2.35. A thread writes there
//! which sequence it is in. When the kernel takes the thread off its processor, or gives it a signal, and it is not in that sequence, it
//! clears what is written (`rseq_cs` in linux/rseq.h). So we write a sequence in which no thread ever is, and look whether it is still there.

use std::arch::asm;
use std::ffi::CStr;
use std::ptr::null;
use std::sync::atomic::{AtomicPtr, AtomicU32, Ordering};

use libc::timespec;

/// `struct rseq_cs` of linux/rseq.h.
#[repr(C, align(32))]
struct Sequence {
    version: u32,
    flags: u32,
    begin: *const u32,
    length: u64,
    abort: *const u32,
}

// SAFETY: nobody writes it, and its pointers are only compared.
unsafe impl Sync for Sequence {}

/// What stands before where an aborted sequence goes on: the signature with which the C library registers the area.
const SIGNATURE: u32 = if cfg!(target_arch = "x86_64") { 0x5305_3053 } else { 0xd428_bc00 };
static ABORT: [u32; 2] = [SIGNATURE, 0];
/// It begins nowhere in the code and has no length.
static NOWHERE: Sequence = Sequence {
    version: 0,
    flags: 0,
    begin: (&raw const ABORT).cast(),
    length: 0,
    abort: (&raw const ABORT).cast::<u32>().wrapping_add(1),
};

/// The begin of `struct rseq`.
#[repr(C)]
struct Area {
    cpu_id_start: AtomicU32,
    cpu_id: AtomicU32,
    sequence: AtomicPtr<Sequence>,
}

/// Not looked at yet; there is no area, or it does not show what it should; how far it is from the thread's pointer, plus this.
const UNKNOWN: isize = isize::MIN;
const NONE: isize = isize::MIN + 1;
static OFFSET: std::sync::atomic::AtomicIsize = std::sync::atomic::AtomicIsize::new(UNKNOWN);

/// A variable of the C library.
fn variable<T: Copy>(name: &CStr) -> Option<T> {
    // SAFETY: the name ends with a zero, and looking up a name has no other conditions.
    let found = unsafe { libc::dlsym(libc::RTLD_DEFAULT, name.as_ptr()) };
    // SAFETY: the C library's variable of this name has this type, and nobody writes it once the process has begun.
    (!found.is_null()).then(|| unsafe { *found.cast::<T>() })
}

fn thread_pointer() -> *const u8 {
    let pointer: *const u8;
    // SAFETY: reading the thread's pointer changes nothing.
    unsafe {
        #[cfg(target_arch = "x86_64")]
        asm!("mov {}, fs:0", out(reg) pointer, options(nostack, preserves_flags, readonly));
        #[cfg(target_arch = "aarch64")]
        asm!("mrs {}, tpidr_el0", out(reg) pointer, options(nostack, preserves_flags, nomem));
    }
    pointer
}

/// This thread's area, if it is registered.
fn area_at(offset: isize) -> Option<&'static Area> {
    // SAFETY: the C library keeps the area there as long as the thread lives, and the reference is not kept.
    let area = unsafe { &*thread_pointer().offset(offset).cast::<Area>() };
    // A negative number: not registered.
    (area.cpu_id.load(Ordering::Relaxed).cast_signed() >= 0).then_some(area)
}

fn area() -> Option<&'static Area> {
    match OFFSET.load(Ordering::Relaxed) {
        UNKNOWN => {
            let offset = find().unwrap_or(NONE);
            OFFSET.store(offset, Ordering::Relaxed);
            if offset == NONE { None } else { area_at(offset) }
        }
        NONE => None,
        offset => area_at(offset),
    }
}

/// Where the area is, if it shows that a thread has slept: a kernel may look only when a thread is interrupted in its own code.
fn find() -> Option<isize> {
    /// Up to the end of `sequence`, and the flags after it.
    const LEAST_BYTES: u32 = 20;
    let (offset, bytes): (isize, u32) = (variable(c"__rseq_offset")?, variable(c"__rseq_size")?);
    if bytes < LEAST_BYTES {
        return None;
    }
    let area = area_at(offset)?;
    write(area);
    // Long enough for the thread to leave its processor whatever its priority.
    let little = timespec { tv_sec: 0, tv_nsec: 100_000 };
    // SAFETY: there is a time, and nobody asks how much of it is left.
    unsafe { libc::syscall(libc::SYS_nanosleep, &raw const little, null::<timespec>()) };
    (!is_written(area)).then_some(offset)
}

fn write(area: &Area) {
    area.sequence.store((&raw const NOWHERE).cast_mut(), Ordering::Relaxed);
}

fn is_written(area: &Area) -> bool {
    std::ptr::eq(area.sequence.load(Ordering::Relaxed), &raw const NOWHERE)
}

/// From now on it shows whether this thread was taken off its processor.
pub(crate) fn watch() {
    if let Some(area) = area() {
        write(area);
    }
}

/// Whether this thread has kept its processor since it was last watched; false if nobody can tell.
pub(crate) fn stayed() -> bool {
    area().is_some_and(is_written)
}
