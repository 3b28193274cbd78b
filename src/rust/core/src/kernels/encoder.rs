//! The encoder for some respondents at a time, small enough for the cache: sums of embeddings, the hidden layer, the
//! outputs, and the way back.

use crate::base::error::{Error, Result};
use crate::base::math;
use crate::base::threads::map;
use crate::model::encoder::Encoder;
use crate::model::table::Table;
use crate::responses::batch::Batch;
use ndarray::linalg::general_mat_mul;
use ndarray::{Array1, Array2, s};
use std::ops::Range;

/// Respondents of one task.
pub const RESPONDENTS_PER_TASK: usize = 64;

/// The parameters of the encoder: with `pooled` the sum of the embeddings of a respondent's responses and `count` the
/// centred logarithm of their number, the outputs are `features output_weight` with
/// `features = [elu(pooled + count hidden_count + hidden_bias), pooled, count, 1]`.
pub struct EncoderKernel<'a> {
    /// `n_options x hidden`.
    pub embeddings: &'a Table,
    /// `hidden`.
    pub hidden_bias: Array1<f32>,
    /// `hidden`.
    pub hidden_count: Array1<f32>,
    /// `n_features x n_outputs`.
    pub output_weight: Array2<f32>,
    /// The mean of `ln(1 + number of responses)`.
    pub count_center: f32,
}

/// The gradient by the parameters of the network.
#[derive(Clone, Debug, Default)]
pub struct NetworkGradient {
    /// `hidden`.
    pub hidden_bias: Array1<f32>,
    /// `hidden`.
    pub hidden_count: Array1<f32>,
    /// `n_features x n_outputs`.
    pub output_weight: Array2<f32>,
}

/// Features, outputs and gradients by them of some respondents, one row each.
#[derive(Default)]
pub struct Activations {
    features: Array2<f32>,
    /// The outputs of the network.
    pub outputs: Array2<f32>,
    /// The gradient by the outputs, to be filled in before [`EncoderKernel::back_propagate`].
    pub by_outputs: Array2<f32>,
    by_features: Array2<f32>,
}

impl<'a> EncoderKernel<'a> {
    /// The parameters of an encoder.
    ///
    /// # Errors
    /// [`Error::Tensor`] when a tensor cannot be read.
    pub fn new(encoder: &'a Encoder) -> Result<Self> {
        let [hidden_bias, hidden_count, output_weight] = encoder.network.variables();
        Self::with_variables(
            encoder,
            hidden_bias.to_vec1()?,
            hidden_count.to_vec1()?,
            output_weight.flatten_all()?.to_vec1()?,
        )
    }

    /// Those of an encoder with other values of the [variables](crate::model::network::Network::variables) of its network.
    ///
    /// # Errors
    /// [`Error::Model`] when they do not fit one another.
    pub fn with_variables(
        encoder: &'a Encoder,
        hidden_bias: Vec<f32>,
        hidden_count: Vec<f32>,
        output_weight: Vec<f32>,
    ) -> Result<Self> {
        let [.., like] = encoder.network.variables();
        Ok(Self {
            embeddings: &encoder.embeddings,
            hidden_bias: hidden_bias.into(),
            hidden_count: hidden_count.into(),
            output_weight: Array2::from_shape_vec(like.dims2()?, output_weight)
                .map_err(|error| Error::Model(error.to_string()))?,
            count_center: encoder.network.count_center(),
        })
    }

    /// Width of the embeddings.
    pub fn hidden(&self) -> usize {
        self.hidden_bias.len()
    }

    /// Computes the outputs of the respondents at some positions of a batch.
    #[inline(always)]
    pub fn encode(&self, batch: &Batch, positions: Range<usize>, to: &mut Activations) {
        let hidden = self.hidden();
        let (n, n_features, n_outputs) = (
            positions.len(),
            self.output_weight.nrows(),
            self.output_weight.ncols(),
        );
        if to.features.nrows() != n {
            to.features = Array2::zeros((n, n_features));
            to.outputs = Array2::zeros((n, n_outputs));
            to.by_outputs = Array2::zeros((n, n_outputs));
            to.by_features = Array2::zeros((n, n_features));
        }
        for (mut features, position) in to.features.rows_mut().into_iter().zip(positions) {
            let Some(features) = features.as_slice_mut() else {
                continue;
            };
            let (activations, others) = features.split_at_mut(hidden);
            let (pooled, constants) = others.split_at_mut(hidden);
            let responses = batch.responses_of(position);
            pooled.fill(0.0);
            for response in responses {
                add(pooled, self.embeddings.row(response.option as usize));
            }
            let count = (responses.len() as f32).ln_1p() - self.count_center;
            constants.copy_from_slice(&[count, 1.0]);
            let terms = self.hidden_bias.iter().zip(&self.hidden_count);
            for ((activation, &sum), (bias, slope)) in activations.iter_mut().zip(pooled.iter()).zip(terms) {
                *activation = elu(sum + count * slope + bias);
            }
        }
        general_mat_mul(1.0, &to.features, &self.output_weight, 0.0, &mut to.outputs);
    }

