//! Worker threads of our own, and the ways to share work among them.
//!
//! Whatever is done side by side in this crate goes through [`both`] and [`map`]. They hand their work on as boxes, so that
//! the recursion of rayon, which is compiled anew for each type, is in the library once.

use crate::base::error::Result;
use rayon::prelude::*;
use std::sync::{Mutex, PoisonError};

/// Part of a work, on whichever thread is free.
type Task<'a> = Box<dyn FnOnce() + Send + 'a>;

/// Does `work` on worker threads that live as long as it: the process-wide ones of rayon would not survive a fork.
///
/// # Errors
/// [`crate::base::error::Error::Threads`] when the threads cannot be started, and those of `work`.
pub(crate) fn on_threads<T: Send>(threads: usize, work: impl FnOnce() -> Result<T> + Send) -> Result<T> {
    let mut result = None;
    install(threads, Box::new(|| result = Some(work())))?;
    result.expect("the work was done")
}

fn install(threads: usize, task: Task<'_>) -> Result<()> {
    rayon::ThreadPoolBuilder::new()
        .num_threads(threads.max(1))
        .thread_name(|number| format!("vaeirt-{number}"))
        .build()?
        .install(task);
    Ok(())
}

/// Does two things side by side.
pub(crate) fn both<A: Send, B: Send>(a: impl FnOnce() -> A + Send, b: impl FnOnce() -> B + Send) -> (A, B) {
    let (mut of_a, mut of_b) = (None, None);
    join(Box::new(|| of_a = Some(a())), Box::new(|| of_b = Some(b())));
    of_a.zip(of_b).expect("both were done")
}

fn join(a: Task<'_>, b: Task<'_>) {
    rayon::join(a, b);
}

/// What `work` makes of each of some parts, in their order. Parts should be worth a microsecond or more.
pub(crate) fn map<P: Send, T: Send>(
    parts: impl IntoIterator<Item = P>,
    work: impl Fn(P) -> T + Sync,
) -> Vec<T> {
    let work = &work;
    let parts: Vec<P> = parts.into_iter().collect();
    let mut results: Vec<Option<T>> = parts.iter().map(|_| None).collect();
    let tasks = results.iter_mut().zip(parts);
    let tasks = tasks.map(|(result, part)| Box::new(move || *result = Some(work(part))) as Task);
    run(tasks.collect());
    results.into_iter().flatten().collect()
}

/// [`map`] for parts that are worth less: so many of them make a task.
pub(crate) fn map_each<P: Sync, T: Send>(parts: &[P], work: impl Fn(&P) -> T + Sync) -> Vec<T> {
    const PER_TASK: usize = 64;
    let tasks = map(parts.chunks(PER_TASK), |parts| {
        parts.iter().map(&work).collect::<Vec<T>>()
    });
    tasks.into_iter().flatten().collect()
}

fn run(tasks: Vec<Task<'_>>) {
    tasks.into_par_iter().for_each(|task| task());
}

/// [`map`] for work that can fail.
///
/// # Errors
/// The first one, by the order of the parts, which are all worked on: long work asks its monitor.
pub(crate) fn try_map<P: Send, T: Send>(
    parts: impl IntoIterator<Item = P>,
    work: impl Fn(P) -> Result<T> + Sync,
) -> Result<Vec<T>> {
    map(parts, work).into_iter().collect()
}

/// [`map`] with memory that is handed from one part to another: as many pieces of it as threads are made.
pub(crate) fn map_with<S: Default + Send, P: Send, T: Send>(
    parts: impl IntoIterator<Item = P>,
    work: impl Fn(&mut S, P) -> T + Sync,
) -> Vec<T> {
    let idle = Mutex::new(Vec::<S>::new());
    let lock = || idle.lock().unwrap_or_else(PoisonError::into_inner);
    map(parts, |part| {
        let mut scratch = lock().pop().unwrap_or_default();
        let result = work(&mut scratch, part);
        lock().push(scratch);
        result
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::error::Error;

    #[test]
    fn the_results_are_in_the_order_of_the_parts() {
        let sums = on_threads(3, || {
            Ok(map(0..1000usize, |part| {
                map(0..part % 7, |x| x).iter().sum::<usize>()
            }))
        });
        let expected: Vec<usize> = (0..1000).map(|part| (0..part % 7).sum()).collect();
        assert_eq!(sums.unwrap(), expected);
    }

    #[test]
    fn parts_may_be_written_to() {
        let mut numbers = vec![1; 100];
        map(numbers.chunks_mut(7).enumerate(), |(k, part)| part.fill(k));
        assert!(numbers.iter().enumerate().all(|(i, &x)| x == i / 7));
    }

    #[test]
    fn the_first_error_is_given() {
        let refused = |part: usize| Err::<(), _>(Error::Responses(part.to_string()));
        let result = on_threads(2, || try_map([4, 2, 9], refused));
        assert_eq!(
            result.unwrap_err().to_string(),
            refused(4).unwrap_err().to_string()
        );
    }

    #[test]
    fn memory_is_handed_on() {
        let calls = on_threads(1, || {
            Ok(map_with(0..5, |calls: &mut Vec<usize>, part| {
                calls.push(part);
                calls.len()
            }))
        });
        assert_eq!(calls.unwrap(), [1, 2, 3, 4, 5]);
    }

    #[test]
    fn two_things_give_two_results() {
        assert_eq!(on_threads(2, || Ok(both(|| 1, || "b"))).unwrap(), (1, "b"));
    }

    #[test]
    #[should_panic(expected = "of a part")]
    fn a_panic_reaches_the_caller() {
        let _ = on_threads(2, || Ok(map(0..10, |part| assert!(part < 5, "of a part"))));
    }
}
