//! The rows of an item in the table of parameters, the linear predictors that they stand for, and the free parameters that they
//! come from.
//!
//! An item has a row for each of its options but the reference: the discriminations by dimension, then the difficulty. The kernels
//! read rows; what is estimated are the free parameters, of which the rows are a linear map, see [`Design`].

use crate::model::observations::Observations;
use crate::model::response::lanes::{Lanes, product};
use crate::model::table::Table;
use crate::responses::catalogue::ItemCatalogue;
use crate::responses::item_kind::ItemKind;
use candle_core::{Result, Tensor};
use ndarray::{Array1, Array2, ArrayView2, Axis, s};
use std::borrow::Cow;
use std::ops::{AddAssign, Mul, Neg, Range};

/// Columns of the table of item parameters.
pub fn width(n_dims: usize) -> usize {
    n_dims + 1
}

/// Number of dimensions of a table with so many columns.
pub fn n_dims(width: usize) -> usize {
    width - 1
}

/// The discriminations and the difficulty of a row of the table.
#[inline(always)]
pub fn split<T>(row: &[T]) -> (&[T], &T) {
    let n_dims = n_dims(row.len());
    (&row[..n_dims], &row[n_dims])
}

/// The discriminations in some rows of the table.
pub(crate) fn discriminations(rows: ArrayView2<'_, f64>) -> ArrayView2<'_, f64> {
    let n_dims = n_dims(rows.ncols());
    rows.slice_move(s![.., ..n_dims])
}

/// A row of the table.
pub fn row<T>(discriminations: impl IntoIterator<Item = T>, difficulty: T) -> impl Iterator<Item = T> {
    discriminations.into_iter().chain([difficulty])
}

/// What the parameters of a row are multiplied by in its predictors at some points: the coordinates of all points, then -1 for
/// each.
pub fn columns(mut coordinates: Vec<f32>, n_points: usize) -> Vec<f32> {
    coordinates.resize(coordinates.len() + n_points, -1.0);
    coordinates
}

/// The linear predictors `gamma . alpha - beta` of a row of the table at some points of the traits side by side, whose coordinates
/// are given.
#[inline(always)]
pub fn predict<T, const N: usize>(row: &[T], points: &[[T; N]]) -> [T; N]
where
    T: Copy + Neg<Output = T> + Mul<Output = T> + AddAssign,
{
    let (discriminations, &difficulty) = split(row);
    let mut predictor = [-difficulty; N];
    for (&gamma, point) in discriminations.iter().zip(points) {
        (0..N).for_each(|lane| predictor[lane] += gamma * point[lane]);
    }
    predictor
}

/// The derivatives by the parameters of a row at points side by side, from those by its predictor: `each` gets them by column.
#[inline(always)]
pub fn by_parameters<const N: usize>(
    n_dims: usize,
    by_predictor: &Lanes<N>,
    points: &[Lanes<N>],
    mut each: impl FnMut(usize, Lanes<N>),
) {
    for (d, point) in points[..n_dims].iter().enumerate() {
        each(d, product(by_predictor, point));
    }
    each(n_dims, by_predictor.map(|x| -x));
}

/// Adds the derivatives by the coordinates of points side by side, from those by the predictor of a row.
#[inline(always)]
pub fn add_slopes<const N: usize>(n_dims: usize, row: &[f32], by_predictor: &Lanes<N>, to: &mut [Lanes<N>]) {
    for (to, gamma) in to[..n_dims].iter_mut().zip(row) {
        for lane in 0..N {
            to[lane] += by_predictor[lane] * gamma;
        }
    }
}

/// The linear predictors `gamma . alpha - beta` of every slot at some points of the respondents' traits (`n_respondents x
/// n_points x n_dims`): `n_slots x n_points`. `parameters` are those of the slots, the discriminations by dimension, then the
/// difficulty, `n_slots x (n_dims + 1)`.
///
/// # Errors
/// When the shapes do not fit.
pub fn predictors(parameters: &Tensor, traits: &Tensor, observed: &Observations) -> Result<Tensor> {
    let (_, n_points, n_dims) = traits.dims3()?;
    // Products with ones spread a column over the points: their derivatives are products, too, and not sums of a few numbers, which
    // take a GPU long.
    let ones = Tensor::ones((1, n_points), traits.dtype(), traits.device())?;
    let column = |d: usize| parameters.narrow(1, d, 1)?.contiguous()?.matmul(&ones);
    let mut predictors = column(n_dims)?.neg()?;
    for d in 0..n_dims {
        let coordinate = traits.narrow(2, d, 1)?.squeeze(2)?.contiguous()?;
        predictors = (predictors + (observed.of_respondent(&coordinate)? * column(d)?)?)?;
    }
    Ok(predictors)
}

/// The matrix that takes (discriminations, difficulty) along when the traits become `A (alpha - c)`: the linear predictor
/// stays what it is, so `gamma` becomes `A^-T gamma` and `beta` becomes `beta - gamma . c`.
pub fn jacobian(inverse_transposed: &Array2<f64>, shift: &Array1<f64>) -> Array2<f64> {
    let n_dims = shift.len();
    let mut jacobian = Array2::eye(width(n_dims));
    jacobian
        .slice_mut(s![..n_dims, ..n_dims])
        .assign(inverse_transposed);
    for d in 0..n_dims {
        jacobian[[n_dims, d]] = -shift[d];
    }
    jacobian
}

/// The derivatives of a row on a normalised scale by the means and the standard deviations that normalise the traits: the
/// discriminations are multiplied by these, and the difficulty is less by the discriminations times those.
pub fn by_location_and_scale(row: &[f64]) -> Array2<f64> {
    let (discriminations, _) = split(row);
    let n_dims = discriminations.len();
    let mut derivatives = Array2::zeros((row.len(), 2 * n_dims));
    for (d, &gamma) in discriminations.iter().enumerate() {
        derivatives[[d, n_dims + d]] = gamma;
        derivatives[[n_dims, d]] = -gamma;
    }
    derivatives
}

/// The least distance of difficulties that have to rise.
const LEAST_DISTANCE: f32 = 1e-4;

/// The rows of an item that share their discriminations.
pub(crate) fn rows_with<T: Copy>(
    discriminations: &[T],
    difficulties: impl IntoIterator<Item = T>,
) -> impl Iterator<Item = T> {
    let difficulties = difficulties.into_iter();
    difficulties.flat_map(|difficulty| row(discriminations.iter().copied(), difficulty))
}

/// How the parameters in the rows of one item come from its free parameters. Those of a nominal item are free; the rows of a graded
/// one share their discriminations, and their difficulties rise.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ItemDesign {
    kind: ItemKind,
    n_rows: usize,
    width: usize,
}

