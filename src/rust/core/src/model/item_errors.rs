//! How the estimates of the items are off together: what scoring of new respondents needs of their covariance.

use crate::base::error::{Error, Result};
use crate::base::tensor_file::{find, unreadable};
use candle_core::{Device, Tensor};
use ndarray::Array2;
use std::collections::HashMap;

/// The tensors.
const N_EFFECTIVE: &str = "items.errors.n_effective";
const MATRIX: &str = "items.errors.matrix";
const FACTOR: &str = "items.errors.factor";
const BLOCKS: &str = "items.errors.blocks";
const VECTORS: &str = "items.errors.vectors";
const VALUES: &str = "items.errors.values";
const MAP: &str = "items.errors.map";
const MAP_WITH_ITEMS: &str = "items.errors.map_with_items";

/// The covariance of the free parameters of the items on the reported axes, and how many respondents told them.
#[derive(Clone, Debug, PartialEq)]
pub struct ItemErrors {
    /// The covariance.
    pub(crate) covariance: KeptCovariance,
    /// As many respondents without weights tell as much about location and scale.
    pub(crate) n_effective: f64,
    /// Those of the map to the reported axes, where respondents whose ideal points are not known set it.
    pub(crate) map: Option<MapErrors>,
}

/// How an affine map is off: a point `x` by the sum of `x[e] g[e]` and a shift, the last `g`, each with an element for each dimension.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct MapErrors {
    /// The covariances of the free parameters of the items (rows) with all elements, those of `g[0]` first.
    pub with_items: Array2<f32>,
    /// The covariance of these.
    pub own: Array2<f64>,
}

/// A covariance in single precision.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum KeptCovariance {
    /// The lower triangle of the matrix.
    Matrix(Vec<f32>),
    /// A matrix whose square it is, about.
    Factor(Array2<f32>),
    /// The lower triangles of the covariances of the items by themselves, and what they share: `vectors diag(values) vectors'`.
    Parts {
        blocks: Vec<f32>,
        vectors: Array2<f32>,
        values: Vec<f32>,
    },
}

impl ItemErrors {
    /// The tensors with their names.
    pub(crate) fn tensors(&self) -> Result<Vec<(String, Tensor)>> {
        let device = Device::Cpu;
        let vector = |name: &str, x: &[f32]| -> Result<_> { Ok((name.to_owned(), Tensor::new(x, &device)?)) };
        let matrix = |name: &str, x: &Array2<f32>| -> Result<_> {
            let values: Vec<f32> = x.iter().copied().collect();
            Ok((name.to_owned(), Tensor::from_vec(values, x.dim(), &device)?))
        };
        let mut tensors = vec![(N_EFFECTIVE.to_owned(), Tensor::new(&[self.n_effective], &device)?)];
        if let Some(MapErrors { with_items, own }) = &self.map {
            let values: Vec<f64> = own.iter().copied().collect();
            tensors.push(matrix(MAP_WITH_ITEMS, with_items)?);
            tensors.push((MAP.to_owned(), Tensor::from_vec(values, own.dim(), &device)?));
        }
        match &self.covariance {
            KeptCovariance::Matrix(lower) => tensors.push(vector(MATRIX, lower)?),
            KeptCovariance::Factor(factor) => tensors.push(matrix(FACTOR, factor)?),
            KeptCovariance::Parts {
                blocks,
                vectors,
                values,
            } => tensors.extend([
                vector(BLOCKS, blocks)?,
                matrix(VECTORS, vectors)?,
                vector(VALUES, values)?,
            ]),
        }
        Ok(tensors)
    }

