//! The reported scale: where the aggregate posterior has mean 0 and covariance I, and the axes are principal.

use crate::base::error::Result;
use crate::base::linalg::{product, symmetric_eigen};
use crate::model::design::{self, discriminations};
use crate::model::population::Invariances;
use crate::model::scale::AffineMap;
use crate::model::table::Table;
use crate::posterior::aggregate::whitening;
use crate::posterior::moments::Moments;
use crate::responses::catalogue::ItemCatalogue;
use ndarray::{Array1, Array2};

/// The map after which the aggregate posterior has mean 0 and covariance I, the axes are the principal axes
/// of the discriminations and every axis points where the discriminations of the items, weighted by their
/// numbers of responses, sum to a positive number. (The sign therefore depends on the reference options.)
///
/// Where the population fixes the axes, they stay, and only their directions are chosen.
///
/// Centred and whitened traits have unit variance in every direction, so the variance of the linear
/// predictors along a direction `u` is `u' (sum_j n_j gamma_j gamma_j') u`: its eigenvectors are the axes,
/// ordered by the variance they explain. Discriminations enter as deviations from the mean over the options
/// of their item, so that the axes do not depend on the choice of the references.
///
/// # Errors
/// [`Error::Responses`] when the aggregate posterior has no spread in some direction.
pub(crate) fn principal_axes(
    invariances: Invariances,
    moments: &Moments,
    weights: &[f64],
    items: &Table,
    catalogue: &ItemCatalogue,
    item_totals: &[f64],
) -> Result<AffineMap> {
    let whitened = whitening(moments, weights)?;
    let discrimination = whitened.items(items)?;
    let (gram, direction) = spread(&discrimination, catalogue, item_totals);
    let axes = if invariances.rotation {
        symmetric_eigen(gram.view()).1
    } else {
        Array2::eye(direction.len())
    };
    let mut matrix = product(axes.t(), &whitened.matrix);
    let signs = axes.t().dot(&direction);
    for (mut row, &sign) in matrix.rows_mut().into_iter().zip(&signs) {
        if sign < 0.0 {
            row *= -1.0;
        }
    }
    Ok(AffineMap {
        matrix,
        shift: whitened.shift,
    })
}

