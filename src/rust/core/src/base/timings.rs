//! Where the time goes.

use std::time::Instant;

/// Elapsed seconds by part of a fit, in the order in which the parts were met first.
#[derive(Clone, Debug, Default)]
pub struct Timings {
    parts: Vec<(&'static str, f64)>,
}

impl Timings {
    /// Runs `work` and counts its time under a name.
    pub(crate) fn time<T>(&mut self, part: &'static str, work: impl FnOnce() -> T) -> T {
        let started = Instant::now();
        let value = work();
        self.add(part, started.elapsed().as_secs_f64());
        value
    }

    /// Adds the times of another record.
    pub(crate) fn merge(&mut self, other: &Self) {
        other
            .parts
            .iter()
            .for_each(|&(part, seconds)| self.add(part, seconds));
    }

    fn add(&mut self, part: &'static str, seconds: f64) {
        match self.parts.iter_mut().find(|(name, _)| *name == part) {
            Some((_, total)) => *total += seconds,
            None => self.parts.push((part, seconds)),
        }
    }

    /// The parts and their seconds.
    pub fn parts(&self) -> &[(&'static str, f64)] {
        &self.parts
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_add_up_by_part() {
        let mut timings = Timings::default();
        assert_eq!(timings.time("a", || 7), 7);
        timings.time("b", || ());
        let mut total = Timings::default();
        total.time("b", || ());
        total.merge(&timings);
        let names: Vec<&str> = total.parts().iter().map(|(name, _)| *name).collect();
        assert_eq!(names, ["b", "a"]);
        assert!(total.parts().iter().all(|(_, seconds)| *seconds >= 0.0));
    }
}
