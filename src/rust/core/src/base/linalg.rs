//! Dense algebra: matrices of the size of the latent space, and symmetric ones of up to some thousand rows.

use crate::base::error::Result;
use crate::base::monitor::{Monitor, Silent};
use crate::base::order::sort_numbers;
use crate::base::threads::{map, try_map};
use ndarray::iter::AxisChunksIterMut;
use ndarray::linalg::general_mat_mul;
use ndarray::{Array1, Array2, ArrayView1, ArrayView2, ArrayViewMut2, Axis, Ix2, s};

/// Rows of a block of the algorithms for large matrices.
const BLOCK: usize = 64;

/// The lower Cholesky factor, or nothing where the matrix is not positive definite. Only its lower triangle is read.
pub(crate) fn cholesky(matrix: ArrayView2<'_, f64>) -> Option<Array2<f64>> {
    if matrix.nrows() <= BLOCK {
        return small_cholesky(matrix);
    }
    factor(matrix, &Silent).ok().flatten()
}

/// [`cholesky`] of a large matrix.
///
/// # Errors
/// [`crate::base::error::Error::Cancelled`] when the monitor says so.
pub(crate) fn factor(matrix: ArrayView2<'_, f64>, monitor: &dyn Monitor) -> Result<Option<Array2<f64>>> {
    let n = matrix.nrows();
    let mut factor = matrix.to_owned();
    for start in (0..n).step_by(BLOCK) {
        monitor.proceed()?;
        let end = (start + BLOCK).min(n);
        let Some(corner) = small_cholesky(factor.slice(s![start..end, start..end])) else {
            return Ok(None);
        };
        factor.slice_mut(s![start..end, start..end]).assign(&corner);
        factor.slice_mut(s![start..end, end..]).fill(0.0);
        let mut below = factor.slice_mut(s![end.., start..end]);
        let inverse = invert_lower(corner.view());
        map(row_blocks(&mut below), |mut rows| {
            let solved = product(rows.view(), inverse.t());
            rows.assign(&solved);
        });
        let panel = below.to_owned();
        let mut rest = factor.slice_mut(s![end.., end..]);
        map(row_blocks(&mut rest).enumerate(), |(block, mut rows)| {
            let first = block * BLOCK;
            let last = first + rows.nrows();
            let mut lower = rows.slice_mut(s![.., ..last]);
            let own = panel.slice(s![first..last, ..]);
            general_mat_mul(-1.0, &own, &panel.slice(s![..last, ..]).t(), 1.0, &mut lower);
        });
    }
    Ok(Some(factor))
}

/// The matrix in blocks of rows.
fn row_blocks<'a>(matrix: &'a mut ArrayViewMut2<'_, f64>) -> AxisChunksIterMut<'a, f64, Ix2> {
    matrix.axis_chunks_iter_mut(Axis(0), BLOCK)
}

fn small_cholesky(matrix: ArrayView2<'_, f64>) -> Option<Array2<f64>> {
    let n = matrix.nrows();
    let mut factor = Array2::<f64>::zeros((n, n));
    for i in 0..n {
        for j in 0..=i {
            let known: f64 = (0..j).map(|k| factor[[i, k]] * factor[[j, k]]).sum();
            let rest = matrix[[i, j]] - known;
            if i == j {
                if rest <= 0.0 || !rest.is_finite() {
                    return None;
                }
                factor[[i, i]] = rest.sqrt();
            } else {
                factor[[i, j]] = rest / factor[[j, j]];
            }
        }
    }
    Some(factor)
}

/// Solves `L x = b` for a lower factor.
pub(crate) fn solve_lower(factor: ArrayView2<'_, f64>, b: ArrayView1<'_, f64>) -> Array1<f64> {
    let mut x = b.to_owned();
    for (i, row) in factor.rows().into_iter().enumerate() {
        let known = row.slice(s![..i]).dot(&x.slice(s![..i]));
        x[i] = (x[i] - known) / row[i];
    }
    x
}

/// Solves `L' x = b` for a lower factor `L`.
pub(crate) fn solve_upper(factor: ArrayView2<'_, f64>, b: ArrayView1<'_, f64>) -> Array1<f64> {
    let mut x = b.to_owned();
    for (i, row) in factor.rows().into_iter().enumerate().rev() {
        x[i] /= row[i];
        let own = x[i];
        x.slice_mut(s![..i]).scaled_add(-own, &row.slice(s![..i]));
    }
    x
}

