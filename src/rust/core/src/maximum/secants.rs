//! What the steps teach about the curvature.

use crate::base::error::Result;
use crate::base::monitor::Monitor;
use crate::information::quadratic::Quadratic;
use ndarray::Array1;

/// Steps that are remembered.
const MOST: usize = 8;

/// Steps with the changes of the gradient along them: the inverse of a quadratic form is updated by the limited-memory formula of
/// Broyden, Fletcher, Goldfarb and Shanno (Nocedal 1980, <https://doi.org/10.1090/S0025-5718-1980-0572855-7>).
#[derive(Default)]
pub(crate) struct Secants {
    secants: Vec<Secant>,
    last: Option<Observed>,
}

/// The gradient of what is maximised at some values.
struct Observed {
    values: Array1<f64>,
    gradient: Array1<f64>,
}

struct Secant {
    step: Array1<f64>,
    /// How much the gradient fell.
    fall: Array1<f64>,
    /// The inner product of both.
    product: f64,
}

impl Secants {
    /// The gradients that come are found in another way than those before.
    pub fn begin_anew(&mut self) {
        self.last = None;
    }

    /// Learns from the gradient at some values.
    pub fn observe(&mut self, values: &Array1<f64>, gradient: &Array1<f64>) {
        let before = self.last.replace(Observed {
            values: values.clone(),
            gradient: gradient.clone(),
        });
        let Some(before) = before else { return };
        let (step, fall) = (values - &before.values, &before.gradient - gradient);
        let product = step.dot(&fall);
        // Where the gradient did not fall, the function is not concave.
        if product > 0.0 {
            self.secants.push(Secant { step, fall, product });
        }
        if self.secants.len() > MOST {
            self.secants.remove(0);
        }
    }

    /// The step along a gradient by the updated quadratic form.
    ///
    /// # Errors
    /// [`crate::base::error::Error::Cancelled`] when the monitor says so.
    pub fn solve(
        &self,
        quadratic: &Quadratic,
        gradient: &Array1<f64>,
        monitor: &dyn Monitor,
    ) -> Result<Array1<f64>> {
        let mut rest = gradient.clone();
        let mut shares = Vec::with_capacity(self.secants.len());
        for secant in self.secants.iter().rev() {
            let share = secant.step.dot(&rest) / secant.product;
            rest.scaled_add(-share, &secant.fall);
            shares.push(share);
        }
        let mut step = quadratic.solve(&rest, monitor)?;
        for (secant, share) in self.secants.iter().zip(shares.into_iter().rev()) {
            let known = secant.fall.dot(&step) / secant.product;
            step.scaled_add(share - known, &secant.step);
        }
        Ok(step)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::monitor::Silent;
    use ndarray::{Array2, array};

    #[test]
    fn the_secants_of_a_quadratic_function_find_its_maximum() {
        let curvature: Array2<f64> = array![[4.0, 1.0, 0.5], [1.0, 3.0, -0.2], [0.5, -0.2, 2.0]];
        let maximum = array![1.0, -2.0, 0.5];
        let gradient = |values: &Array1<f64>| curvature.dot(&(&maximum - values));
        // A poor quadratic form, which overshoots along no direction.
        let quadratic = Quadratic::Factor(Array2::from_diag(&array![2.5, 2.2, 1.8]));
        let distance = |with_secants: bool| {
            let (mut secants, mut values) = (Secants::default(), Array1::zeros(3));
            for _ in 0..8 {
                if with_secants {
                    secants.observe(&values, &gradient(&values));
                }
                values += &secants
                    .solve(&quadratic, &gradient(&values), &Silent)
                    .expect("not cancelled");
            }
            (&values - &maximum).mapv(f64::abs).sum()
        };
        assert!(distance(true) < 1e-6, "{}", distance(true));
        assert!(distance(false) > 1e-2, "{}", distance(false));
    }
}
