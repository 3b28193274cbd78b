#![no_main]
use libfuzzer_sys::fuzz_target;

// libFuzzer's own hook aborts on panics that the core contains; one that escapes still aborts.
fuzz_target!(init: std::panic::set_hook(Box::new(|_| {})), |bytes: &[u8]| {
    let _ = vae_irt_fuzz::checkpoint(bytes);
});
