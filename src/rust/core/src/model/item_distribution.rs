//! How the parameters of items are distributed: their prior, which the items themselves tell.
//!
//! Items of one class (a kind and a number of options) have free parameters from one distribution, which does not know how the options
//! are ordered: with two options a flip makes `-x` of the parameters, options in order can be read from the other end, and those in no
//! order can change places. It moves along with any affine map of the traits.

use crate::base::linalg::{
    cholesky, invert, pack, packed_length, plus, product, sandwich, symmetric_eigen, unpack,
};
use crate::model::design;
use crate::model::prior::PriorSds;
use crate::responses::catalogue::ItemCatalogue;
use crate::responses::item_kind::ItemKind;
use ndarray::{Array1, Array2, s};
use serde::{Deserialize, Serialize};

/// Items of a class that are enough to tell two components.
const ENOUGH_FOR_TWO: usize = 50;

/// Items with unit variances that a class starts from, so that a few real ones make no distribution without spread.
const ASSUMED: f64 = 2.0;

/// The leading discriminations of the two components at the start, in standard deviations.
const STARTS: [f64; 2] = [0.3, 1.2];

/// The same for variances, where the components have no place but a spread.
const SPREADS: [f64; 2] = [0.3, 1.7];

/// Items that are alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ItemClass {
    /// Their kind.
    pub kind: ItemKind,
    /// Options beside the reference.
    pub n_rows: usize,
    /// Dimensions of the traits.
    pub n_dims: usize,
}

/// A normal distribution, one of those in a mixture.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Component {
    /// Its share.
    pub weight: f64,
    /// The mean of the free parameters of an item.
    pub mean: Vec<f64>,
    /// The lower triangle of their covariance, row by row.
    pub covariance: Vec<f64>,
}

/// The distribution of the items of a class: one normal component, or two that each stand for half of a pair of mirror images.
#[derive(Clone, Debug, PartialEq)]
pub struct ClassDistribution {
    /// The class.
    pub class: ItemClass,
    /// The components.
    pub components: Vec<Component>,
}

/// The distribution of the items of all classes.
#[derive(Clone, Debug, PartialEq)]
pub struct ItemDistribution {
    /// By class.
    pub classes: Vec<ClassDistribution>,
}

/// What the items of a class say about its components: for each of them expected numbers of items, sums and sums of products.
#[derive(Clone, Debug)]
pub(crate) struct ComponentSums {
    pub n: Vec<f64>,
    pub x: Vec<Array1<f64>>,
    pub xx: Vec<Array2<f64>>,
}

/// A normal density.
#[derive(Clone, Debug)]
pub(crate) struct NormalDensity {
    /// Of which component.
    pub component: usize,
    pub is_mirrored: bool,
    pub mean: Array1<f64>,
    pub precision: Array2<f64>,
    /// The logarithm of its largest value times its share.
    pub ln_top: f64,
}

impl ItemClass {
    /// The class of an item.
    pub(crate) fn of_item(catalogue: &ItemCatalogue, item: usize, n_dims: usize) -> Self {
        Self {
            kind: catalogue.kind_of(item),
            n_rows: catalogue.rows_of(item).len(),
            n_dims,
        }
    }

    /// The classes of all items, in the order in which they are met.
    pub(crate) fn of_items(catalogue: &ItemCatalogue, n_dims: usize) -> Vec<Self> {
        let mut classes = Vec::new();
        for item in 0..catalogue.n_items() {
            let class = Self::of_item(catalogue, item, n_dims);
            if !classes.contains(&class) {
                classes.push(class);
            }
        }
        classes
    }

    /// Number of free parameters.
    pub fn n_free(self) -> usize {
        if self.is_graded() {
            self.n_dims + self.n_rows
        } else {
            self.n_rows * design::width(self.n_dims)
        }
    }

    fn is_graded(self) -> bool {
        self.kind == ItemKind::Graded && self.n_rows > 1
    }

    /// Is a free parameter a discrimination?
    fn is_slope(self, place: usize) -> bool {
        if self.is_graded() {
            place < self.n_dims
        } else {
            place % design::width(self.n_dims) < self.n_dims
        }
    }

    /// Have the items a mirror image (two options, or options in order)?
    pub(crate) fn has_mirror(self) -> bool {
        !self.kind.is_unordered(self.n_rows)
    }