/// `A B`. One function for all kinds of matrices, whose code is large.
pub(crate) fn product<'a, 'b>(
    a: impl Into<ArrayView2<'a, f64>>,
    b: impl Into<ArrayView2<'b, f64>>,
) -> Array2<f64> {
    #[inline(never)]
    fn of_views(a: ArrayView2<'_, f64>, b: ArrayView2<'_, f64>) -> Array2<f64> {
        a.dot(&b)
    }
    of_views(a.into(), b.into())
}

/// `A + x B`. Like [`product`] one function for all.
pub(crate) fn plus<'a, 'b>(
    a: impl Into<ArrayView2<'a, f64>>,
    x: f64,
    b: impl Into<ArrayView2<'b, f64>>,
) -> Array2<f64> {
    #[inline(never)]
    fn of_views(a: ArrayView2<'_, f64>, x: f64, b: ArrayView2<'_, f64>) -> Array2<f64> {
        let mut sum = a.to_owned();
        sum.scaled_add(x, &b);
        sum
    }
    of_views(a.into(), x, b.into())
}

/// `A += x B`.
#[inline(never)]
pub(crate) fn add_scaled(a: &mut ArrayViewMut2<'_, f64>, x: f64, b: ArrayView2<'_, f64>) {
    a.scaled_add(x, &b);
}

/// `(A + A') / 2`.
#[inline(never)]
pub(crate) fn symmetric(a: ArrayView2<'_, f64>) -> Array2<f64> {
    Array2::from_shape_fn(a.dim(), |(i, j)| 0.5 * (a[[i, j]] + a[[j, i]]))
}

/// In single precision.
#[inline(never)]
pub(crate) fn single(a: ArrayView2<'_, f64>) -> Array2<f32> {
    a.mapv(|x| x as f32)
}

/// In double precision.
#[inline(never)]
pub(crate) fn double(a: ArrayView2<'_, f32>) -> Array2<f64> {
    a.mapv(f64::from)
}

/// Columns beside others.
#[inline(never)]
pub(crate) fn beside(left: ArrayView2<'_, f64>, right: ArrayView2<'_, f64>) -> Array2<f64> {
    let columns = left.columns().into_iter().chain(right.columns());
    let mut both = Array2::zeros((left.nrows(), left.ncols() + right.ncols()));
    both.columns_mut()
        .into_iter()
        .zip(columns)
        .for_each(|(mut to, from)| to.assign(&from));
    both
}

/// `A C A'`: the covariance of `A x`, where `x` has the covariance `C`.
#[inline(never)]
pub(crate) fn sandwich(a: &Array2<f64>, covariance: &Array2<f64>) -> Array2<f64> {
    product(&product(a, covariance), a.t())
}

/// The inverse of a symmetric positive definite matrix, or nothing where it is not. Only its lower triangle is read.
pub(crate) fn invert(matrix: ArrayView2<'_, f64>) -> Option<Array2<f64>> {
    let factor = cholesky(matrix)?;
    invert_factored(factor.view(), &Silent).ok()
}

/// The inverse of `L L'` for a lower factor `L`: `X' X` with `X = L^-1`, which is found from the top down in blocks of rows.
///
/// # Errors
/// [`crate::base::error::Error::Cancelled`] when the monitor says so.
pub(crate) fn invert_factored(factor: ArrayView2<'_, f64>, monitor: &dyn Monitor) -> Result<Array2<f64>> {
    let n = factor.nrows();
    if n <= BLOCK {
        // Without worker threads: small matrices are inverted outside of their pool as well.
        let own = invert_lower(factor);
        let mut product = Array2::zeros((n, n));
        general_mat_mul(1.0, &own.t(), &own, 0.0, &mut product);
        mirror(&mut product);
        return Ok(product);
    }
    let mut inverse = Array2::<f64>::zeros((n, n));
    for start in (0..n).step_by(BLOCK) {
        monitor.proceed()?;
        let end = (start + BLOCK).min(n);
        let corner = factor.slice(s![start..end, start..end]);
        let own = invert_lower(corner);
        let (above, mut rows) = inverse.multi_slice_mut((s![..start, ..start], s![start..end, ..end]));
        let left = own.dot(&factor.slice(s![start..end, ..start]));
        let mut known_columns = rows.slice_mut(s![.., ..start]);
        let columns = known_columns.axis_chunks_iter_mut(Axis(1), BLOCK);
        map(columns.enumerate(), |(block, mut columns)| {
            let first = block * BLOCK;
            let last = first + columns.ncols();
            // `above` is lower triangular.
            let known = above.slice(s![first.., first..last]);
            general_mat_mul(-1.0, &left.slice(s![.., first..]), &known, 0.0, &mut columns);
        });
        rows.slice_mut(s![.., start..]).assign(&own);
    }
    let mut product = Array2::<f64>::zeros((n, n));
    let mut view = product.view_mut();
    try_map(row_blocks(&mut view).enumerate(), |(block, mut rows)| {
        monitor.proceed()?;
        let first = block * BLOCK;
        let last = first + rows.nrows();
        let left = inverse.slice(s![first.., first..last]);
        let right = inverse.slice(s![first.., ..last]);
        general_mat_mul(1.0, &left.t(), &right, 0.0, &mut rows.slice_mut(s![.., ..last]));
        Ok(())
    })?;
    mirror(&mut product);
    Ok(product)
}