impl ItemDesign {
    /// The design of an item.
    pub fn new(catalogue: &ItemCatalogue, item: usize, width: usize) -> Self {
        Self {
            kind: catalogue.kind_of(item),
            n_rows: catalogue.rows_of(item).len(),
            width,
        }
    }

    /// Are all parameters free?
    pub fn is_identity(self) -> bool {
        self.kind == ItemKind::Nominal || self.n_rows == 1
    }

    /// The number of free parameters.
    pub fn n_free(self) -> usize {
        match self.is_identity() {
            true => self.n_rows * self.width,
            false => n_dims(self.width) + self.n_rows,
        }
    }

    /// The free parameter in a column of a row.
    fn free_at(self, row: usize, column: usize) -> usize {
        match self.is_identity() {
            true => row * self.width + column,
            false if column < n_dims(self.width) => column,
            false => n_dims(self.width) + row,
        }
    }

    /// The free parameters of all rows, row by row.
    fn free_parameters(self) -> impl Iterator<Item = usize> {
        (0..self.n_rows).flat_map(move |row| (0..self.width).map(move |column| self.free_at(row, column)))
    }

    /// Gradients by the parameters of the rows become those by the free parameters that are there.
    pub fn contract_in_place(self, by_rows: &mut [f32]) {
        if self.is_identity() {
            return;
        }
        let mut free = vec![0.0; self.n_free()];
        for (place, x) in self.free_parameters().zip(by_rows.iter()) {
            free[place] += x;
        }
        for (place, x) in self.free_parameters().zip(by_rows) {
            *x = free[place];
        }
    }

