//! The functions of the C library that ours stand before.

use std::ffi::{CStr, c_void};
use std::ptr::null_mut;
use std::sync::atomic::{AtomicPtr, Ordering};

/// The next definition of a function after ours, remembered at `known`.
pub(crate) fn find(known: &AtomicPtr<c_void>, name: &CStr) -> *mut c_void {
    let found = known.load(Ordering::Relaxed);
    if !found.is_null() {
        return found;
    }
    let found = look_up(name);
    known.store(found, Ordering::Relaxed);
    found
}

fn look_up(name: &CStr) -> *mut c_void {
    // On x86-64 condition variables have two versions, and programs that are not decades old mean the second.
    let mut found = null_mut();
    if cfg!(target_arch = "x86_64") && name.to_bytes().starts_with(b"pthread_cond_") {
        // SAFETY: both strings end with a zero, and looking up a name has no other conditions.
        found = unsafe { libc::dlvsym(libc::RTLD_NEXT, name.as_ptr(), c"GLIBC_2.3.2".as_ptr()) };
    }
    if found.is_null() {
        // SAFETY: the name ends with a zero.
        found = unsafe { libc::dlsym(libc::RTLD_NEXT, name.as_ptr()) };
    }
    if found.is_null() {
        // Who calls it has it from somewhere, so this does not happen; going on would jump to nowhere.
        std::process::abort();
    }
    found
}

/// The next definition of a function, as a function of this type.
macro_rules! next {
    ($name:literal as $type:ty) => {{
        static KNOWN: std::sync::atomic::AtomicPtr<std::ffi::c_void> =
            std::sync::atomic::AtomicPtr::new(std::ptr::null_mut());
        let found = $crate::next::find(&KNOWN, $name);
        // SAFETY: it is not null, and the C library's function of this name has this type.
        unsafe { std::mem::transmute::<*mut std::ffi::c_void, $type>(found) }
    }};
}
pub(crate) use next;
