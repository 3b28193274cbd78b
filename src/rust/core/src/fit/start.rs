//! Starting values: a truncated singular value decomposition for traits and discriminations, marginal logits for
//! difficulties.

use crate::base::error::Result;
use crate::base::linalg::{orthonormalise, product, symmetric_eigen};
use crate::base::monitor::Monitor;
use crate::base::random::{Purpose, Stream};
use crate::kernels::encoder;
use crate::model::design;
use crate::model::link::Link;
use crate::model::shape::ModelShape;
use crate::model::table::Table;
use crate::responses::batch::Batch;
use crate::responses::item_kind::ItemKind;
use crate::responses::linkage::Linkage;
use crate::responses::store::Responses;
use ndarray::{Array1, Array2, ArrayView2, s};

/// Respondents that are enough to find the leading singular vectors for a start, in one dimension and in several, and their number
/// per item where there are many items.
const ENOUGH_RESPONDENTS: [usize; 2] = [5_000, 20_000];

const RESPONDENTS_PER_ITEM: usize = 10;

/// Squared singular value, relative to the largest, below which a dimension is rounding error.
const LEAST_SQUARE: f64 = 1e-10;

/// Slots that the memory for a start allows.
const MOST_SLOTS: u64 = 20_000_000;

/// Block power iterations; each multiplies the share of what lies beyond the leading vectors by the squared ratio
/// of the singular values.
const ITERATIONS: usize = 12;

/// Vectors carried beyond the ones wanted, which makes the iteration converge faster.
const OVERSAMPLING: usize = 4;

/// Share of an item's variance that the start may explain at most.
const MOST_COMMUNALITY: f64 = 0.95;

/// The least distance of the difficulties of options in order at the start.
const STARTING_DISTANCE: f64 = 0.05;

/// Where training starts.
pub(crate) struct Start {
    /// `n_options x hidden`: the first columns score the decomposition, the others are random.
    pub embeddings: Table,
    /// How the items are linked.
    pub linkage: Linkage,
    /// Item parameters.
    pub items: Table,
    /// Mean over the respondents of `ln(1 + number of responses)`.
    pub count_center: f32,
    /// Logarithm of the posterior standard deviation that the starting items imply.
    pub ln_sd: f32,
}

/// Finds starting values; `answering` are the respondents who gave a response.
///
/// # Errors
/// [`crate::base::error::Error::Cancelled`] when the monitor says so.
pub(crate) fn start(
    responses: &Responses,
    answering: &[u32],
    shape: &ModelShape,
    seed: u64,
    monitor: &dyn Monitor,
) -> Result<Start> {
    let enough = ENOUGH_RESPONDENTS[usize::from(shape.n_dims > 1)]
        .max(RESPONDENTS_PER_ITEM * shape.catalogue.n_items());
    let stride = answering
        .len()
        .div_ceil(enough)
        .max(responses.n_slots().div_ceil(MOST_SLOTS) as usize);
    let chosen: Vec<u32> = answering.iter().step_by(stride).copied().collect();
    let batch = Batch::new(responses, &chosen);
    let standard = Standardised::new(responses);
    let linkage = Linkage::new(responses, &batch, monitor)?;
    let leading = standard.leading(&batch, shape.n_dims, seed, monitor)?;
    let items = starting_items(&standard, &leading, shape);
    let mean = |f: &dyn Fn(f64) -> f64| {
        let sum: f64 = answering
            .iter()
            .map(|&i| f(responses.n_responses_of(i as usize) as f64))
            .sum();
        sum / answering.len() as f64
    };
    let mean_responses = mean(&|n| n);
    let information = mean_information(&standard, &items, shape.n_dims, shape.link);
    Ok(Start {
        embeddings: starting_embeddings(&standard, &leading, shape, mean_responses, seed),
        items,
        linkage,
        count_center: mean(&f64::ln_1p) as f32,
        ln_sd: (-0.5 * (mean_responses * information).ln_1p()) as f32,
    })
}

/// The matrix `X` of standardised indicators, one column per parameter row: `(1{option chosen} - p) / sd` where the
/// item was answered and 0 elsewhere; where options are in order, the indicator is that of this option or a higher one. It is never
/// formed.
struct Standardised<'a> {
    responses: &'a Responses<'a>,
    /// Smoothed share of each option, or of this one and the higher ones, among the responses to its item.
    share: Vec<f64>,
    /// Standard deviation of the indicator of each option.
    sd: Vec<f64>,
    /// Responses of each item.
    totals: Vec<u64>,
}

/// The leading singular vectors of `X`.
struct Leading {
    /// `n_parameter_rows x n`: multiplied by `X` they give scores of variance 1.
    scoring: Array2<f64>,
    /// `n_parameter_rows x n`: correlations of indicators and scores.
    correlation: Array2<f64>,
}