    /// The parameters, or ones with difficulties a unit apart where theirs have to rise and do not.
    pub(crate) fn in_order(self, x: &[f64]) -> Vec<f64> {
        let mut x = x.to_vec();
        if self.is_graded() {
            let difficulties = &mut x[self.n_dims..];
            if difficulties.windows(2).any(|pair| pair[1] <= pair[0]) {
                let middle = difficulties.iter().sum::<f64>() / self.n_rows as f64;
                let first = 0.5 * (self.n_rows - 1) as f64;
                difficulties
                    .iter_mut()
                    .enumerate()
                    .for_each(|(k, to)| *to = middle + k as f64 - first);
            }
        }
        x
    }

    /// The parameters after the options are read from the other end.
    pub(crate) fn mirrored(self, x: &[f64]) -> Array1<f64> {
        let (slopes, difficulties) = x.split_at(self.n_dims);
        let turned = slopes.iter().chain(difficulties.iter().rev());
        turned.map(|x| -x).collect()
    }

    fn mirror(self) -> Array2<f64> {
        let n = self.n_free();
        let mut mirror = Array2::zeros((n, n));
        for i in 0..n {
            let mut unit = vec![0.0; n];
            unit[i] = 1.0;
            mirror.column_mut(i).assign(&self.mirrored(&unit));
        }
        mirror
    }

    /// What a map of the traits, which makes `jacobian` times a row of a row, does to the free parameters.
    pub(crate) fn moved(self, jacobian: &Array2<f64>) -> Array2<f64> {
        let n = self.n_free();
        let mut moved = Array2::zeros((n, n));
        for place in 0..n {
            let mut unit = vec![0.0; n];
            unit[place] = 1.0;
            moved.column_mut(place).assign(&self.move_one(jacobian, &unit));
        }
        moved
    }

    /// The same for the parameters of an item.
    fn move_one(self, jacobian: &Array2<f64>, x: &[f64]) -> Array1<f64> {
        let times = |row: Vec<f64>| jacobian.dot(&Array1::from(row)).to_vec();
        if !self.is_graded() {
            let rows = x.chunks(design::width(self.n_dims));
            return rows.flat_map(|row| times(row.to_vec())).collect();
        }
        let (slopes, difficulties) = x.split_at(self.n_dims);
        let row = |&difficulty: &f64| times(design::row(slopes.iter().copied(), difficulty).collect());
        let rows: Vec<Vec<f64>> = difficulties.iter().map(row).collect();
        let of_slopes = design::split(&rows[0]).0.iter().copied();
        of_slopes
            .chain(rows.iter().map(|row| *design::split(row).1))
            .collect()
    }

    /// The distribution of items of this class of which nothing is known.
    fn start(self, variance: f64) -> Component {
        Component {
            weight: 1.0,
            mean: self.in_order(&vec![0.0; self.n_free()]),
            covariance: pack(self.spread(&(Array2::eye(self.n_unit()) * variance)).view()),
        }
    }

    /// The number of parameters whose covariance tells that of all: those of one option where these can change places.
    fn n_unit(self) -> usize {
        if self.has_mirror() {
            self.n_free()
        } else {
            design::width(self.n_dims)
        }
    }

    /// The covariance of all parameters from that of an option: in the differences to the reference this counts in all of them.
    fn spread(self, unit: &Array2<f64>) -> Array2<f64> {
        if self.has_mirror() {
            return unit.clone();
        }
        let width = unit.nrows();
        Array2::from_shape_fn((self.n_free(), self.n_free()), |(i, j)| {
            let both = if i / width == j / width { 1.0 } else { 0.5 };
            both * unit[[i % width, j % width]]
        })
    }

    /// The sum of products that tells the covariance of an option from that of all parameters, and how many options it is of.
    fn contract(self, products: &Array2<f64>, n: f64) -> (Array2<f64>, f64) {
        if self.has_mirror() {
            return (products.clone(), n);
        }
        let width = design::width(self.n_dims);
        let mut sum = Array2::zeros((width, width));
        // The inverse of (I + 11') / 2.
        for r in 0..self.n_rows {
            for q in 0..self.n_rows {
                let own = products.slice(s![r * width..(r + 1) * width, q * width..(q + 1) * width]);
                let share = 1.0 / (self.n_rows + 1) as f64;
                let factor = 2.0 * (f64::from(u8::from(r == q)) - share);
                sum.scaled_add(factor, &own);
            }
        }
        (sum, n * self.n_rows as f64)
    }
}

