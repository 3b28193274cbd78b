//! Whose responses tell about the items.

use crate::base::linalg::orthonormalise;
use crate::model::parameters::Model;
use crate::model::table_design::Design;
use crate::model::tangents::rotation_tangents;
use crate::posterior::moments::Moments;
use crate::posterior::scoring::Scored;
use crate::responses::store::Responses;
use crate::responses::weight_type::WeightType;
use ndarray::{Array1, Array2};

/// Respondents with their weights.
#[derive(Clone, Copy)]
pub(crate) struct Sample<'a> {
    pub respondents: &'a [u32],
    pub weights: &'a [f64],
}

impl<'a> Sample<'a> {
    /// The same with their posterior moments.
    pub fn scored(self, moments: &'a Moments) -> Scored<'a> {
        Scored {
            respondents: self.respondents,
            weights: self.weights,
            moments,
        }
    }
}

/// A model with the respondents whose responses tell about its items: the calibration sample.
#[derive(Clone, Copy)]
pub(crate) struct Calibration<'a> {
    pub model: &'a Model,
    pub responses: &'a Responses<'a>,
    pub scored: Scored<'a>,
}

impl<'a> Calibration<'a> {
    pub fn n_dims(&self) -> usize {
        self.model.shape.n_dims
    }

    /// From the free parameters of the items to their table.
    pub fn design(&self) -> Design<'a> {
        self.model.design()
    }

    /// Number of free parameters of the items.
    pub fn n_parameters(&self) -> usize {
        self.design().n_free()
    }

    /// How the free parameters move with the rotations of the traits that nothing tells, in columns.
    pub fn rotations(&self) -> Array2<f64> {
        let model = self.model;
        if model.population().invariances().rotation {
            self.design().select(rotation_tangents(&model.items))
        } else {
            Array2::zeros((self.n_parameters(), 0))
        }
    }

    /// An orthonormal basis of these.
    pub fn basis_of_rotations(&self) -> Array2<f64> {
        let mut basis = self.rotations();
        orthonormalise(&mut basis);
        basis
    }

    /// Puts the options that the respondent at a position chose in place of what is in `to`.
    pub fn options_of(&self, position: usize, to: &mut Vec<u32>) {
        to.clear();
        let respondent = self.scored.respondents[position];
        self.responses.copy_row(respondent as usize, to);
    }

    pub fn n_respondents(&self) -> usize {
        self.scored.respondents.len()
    }

    /// What the weight of the respondent at a position counts for in the variance of a weighted sum, in units of one person's: so many
    /// people for whom it stands, or its square where it is one person's. Nobody with such a weight stands for others.
    pub fn square(&self, position: usize) -> f64 {
        let weight = self.scored.weights[position];
        match self.responses.weight_type() {
            WeightType::Frequency => weight,
            WeightType::Sampling => {
                weight * f64::from(self.responses.weight(self.scored.respondents[position] as usize))
            }
        }
    }

    /// As many respondents without weights tell as much about a mean: `(sum w)^2 / sum w^2` where each weight is one person's.
    pub fn n_effective(&self) -> f64 {
        let squares: f64 = (0..self.n_respondents())
            .map(|position| self.square(position))
            .sum();
        self.scored.weights.iter().sum::<f64>().powi(2) / squares
    }

    /// The posterior mean of the respondent at a position, on the reported axes.
    pub fn mean(&self, position: usize) -> Array1<f64> {
        self.model.map.point(self.scored.moments.mean(position))
    }

    /// The posterior covariance given the items of the respondent at a position, on the reported axes.
    pub fn covariance(&self, position: usize) -> Array2<f64> {
        self.model
            .map
            .covariance(self.scored.moments.covariance(position))
    }
}