impl<'a> Standardised<'a> {
    fn new(responses: &'a Responses<'a>) -> Self {
        let catalogue = responses.catalogue();
        let (of_options, of_items) = (
            responses.weighted_option_totals(),
            responses.weighted_item_totals(),
        );
        let totals = responses.item_totals();
        let mut share: Vec<f64> = (0..catalogue.n_options())
            .map(|option| {
                let item = catalogue.item_of(option);
                let n_options = catalogue.options_of(item).len() as f64;
                // By weights whose mean over the responses to the item is 1.
                let n = totals[item] as f64;
                let n_chosen = of_options[option] * n / of_items[item].max(f64::MIN_POSITIVE);
                (n_chosen + 0.5) / (n + 0.5 * n_options)
            })
            .collect();
        for item in 0..catalogue.n_items() {
            cumulate(
                catalogue.kind_of(item),
                share[catalogue.options_of(item)].iter_mut().skip(1).rev(),
            );
        }
        let sd = share.iter().map(|p| (p * (1.0 - p)).sqrt()).collect();
        Self {
            responses,
            share,
            sd,
            totals,
        }
    }

    /// One row per option, so that `X vectors` is the sum of the rows of the chosen options.
    fn scores(&self, vectors: &Array2<f64>) -> Table {
        let catalogue = self.responses.catalogue();
        let width = vectors.ncols();
        let mut values = vec![0.0f32; catalogue.n_options() * width];
        for item in 0..catalogue.n_items() {
            let options = catalogue.options_of(item);
            let first_row = catalogue.rows_of(item).start;
            for column in 0..width {
                let scaled = |option: usize| {
                    let row = first_row + option - options.start - 1;
                    vectors[[row, column]] / self.sd[option]
                };
                let inner = options.start + 1..options.end;
                let base: f64 = inner.clone().map(|o| self.share[o] * scaled(o)).sum();
                let mut own: Vec<f64> = inner.clone().map(scaled).collect();
                cumulate(catalogue.kind_of(item), own.iter_mut());
                values[options.start * width + column] = -base as f32;
                for (option, own) in inner.zip(own) {
                    values[option * width + column] = (own - base) as f32;
                }
            }
        }
        Table::new(width, values)
    }

    /// `X' by_respondent`.
    fn transposed(
        &self,
        batch: &Batch,
        by_respondent: &Array2<f64>,
        monitor: &dyn Monitor,
    ) -> Result<Array2<f64>> {
        let catalogue = self.responses.catalogue();
        let width = by_respondent.ncols();
        let flat: Vec<f32> = by_respondent.iter().map(|&x| x as f32).collect();
        let mut product = Array2::zeros((catalogue.n_parameter_rows(), width));
        for item in 0..catalogue.n_items() {
            monitor.proceed()?;
            let options = catalogue.options_of(item);
            let sums: Vec<Vec<f32>> = options
                .clone()
                .map(|option| {
                    let mut sum = vec![0.0f32; width];
                    encoder::sum_over_choosers(&flat, batch, option, &mut sum);
                    sum
                })
                .collect();
            for column in 0..width {
                let mut own: Vec<f64> = sums.iter().map(|s| f64::from(s[column])).collect();
                let all: f64 = own.iter().sum();
                cumulate(catalogue.kind_of(item), own.iter_mut().skip(1).rev());
                let rows = catalogue.rows_of(item).zip(options.clone().zip(own).skip(1));
                for (row, (option, own)) in rows {
                    product[[row, column]] = (own - self.share[option] * all) / self.sd[option];
                }
            }
        }
        Ok(product)
    }

    /// The weight of each respondent of a batch: his own times the sum over the responses of the reciprocals of the items' numbers of
    /// responses, so that every item weighs the same and a group of respondents with items of its own does not lose its
    /// place in the leading vectors to a larger group.
    fn weights(&self, batch: &Batch) -> Vec<f64> {
        let items = self.responses.catalogue();
        let weight = |position: usize| -> f64 {
            let responses = batch.responses_of(position).iter();
            let shares = responses.map(|r| 1.0 / self.totals[items.item_of(r.option as usize)] as f64);
            f64::from(batch.weights()[position]) * shares.sum::<f64>()
        };
        (0..batch.n_respondents()).map(weight).collect()
    }