    /// The distances of difficulties that have to rise from one row to the next.
    fn distances(self, rows: &[f32]) -> Vec<f32> {
        if self.is_identity() {
            return Vec::new();
        }
        let difficulties: Vec<f32> = rows.chunks(self.width).map(|row| *split(row).1).collect();
        difficulties.windows(2).map(|pair| pair[1] - pair[0]).collect()
    }

    /// How far difficulties that have to rise keep from the one before: half their distance at least, and [`LEAST_DISTANCE`]. (An
    /// option that nobody chose would have none.)
    fn least_distances(self, rows: &[f32]) -> Vec<f32> {
        let least = |x: f32| (0.5 * x).max(LEAST_DISTANCE.min(x));
        self.distances(rows).into_iter().map(least).collect()
    }

    /// After a small step of each parameter on its own: difficulties that have come too near to each other are moved apart, as little
    /// as it takes.
    pub fn move_apart(self, from: &[f32], to: &mut [f32]) {
        let least = self.least_distances(from);
        if self.distances(to).iter().zip(&least).all(|(x, least)| x >= least) {
            return;
        }
        let offsets = std::iter::once(&0.0).chain(&least).scan(0.0, |sum, x| {
            *sum += x;
            Some(*sum)
        });
        let offsets: Vec<f32> = offsets.collect();
        let difficulties = to.chunks(self.width).map(|row| *split(row).1);
        let rising = pooled(difficulties.zip(&offsets).map(|(x, offset)| x - offset));
        for ((row, x), offset) in to.chunks_mut(self.width).zip(rising).zip(offsets) {
            row[n_dims(self.width)] = x + offset;
        }
    }

    /// After a step of all parameters together: difficulties go as far in its direction as none comes too near to another.
    fn cut(self, from: &[f32], to: &mut [f32]) {
        let (before, after) = (self.distances(from), self.distances(to));
        let pairs = before.iter().zip(after).zip(self.least_distances(from));
        let share = pairs.fold(1.0f32, |share, ((before, after), least)| match after < least {
            true => share.min((before - least) / (before - after)),
            false => share,
        });
        if share < 1.0 {
            for (from, to) in from.chunks(self.width).zip(to.chunks_mut(self.width)) {
                let (from, to) = (*split(from).1, &mut to[n_dims(self.width)]);
                *to = from + share * (*to - from);
            }
        }
    }
}

/// The closest numbers that do not fall: runs that would become their means (the pool-adjacent-violators algorithm).
fn pooled(numbers: impl Iterator<Item = f32>) -> Vec<f32> {
    // Means of runs, and how many numbers are in them.
    let mut runs: Vec<(f32, usize)> = Vec::new();
    for number in numbers {
        let mut own = (number, 1);
        while let Some((mean, n)) = runs.pop_if(|run| run.0 > own.0) {
            let total = n + own.1;
            own = ((mean * n as f32 + own.0 * own.1 as f32) / total as f32, total);
        }
        runs.push(own);
    }
    let means = runs.into_iter();
    means.flat_map(|(mean, n)| std::iter::repeat_n(mean, n)).collect()
}

/// From the free parameters of all items to the table: every parameter of a row is a free one, and several rows may share it. Free
/// parameters are ordered by item and, where all are free, as they are in the table, read row by row.
pub(crate) struct Design<'a> {
    catalogue: &'a ItemCatalogue,
    width: usize,
    ties: Option<Ties>,
}

/// Where not all parameters are free.
struct Ties {
    /// The free parameter at every place of the table.
    free: Vec<usize>,
    /// The first place of the table with each of them.
    places: Vec<usize>,
    /// The first free parameter of each item, and one beyond the last.
    first: Vec<usize>,
}

