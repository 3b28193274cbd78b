//! How the table of item parameters moves with the location, the scale and the axes of the traits.

use crate::base::linalg::lower_pairs;
use crate::model::design::n_dims;
use crate::model::table::Table;
use crate::responses::catalogue::ItemCatalogue;
use ndarray::{Array1, Array2};

/// How the table of item parameters, read row by row, moves with rotations of the latent traits: one column for each
/// plane of two dimensions.
pub(crate) fn rotation_tangents(items: &Table) -> Array2<f64> {
    let width = items.width();
    let planes = planes(n_dims(width));
    let mut tangents = Array2::zeros((items.values().len(), planes.len()));
    for row in 0..items.n_rows() {
        let gamma = |d: usize| f64::from(items.row(row)[d]);
        for (plane, &(a, b)) in planes.iter().enumerate() {
            tangents[[row * width + a, plane]] = gamma(b);
            tangents[[row * width + b, plane]] = -gamma(a);
        }
    }
    tangents
}

/// How the table of item parameters, read row by row, moves when the traits are moved by a unit along a dimension and the linear
/// predictors stay (one column for each), and when they are multiplied by `I + e E`, for small `e` (one column for each
/// [pair](lower_pairs) of dimensions, `E` being 1 at its two places).
pub(crate) fn affine_tangents(items: &Table) -> Array2<f64> {
    let width = items.width();
    let n_dims = n_dims(width);
    let pairs: Vec<(usize, usize)> = lower_pairs(n_dims).collect();
    let mut tangents = Array2::zeros((items.values().len(), n_dims + pairs.len()));
    for row in 0..items.n_rows() {
        let gamma = |d: usize| f64::from(items.row(row)[d]);
        (0..n_dims).for_each(|d| tangents[[row * width + n_dims, d]] = gamma(d));
        for (pair, &(a, b)) in pairs.iter().enumerate() {
            tangents[[row * width + a, n_dims + pair]] = -gamma(b);
            tangents[[row * width + b, n_dims + pair]] = -gamma(a);
        }
    }
    tangents
}

/// The pairs of dimensions, the planes of [`rotation_tangents`].
pub(crate) fn planes(n_dims: usize) -> Vec<(usize, usize)> {
    (0..n_dims).flat_map(|a| (0..a).map(move |b| (a, b))).collect()
}

/// The derivatives, by the item parameters, of the conditions that the axes are principal: one column for each pair
/// of dimensions, the off-diagonal element of the weighted second moments of the discriminations along `axes` (its
/// columns).
pub(crate) fn principal_conditions(
    items: &Table,
    catalogue: &ItemCatalogue,
    item_totals: &[f64],
    axes: &Array2<f64>,
) -> Array2<f64> {
    let width = items.width();
    let n_dims = n_dims(width);
    let planes = planes(n_dims);
    let mut conditions = Array2::zeros((items.values().len(), planes.len()));
    for (item, &total) in item_totals.iter().enumerate() {
        let rows = catalogue.rows_of(item);
        let n_options = (rows.len() + 1) as f64;
        // The discriminations along the axes, in deviation from their mean over the options.
        let along: Vec<Array1<f64>> = rows
            .clone()
            .map(|row| {
                let gamma = Array1::from_iter(items.row(row)[..n_dims].iter().map(|&x| f64::from(x)));
                axes.t().dot(&gamma)
            })
            .collect();
        let mean = along.iter().fold(Array1::<f64>::zeros(n_dims), |sum, x| sum + x) / n_options;
        for (row, along) in rows.zip(&along) {
            let centred = along - &mean;
            for (plane, &(a, b)) in planes.iter().enumerate() {
                for d in 0..n_dims {
                    conditions[[row * width + d, plane]] =
                        total * (axes[[d, a]] * centred[b] + axes[[d, b]] * centred[a]);
                }
            }
        }
    }
    conditions
}