    /// Block power iteration on `X' W X` with the respondents' weights `W`.
    fn leading(&self, batch: &Batch, n: usize, seed: u64, monitor: &dyn Monitor) -> Result<Leading> {
        let n_rows = self.responses.catalogue().n_parameter_rows();
        let n_respondents = batch.n_respondents();
        let width = (n + OVERSAMPLING).min(n_rows).min(n_respondents);
        let weights = self.weights(batch);
        let roots: Vec<f64> = weights.iter().map(|w| w.sqrt()).collect();
        let mut stream = Stream::new(seed, Purpose::Decomposition, 0, 0);
        let mut right = Array2::from_shape_simple_fn((n_rows, width), || stream.normal());
        for _ in 0..ITERATIONS {
            let pooled = encoder::pool(&self.scores(&right), batch);
            let mut left = Array2::from_shape_fn((n_respondents, width), |(i, k)| {
                f64::from(pooled[i * width + k]) * roots[i]
            });
            orthonormalise(&mut left);
            left.rows_mut()
                .into_iter()
                .zip(&roots)
                .for_each(|(mut row, root)| row *= *root);
            right = self.transposed(batch, &left, monitor)?;
        }
        // With W^1/2 X ~ left right', the squared singular values are the squared lengths of the rotated columns of `right`.
        let (squares, rotation) = symmetric_eigen(product(right.t(), &right).view());
        let rotated = product(&right, &rotation);
        let size: f64 = weights.iter().sum::<f64>().sqrt();
        let answered = self.weighted_totals(batch, &weights);
        let mut scoring = Array2::zeros((n_rows, n));
        let mut correlation = Array2::zeros((n_rows, n));
        for d in 0..n.min(width) {
            // What is left of data with fewer dimensions is rounding.
            if squares[d] <= LEAST_SQUARE * squares[0] {
                continue;
            }
            for row in 0..n_rows {
                scoring[[row, d]] = rotated[[row, d]] * size / squares[d];
                correlation[[row, d]] = rotated[[row, d]] * size / answered[row].max(f64::MIN_POSITIVE);
            }
        }
        Ok(Leading { scoring, correlation })
    }

    /// The summed weights of those who answered the item of each parameter row.
    fn weighted_totals(&self, batch: &Batch, weights: &[f64]) -> Vec<f64> {
        let catalogue = self.responses.catalogue();
        let total = |item: usize| -> f64 {
            let choosers = batch.choosers_of(catalogue.options_of(item)).iter();
            choosers.map(|c| weights[c.position as usize]).sum()
        };
        let rows = |item: usize| std::iter::repeat_n(total(item), catalogue.rows_of(item).len());
        (0..catalogue.n_items()).flat_map(rows).collect()
    }
}

/// Slopes from correlations as in factor analysis, `r / sqrt(1 - r'r)`, and difficulties from marginal logits
/// spread as the slopes demand.
fn starting_items(standard: &Standardised<'_>, leading: &Leading, shape: &ModelShape) -> Table {
    let unit = shape.link.log_odds().recip();
    let catalogue = standard.responses.catalogue();
    let width = design::width(shape.n_dims);
    let mut values = Vec::with_capacity(catalogue.n_parameter_rows() * width);
    for item in 0..catalogue.n_items() {
        let correlations = leading.correlation.slice(s![catalogue.rows_of(item), ..]);
        let rows: Vec<StartingRow> = match catalogue.kind_of(item) {
            ItemKind::Nominal => {
                let shares = &standard.share[catalogue.options_of(item)];
                let options = correlations.rows().into_iter().zip(&shares[1..]);
                options
                    .map(|(r, share)| StartingRow::new(r.to_owned(), (share / shares[0]).ln()))
                    .collect()
            }
            ItemKind::Graded => graded_rows(&standard.share[catalogue.options_of(item)], correlations),
        };
        for row in rows {
            let slopes = row.slopes.iter().map(|slope| (unit * slope) as f32);
            values.extend(design::row(slopes, (unit * row.difficulty) as f32));
        }
    }
    Table::new(width, values)
}

/// Where options are in order, sums of the numbers up to each of them.
fn cumulate<'v>(kind: ItemKind, numbers: impl Iterator<Item = &'v mut f64>) {
    if kind == ItemKind::Graded {
        numbers.fold(0.0, |sum, number| {
            *number += sum;
            *number
        });
    }
}

/// The start of a row of parameters under the logit link.
struct StartingRow {
    slopes: Array1<f64>,
    difficulty: f64,
}

impl StartingRow {
    /// From the correlations of an indicator with the traits and its marginal logit.
    fn new(correlations: Array1<f64>, marginal: f64) -> Self {
        let communality = correlations.dot(&correlations);
        let shrink = (MOST_COMMUNALITY / communality.max(f64::MIN_POSITIVE)).min(1.0);
        let unexplained = 1.0 - communality * shrink;
        let scale = shrink.sqrt() / unexplained.sqrt();
        Self {
            slopes: correlations.mapv(|correlation| Link::Probit.log_odds() * correlation * scale),
            difficulty: -(marginal / unexplained.sqrt()),
        }
    }
}