/// The inverse of a small lower triangular matrix.
pub(crate) fn invert_lower(factor: ArrayView2<'_, f64>) -> Array2<f64> {
    let n = factor.nrows();
    let mut inverse = Array2::zeros((n, n));
    for (j, unit) in Array2::<f64>::eye(n).rows().into_iter().enumerate() {
        inverse.column_mut(j).assign(&solve_lower(factor, unit));
    }
    inverse
}

/// Copies the lower triangle to the upper one.
pub(crate) fn mirror(matrix: &mut Array2<f64>) {
    for i in 0..matrix.nrows() {
        for j in 0..i {
            matrix[[j, i]] = matrix[[i, j]];
        }
    }
}

/// Sweeps of the Jacobi method after which a matrix of this crate's sizes is diagonal to machine precision.
const MOST_SWEEPS: usize = 60;

/// Eigenvalues in falling order and the eigenvectors as columns of a symmetric matrix, by the cyclic Jacobi
/// method (Golub and Van Loan 2013, Matrix Computations, section 8.5).
pub(crate) fn symmetric_eigen(matrix: ArrayView2<'_, f64>) -> (Array1<f64>, Array2<f64>) {
    let n = matrix.nrows();
    let mut a = matrix.to_owned();
    let mut vectors = Array2::<f64>::eye(n);
    for _ in 0..MOST_SWEEPS {
        let off: f64 = (0..n)
            .flat_map(|i| (0..i).map(move |j| (i, j)))
            .map(|(i, j)| a[[i, j]].powi(2))
            .sum();
        if off <= f64::EPSILON.powi(2) * a.diag().mapv(|x| x * x).sum() {
            break;
        }
        for p in 0..n {
            for q in p + 1..n {
                rotate(&mut a, &mut vectors, p, q);
            }
        }
    }
    let mut order: Vec<usize> = (0..n).collect();
    sort_numbers(&mut order, &|i, j| a[[j, j]].total_cmp(&a[[i, i]]));
    let values = order.iter().map(|&i| a[[i, i]]).collect();
    let mut sorted = Array2::zeros((n, n));
    for (to, &from) in order.iter().enumerate() {
        sorted.column_mut(to).assign(&vectors.column(from));
    }
    (values, sorted)
}

/// One Jacobi rotation that makes element (p, q) zero.
fn rotate(a: &mut Array2<f64>, vectors: &mut Array2<f64>, p: usize, q: usize) {
    if a[[p, q]] == 0.0 {
        return;
    }
    let tau = (a[[q, q]] - a[[p, p]]) / (2.0 * a[[p, q]]);
    let t = tau.signum() / (tau.abs() + (1.0 + tau * tau).sqrt());
    let c = 1.0 / (1.0 + t * t).sqrt();
    let s = t * c;
    for k in 0..a.nrows() {
        let (x, y) = (a[[k, p]], a[[k, q]]);
        a[[k, p]] = c * x - s * y;
        a[[k, q]] = s * x + c * y;
    }
    for k in 0..a.nrows() {
        let (x, y) = (a[[p, k]], a[[q, k]]);
        a[[p, k]] = c * x - s * y;
        a[[q, k]] = s * x + c * y;
    }
    for k in 0..a.nrows() {
        let (x, y) = (vectors[[k, p]], vectors[[k, q]]);
        vectors[[k, p]] = c * x - s * y;
        vectors[[k, q]] = s * x + c * y;
    }
}

/// Makes the columns orthonormal by modified Gram-Schmidt, applied twice for stability.
pub(crate) fn orthonormalise(columns: &mut Array2<f64>) {
    for _ in 0..2 {
        for j in 0..columns.ncols() {
            for k in 0..j {
                let (done, mut current) = columns.multi_slice_mut((ndarray::s![.., k], ndarray::s![.., j]));
                let overlap = done.dot(&current);
                current.scaled_add(-overlap, &done);
            }
            let mut column = columns.column_mut(j);
            let length = column.dot(&column).sqrt();
            if length > 0.0 {
                column /= length;
            }
        }
    }
}