impl ComponentSums {
    pub fn zeros(class: ItemClass, n_components: usize) -> Self {
        let n = class.n_free();
        Self {
            n: vec![0.0; n_components],
            x: vec![Array1::zeros(n); n_components],
            xx: vec![Array2::zeros((n, n)); n_components],
        }
    }

    pub fn scale(&mut self, factor: f64) {
        for l in 0..self.n.len() {
            self.n[l] *= factor;
            self.x[l] *= factor;
            self.xx[l] *= factor;
        }
    }

    pub fn add(&mut self, other: &Self) {
        for l in 0..self.n.len() {
            self.n[l] += other.n[l];
            self.x[l] += &other.x[l];
            self.xx[l] += &other.xx[l];
        }
    }
}

impl Component {
    fn mean(&self) -> Array1<f64> {
        Array1::from(self.mean.clone())
    }

    fn covariance(&self) -> Array2<f64> {
        unpack(&self.covariance, self.mean.len())
    }

    fn moved(&self, map: &Array2<f64>) -> Self {
        Self {
            weight: self.weight,
            mean: map.dot(&self.mean()).to_vec(),
            covariance: pack(sandwich(map, &self.covariance()).view()),
        }
    }

    fn density(&self, component: usize, is_mirrored: bool, share: f64) -> Option<NormalDensity> {
        let covariance = self.covariance();
        let factor = cholesky(covariance.view())?;
        let n = self.mean.len() as f64;
        let ln_determinant: f64 = factor.diag().iter().map(|x| x.ln()).sum();
        Some(NormalDensity {
            component,
            is_mirrored,
            mean: self.mean(),
            precision: invert(covariance.view())?,
            ln_top: (share * self.weight).ln() - ln_determinant - 0.5 * n * (2.0 * std::f64::consts::PI).ln(),
        })
    }
}

impl NormalDensity {
    pub fn ln_at(&self, x: &[f64]) -> f64 {
        let n = x.len();
        let mut square = 0.0;
        for i in 0..n {
            let off = x[i] - self.mean[i];
            let of_row: f64 = (0..i)
                .map(|j| self.precision[[i, j]] * (x[j] - self.mean[j]))
                .sum();
            square += off * (self.precision[[i, i]] * off + 2.0 * of_row);
        }
        self.ln_top - 0.5 * square
    }
}

impl ClassDistribution {
    /// The densities that sum to it; nothing where one has no spread.
    pub(crate) fn densities(&self) -> Option<Vec<NormalDensity>> {
        if self.components.len() == 1 || !self.class.has_mirror() {
            let own = self.components.iter().enumerate();
            return own
                .map(|(l, component)| component.density(l, false, 1.0))
                .collect();
        }
        let mirror = self.class.mirror();
        let both = self.components.iter().enumerate().flat_map(|(l, component)| {
            [
                component.density(l, false, 0.5),
                component.moved(&mirror).density(l, true, 0.5),
            ]
        });
        both.collect()
    }

    /// The one normal distribution with its mean and covariance.
    pub fn overall(&self) -> Component {
        let n = self.class.n_free();
        let (mut mean, mut second) = (Array1::<f64>::zeros(n), Array2::<f64>::zeros((n, n)));
        let mirror = (self.components.len() > 1 && self.class.has_mirror()).then(|| self.class.mirror());
        for component in &self.components {
            let images = match &mirror {
                Some(mirror) => vec![component.clone(), component.moved(mirror)],
                None => vec![component.clone()],
            };
            let share = component.weight / images.len() as f64;
            for image in images {
                let m = image.mean();
                mean.scaled_add(share, &m);
                second.scaled_add(share, &image.covariance());
                second += &(outer(&m) * share);
            }
        }
        Component {
            weight: 1.0,
            covariance: pack(plus(&second, -1.0, &outer(&mean)).view()),
            mean: mean.to_vec(),
        }
    }

