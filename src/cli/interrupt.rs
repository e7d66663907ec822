//! SIGINT and SIGTERM: temporary files are taken away, then the program ends as it would have. An unfinished sweep stays,
//! to be gone on with.

/// Takes care of interruptions from now on.
#[cfg(unix)]
pub(crate) fn watch() {
    use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
    use signal_hook::iterator::Signals;
    use signal_hook::low_level::emulate_default_handler;

    // What is ignored stays ignored: whoever starts the program with nohup or in the background wants it to go on.
    let ignored = ignored();
    let watched = [SIGINT, SIGTERM, SIGHUP].into_iter().filter(|signal| ignored >> (signal - 1) & 1 == 0);
    let Ok(mut signals) = Signals::new(watched) else { return };
    std::thread::spawn(move || {
        if let Some(signal) = signals.forever().next() {
            crate::report::remove_temporary_files();
            let _ = emulate_default_handler(signal);
        }
    });
}

/// The signals that are ignored, as Linux tells: a bit each.
#[cfg(unix)]
fn ignored() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or(0)
}

/// Elsewhere the system ends the program.
#[cfg(not(unix))]
pub(crate) fn watch() {}
