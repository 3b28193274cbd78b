//! The information about the parameters of one item.

use crate::base::linalg::{lower_pairs, mirror};
use crate::model::table_design::Design;
use ndarray::Array2;
use std::ops::Range;

/// Parameters of all items up to which their information is one matrix.
pub const MOST_JOINT_PARAMETERS: usize = 4_000;

/// Parameters of one item beyond which nothing is said about them: the matrices grow with the square.
pub(crate) const MOST_PARAMETERS: usize = 600;

/// The information about one item's parameters without the prior; empty where there
/// are too many of them.
pub(crate) struct ItemInformation {
    pub observed: Array2<f64>,
    /// What the latent traits leave unknown; empty where that is not used.
    pub missing: Array2<f64>,
}

impl ItemInformation {
    /// From the parameters in the rows of an item to its free ones.
    pub fn contracted(self, design: &Design, item: usize) -> Self {
        Self {
            observed: design.contract_item(item, self.observed),
            missing: design.contract_item(item, self.missing),
        }
    }
}

/// The places of each item's parameters among those of all.
pub(crate) fn places(items: &[ItemInformation]) -> impl Iterator<Item = Range<usize>> {
    runs(items.iter().map(|item| item.observed.nrows()))
}

/// Runs of these lengths, one after another.
pub(crate) fn runs(lengths: impl Iterator<Item = usize>) -> impl Iterator<Item = Range<usize>> {
    lengths.scan(0, |end, length| {
        let first = *end;
        *end += length;
        Some(first..*end)
    })
}

/// The level of the respondent at a position: one of two respondents has at least level 1, one of four at least level 2, and so on.
pub(crate) fn level(position: usize) -> u32 {
    position.trailing_zeros()
}

/// The information about the rows of one item while it is summed over the responses.
pub(crate) struct ItemSum {
    pub information: ItemInformation,
    /// Respondents at this [level] or above are evaluated.
    level: u32,
    /// Summed weights of the responses that were evaluated.
    pub evaluated: f64,
}

impl ItemSum {
    pub fn new(n_parameters: usize, level: u32, joint: bool) -> Self {
        let size = if n_parameters > MOST_PARAMETERS {
            0
        } else {
            n_parameters
        };
        Self {
            information: ItemInformation {
                observed: Array2::zeros((size, size)),
                missing: Array2::zeros(if joint { (size, size) } else { (0, 0) }),
            },
            level,
            evaluated: 0.0,
        }
    }

    /// Are there not too many parameters?
    pub fn is_kept(&self) -> bool {
        self.information.observed.nrows() > 0
    }

    /// Is the response of the respondent at a position evaluated?
    pub fn takes(&self, position: usize) -> bool {
        self.is_kept() && self.level <= level(position)
    }

    /// Adds what the means of the scores of responses with a total weight tell beyond the scores: the sums of products of two of them,
    /// a lower triangle row by row.
    pub fn add_means(&mut self, weight: f64, products: &[f64]) {
        self.evaluated += weight;
        let ItemInformation { observed, missing } = &mut self.information;
        for ((i, j), product) in lower_pairs(observed.nrows()).zip(products) {
            observed[[i, j]] += product;
            if missing.nrows() > 0 {
                missing[[i, j]] -= product;
            }
        }
    }

    /// The information of all responses to the item, which have this summed weight.
    pub fn extrapolated(self, total: f64) -> ItemInformation {
        let mut information = self.information;
        for matrix in [&mut information.observed, &mut information.missing] {
            if self.evaluated > 0.0 {
                *matrix *= total / self.evaluated;
            }
            mirror(matrix);
        }
        information
    }
}

/// Two rows of an item's parameters, about which a respondent says something.
pub(crate) struct RowPair<'a> {
    pub row: usize,
    /// Not after `row`.
    pub other: usize,
    /// Parameters of a row.
    pub width: usize,
    /// The means of the scores of all the item's parameters.
    pub means: &'a [f64],
}

impl RowPair<'_> {
    /// Adds sums over nodes for all pairs of parameters of a row, a lower triangle row by row, and the products of the means, times a
    /// weight, to the part of a matrix that belongs to the two rows.
    #[inline(always)]
    pub fn add(&self, sums: &[f32], weight: f64, matrix: &mut Array2<f64>) {
        let Self {
            row,
            other,
            width,
            means,
        } = *self;
        let mut sums = sums.iter();
        for i in 0..width {
            for j in 0..=i {
                let Some(&sum) = sums.next() else { return };
                let (u, v) = (row * width + i, other * width + j);
                matrix[[u, v]] += weight * (f64::from(sum) + means[u] * means[v]);
                if row != other && i != j {
                    let (u, v) = (row * width + j, other * width + i);
                    matrix[[u, v]] += weight * (f64::from(sum) + means[u] * means[v]);
                }
            }
        }
    }
}