    /// Mean squares of discriminations, by dimension, and of difficulties.
    fn squares(&self, jacobian: &Array2<f64>) -> (Vec<f64>, f64) {
        let overall = self.overall().moved(&self.class.moved(jacobian));
        let (mean, covariance, n_dims) = (overall.mean(), overall.covariance(), self.class.n_dims);
        let square = |i: usize| covariance[[i, i]] + mean[i] * mean[i];
        let (slopes, difficulties): (Vec<usize>, Vec<usize>) =
            (0..overall.mean.len()).partition(|&i| self.class.is_slope(i));
        let mean_of = |places: Vec<usize>| {
            let n = places.len() as f64;
            places.into_iter().map(square).sum::<f64>() / n
        };
        let of_dimension = |d: usize| {
            mean_of(
                slopes
                    .iter()
                    .copied()
                    .filter(|i| i % design::width(n_dims) == d)
                    .collect(),
            )
        };
        ((0..n_dims).map(of_dimension).collect(), mean_of(difficulties))
    }

    /// Two components in place of one.
    fn split(&mut self) {
        let class = self.class;
        let normal = self.components[0].clone();
        let covariance = normal.covariance();
        let component = |mean: Array1<f64>, covariance: Array2<f64>| Component {
            weight: 0.5,
            mean: mean.to_vec(),
            covariance: pack(covariance.view()),
        };
        self.components = if class.has_mirror() {
            let slopes = covariance.slice(s![.., ..class.n_dims]);
            let (values, vectors) = symmetric_eigen(slopes.slice(s![..class.n_dims, ..]));
            let leading = slopes.dot(&vectors.column(0)) / values[0].sqrt();
            let left = plus(&covariance, -0.75, &outer(&leading));
            let start = |times: f64| component(normal.mean() + &leading * times, left.clone());
            STARTS.map(start).to_vec()
        } else {
            SPREADS
                .map(|times| component(normal.mean(), &covariance * times))
                .to_vec()
        };
    }
}

impl ItemDistribution {
    /// Before anything is known: normal, with such a variance.
    pub(crate) fn start(classes: &[ItemClass], variance: f64) -> Self {
        let of_class = |&class: &ItemClass| ClassDistribution {
            class,
            components: vec![class.start(variance)],
        };
        Self {
            classes: classes.iter().map(of_class).collect(),
        }
    }

    /// Independent parameters with mean 0 and standard deviations that are given.
    pub(crate) fn fixed(classes: &[ItemClass], given: &PriorSds) -> Self {
        let of_class = |&class: &ItemClass| {
            let n = class.n_free();
            let sds = (0..n).map(|i| {
                if class.is_slope(i) {
                    given.discrimination
                } else {
                    given.difficulty
                }
            });
            let variances: Array1<f64> = sds.map(|sd| sd * sd).collect();
            ClassDistribution {
                class,
                components: vec![Component {
                    weight: 1.0,
                    mean: vec![0.0; n],
                    covariance: pack(Array2::from_diag(&variances).view()),
                }],
            }
        };
        Self {
            classes: classes.iter().map(of_class).collect(),
        }
    }

    /// With one normal distribution for each class, which has the same mean and covariance.
    pub(crate) fn overall(&self) -> Self {
        let of_class = |of: &ClassDistribution| ClassDistribution {
            class: of.class,
            components: vec![of.overall()],
        };
        Self {
            classes: self.classes.iter().map(of_class).collect(),
        }
    }

    /// The components by class.
    pub(crate) fn components(&self) -> Vec<Vec<Component>> {
        self.classes.iter().map(|of| of.components.clone()).collect()
    }

    /// From components by class; nothing where they do not fit.
    pub(crate) fn with_components(classes: &[ItemClass], components: &[Vec<Component>]) -> Option<Self> {
        let fits = |class: &ItemClass, own: &Vec<Component>| {
            let n = class.n_free();
            let whole = |c: &Component| c.mean.len() == n && c.covariance.len() == packed_length(n);
            !own.is_empty() && own.iter().all(whole)
        };
        let all = classes.len() == components.len()
            && classes
                .iter()
                .zip(components)
                .all(|(class, own)| fits(class, own));
        all.then(|| Self {
            classes: classes
                .iter()
                .zip(components)
                .map(|(&class, own)| ClassDistribution {
                    class,
                    components: own.clone(),
                })
                .collect(),
        })
    }

    /// Has each class with enough items two components? `n_items`: of each class.
    pub(crate) fn split(&mut self, n_items: &[usize]) -> bool {
        let mut any = false;
        for (class, &n) in self.classes.iter_mut().zip(n_items) {
            if n >= ENOUGH_FOR_TWO && class.components.len() == 1 {
                class.split();
                any = true;
            }
        }
        any
    }