/// The weighted second moments and the weighted sum of the discriminations.
fn spread(items: &Array2<f64>, catalogue: &ItemCatalogue, item_totals: &[f64]) -> (Array2<f64>, Array1<f64>) {
    let n_dims = design::n_dims(items.ncols());
    let mut gram = Array2::<f64>::zeros((n_dims, n_dims));
    let mut direction = Array1::<f64>::zeros(n_dims);
    for (item, &weight) in item_totals.iter().enumerate() {
        let rows = discriminations(items.slice(ndarray::s![catalogue.rows_of(item), ..]));
        let n_options = (rows.nrows() + 1) as f64;
        let sum = rows.sum_axis(ndarray::Axis(0));
        // Over all options, the reference's zeros included, the centred second moment is
        // sum of squares - (sum)^2 / number of options.
        for i in 0..n_dims {
            direction[i] += weight * sum[i];
            for j in 0..n_dims {
                let squares: f64 = rows.column(i).dot(&rows.column(j));
                gram[[i, j]] += weight * (squares - sum[i] * sum[j] / n_options);
            }
        }
    }
    (gram, direction)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::population::Population;
    use crate::model::tangents::{principal_conditions, rotation_tangents};
    use ndarray::array;

    fn moments() -> Moments {
        // Three respondents in two dimensions.
        Moments::for_tests(
            2,
            vec![1.0, 2.0, -0.5, 0.3, 2.0, -1.0],
            vec![0.2, 0.05, 0.3, 0.1, 0.0, 0.4, 0.3, -0.1, 0.2],
        )
    }

    #[test]
    fn aggregate_becomes_standard_and_predictors_stay() {
        let catalogue = ItemCatalogue::new(&[2, 3]).expect("valid catalogue");
        let items = Table::new(3, vec![1.0, 0.2, -0.4, -0.3, 0.9, 0.1, 0.5, 0.5, 1.0]);
        let moments = moments();
        let map = |invariances: Invariances| {
            principal_axes(invariances, &moments, &[1.0; 3], &items, &catalogue, &[3.0, 2.0])
                .expect("spread enough")
        };
        let free = Population::standard(2).invariances();
        // Where the axes are fixed, the traits are only moved, stretched and turned around.
        let fixed = map(Invariances {
            rotation: false,
            ..free
        })
        .matrix;
        assert!((fixed[[0, 1]].abs() - fixed[[1, 0]].abs()).abs() < 1e-12);
        let map = map(free);

        let mut mean = Array1::<f64>::zeros(2);
        let mut second = Array2::<f64>::zeros((2, 2));
        for position in 0..3 {
            let point = map.point(moments.mean(position));
            second += &map.covariance(moments.covariance(position));
            for i in 0..2 {
                for j in 0..2 {
                    second[[i, j]] += point[i] * point[j];
                }
            }
            mean += &point;
        }
        assert!(mean.iter().all(|m| m.abs() < 1e-12));
        let error = (&second / 3.0 - Array2::<f64>::eye(2)).mapv(f64::abs).sum();
        assert!(error < 1e-12, "aggregate covariance off by {error}");

        let mapped = map.items(&items).expect("invertible");
        let before = items.row(1);
        let point = [0.7, -1.1];
        let eta = f64::from(before[0]) * point[0] + f64::from(before[1]) * point[1] - f64::from(before[2]);
        let moved = map.point(&point);
        let after = mapped[[1, 0]] * moved[0] + mapped[[1, 1]] * moved[1] - mapped[[1, 2]];
        assert!((eta - after).abs() < 1e-6);

        let (gram, direction) = spread(&mapped, &catalogue, &[3.0, 2.0]);
        assert!(gram[[0, 1]].abs() < 1e-6 && gram[[0, 0]] >= gram[[1, 1]]);
        assert!(direction.iter().all(|&d| d >= 0.0));
    }

    #[test]
    fn maps_follow_one_another() {
        let first = AffineMap {
            matrix: array![[2.0, 0.5], [0.0, 1.5]],
            shift: array![0.3, -0.2],
        };
        let second = AffineMap {
            matrix: array![[0.0, 1.0], [-1.0, 0.4]],
            shift: array![1.0, 2.0],
        };
        let both = first.then(&second).expect("invertible");
        let point = [0.7, -1.1];
        let expected = second.point(first.point(&point).as_slice().expect("contiguous"));
        assert!((both.point(&point) - expected).mapv(f64::abs).sum() < 1e-12);
    }

    #[test]
    fn tangents_are_derivatives_of_maps_and_conditions_see_rotations() {
        let catalogue = ItemCatalogue::new(&[2, 3]).expect("valid catalogue");
        let items = Table::new(3, vec![1.0, 0.2, -0.4, -0.3, 0.9, 0.1, 0.5, 0.5, 1.0]);
        let tangents = rotation_tangents(&items);
        // alpha -> R alpha with R = I + h (E_10 - E_01) takes gamma to R gamma, to first order.
        let h = 1e-3f32;
        let turned: Vec<f32> = items
            .values()
            .chunks(3)
            .flat_map(|row| [row[0] - h * row[1], row[1] + h * row[0], row[2]])
            .collect();
        let turned = Table::new(3, turned);
        for (i, &rotation) in tangents.column(0).iter().enumerate() {
            let moved = f64::from((turned.values()[i] - items.values()[i]) / h);
            assert!((moved - rotation).abs() < 1e-3, "parameter {i}");
        }
        let totals = [3.0, 2.0];
        let gram = |items: &Table| {
            let wide = Array2::from_shape_fn((3, 3), |(i, j)| f64::from(items.row(i)[j]));
            spread(&wide, &catalogue, &totals).0
        };
        let change = (gram(&turned)[[1, 0]] - gram(&items)[[1, 0]]) / f64::from(h);
        let conditions = principal_conditions(&items, &catalogue, &totals, &Array2::eye(2));
        let expected = conditions.column(0).dot(&tangents.column(0));
        assert!(
            (change - expected).abs() < 0.02 * expected.abs(),
            "{change} against {expected}"
        );
    }

    #[test]
    fn a_flat_direction_is_an_error() {
        let catalogue = ItemCatalogue::new(&[2]).expect("valid catalogue");
        let items = Table::new(2, vec![1.0, 0.0]);
        let flat = Moments::for_tests(1, vec![1.0, 1.0], vec![0.0, 0.0]);
        assert!(
            principal_axes(
                Population::standard(1).invariances(),
                &flat,
                &[1.0; 2],
                &items,
                &catalogue,
                &[2.0]
            )
            .is_err()
        );
    }

    #[test]
    fn flipping_turns_one_dimension() {
        let mut map = AffineMap::identity(2);
        map.flip(1);
        assert_eq!(map.point(&[1.0, 1.0]), array![1.0, -1.0]);
    }
}
