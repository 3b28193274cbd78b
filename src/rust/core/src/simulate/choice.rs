//! How simulated respondents choose.

use crate::base::random::Stream;
use crate::model::design;
use crate::model::link::Link;
use crate::model::response::options::option_probabilities;
use crate::responses::item_kind::ItemKind;
use rand::Rng;

/// A respondent at some point of the traits.
pub(crate) struct Chooser<'a> {
    point: &'a [[f64; 1]],
    /// The probability that a response is missing.
    missing: f64,
    probabilities: Vec<f64>,
}

impl<'a> Chooser<'a> {
    pub fn new(point: &'a [f64], missing: f64) -> Self {
        Self {
            point: point.as_chunks().0,
            missing,
            probabilities: Vec::new(),
        }
    }

    /// The option that is chosen of an item of some kind with these rows of parameters, under the logit link; nothing where the response is
    /// missing. Both cases take as many random numbers.
    pub fn choose(&mut self, kind: ItemKind, rows: &[f64], stream: &mut Stream) -> Option<u32> {
        let rows = rows.chunks(design::width(self.point.len()));
        let predictors: Vec<f64> = rows.map(|row| design::predict(row, self.point)[0]).collect();
        option_probabilities(Link::Logit, kind, &predictors, &mut self.probabilities);
        let absent = stream.random::<f64>() < self.missing;
        let mut left = stream.random::<f64>();
        let chosen = self.probabilities.iter().position(|p| {
            left -= p;
            left < 0.0
        });
        (!absent).then(|| chosen.unwrap_or(predictors.len()) as u32)
    }
}