    /// Those of items with so many free parameters each, in so many dimensions, where there are any.
    ///
    /// # Errors
    /// [`Error::Model`] when they do not fit the items.
    pub(crate) fn read(
        tensors: &HashMap<String, Tensor>,
        sizes: &[usize],
        n_dims: usize,
    ) -> Result<Option<Self>> {
        if !tensors.contains_key(N_EFFECTIVE) {
            return Ok(None);
        }
        let vector = |name: &str| find(tensors, name)?.to_vec1::<f32>().map_err(unreadable);
        let matrix = |name: &str| -> Result<Array2<f32>> {
            let tensor = find(tensors, name)?;
            let shape = tensor.dims2().map_err(unreadable)?;
            let values = tensor.flatten_all()?.to_vec1::<f32>().map_err(unreadable)?;
            Array2::from_shape_vec(shape, values).map_err(unreadable)
        };
        let covariance = if tensors.contains_key(MATRIX) {
            KeptCovariance::Matrix(vector(MATRIX)?)
        } else if tensors.contains_key(FACTOR) {
            KeptCovariance::Factor(matrix(FACTOR)?)
        } else {
            KeptCovariance::Parts {
                blocks: vector(BLOCKS)?,
                vectors: matrix(VECTORS)?,
                values: vector(VALUES)?,
            }
        };
        let n_effective = find(tensors, N_EFFECTIVE)?.to_vec1::<f64>().map_err(unreadable)?;
        let map = if tensors.contains_key(MAP) {
            let own = find(tensors, MAP)?;
            let shape = own.dims2().map_err(unreadable)?;
            let values = own.flatten_all()?.to_vec1::<f64>().map_err(unreadable)?;
            Some(MapErrors {
                with_items: matrix(MAP_WITH_ITEMS)?,
                own: Array2::from_shape_vec(shape, values).map_err(unreadable)?,
            })
        } else {
            None
        };
        let n_elements = n_dims * (n_dims + 1);
        let map_fits = map.as_ref().is_none_or(|map| {
            map.own.dim() == (n_elements, n_elements)
                && map.with_items.dim() == (sizes.iter().sum(), n_elements)
        });
        let fits = map_fits && covariance.fits(sizes) && n_effective.len() == 1 && n_effective[0] > 0.0;
        if !fits {
            return Err(Error::Model("the errors of its items do not fit them".into()));
        }
        Ok(Some(Self {
            covariance,
            n_effective: n_effective[0],
            map,
        }))
    }
}

impl KeptCovariance {
    fn fits(&self, sizes: &[usize]) -> bool {
        let triangle = |n: usize| n * (n + 1) / 2;
        let n: usize = sizes.iter().sum();
        match self {
            Self::Matrix(lower) => lower.len() == triangle(n),
            Self::Factor(factor) => factor.nrows() == n,
            Self::Parts {
                blocks,
                vectors,
                values,
            } => {
                let own: usize = sizes.iter().map(|&n| triangle(n)).sum();
                blocks.len() == own && vectors.nrows() == n && vectors.ncols() == values.len()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    #[test]
    fn what_is_written_is_read_where_it_fits() {
        let forms = [
            KeptCovariance::Matrix(vec![1.0, 0.5, 2.0, 0.1, 0.2, 3.0]),
            KeptCovariance::Factor(array![[1.0, 0.0], [0.5, 1.0], [0.0, 2.0]]),
            KeptCovariance::Parts {
                blocks: vec![1.0, 0.5, 2.0, 3.0],
                vectors: array![[1.0], [0.5], [2.0]],
                values: vec![-0.5],
            },
        ];
        for covariance in forms {
            let errors = ItemErrors {
                covariance,
                n_effective: 100.0,
                map: Some(MapErrors {
                    with_items: array![[0.1, 0.2], [0.3, 0.4], [0.5, 0.6]],
                    own: array![[1.0, 0.2], [0.2, 1.0]],
                }),
            };
            let tensors: HashMap<String, Tensor> = errors.tensors().expect("tensors").into_iter().collect();
            let read = |sizes: &[usize], n_dims| ItemErrors::read(&tensors, sizes, n_dims);
            assert_eq!(read(&[2, 1], 1).expect("valid"), Some(errors));
            assert!(read(&[2, 2], 1).is_err() && read(&[2, 1], 2).is_err());
        }
        assert_eq!(ItemErrors::read(&HashMap::new(), &[2], 1).expect("none"), None);
    }
}
