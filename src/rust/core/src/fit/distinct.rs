//! Respondents who gave the same responses, looked at once.

use crate::base::error::Result;
use crate::base::monitor::Monitor;
use crate::information::calibration::{Calibration, Sample};
use crate::model::parameters::Model;
use crate::posterior::moments::Moments;
use crate::responses::patterns::Patterns;
use crate::responses::store::Responses;
use crate::responses::weight_type::WeightType;
use crate::uncertainty::reported::Uncertainty;

/// Respondents of whom no two gave the same responses, with the summed weights of those who did; everybody where that
/// saves nothing.
pub(crate) struct Distinct {
    pub respondents: Vec<u32>,
    pub weights: Vec<f64>,
    /// The place of everybody among the distinct ones, where they are not all different.
    places: Option<Vec<u32>>,
}

impl Distinct {
    /// The respondents stand for so many that these have a given weight. Sampling weights are each one person's.
    pub fn new(
        responses: &Responses,
        respondents: &[u32],
        total: f64,
        monitor: &dyn Monitor,
    ) -> Result<Self> {
        let share = total / responses.summed_weight(respondents);
        let weight = |i: u32| share * f64::from(responses.weight(i as usize));
        let patterns = match responses.weight_type() {
            WeightType::Frequency => Patterns::new(responses, respondents, monitor)?,
            WeightType::Sampling => None,
        };
        Ok(match patterns {
            Some(Patterns { firsts, pattern_of }) => {
                let mut weights = vec![0.0; firsts.len()];
                for (&respondent, &pattern) in respondents.iter().zip(&pattern_of) {
                    weights[pattern as usize] += weight(respondent);
                }
                Self {
                    respondents: firsts,
                    weights,
                    places: Some(pattern_of),
                }
            }
            None => Self::everybody(respondents, weight),
        })
    }

    /// Everybody with a weight, also where some gave the same responses.
    pub fn everybody(respondents: &[u32], weight: impl Fn(u32) -> f64) -> Self {
        Self {
            respondents: respondents.to_vec(),
            weights: respondents.iter().map(|&i| weight(i)).collect(),
            places: None,
        }
    }

    /// The distinct respondents with their weights.
    pub fn sample(&self) -> Sample<'_> {
        Sample {
            respondents: &self.respondents,
            weights: &self.weights,
        }
    }

    /// What they, who have these moments, tell about the items of a model.
    pub fn calibration<'a>(
        &'a self,
        model: &'a Model,
        responses: &'a Responses<'a>,
        moments: &'a Moments,
    ) -> Calibration<'a> {
        Calibration {
            model,
            responses,
            scored: self.sample().scored(moments),
        }
    }

    pub fn place_of(&self, position: usize) -> usize {
        self.places
            .as_ref()
            .map_or(position, |places| places[position] as usize)
    }

    /// The uncertainty that was found for the distinct respondents, for everybody.
    pub fn uncertainty_of_all(&self, mut uncertainty: Uncertainty) -> Uncertainty {
        if let Some(places) = &self.places {
            let of = &mut uncertainty.respondents;
            for covariances in [&mut of.prior, &mut of.normalised] {
                let length = covariances.len() / self.respondents.len();
                let own = |&place: &u32| covariances[place as usize * length..][..length].to_vec();
                *covariances = places.iter().flat_map(own).collect();
            }
        }
        uncertainty
    }

    /// The moments of the distinct respondents, for everybody.
    pub fn moments_of_all(&self, moments: Moments) -> Moments {
        match &self.places {
            Some(places) => moments.select(places.iter().map(|&place| place as usize)),
            None => moments,
        }
    }
}
