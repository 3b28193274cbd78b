//! Log probabilities of all options at evenly spaced nodes that all respondents share, in one dimension.

use crate::base::math;
use crate::base::threads::map;
use crate::kernels::terms::{SIDE_BY_SIDE, Terms};
use crate::model::parameters::Model;
use crate::model::response::lanes::{Lanes, add, product, sum};
use pulp::NullaryFnOnce;
use std::ops::Range;
use std::sync::{Arc, OnceLock};

/// The nodes lie between this and its opposite at most.
pub(crate) const LIMIT: f64 = 8.0;

/// The spacings are powers of two, the widest 1; so many of them.
const N_SPACINGS: usize = 9;

/// Numbers that a table of all options may have.
const MOST_NUMBERS: usize = 1 << 26;

/// Options of a table that one task fills in.
const OPTIONS_PER_TASK: usize = 32;

/// Nodes come in whole vectors.
const VECTOR: usize = SIDE_BY_SIDE;

/// The tables for the spacings that are asked for, each made when it is first needed.
pub(crate) struct Tables<'a> {
    model: &'a Model,
    /// The options that somebody chose.
    chosen: Vec<u32>,
    places: Arc<[RowPlaces]>,
    /// The nodes lie between this and its opposite.
    limit: f64,
    /// Numbers of a table of all options for each node.
    n_rows: usize,
    tables: [OnceLock<Table>; N_SPACINGS],
}

/// The place of an option among those that somebody chose, and that of its derivatives.
#[derive(Clone, Copy, Default)]
struct RowPlaces {
    option: u32,
    derivatives: u32,
}

/// Log probabilities of the options at the nodes, and their derivatives by the predictors of all rows of the item.
pub(crate) struct Table {
    places: Arc<[RowPlaces]>,
    spacing: f64,
    n_nodes: usize,
    /// Numbers from one option to the next: no power of two, so that they do not share their place in a cache.
    stride: usize,
    log_probabilities: Vec<f32>,
    derivatives: Vec<f32>,
}

impl<'a> Tables<'a> {
    /// The tables of the options that are chosen, with nodes between a limit and its opposite.
    pub fn new(model: &'a Model, is_chosen: &[bool], limit: f64) -> Self {
        let catalogue = &model.shape.catalogue;
        let (mut chosen, mut next) = (Vec::new(), RowPlaces::default());
        let mut places = Vec::with_capacity(is_chosen.len());
        for (option, &is_chosen) in is_chosen.iter().enumerate() {
            places.push(next);
            if is_chosen {
                chosen.push(option as u32);
                next.option += 1;
                next.derivatives += u32::from(catalogue.response(option).n_rows);
            }
        }
        places.push(next);
        let of_option = |option| 1 + usize::from(catalogue.response(option).n_rows);
        Self {
            model,
            chosen,
            places: places.into(),
            limit,
            n_rows: (0..catalogue.n_options()).map(of_option).sum(),
            tables: [const { OnceLock::new() }; N_SPACINGS],
        }
    }

    /// The table with the widest spacing up to this one, or nothing where it would be too large.
    pub fn get(&self, widest: f64) -> Option<&Table> {
        self.get_by(widest, self.chosen.len())
    }

    /// The same, made side by side: to be called where nothing else is.
    pub fn prepare(&self, widest: f64) -> Option<&Table> {
        self.get_by(widest, OPTIONS_PER_TASK)
    }

    fn get_by(&self, widest: f64, options_per_task: usize) -> Option<&Table> {
        let halvings = (-widest.log2()).ceil().max(0.0);
        let spacing = (-halvings).exp2();
        let table = self.tables.get(halvings as usize)?;
        let n_nodes = 2 * ((self.limit / spacing).ceil() as usize).next_multiple_of(VECTOR / 2);
        (n_nodes * self.n_rows <= MOST_NUMBERS)
            .then(|| table.get_or_init(|| self.table(spacing, n_nodes, options_per_task)))
    }