    /// The distribution that makes the sums most probable.
    pub(crate) fn update(&mut self, sums: &[ComponentSums]) {
        // Options that change places have one distribution whatever their number, where this is normal.
        let mut unordered: Option<(Array2<f64>, f64)> = None;
        for (of_class, sums) in self.classes.iter_mut().zip(sums) {
            let class = of_class.class;
            let (n_all, is_single) = (sums.n.iter().sum::<f64>(), of_class.components.len() == 1);
            let n_components = of_class.components.len() as f64;
            // The components have one covariance, which is told by what is left around their means.
            let mut left = Array2::<f64>::zeros((class.n_free(), class.n_free()));
            for (l, component) in of_class.components.iter_mut().enumerate() {
                component.weight = (sums.n[l] + 1.0) / (n_all + n_components);
                let (n, mut x, mut xx) = (sums.n[l].max(1e-9), sums.x[l].clone(), sums.xx[l].clone());
                if !class.has_mirror() {
                    let (sum, n) = class.contract(&xx, n);
                    if is_single {
                        let (of_all, n_of_all) =
                            unordered.get_or_insert_with(|| (Array2::zeros(sum.dim()), 0.0));
                        *of_all += &sum;
                        *n_of_all += n;
                    } else {
                        component.covariance = pack(class.spread(&regularised(&sum, n)).view());
                    }
                    continue;
                }
                if is_single {
                    let mirror = class.mirror();
                    x = (&x + &mirror.dot(&x)) * 0.5;
                    xx = (&xx + &sandwich(&mirror, &xx)) * 0.5;
                }
                let mean = x / n;
                left += &plus(&xx, -n, &outer(&mean));
                component.mean = mean.to_vec();
            }
            if class.has_mirror() {
                let covariance = pack(regularised(&left, n_all).view());
                for component in &mut of_class.components {
                    component.covariance.clone_from(&covariance);
                }
            }
        }
        let Some((sum, n)) = unordered else { return };
        let unit = regularised(&sum, n);
        for of_class in &mut self.classes {
            if !of_class.class.has_mirror() && of_class.components.len() == 1 {
                of_class.components[0].covariance = pack(of_class.class.spread(&unit).view());
            }
        }
    }

    /// After a map of the traits, which makes `jacobian` times a row of a row.
    pub(crate) fn moved(&self, jacobian: &Array2<f64>) -> Self {
        let of_class = |of: &ClassDistribution| {
            let map = of.class.moved(jacobian);
            ClassDistribution {
                class: of.class,
                components: of
                    .components
                    .iter()
                    .map(|component| component.moved(&map))
                    .collect(),
            }
        };
        Self {
            classes: self.classes.iter().map(of_class).collect(),
        }
    }

    /// Root mean squares of discriminations, by dimension, and of difficulties over the items of a catalogue, after a map of the traits
    /// that makes `jacobian` times a row of a row.
    pub fn sizes(&self, catalogue: &ItemCatalogue, jacobian: &Array2<f64>) -> (Vec<f64>, f64) {
        let n_dims = design::n_dims(jacobian.ncols());
        let squares = self
            .classes
            .iter()
            .map(|of| of.squares(jacobian))
            .collect::<Vec<_>>();
        let (mut slopes, mut difficulties) = (vec![0.0; n_dims], 0.0);
        for item in 0..catalogue.n_items() {
            let class = ItemClass::of_item(catalogue, item, n_dims);
            let own = self.classes.iter().position(|of| of.class == class);
            if let Some((of_slopes, of_difficulties)) = own.map(|place| &squares[place]) {
                slopes.iter_mut().zip(of_slopes).for_each(|(to, x)| *to += x);
                difficulties += of_difficulties;
            }
        }
        let n = catalogue.n_items() as f64;
        (
            slopes.into_iter().map(|x| (x / n).sqrt()).collect(),
            (difficulties / n).sqrt(),
        )
    }
}

/// A covariance from a sum of products of `n`, and some that are assumed.
fn regularised(sum: &Array2<f64>, n: f64) -> Array2<f64> {
    (sum + &(Array2::<f64>::eye(sum.nrows()) * ASSUMED)) / (n + ASSUMED)
}

fn outer(x: &Array1<f64>) -> Array2<f64> {
    let column = x.view().insert_axis(ndarray::Axis(1));
    product(column, column.t())
}
