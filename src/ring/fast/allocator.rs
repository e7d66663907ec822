//! What the C library does with long memory that is dropped.

/// Gives vectors that are too long to be kept back to the system as soon as they are dropped.
///
/// The GNU C library does so at first, but takes the first long piece that is dropped for a sign that more such come: from then on
/// it keeps all that are not longer, up to 32 MiB each, in heaps with holes. A training's largest vectors differ in length, so
/// that the holes fit badly: with weights of ten megabytes a quarter of all memory was in them. Elsewhere this does nothing.
pub fn give_back_long_memory() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    {
        const M_TRIM_THRESHOLD: i32 = -1;
        const M_MMAP_THRESHOLD: i32 = -3;
        unsafe extern "C" {
            fn mallopt(parameter: i32, value: i32) -> i32;
        }
        let bytes = (super::words::LONGEST_KEPT * size_of::<u64>()) as i32;
        // SAFETY: the C library's own function, which may be called at any time; a value that it does not take changes nothing.
        unsafe {
            mallopt(M_MMAP_THRESHOLD, bytes);
            // Setting one ends that the other follows by itself.
            mallopt(M_TRIM_THRESHOLD, 2 * bytes);
        }
    }
}