impl<'a> Design<'a> {
    /// The design of the items in a table with so many columns.
    pub fn new(catalogue: &'a ItemCatalogue, width: usize) -> Self {
        let of_item = |item| ItemDesign::new(catalogue, item, width);
        let tied = (0..catalogue.n_items()).any(|item| !of_item(item).is_identity());
        let ties = tied.then(|| {
            let (mut free, mut places, mut first) = (Vec::new(), Vec::new(), vec![0]);
            for item in 0..catalogue.n_items() {
                let start = places.len();
                for own in of_item(item).free_parameters() {
                    if start + own == places.len() {
                        places.push(free.len());
                    }
                    free.push(start + own);
                }
                first.push(places.len());
            }
            Ties { free, places, first }
        });
        Self {
            catalogue,
            width,
            ties,
        }
    }

    /// Do parameters have an order?
    pub fn has_order(&self) -> bool {
        self.ties.is_some()
    }

    /// The design of one item.
    pub fn of_item(&self, item: usize) -> ItemDesign {
        ItemDesign::new(self.catalogue, item, self.width)
    }

    /// Number of items.
    pub fn n_items(&self) -> usize {
        self.catalogue.n_items()
    }

    /// Number of free parameters.
    pub fn n_free(&self) -> usize {
        match &self.ties {
            None => self.catalogue.n_parameter_rows() * self.width,
            Some(ties) => ties.places.len(),
        }
    }

    /// The free parameters of an item.
    pub fn free_of_item(&self, item: usize) -> Range<usize> {
        match &self.ties {
            None => {
                let rows = self.catalogue.rows_of(item);
                rows.start * self.width..rows.end * self.width
            }
            Some(ties) => ties.first[item]..ties.first[item + 1],
        }
    }

    /// The free parameters in a row, column by column.
    pub fn free_of_row(&self, row: usize) -> Vec<usize> {
        let places = row * self.width..(row + 1) * self.width;
        match &self.ties {
            None => places.collect(),
            Some(ties) => ties.free[places].to_vec(),
        }
    }

    /// The column of every free parameter.
    pub fn columns(&self) -> Vec<usize> {
        let column = |place: usize| place % self.width;
        match &self.ties {
            None => (0..self.n_free()).map(column).collect(),
            Some(ties) => ties.places.iter().map(|&place| column(place)).collect(),
        }
    }

    /// Free parameters that a step moves together, with their items: those of a row or, where rows share some, those of an item.
    pub fn blocks(&self) -> Vec<(usize, Range<usize>)> {
        let items = (0..self.catalogue.n_items()).flat_map(|item| {
            let free = self.free_of_item(item);
            let size = match self.of_item(item).is_identity() {
                true => self.width,
                false => free.len(),
            };
            free.clone()
                .step_by(size)
                .map(move |start| (item, start..start + size))
        });
        items.collect()
    }

    /// From what belongs to the places of the table, in rows, to the free parameters: the first of each.
    pub fn select(&self, by_places: Array2<f64>) -> Array2<f64> {
        match &self.ties {
            None => by_places,
            Some(ties) => by_places.select(Axis(0), &ties.places),
        }
    }

    /// From derivatives by the places of the table, in rows, to those by the free parameters.
    pub fn contract<T: Copy + Default + AddAssign>(&self, by_places: Array2<T>) -> Array2<T> {
        let Some(ties) = &self.ties else { return by_places };
        let mut free = Array2::from_elem((self.n_free(), by_places.ncols()), T::default());
        for (place, &to) in ties.free.iter().enumerate() {
            for column in 0..by_places.ncols() {
                free[[to, column]] += by_places[[place, column]];
            }
        }
        free
    }

    /// [`Self::contract`] of derivatives in the order of the table.
    pub fn contract_values(&self, by_places: Vec<f64>) -> Array1<f64> {
        let Some(ties) = &self.ties else {
            return Array1::from(by_places);
        };
        let mut free = Array1::zeros(self.n_free());
        for (x, &to) in by_places.into_iter().zip(&ties.free) {
            free[to] += x;
        }
        free
    }

    /// [`Self::contract`] of a matrix of an item, whose rows and columns belong to its places.
    pub fn contract_item(&self, item: usize, by_places: Array2<f64>) -> Array2<f64> {
        let design = self.of_item(item);
        if design.is_identity() || by_places.is_empty() {
            return by_places;
        }
        let free: Vec<usize> = design.free_parameters().collect();
        let mut contracted = Array2::zeros((design.n_free(), design.n_free()));
        for ((i, j), x) in by_places.indexed_iter() {
            contracted[[free[i], free[j]]] += x;
        }
        contracted
    }