    fn table(&self, spacing: f64, n_nodes: usize, options_per_task: usize) -> Table {
        let Model { shape, items, .. } = self.model;
        let mut table = Table {
            places: self.places.clone(),
            spacing,
            n_nodes,
            stride: n_nodes + VECTOR,
            log_probabilities: Vec::new(),
            derivatives: Vec::new(),
        };
        let points = table.points();
        let parts = map(self.chosen.chunks(options_per_task.max(1)), |options| {
            let mut terms = Terms::default();
            let (mut log_probabilities, mut derivatives) = (Vec::new(), Vec::new());
            let add = |to: &mut Vec<f32>, row: &[f32]| {
                to.extend_from_slice(row);
                to.resize(to.len() + VECTOR, 0.0);
            };
            for &option in options {
                let response = shape.catalogue.response(option as usize);
                terms.find_with_logarithm(shape.link, items, &response, &[&points]);
                add(&mut log_probabilities, &terms.log_probabilities);
                for residuals in terms.residuals.chunks_exact(n_nodes) {
                    add(&mut derivatives, residuals);
                }
            }
            (log_probabilities, derivatives)
        });
        let (log_probabilities, derivatives): (Vec<_>, Vec<_>) = parts.into_iter().unzip();
        table.log_probabilities = log_probabilities.concat();
        table.derivatives = derivatives.concat();
        table
    }
}

impl Table {
    /// The coordinate of a node.
    pub fn at(&self, node: usize) -> f64 {
        (node as f64 - (self.n_nodes / 2) as f64) * self.spacing
    }

    /// The distance of the nodes.
    pub fn spacing(&self) -> f64 {
        self.spacing
    }

    /// The nodes within a distance of a point, in whole vectors; nothing where the table has none.
    pub fn nodes(&self, centre: f64, reach: f64) -> Option<Range<usize>> {
        let half = (self.n_nodes / 2) as f64;
        let (from, to) = ((centre - reach) / self.spacing, (centre + reach) / self.spacing);
        self.whole(from.floor() + half, to.ceil() + half)
    }

    /// These nodes and half as many more, below or above, as far as there are any; nothing where there are none.
    pub fn extended(&self, nodes: Range<usize>, [below, above]: [bool; 2]) -> Option<Range<usize>> {
        let more = nodes.len() as f64 / 2.0;
        let (from, to) = (nodes.start as f64, nodes.end as f64);
        let beyond = |is_open: bool| if is_open { more } else { 0.0 };
        self.whole(from - beyond(below), to + beyond(above))
            .filter(|wider| *wider != nodes)
    }

    fn whole(&self, from: f64, to: f64) -> Option<Range<usize>> {
        let within = |x: f64| x.clamp(0.0, self.n_nodes as f64) as usize;
        let (from, to) = (within(from), within(to));
        let n = (to - from).next_multiple_of(VECTOR).min(self.n_nodes);
        let from = from.min(self.n_nodes - n);
        (to > from).then(|| from..from + n)
    }

    /// The weights of some nodes, the highest 1, and the logarithm of what that stands for. `weights` are the log densities of the
    /// trait there, to which the log probabilities of some options are added.
    pub fn weigh(&self, options: &[u32], first: usize, weights: &mut [f32]) -> f32 {
        pulp::Arch::new().dispatch(Weighing {
            table: self,
            options,
            first,
            weights,
        })
    }

    /// Adds the weights of some nodes, in whole vectors, to the numbers of some options at all nodes.
    pub fn count(&self, options: &[u32], first: usize, weights: &[f32], numbers: &mut [f32]) {
        pulp::Arch::new().dispatch(Counting {
            table: self,
            options,
            first,
            weights,
            numbers,
        });
    }

    /// How many numbers all options have, one for each node.
    pub fn n_numbers(&self) -> usize {
        (self.places.len() - 1) * self.stride
    }

