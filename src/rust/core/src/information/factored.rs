//! The covariance of more item parameters than one matrix holds.

use crate::base::error::Result;
use crate::base::linalg::{beside, cholesky, double, invert, plus, product, single, symmetric};
use crate::base::monitor::Monitor;
use crate::information::item::runs;
use crate::information::matrices::subtract_products;
use crate::information::operator::Operator;
use ndarray::{Array2, ArrayView2, s};

/// The covariance of the parameters, in two ways.
pub(crate) struct Factored {
    /// A matrix whose square it is, about.
    pub factor: Array2<f32>,
    /// Of each item.
    pub blocks: Vec<Array2<f64>>,
}

impl Factored {
    /// The inverse of the information, or nothing where that is not positive definite. It is exact for the vectors whose images are
    /// known and for some `functionals` of the parameters (columns), and by draws for what is left.
    ///
    /// # Errors
    /// [`crate::base::error::Error::Cancelled`] when the monitor says so.
    pub fn new(
        information: &Operator,
        functionals: ArrayView2<'_, f64>,
        seed: u64,
        monitor: &dyn Monitor,
    ) -> Result<Option<Self>> {
        let solved = information.solve(functionals, monitor)?;
        let (of_functionals, images) = match information.known() {
            Some(known) => (
                beside(known.images, functionals),
                beside(known.vectors, solved.view()),
            ),
            None => (functionals.to_owned(), solved),
        };
        let within = symmetric(product(of_functionals.t(), &images).view());
        let inverse = invert(within.view());
        let root = inverse.as_ref().and_then(|inverse| cholesky(inverse.view()));
        let (Some(inverse), Some(root)) = (inverse, root) else {
            return Ok(None);
        };
        let Some(spectrum) = information.spectrum(monitor)? else {
            return Ok(None);
        };
        let draws = information.draws(&spectrum, seed, monitor)?;
        let known = product(&images, &product(&inverse, &product(of_functionals.t(), &draws)));
        let draws = plus(&draws, -1.0, &known) * (draws.ncols() as f64).sqrt().recip();
        let factor = beside(product(&images, &root).view(), draws.view());
        let blocks = conditional_blocks(information, &factor, monitor)?;
        Ok(blocks.map(|blocks| Self {
            factor: single(factor.view()),
            blocks,
        }))
    }

    /// After a move of the parameters by `- vectors functionals'`, which makes `C - vectors half' - half vectors'` of the covariance.
    pub fn moved(
        mut self,
        vectors: ArrayView2<'_, f64>,
        functionals: ArrayView2<'_, f64>,
        half: ArrayView2<'_, f64>,
    ) -> Self {
        let sizes: Vec<usize> = self.blocks.iter().map(|block| block.nrows()).collect();
        for (block, own) in self.blocks.iter_mut().zip(runs(sizes.into_iter())) {
            let own = s![own, ..];
            subtract_products(block, vectors.slice(own), half.slice(own));
        }
        let factor = double(self.factor.view());
        let moves = product(vectors, &product(functionals.t(), &factor));
        self.factor = single(plus(&factor, -1.0, &moves).view());
        self
    }
}

/// The covariances of the parameters of each item, where a factor of that of all is known: those given all other items, plus what
/// these add (Siden et al. 2018, <https://doi.org/10.1080/10618600.2018.1473782>). Draws only say the latter.
fn conditional_blocks(
    information: &Operator,
    factor: &Array2<f64>,
    monitor: &dyn Monitor,
) -> Result<Option<Vec<Array2<f64>>>> {
    let images = information.times(factor.view(), monitor)?;
    let blocks = information.blocks();
    let places = runs(blocks.iter().map(|block| block.nrows()));
    let blocks = blocks.iter().zip(places).map(|(block, own)| {
        let own = s![own, ..];
        let of_others = plus(images.slice(own), -1.0, &product(block, factor.slice(own)));
        let conditional = invert(block.view())?;
        let moved = product(&conditional, &of_others);
        Some(plus(&conditional, 1.0, &product(&moved, moved.t())))
    });
    Ok(blocks.collect())
}
