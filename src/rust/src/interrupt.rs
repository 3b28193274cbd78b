//! Asking R whether the user wants to stop, without letting R jump over our destructors.

use std::ffi::c_void;

unsafe extern "C" {
    fn R_CheckUserInterrupt();
    fn R_ToplevelExec(function: extern "C" fn(*mut c_void), data: *mut c_void) -> i32;
}

extern "C" fn check(_: *mut c_void) {
    // SAFETY: runs inside R_ToplevelExec, which catches the jump; this frame has no destructor.
    unsafe { R_CheckUserInterrupt() }
}

/// True when the user asked R to stop. Only R's main thread may call it.
pub fn pending() -> bool {
    // SAFETY: called from R's main thread; `check` ignores its data.
    unsafe { R_ToplevelExec(check, std::ptr::null_mut()) == 0 }
}