    /// The features of all respondents of a batch, one row each.
    pub fn features(&self, batch: &Batch) -> Array2<f32> {
        let mut activations = Activations::default();
        self.encode(batch, 0..batch.n_respondents(), &mut activations);
        activations.features
    }

    /// From the gradient by the outputs to that by the pooled embeddings, one row of `by_pooled` per respondent, and
    /// by the parameters of the network. The derivative of `elu` is 1 where its value is positive, else `1 + value`.
    #[inline(always)]
    pub fn back_propagate(&self, activations: &mut Activations, by_pooled: &mut [f32]) -> NetworkGradient {
        let hidden = self.hidden();
        let Activations {
            features,
            by_outputs,
            by_features,
            ..
        } = activations;
        general_mat_mul(1.0, by_outputs, &self.output_weight.t(), 0.0, by_features);
        let mut gradient = NetworkGradient {
            hidden_bias: Array1::zeros(hidden),
            hidden_count: Array1::zeros(hidden),
            output_weight: features.t().dot(by_outputs),
        };
        let rows = features.rows().into_iter().zip(by_features.rows());
        for (by_pooled, (features, by_features)) in by_pooled.chunks_mut(hidden).zip(rows) {
            let count = features[2 * hidden];
            let (through, around) = (
                by_features.slice(s![..hidden]),
                by_features.slice(s![hidden..2 * hidden]),
            );
            let inputs = through.iter().zip(around).zip(features);
            let sums = gradient
                .hidden_bias
                .iter_mut()
                .zip(gradient.hidden_count.iter_mut());
            for ((to, ((through, around), feature)), (bias, slope)) in
                by_pooled.iter_mut().zip(inputs).zip(sums)
            {
                let inner = through * (1.0 + feature.min(0.0));
                *bias += inner;
                *slope += count * inner;
                *to = inner + around;
            }
        }
        gradient
    }
}

impl NetworkGradient {
    /// The gradient of nothing.
    pub fn zeros(encoder: &EncoderKernel<'_>) -> Self {
        Self {
            hidden_bias: Array1::zeros(encoder.hidden()),
            hidden_count: Array1::zeros(encoder.hidden()),
            output_weight: Array2::zeros(encoder.output_weight.raw_dim()),
        }
    }

    /// Adds another gradient.
    pub fn add(&mut self, other: &Self) {
        self.hidden_bias += &other.hidden_bias;
        self.hidden_count += &other.hidden_count;
        self.output_weight += &other.output_weight;
    }
}

/// Adds to `sum` the rows of `by_respondent` (`n_respondents x width`) of everybody who chose the option: the
/// gradient by its embedding. Returns false when nobody in the batch did.
#[inline(always)]
pub fn sum_over_choosers(by_respondent: &[f32], batch: &Batch, option: usize, sum: &mut [f32]) -> bool {
    let width = sum.len();
    let choosers = batch.choosers_of(option..option + 1);
    for chooser in choosers {
        let start = chooser.position as usize * width;
        add(sum, &by_respondent[start..start + width]);
    }
    !choosers.is_empty()
}

/// Sums one row of `table` per response: `n_respondents x width`, row by row.
pub fn pool(table: &Table, batch: &Batch) -> Vec<f32> {
    let width = table.width();
    let mut pooled = vec![0.0f32; batch.n_respondents() * width];
    let tasks = pooled.chunks_mut(RESPONDENTS_PER_TASK * width);
    map(tasks.enumerate(), |(task, sums)| {
        for (k, sum) in sums.chunks_mut(width).enumerate() {
            for response in batch.responses_of(task * RESPONDENTS_PER_TASK + k) {
                add(sum, table.row(response.option as usize));
            }
        }
    });
    pooled
}

#[inline(always)]
fn add(to: &mut [f32], from: &[f32]) {
    for (a, b) in to.iter_mut().zip(from) {
        *a += b;
    }
}

/// The exponential linear unit.
#[inline(always)]
fn elu(x: f32) -> f32 {
    x.max(0.0) + (math::exp(x.min(0.0)) - 1.0)
}
