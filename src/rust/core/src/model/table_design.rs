//! The design of all items: from their free parameters to the table.

use crate::model::item_design::ItemDesign;
use crate::model::table::Table;
use crate::responses::catalogue::ItemCatalogue;
use ndarray::{Array1, Array2, Axis};
use std::borrow::Cow;
use std::ops::{AddAssign, Range};

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

    /// Those of all items, in order.
    pub fn places(&self) -> impl Iterator<Item = Range<usize>> {
        (0..self.n_items()).map(|item| self.free_of_item(item))
    }

    /// The item of a free parameter.
    pub fn item_of(&self, free: usize) -> usize {
        let (mut first, mut last) = (0, self.n_items());
        while first < last {
            let middle = (first + last) / 2;
            if self.free_of_item(middle).end <= free {
                first = middle + 1;
            } else {
                last = middle;
            }
        }
        first
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
            let size = if self.of_item(item).is_identity() {
                self.width
            } else {
                free.len()
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
        for (item, own) in items_in_order(self.catalogue, self.width) {
            let rows = self.catalogue.rows_of(item);
            own.cut(items.rows(rows.clone()), moved.rows_mut(rows));
        }
        moved
    }

    /// The first item whose rows do not share what they have to, or whose order is lost; for tables that are not trusted.
    pub fn item_out_of_order(&self, items: &Table) -> Option<usize> {
        let ties = self.ties.as_ref()?;
        let values = items.values();
        let shared = |place: usize| values[place] == values[ties.places[ties.free[place]]];
        let broken = items_in_order(self.catalogue, self.width).find(|&(item, own)| {
            let rows = self.catalogue.rows_of(item);
            let mut places = rows.start * self.width..rows.end * self.width;
            !(own.rises(items.rows(rows)) && places.all(shared))
        });
        broken.map(|(item, _)| item)
    }
}

/// The items whose parameters have an order, with their designs.
fn items_in_order(catalogue: &ItemCatalogue, width: usize) -> impl Iterator<Item = (usize, ItemDesign)> {
    let designs = (0..catalogue.n_items()).map(move |item| ItemDesign::new(catalogue, item, width));
    designs.enumerate().filter(|(_, own)| !own.is_identity())
}

/// After small steps of the parameters of a table, each on its own, those that have an order keep it; see
/// [`ItemDesign::move_apart`].
pub(crate) fn move_apart(catalogue: &ItemCatalogue, from: &Table, to: &mut Table) {
    for (item, own) in items_in_order(catalogue, from.width()) {
        let rows = catalogue.rows_of(item);
        own.move_apart(from.rows(rows.clone()), to.rows_mut(rows));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::responses::item_kind::ItemKind;
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
        move_apart(&catalogue, &table(), &mut apart);
        assert_eq!(apart.values()[2..8], [3.0, -1.75, 3.0, -1.25, 3.0, 2.0]);
        (0..100).for_each(|_| {
            let from = apart.clone();
            apart.row_mut(2)[1] -= 2.0;
            move_apart(&catalogue, &from, &mut apart);
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
