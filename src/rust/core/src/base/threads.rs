//! Worker threads of our own.

use crate::base::error::Result;

/// Worker threads that live as long as the computation: the process-wide ones of rayon would not survive a fork.
///
/// # Errors
/// [`crate::base::error::Error::Threads`] when they cannot be started.
pub(crate) fn pool(threads: usize) -> Result<rayon::ThreadPool> {
    Ok(rayon::ThreadPoolBuilder::new()
        .num_threads(threads.max(1))
        .thread_name(|number| format!("vaeirt-{number}"))
        .build()?)
}