/// The places of the lower triangle of a matrix, row by row.
pub(crate) fn lower_pairs(n: usize) -> impl Iterator<Item = (usize, usize)> {
    (0..n).flat_map(|i| (0..=i).map(move |j| (i, j)))
}

/// Number of elements in the lower triangle of a symmetric matrix, and so in its packed form.
pub fn packed_length(n: usize) -> usize {
    n * (n + 1) / 2
}

/// The symmetric matrix whose lower triangle, row by row, is `packed`.
pub(crate) fn unpack(packed: &[f64], n: usize) -> Array2<f64> {
    Array2::from_shape_fn((n, n), |(i, j)| {
        let (i, j) = (i.max(j), i.min(j));
        packed[i * (i + 1) / 2 + j]
    })
}

/// The lower triangle of a symmetric matrix, row by row.
pub(crate) fn pack(matrix: ArrayView2<'_, f64>) -> Vec<f64> {
    (0..matrix.nrows())
        .flat_map(|i| (0..=i).map(move |j| (i, j)))
        .map(|place| matrix[place])
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::monitor::Impatient;
    use ndarray::array;

    fn close(a: &Array2<f64>, b: &Array2<f64>) -> bool {
        a.iter().zip(b).all(|(x, y)| (x - y).abs() < 1e-12)
    }

    #[test]
    fn factor_and_inverse_reproduce_the_matrix() {
        let matrix = array![[4.0, 1.0, 0.5], [1.0, 3.0, -0.2], [0.5, -0.2, 2.0]];
        let factor = cholesky(matrix.view()).expect("positive definite");
        assert!(close(&factor.dot(&factor.t()), &matrix));
        let inverse = invert(matrix.view()).expect("positive definite");
        assert!(close(&inverse.dot(&matrix), &Array2::eye(3)));
        assert!(cholesky(array![[1.0, 2.0], [2.0, 1.0]].view()).is_none());
    }

    #[test]
    fn large_matrices_are_factored_and_inverted_in_blocks() {
        let n = 3 * BLOCK + 7;
        let root = Array2::from_shape_fn((n, n), |(i, j)| ((i * 37 + j * 101) % 23) as f64 / 23.0 - 0.5);
        let matrix = root.dot(&root.t()) + Array2::<f64>::eye(n);
        let factor = cholesky(matrix.view()).expect("positive definite");
        let off = (&factor.dot(&factor.t()) - &matrix).mapv(f64::abs).sum();
        assert!(off < 1e-8, "L L' is off by {off}");
        assert!((0..n).all(|i| (i + 1..n).all(|j| factor[[i, j]] == 0.0)));
        let product = invert(matrix.view()).expect("positive definite").dot(&matrix);
        assert!((&product - &Array2::<f64>::eye(n)).mapv(f64::abs).sum() < 1e-6);
        let mut indefinite = matrix;
        indefinite[[n - 1, n - 1]] = -1.0;
        assert!(cholesky(indefinite.view()).is_none());
        assert!(super::factor(Array2::<f64>::eye(n).view(), &Impatient).is_err());
        assert!(invert_factored(Array2::<f64>::eye(n).view(), &Impatient).is_err());
    }

    #[test]
    fn eigenvectors_diagonalise() {
        let matrix = array![[2.0, -1.0, 0.3], [-1.0, 5.0, 1.0], [0.3, 1.0, -1.0]];
        let (values, vectors) = symmetric_eigen(matrix.view());
        assert!(values[0] >= values[1] && values[1] >= values[2]);
        let rebuilt = vectors.dot(&Array2::from_diag(&values)).dot(&vectors.t());
        assert!(close(&rebuilt, &matrix));
        assert!(close(&vectors.t().dot(&vectors), &Array2::eye(3)));
    }

    #[test]
    fn columns_become_orthonormal() {
        let mut columns = array![[1.0, 1.0], [1.0, 1.0 + 1e-7], [0.0, 1.0]];
        orthonormalise(&mut columns);
        assert!(close(&columns.t().dot(&columns), &Array2::eye(2)));
    }

    #[test]
    fn packing_goes_both_ways() {
        let matrix = array![[1.0, 2.0], [2.0, 3.0]];
        let packed = pack(matrix.view());
        assert_eq!(packed.len(), packed_length(2));
        assert!(close(&unpack(&packed, 2), &matrix));
    }
}