/// The rows of an item with options in order: they share the mean of their slopes.
fn graded_rows(shares: &[f64], correlations: ArrayView2<'_, f64>) -> Vec<StartingRow> {
    let (n_rows, n_dims) = correlations.dim();
    let options = correlations.rows().into_iter().zip(&shares[1..]);
    let mut rows: Vec<StartingRow> = options
        .map(|(r, share)| StartingRow::new(r.to_owned(), (share / (1.0 - share)).ln()))
        .collect();
    let sum = rows
        .iter()
        .fold(Array1::zeros(n_dims), |sum, row| sum + &row.slopes);
    rows.iter_mut()
        .for_each(|row| row.slopes.assign(&(&sum / n_rows as f64)));
    keep_rising(&mut rows);
    rows
}

/// Difficulties that were spread differently rise all the same.
fn keep_rising(rows: &mut [StartingRow]) {
    for row in 1..rows.len() {
        rows[row].difficulty = rows[row]
            .difficulty
            .max(rows[row - 1].difficulty + STARTING_DISTANCE);
    }
}

fn starting_embeddings(
    standard: &Standardised<'_>,
    leading: &Leading,
    shape: &ModelShape,
    mean_responses: f64,
    seed: u64,
) -> Table {
    let scores = standard.scores(&leading.scoring);
    let spread = (1.0 / mean_responses.sqrt()) as f32;
    let mut stream = Stream::new(seed, Purpose::Network, 1, 0);
    let mut values = Vec::with_capacity(scores.n_rows() * shape.hidden);
    for option in 0..scores.n_rows() {
        values.extend_from_slice(scores.row(option));
        values.extend((scores.width()..shape.hidden).map(|_| stream.normal() as f32 * spread));
    }
    Table::new(shape.hidden, values)
}

/// A rough measure of the information about a dimension in one response, enough to start the standard deviations from.
fn mean_information(standard: &Standardised<'_>, items: &Table, n_dims: usize, link: Link) -> f64 {
    let unit = link.log_odds().powi(2);
    let catalogue = standard.responses.catalogue();
    let mut total = 0.0;
    let mut weight = 0.0;
    for item in 0..catalogue.n_items() {
        let answers = standard.totals[item] as f64;
        weight += answers;
        for (row, option) in catalogue.rows_of(item).zip(catalogue.options_of(item).skip(1)) {
            let (slopes, _) = design::split(items.row(row));
            let squares: f64 = slopes.iter().map(|&g| f64::from(g).powi(2)).sum();
            total += answers * standard.sd[option].powi(2) * squares / n_dims as f64;
        }
    }
    unit * total / weight.max(1.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::monitor::Impatient;
    use crate::base::monitor::Silent;
    use crate::responses::catalogue::ItemCatalogue;
    use crate::simulate::simulation::SimulationDesign;
    use crate::simulate::simulation::simulate;

    #[test]
    fn the_start_points_at_the_truth() {
        let design = SimulationDesign {
            n_respondents: 500,
            n_items: 100,
            n_dims: 1,
            n_options: 2,
            missing: 0.2,
            kind: ItemKind::Nominal,
        };
        let truth = simulate(&design, 3).expect("valid design");
        let shape = ModelShape {
            n_dims: 1,
            hidden: 8,
            link: Link::Logit,
            catalogue: ItemCatalogue::new(&[2; 100]).expect("valid catalogue"),
        };
        let responses = truth.to_responses().expect("valid responses");
        let everybody: Vec<u32> = (0..500).collect();
        assert!(start(&responses, &everybody, &shape, 1, &Impatient).is_err());
        let start = start(&responses, &everybody, &shape, 1, &Silent).expect("not cancelled");
        let pooled = encoder::pool(&start.embeddings, &Batch::new(&responses, &everybody));
        let scores: Vec<f64> = pooled.chunks(8).map(|row| f64::from(row[0])).collect();
        let n = scores.len() as f64;
        let variance = scores.iter().map(|s| s * s).sum::<f64>() / n;
        assert!((variance - 1.0).abs() < 0.05, "variance {variance}");
        let traits = &truth.traits;
        let cross: f64 = scores.iter().zip(traits).map(|(s, t)| s * t).sum();
        let squares: f64 = traits.iter().map(|t| t * t).sum();
        let correlation = cross / (squares * variance * n).sqrt();
        assert!(correlation.abs() > 0.9, "correlation {correlation}");
        assert_eq!(start.embeddings.width(), 8);
        assert!(start.ln_sd < 0.0);
        assert!(start.items.values().iter().all(|x| x.is_finite()));
    }
}
