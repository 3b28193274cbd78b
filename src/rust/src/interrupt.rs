//! Asking R whether the user wants to stop, without letting R jump over our destructors.

use std::ffi::c_void;

unsafe extern "C" {
    fn R_CheckUserInterrupt();
    // The result, whose C type differs between versions of R, is not used.
    fn R_ToplevelExec(function: extern "C" fn(*mut c_void), data: *mut c_void);
}

extern "C" fn check(returned: *mut c_void) {
    // SAFETY: runs inside R_ToplevelExec, which catches the jump; this frame has no destructor, and `returned` points to the
    // flag of `pending`, which outlives the call.
    unsafe {
        R_CheckUserInterrupt();
        *returned.cast::<bool>() = true;
    }
}

/// True when the user asked R to stop. Only R's main thread may call it.
pub fn pending() -> bool {
    let mut returned = false;
    // SAFETY: called from R's main thread; the pointer is to a live flag, as `check` expects.
    unsafe { R_ToplevelExec(check, (&raw mut returned).cast()) };
    !returned
}
