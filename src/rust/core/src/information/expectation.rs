//! The E-step in one dimension: respondents' posteriors and their expected numbers at the nodes that all share.

use crate::base::error::Result;
use crate::base::monitor::{Monitor, Part};
use crate::base::threads::try_map;
use crate::information::calibration::Calibration;
use crate::kernels::tables::Table;
use crate::kernels::terms::SIDE_BY_SIDE;
use crate::model::gaussian::WideGaussian;
use crate::posterior::moments::{Moments, MomentsPart};
use crate::posterior::nodes::Nodes;
use crate::posterior::windows::{OnWindow, Windows};
use ndarray::Array2;

/// Runs of respondents that are summed one by one at the same time, at most, and respondents in one of them: sums in single precision
/// are of so many.
const SHARDS: usize = 16;
const LARGEST: usize = 50_000;

/// Numbers at the nodes that are worth a run of their own for each response.
const NUMBERS_PER_RESPONSE: usize = 4;

/// Respondents from one report of progress to the next.
const PER_REPORT: usize = 1_024;

/// Respondents for whom tables are made beforehand.
const FIRST: usize = 64;

/// What some respondents are expected to tell about the items.
pub(crate) struct Expectation<'t> {
    /// Their posteriors.
    pub moments: Moments,
    counts: Counts<'t>,
}

/// The expected numbers of those who chose each option at the nodes of the tables.
#[derive(Default)]
pub(crate) struct Counts<'t>(Vec<(&'t Table, Vec<f32>)>);

impl<'t> Counts<'t> {
    /// Those of a table.
    pub fn of(&mut self, table: &'t Table) -> &mut [f32] {
        let place = self.0.iter().position(|(other, _)| std::ptr::eq(*other, table));
        let place = place.unwrap_or_else(|| {
            self.0.push((table, vec![0.0; table.n_numbers()]));
            self.0.len() - 1
        });
        &mut self.0[place].1
    }

    /// The nodes at which they are not 0, with the numbers for weights.
    pub fn nodes(&self, option: usize) -> impl Iterator<Item = Nodes> {
        self.0.iter().filter_map(move |(table, numbers)| {
            let numbers = table.numbers_of(option, numbers);
            let is_empty = |vector: &&[f32]| vector.iter().all(|&x| x == 0.0);
            let vectors = || numbers.chunks_exact(SIDE_BY_SIDE);
            let first = vectors().take_while(is_empty).count() * SIDE_BY_SIDE;
            let end = numbers.len() - vectors().rev().take_while(is_empty).count() * SIDE_BY_SIDE;
            (first < end).then(|| {
                let points = (first..end).map(|node| table.at(node) as f32).collect();
                let none = Array2::zeros((0, 0));
                Nodes::new(points, numbers[first..end].to_vec(), Vec::new(), none)
            })
        })
    }

    /// Those of the respondents from a position on, whose moments are filled in; nothing where one has no window.
    fn of_respondents(
        windows: &'t Windows,
        calibration: Calibration,
        first: usize,
        mut moments: MomentsPart,
        roughly: bool,
        monitor: &dyn Monitor,
    ) -> Result<Option<Self>> {
        let mut counts = Self::default();
        let mut options = Vec::new();
        for (place, position) in (first..first + moments.len()).enumerate() {
            if place.is_multiple_of(PER_REPORT) {
                monitor.proceed()?;
                monitor.part(Part::Items, position as f64 / calibration.n_respondents() as f64);
            }
            calibration.options_of(position, &mut options);
            let window = find(windows, calibration, position, &options);
            let window = window.or_else(|| windows.roughly(&options).filter(|_| roughly));
            let Some(window) = window else {
                return Ok(None);
            };
            moments.set_moments(place, &window.summary);
            let numbers = counts.of(window.table());
            window.count(&options, calibration.scored.weights[position], numbers);
        }
        Ok(Some(counts))
    }

    fn add(&mut self, others: Self) {
        if self.0.is_empty() {
            *self = others;
            return;
        }
        for (table, numbers) in others.0 {
            let sums = self.of(table).iter_mut();
            sums.zip(numbers).for_each(|(sum, x)| *sum += x);
        }
    }
}

/// The window of the respondent at a position of a calibration, who chose some options, where the posterior is nearly known.
pub(crate) fn find<'t>(
    windows: &'t Windows,
    calibration: Calibration,
    position: usize,
    options: &[u32],
) -> Option<OnWindow<'t>> {
    let moments = calibration.scored.moments;
    let start = WideGaussian {
        mean: moments.mean(position).to_vec(),
        factor_rows: vec![moments.covariance(position)[0].sqrt()],
    };
    windows.find(options, &start)
}

impl<'t> Expectation<'t> {
    /// From the respondents of a calibration; the posteriors are looked for near those that it has. Where one is
    /// too narrow for the nodes there is nothing, or it is taken `roughly`.
    ///
    /// # Errors
    /// [`crate::base::error::Error::Cancelled`] when the monitor says so.
    pub fn new(
        windows: &'t Windows,
        calibration: Calibration,
        roughly: bool,
        monitor: &dyn Monitor,
    ) -> Result<Option<Self>> {
        let n = calibration.n_respondents();
        let mut options = Vec::new();
        let (mut n_numbers, mut n_responses) = (1, 0);
        for position in 0..n.min(FIRST) {
            calibration.options_of(position, &mut options);
            let sd = calibration.scored.moments.covariance(position)[0].sqrt();
            let table = windows.prepare(&options, sd);
            n_numbers = n_numbers.max(table.map_or(0, Table::n_numbers));
            n_responses = n_responses.max(options.len());
        }
        let n_shards = NUMBERS_PER_RESPONSE * n_responses * n / n_numbers;
        let size = n.div_ceil(n_shards.clamp(1, SHARDS)).clamp(1, LARGEST);
        let mut moments = Moments::zeros(calibration.n_dims(), n, true);
        let mut shards: Vec<_> = (0..n).step_by(size).zip(moments.parts(size)).collect();
        let mut counts = Counts::default();
        while !shards.is_empty() {
            let some = shards.drain(..shards.len().min(SHARDS));
            let found = try_map(some, |(first, part)| {
                Counts::of_respondents(windows, calibration, first, part, roughly, monitor)
            })?;
            for shard in found {
                match shard {
                    Some(shard) => counts.add(shard),
                    None => return Ok(None),
                }
            }
        }
        drop(shards);
        Ok(Some(Self { moments, counts }))
    }

    /// The nodes at which some who chose an option are expected, with their numbers for weights.
    pub fn nodes(&self, option: usize) -> impl Iterator<Item = Nodes> {
        self.counts.nodes(option)
    }
}
