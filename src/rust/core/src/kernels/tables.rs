//! Log probabilities of all options at evenly spaced nodes that all respondents share, in one dimension.

use crate::base::math;
use crate::kernels::terms::{SIDE_BY_SIDE, Terms};
use crate::model::parameters::Model;
use crate::model::response::lanes::{Lanes, add, product, sum};
use crate::responses::response::Response;
use pulp::NullaryFnOnce;
use std::ops::Range;
use std::sync::{Arc, OnceLock};

/// The nodes lie between this and its opposite.
const LIMIT: f64 = 8.0;

/// The spacings are powers of two, the widest 1; so many of them.
const N_SPACINGS: usize = 9;

/// Numbers that a table of all options may have.
const MOST_NUMBERS: usize = 1 << 26;

/// Nodes come in whole vectors.
const VECTOR: usize = SIDE_BY_SIDE;

/// The tables for the spacings that are asked for, each made when it is first needed.
pub(crate) struct Tables<'a> {
    model: &'a Model,
    /// The options that somebody chose.
    chosen: Vec<u32>,
    places: Arc<[RowPlaces]>,
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
    /// The tables of the options that are chosen.
    pub fn new(model: &'a Model, is_chosen: &[bool]) -> Self {
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
        let of_option = |option| 1 + usize::from(catalogue.response(option).n_rows);
        Self {
            model,
            chosen,
            places: places.into(),
            n_rows: (0..catalogue.n_options()).map(of_option).sum(),
            tables: [const { OnceLock::new() }; N_SPACINGS],
        }
    }

    /// The table with the widest spacing up to this one, or nothing where it would be too large.
    pub fn get(&self, widest: f64) -> Option<&Table> {
        let halvings = (-widest.log2()).ceil().max(0.0);
        let spacing = (-halvings).exp2();
        let table = self.tables.get(halvings as usize)?;
        let n_nodes = 2 * (LIMIT / spacing) as usize;
        (n_nodes * self.n_rows <= MOST_NUMBERS).then(|| table.get_or_init(|| self.table(spacing, n_nodes)))
    }

    fn table(&self, spacing: f64, n_nodes: usize) -> Table {
        let Model { shape, items, .. } = self.model;
        let mut table = Table {
            places: self.places.clone(),
            spacing,
            n_nodes,
            stride: n_nodes + VECTOR,
            log_probabilities: Vec::new(),
            derivatives: Vec::new(),
        };
        let points: Vec<f32> = (0..n_nodes).map(|node| table.at(node) as f32).collect();
        let mut terms = Terms::default();
        let add = |to: &mut Vec<f32>, row: &[f32]| {
            to.extend_from_slice(row);
            to.resize(to.len() + VECTOR, 0.0);
        };
        for &option in &self.chosen {
            let response = shape.catalogue.response(option as usize);
            terms.find(shape.link, items, &response, &[&points]);
            add(&mut table.log_probabilities, &terms.log_probabilities);
            for residuals in terms.residuals.chunks_exact(n_nodes) {
                add(&mut table.derivatives, residuals);
            }
        }
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
    /// trait there, to which the log probabilities of some responses are added.
    pub fn weigh(&self, responses: &[Response], first: usize, weights: &mut [f32]) -> f32 {
        pulp::Arch::new().dispatch(Weighing {
            table: self,
            responses,
            first,
            weights,
        })
    }

    /// Adds to `score`, in the layout of the table of items, sums over some nodes of the derivatives by the item parameters, times
    /// a weight. `columns` are what the parameters of a row are multiplied by, times the weights of the nodes.
    pub fn add_scores(
        &self,
        responses: &[Response],
        first: usize,
        columns: [&[f32]; 2],
        weight: f64,
        score: &mut [f64],
    ) {
        pulp::Arch::new().dispatch(Scores {
            table: self,
            responses,
            first,
            columns,
            weight,
            score,
        });
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
    responses: &'a [Response],
    first: usize,
    weights: &'a mut [f32],
}

impl NullaryFnOnce for Weighing<'_> {
    type Output = f32;

    #[inline(always)]
    fn call(self) -> f32 {
        let Self {
            table,
            responses,
            first,
            weights,
        } = self;
        let n = weights.len();
        let weights = weights.as_chunks_mut::<VECTOR>().0;
        for response in responses {
            let place = table.places[response.option as usize].option as usize;
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
struct Scores<'a> {
    table: &'a Table,
    responses: &'a [Response],
    first: usize,
    columns: [&'a [f32]; 2],
    weight: f64,
    score: &'a mut [f64],
}

impl NullaryFnOnce for Scores<'_> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        let (table, first) = (self.table, self.first);
        let n = self.columns[0].len();
        let columns = self.columns.map(|column| column.as_chunks::<VECTOR>().0);
        for response in self.responses {
            let start = table.places[response.option as usize].derivatives as usize;
            for (row, to) in response.rows().enumerate() {
                let own = table.run(&table.derivatives, start + row, first, n);
                let mut sums = [[0.0f32; VECTOR]; 2];
                for v in 0..own.len() {
                    add(&product(&own[v], &columns[0][v]), &mut sums[0]);
                    add(&product(&own[v], &columns[1][v]), &mut sums[1]);
                }
                self.score[2 * to] += self.weight * f64::from(sum(sums[0]));
                self.score[2 * to + 1] += self.weight * f64::from(sum(sums[1]));
            }
        }
    }
}