    /// Those of an option.
    pub fn numbers_of<'n>(&self, option: usize, numbers: &'n [f32]) -> &'n [f32] {
        &numbers[option * self.stride..][..self.n_nodes]
    }

    /// Appends to `sums` for each row of the items of some options the sums over some nodes of the derivative by the row's predictor
    /// times each of some columns.
    pub fn add_sums(
        &self,
        options: &[u32],
        first: usize,
        columns: &[impl AsRef<[f32]>],
        sums: &mut Vec<f32>,
    ) {
        let columns: Vec<&[f32]> = columns.iter().map(AsRef::as_ref).collect();
        pulp::Arch::new().dispatch(Sums {
            table: self,
            options,
            first,
            columns: &columns,
            sums,
        });
    }

    /// Number of all nodes.
    pub fn n_nodes(&self) -> usize {
        self.n_nodes
    }

    /// The coordinates of all nodes.
    pub fn points(&self) -> Vec<f32> {
        (0..self.n_nodes).map(|node| self.at(node) as f32).collect()
    }

    #[inline(always)]
    fn run<'a>(&self, values: &'a [f32], row: usize, first: usize, n: usize) -> &'a [Lanes<VECTOR>] {
        let start = row * self.stride + first;
        values[start..start + n].as_chunks().0
    }
}

/// The code is compiled for the processors that pulp tells apart.
struct Weighing<'a> {
    table: &'a Table,
    options: &'a [u32],
    first: usize,
    weights: &'a mut [f32],
}

impl NullaryFnOnce for Weighing<'_> {
    type Output = f32;

    #[inline(always)]
    fn call(self) -> f32 {
        let Self {
            table,
            options,
            first,
            weights,
        } = self;
        let n = weights.len();
        let weights = weights.as_chunks_mut::<VECTOR>().0;
        for &option in options {
            let place = table.places[option as usize].option as usize;
            let row = table.run(&table.log_probabilities, place, first, n);
            for v in 0..weights.len() {
                add(&row[v], &mut weights[v]);
            }
        }
        let mut most = [f32::NEG_INFINITY; VECTOR];
        for vector in weights.iter() {
            for lane in 0..VECTOR {
                most[lane] = most[lane].max(vector[lane]);
            }
        }
        let mut largest = f32::NEG_INFINITY;
        for x in most {
            largest = largest.max(x);
        }
        for vector in weights {
            for x in vector {
                *x = math::exp(*x - largest);
            }
        }
        largest
    }
}

/// The code is compiled for the processors that pulp tells apart.
struct Counting<'a> {
    table: &'a Table,
    options: &'a [u32],
    first: usize,
    weights: &'a [f32],
    numbers: &'a mut [f32],
}

impl NullaryFnOnce for Counting<'_> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        let weights = self.weights.as_chunks::<VECTOR>().0;
        for &option in self.options {
            let start = option as usize * self.table.stride + self.first;
            let numbers = self.numbers[start..start + self.weights.len()]
                .as_chunks_mut::<VECTOR>()
                .0;
            for (to, weight) in numbers.iter_mut().zip(weights) {
                add(weight, to);
            }
        }
    }
}

/// The code is compiled for the processors that pulp tells apart.
struct Sums<'a> {
    table: &'a Table,
    options: &'a [u32],
    first: usize,
    columns: &'a [&'a [f32]],
    sums: &'a mut Vec<f32>,
}

impl NullaryFnOnce for Sums<'_> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        let (table, n) = (self.table, self.columns[0].len());
        for &option in self.options {
            let option = option as usize;
            for row in table.places[option].derivatives..table.places[option + 1].derivatives {
                let own = table.run(&table.derivatives, row as usize, self.first, n);
                for column in self.columns {
                    let mut total = [0.0f32; VECTOR];
                    for (x, y) in own.iter().zip(column.as_chunks::<VECTOR>().0) {
                        add(&product(x, y), &mut total);
                    }
                    self.sums.push(sum(total));
                }
            }
        }
    }
}
