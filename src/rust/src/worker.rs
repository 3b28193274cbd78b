//! Long work on a thread of its own.

use crate::answer::{Failure, Outcome};
use crate::interrupt;
use extendr_api::prelude::*;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::time::{Duration, Instant};
use vae_irt_core::{Epoch, Monitor, Part};

/// How often R is asked for interrupts and told of progress.
const TICK: Duration = Duration::from_millis(50);

/// How far a part of the work is.
struct Progress {
    part: &'static str,
    share: f64,
    /// The bound, in training.
    bound: Option<f64>,
}

/// Passes progress to the main thread and its wish to stop to the worker.
struct Relay {
    progress: Sender<Progress>,
    stop: AtomicBool,
}

impl Relay {
    fn send(&self, part: &'static str, share: f64, bound: Option<f64>) {
        // Nobody listens any more once the main thread has given up.
        let _ = self.progress.send(Progress { part, share, bound });
    }
}

impl Monitor for Relay {
    fn epoch(&self, epoch: &Epoch) {
        self.send("training", epoch.progress, Some(epoch.bound));
    }

    fn part(&self, part: Part, share: f64) {
        self.send(part.name(), share, None);
    }

    fn cancelled(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }
}

/// Runs `work` on a thread (which lets the pool of worker threads do it, and waits) while the main thread polls for
/// interrupts and calls `report(part, progress, bound)`, if it is a function, with the latest news.
pub fn run<T: Send>(
    work: impl FnOnce(&dyn Monitor) -> vae_irt_core::Result<T> + Send,
    report: &Robj,
) -> Outcome<T> {
    let mut result = None;
    watch(Box::new(|monitor| result = Some(work(monitor))), report)?;
    Ok(result.ok_or_else(Failure::of_panic)??)
}

type Work<'a> = Box<dyn FnOnce(&dyn Monitor) + Send + 'a>;

/// Waits for `work`; the error of one that was interrupted is not its own.
fn watch(work: Work<'_>, report: &Robj) -> Outcome<()> {
    let (progress, received) = mpsc::channel();
    let (done, finished) = mpsc::channel();
    let relay = Relay {
        progress,
        stop: AtomicBool::new(false),
    };
    let relay = &relay;
    std::thread::scope(|scope| {
        let worker = std::thread::Builder::new()
            .name("vaeirt-main".into())
            .spawn_scoped(scope, move || {
                work(relay);
                let _ = done.send(());
            });
        let worker = worker.map_err(|error| Failure::Threads(error.to_string()))?;
        let mut failure = None;
        let mut polled = Instant::now();
        loop {
            // The channel closes without a message when the worker panics.
            let waiting = matches!(finished.recv_timeout(TICK), Err(RecvTimeoutError::Timeout));
            if !waiting {
                break;
            }
            if failure.is_none() && polled.elapsed() >= TICK {
                polled = Instant::now();
                let told = received.try_iter().last().map_or(Ok(()), |e| tell(report, &e));
                if interrupt::pending() {
                    failure = Some(Failure::Interrupted);
                } else if let Err(error) = told {
                    failure = Some(error);
                }
                relay.stop.store(failure.is_some(), Ordering::Relaxed);
            }
        }
        worker.join().map_err(|_| Failure::of_panic())?;
        failure.map_or(Ok(()), Err)
    })
}

/// Calls `report`; it answers FALSE when the user pressed Ctrl-C meanwhile.
fn tell(report: &Robj, progress: &Progress) -> Outcome<()> {
    if let Some(function) = report.as_function() {
        let bound = progress.bound.map_or(Rfloat::na(), Rfloat::from);
        let answer = function.call(pairlist!(progress.part, progress.share, bound))?;
        if answer.as_bool() == Some(false) {
            return Err(Failure::Interrupted);
        }
    }
    Ok(())
}