    /// The free parameters of a table.
    pub fn free_values(&self, items: &Table) -> Array1<f64> {
        let values = items.values();
        let value = |place: usize| f64::from(values[place]);
        match &self.ties {
            None => (0..values.len()).map(value).collect(),
            Some(ties) => ties.places.iter().map(|&place| value(place)).collect(),
        }
    }

    /// A table with every free parameter once, and zeros where rows repeat it.
    pub fn once<'t>(&self, items: &'t Table) -> Cow<'t, Table> {
        let Some(ties) = &self.ties else {
            return Cow::Borrowed(items);
        };
        let mut once = items.clone();
        for (place, value) in once.values_mut().iter_mut().enumerate() {
            if ties.places[ties.free[place]] != place {
                *value = 0.0;
            }
        }
        Cow::Owned(once)
    }

    /// A table after a step of its free parameters, which is cut where an order would be lost.
    pub fn advanced(&self, items: &Table, step: &Array1<f64>) -> Table {
        let mut moved = items.clone();
        for (place, value) in moved.values_mut().iter_mut().enumerate() {
            let free = self.ties.as_ref().map_or(place, |ties| ties.free[place]);
            *value = (f64::from(*value) + step[free]) as f32;
        }
        for item in self.items_in_order() {
            let rows = self.catalogue.rows_of(item);
            let from = items.rows(rows.clone());
            self.of_item(item).cut(from, moved.rows_mut(rows));
        }
        moved
    }

    /// The first item whose rows do not share what they have to, or whose order is lost; for tables that are not trusted.
    pub fn item_out_of_order(&self, items: &Table) -> Option<usize> {
        let ties = self.ties.as_ref()?;
        let values = items.values();
        let shared = |place: usize| values[place] == values[ties.places[ties.free[place]]];
        (0..self.catalogue.n_items()).find(|&item| {
            let rows = self.catalogue.rows_of(item);
            let places = rows.start * self.width..rows.end * self.width;
            let rises = self
                .of_item(item)
                .distances(items.rows(rows))
                .iter()
                .all(|&x| x > 0.0);
            !(rises && places.into_iter().all(shared))
        })
    }

    /// After small steps of the parameters of a table, each on its own, those that have an order keep it; see
    /// [`ItemDesign::move_apart`].
    pub fn move_apart(&self, from: &Table, to: &mut Table) {
        for item in self.items_in_order() {
            let rows = self.catalogue.rows_of(item);
            let before = from.rows(rows.clone());
            self.of_item(item).move_apart(before, to.rows_mut(rows));
        }
    }

    /// The items whose parameters have an order.
    fn items_in_order(&self) -> impl Iterator<Item = usize> {
        let n_items = self.ties.as_ref().map_or(0, |_| self.catalogue.n_items());
        (0..n_items).filter(|&item| !self.of_item(item).is_identity())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    fn catalogue() -> ItemCatalogue {
        let kinds = vec![
            ItemKind::Nominal,
            ItemKind::Graded,
            ItemKind::Graded,
            ItemKind::Nominal,
        ];
        ItemCatalogue::with_kinds(&[2, 4, 2, 3], kinds).expect("valid catalogue")
    }

    /// One dimension: a row of its own, three rows that share the first column, and three rows of their own.
    fn table() -> Table {
        Table::new(
            2,
            vec![
                1.0, 2.0, 3.0, -1.0, 3.0, 0.0, 3.0, 2.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0,
            ],
        )
    }

    #[test]
    fn rows_share_free_parameters() {
        let catalogue = catalogue();
        let design = Design::new(&catalogue, 2);
        assert_eq!(design.n_free(), 12);
        assert_eq!(design.free_of_item(1), 2..6);
        assert_eq!(design.free_of_row(2), [2, 4]);
        assert_eq!(design.columns(), [0, 1, 0, 1, 1, 1, 0, 1, 0, 1, 0, 1]);
        let blocks = [(0, 0..2), (1, 2..6), (2, 6..8), (3, 8..10), (3, 10..12)];
        assert_eq!(design.blocks(), blocks);
        let values = [1.0, 2.0, 3.0, -1.0, 0.0, 2.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0];
        assert_eq!(design.free_values(&table()).to_vec(), values);
        assert_eq!(
            design.once(&table()).values()[2..8],
            [3.0, -1.0, 0.0, 0.0, 0.0, 2.0]
        );
        let by_places = Array2::from_shape_fn((14, 1), |(place, _)| place as f64);
        let contracted = design.contract(by_places.clone());
        assert_eq!(
            contracted.column(0).to_vec()[2..6],
            [2.0 + 4.0 + 6.0, 3.0, 5.0, 7.0]
        );
        assert_eq!(
            design.select(by_places).column(0).to_vec()[2..6],
            [2.0, 3.0, 5.0, 7.0]
        );
        let mut gradient = [1.0, 10.0, 2.0, 20.0, 4.0, 40.0];
        design.of_item(1).contract_in_place(&mut gradient);
        assert_eq!(gradient, [7.0, 10.0, 7.0, 20.0, 7.0, 40.0]);
    }

    #[test]
    fn a_contracted_matrix_is_that_of_the_free_parameters() {
        let catalogue = ItemCatalogue::with_kinds(&[3], vec![ItemKind::Graded]).expect("valid catalogue");
        let design = Design::new(&catalogue, 2);
        let matrix = Array2::from_shape_fn((4, 4), |(i, j)| (i * j + i + j) as f64);
        let expand = array![[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [1.0, 0.0, 0.0], [0.0, 0.0, 1.0]];
        let expected = expand.t().dot(&matrix).dot(&expand);
        assert_eq!(design.contract_item(0, matrix), expected);
    }

    #[test]
    fn where_all_is_free_nothing_changes() {
        let catalogue = ItemCatalogue::new(&[2, 3]).expect("valid catalogue");
        let design = Design::new(&catalogue, 3);
        assert_eq!(design.n_free(), 9);
        assert_eq!(design.free_of_item(1), 3..9);
        assert_eq!(design.free_of_row(1), [3, 4, 5]);
        let matrix = Array2::from_shape_fn((9, 2), |(i, j)| (i + j) as f64);
        assert_eq!(design.contract(matrix.clone()), matrix);
        assert_eq!(design.select(matrix.clone()), matrix);
    }

    #[test]
    fn thresholds_do_not_cross() {
        let catalogue = catalogue();
        let design = Design::new(&catalogue, 2);
        let mut step = Array1::zeros(12);
        // The second threshold of the graded item would pass the first one; all else goes all its way.
        step[2] = 4.0;
        step[4] = -2.0;
        step[8] = 1.0;
        let items = design.advanced(&table(), &step);
        assert_eq!(items.values()[2..8], [7.0, -1.0, 7.0, -0.5, 7.0, 2.0]);
        assert_eq!(items.values()[10], 7.0);
        assert_eq!(design.item_out_of_order(&items), None);
        let mut close = items.clone();
        (0..100).for_each(|_| close = design.advanced(&close, &step));
        assert_eq!(design.item_out_of_order(&close), None);
        // The same by steps of single parameters: the two are moved by the same.
        let mut apart = table();
        apart.row_mut(2)[1] = -2.0;
        design.move_apart(&table(), &mut apart);
        assert_eq!(apart.values()[2..8], [3.0, -1.75, 3.0, -1.25, 3.0, 2.0]);
        (0..100).for_each(|_| {
            let from = apart.clone();
            apart.row_mut(2)[1] -= 2.0;
            design.move_apart(&from, &mut apart);
        });
        let difference = apart.row(2)[1] - apart.row(1)[1];
        assert!(difference > 0.0 && difference < 1e-3, "{difference}");
        for (place, value) in [(4, 3.5), (5, -1.5)] {
            let mut broken = items.clone();
            broken.values_mut()[place] = value;
            assert_eq!(design.item_out_of_order(&broken), Some(1));
        }
    }
}
