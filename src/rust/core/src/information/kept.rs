//! The covariance of the items as it is kept with a model, and back.

use crate::base::linalg::{double, packed_length, single, unpack};
use crate::information::covariance::Covariance;
use crate::information::factored::Factored;
use crate::information::parts::Parts;
use crate::information::scores::Scores;
use crate::model::item_errors::KeptCovariance;
use crate::model::table_design::Design;
use ndarray::{Array1, Array2, ArrayView2};

/// A covariance that was kept.
pub(crate) enum Kept {
    Whole(Covariance),
    Parts(Parts),
}

impl Covariance {
    /// As it is kept; what is not known counts as 0.
    pub fn kept(&self, design: &Design) -> KeptCovariance {
        match self {
            Covariance::Joint(matrix) => KeptCovariance::Matrix(lower(matrix).collect()),
            Covariance::Factored(Factored { factor, .. }) => KeptCovariance::Factor(factor.clone()),
            Covariance::LowRank(low) => low.parts().kept(),
            Covariance::Blocks(blocks) => {
                let own = blocks.iter().enumerate().flat_map(|(item, block)| match block {
                    Some(block) => lower(block).collect::<Vec<_>>(),
                    None => vec![0.0; packed_length(design.free_of_item(item).len())],
                });
                KeptCovariance::Parts {
                    blocks: own.collect(),
                    vectors: Array2::zeros((design.n_free(), 0)),
                    values: Vec::new(),
                }
            }
        }
    }
}

impl Parts {
    /// As they are kept.
    pub fn kept(&self) -> KeptCovariance {
        KeptCovariance::Parts {
            blocks: self.blocks.iter().flat_map(lower).collect(),
            vectors: single(self.vectors.view()),
            values: self.values.iter().map(|&value| value as f32).collect(),
        }
    }
}

impl Kept {
    pub fn new(kept: &KeptCovariance, design: &Design) -> Self {
        match kept {
            KeptCovariance::Matrix(lower) => {
                let lower: Vec<f64> = lower.iter().map(|&x| f64::from(x)).collect();
                Kept::Whole(Covariance::Joint(unpack(&lower, design.n_free())))
            }
            KeptCovariance::Factor(factor) => Kept::Whole(Covariance::Factored(Factored {
                factor: factor.clone(),
                blocks: Vec::new(),
            })),
            KeptCovariance::Parts {
                blocks,
                vectors,
                values,
            } => {
                let mut rest = &blocks[..];
                let own = design.places().map(|place| {
                    let n = place.len();
                    let (block, others) = rest.split_at(packed_length(n));
                    rest = others;
                    let block: Vec<f64> = block.iter().map(|&x| f64::from(x)).collect();
                    unpack(&block, n)
                });
                Kept::Parts(Parts {
                    blocks: own.collect(),
                    places: design.places().collect(),
                    vectors: double(vectors.view()),
                    values: Array1::from_iter(values.iter().map(|&value| f64::from(value))),
                })
            }
        }
    }

    /// The product with a matrix.
    pub fn times(&self, right: ArrayView2<'_, f32>, design: &Design) -> Array2<f32> {
        match self {
            Kept::Whole(covariance) => covariance.times(right, design),
            Kept::Parts(parts) => single(parts.times(double(right).view()).view()),
        }
    }

    /// For each of some respondents `J C J'`, where `J` are the derivatives of their means.
    pub fn of_means(&self, slopes: &Scores, design: &Design) -> Vec<Array2<f64>> {
        match self {
            Kept::Whole(covariance) => covariance.of_means(slopes, design),
            Kept::Parts(parts) => parts.of_means(slopes, design),
        }
    }
}

/// The lower triangle of a matrix, row by row.
fn lower(matrix: &Array2<f64>) -> impl Iterator<Item = f32> {
    let rows = matrix.rows().into_iter().enumerate();
    rows.flat_map(|(i, row)| row.into_iter().take(i + 1).map(|&x| x as f32))
}
