//! Goes before the C library of a party's process (`LD_PRELOAD`) and logs what it sends and receives over TCP, with the processor time of
//! the thread in between. `mpcsim record` puts it there; nothing of the program is changed.
//!
//! `hooks` are the functions that programs call in place of the C library's, `next` finds the latter, `thread` measures the work of a thread,
//! `switched` tells whether it kept its processor, `connection` knows which descriptors are TCP, `delay` holds back what is sent, and `log` writes. The format of the log is that of `src/import/log.rs` of mpcsim.
//!
//! A process that exchanges nothing over TCP writes no log. A child that `fork` made has a log of its own as soon as it exchanges something, and so
//! has a program that `exec` started; threads share the log of their process.

#[cfg(not(all(
    target_os = "linux",
    target_env = "gnu",
    any(target_arch = "x86_64", target_arch = "aarch64")
)))]
compile_error!("this is for Linux with the GNU C library, on x86-64 and aarch64");

mod connection;
mod delay;
mod hooks;
mod log;
mod next;
mod switched;
mod thread;
