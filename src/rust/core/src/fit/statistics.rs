//! How well a fitted model describes the responses.

use crate::base::error::Result;
use crate::base::monitor::Monitor;
use crate::base::threads::map_with;
use crate::model::design;
use crate::model::parameters::Model;
use crate::model::response::likelihood::log_probability;
use crate::model::response::options::most_probable;
use crate::posterior::moments::Moments;
use crate::responses::batch::Batch;
use crate::responses::store::Responses;

/// Statistics of fit at the posterior means. Every response counts with the weight of its respondent.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct FitStatistics {
    /// Number of responses.
    pub n_responses: f64,
    /// Responses for which the most probable option is the one that was chosen.
    pub n_correct: f64,
    /// Responses that are not their item's most frequent option: the errors of a model without traits.
    pub n_minority: f64,
    /// Sum of the log probabilities of the chosen options.
    pub log_likelihood: f64,
}

impl FitStatistics {
    /// Share of the responses that are classified correctly.
    pub fn classification(&self) -> f64 {
        self.n_correct / self.n_responses
    }

    /// Aggregate proportional reduction in error (Poole and Rosenthal 1997): the share of the minority responses
    /// that the model classifies better than the majority of each item does.
    pub fn apre(&self) -> f64 {
        let errors = self.n_responses - self.n_correct;
        (self.n_minority - errors) / self.n_minority
    }

    /// Geometric mean probability of the chosen options.
    pub fn gmp(&self) -> f64 {
        (self.log_likelihood / self.n_responses).exp()
    }
}

/// Respondents looked at at once.
const CHUNK: usize = 512;

/// Statistics of fit; `moments` are those of `respondents` on the scale of training.
///
/// # Errors
/// [`crate::base::error::Error::Cancelled`] when the monitor says so.
pub(crate) fn fit_statistics(
    model: &Model,
    responses: &Responses,
    respondents: &[u32],
    moments: &Moments,
    monitor: &dyn Monitor,
) -> Result<FitStatistics> {
    let catalogue = responses.catalogue();
    let totals = responses.weighted_option_totals();
    let most_frequent: Vec<usize> = (0..catalogue.n_items())
        .map(|item| {
            // The first of the most frequent ones.
            let options = catalogue.options_of(item).rev();
            options
                .max_by(|&a, &b| totals[a].total_cmp(&totals[b]))
                .unwrap_or(0)
        })
        .collect();
    let chunks = respondents.chunks(CHUNK).enumerate();
    let parts = map_with(chunks, |batch: &mut Batch, (chunk, members)| -> Result<_> {
        monitor.proceed()?;
        batch.fill(responses, members);
        let minority = |option: usize| most_frequent[catalogue.item_of(option)] != option;
        let mean = |position: usize| moments.mean(chunk * CHUNK + position);
        Ok(count(model, batch, &mean, &minority))
    });
    let mut statistics = FitStatistics::default();
    for part in parts {
        let part = part?;
        statistics.n_responses += part.n_responses;
        statistics.n_correct += part.n_correct;
        statistics.n_minority += part.n_minority;
        statistics.log_likelihood += part.log_likelihood;
    }
    Ok(statistics)
}

/// The statistics of a batch whose respondents have the given posterior means.
fn count<'a>(
    model: &Model,
    batch: &Batch,
    mean: &dyn Fn(usize) -> &'a [f64],
    minority: &dyn Fn(usize) -> bool,
) -> FitStatistics {
    let mut statistics = FitStatistics::default();
    let mut predictors = Vec::new();
    for position in 0..batch.n_respondents() {
        let point: Vec<[f32; 1]> = mean(position).iter().map(|&x| [x as f32]).collect();
        let weight = f64::from(batch.weights()[position]);
        for response in batch.responses_of(position) {
            predictors.clear();
            predictors.extend(
                response
                    .rows()
                    .map(|row| design::predict(model.items.row(row), &point)[0]),
            );
            let (link, kind, chosen) = (model.shape.link, response.kind, response.chosen as usize);
            statistics.n_responses += weight;
            if most_probable(link, kind, &predictors) == chosen {
                statistics.n_correct += weight;
            }
            if minority(response.option as usize) {
                statistics.n_minority += weight;
            }
            let log_probability = log_probability(link, kind, &mut predictors, chosen);
            statistics.log_likelihood += weight * f64::from(log_probability);
        }
    }
    statistics
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::monitor::Silent;
    use crate::fit::starting_network::starting_network;
    use crate::model::encoder::Encoder;
    use crate::model::link::Link;
    use crate::model::scale::AffineMap;
    use crate::model::shape::ModelShape;
    use crate::model::table::Table;
    use crate::responses::catalogue::ItemCatalogue;
    use crate::responses::store::OptionIds;
    use std::borrow::Cow;

    /// Twenty million respondents with five responses each: in single precision a sum of ones ends at 2^24.
    #[test]
    fn a_hundred_million_responses_are_summed() {
        const RESPONDENTS: usize = 20_000_000;
        const ITEMS: usize = 5;
        let catalogue = ItemCatalogue::new(&[2; ITEMS]).expect("valid catalogue");
        let shape = ModelShape {
            n_dims: 1,
            hidden: 1,
            link: Link::Logit,
            catalogue: catalogue.clone(),
        };
        let model = Model {
            encoder: Encoder {
                embeddings: Table::new(1, vec![0.0; 2 * ITEMS]),
                network: starting_network(&shape, 0.0, 0.0, 1).expect("a network"),
            },
            items: Table::new(2, [1.0, 0.5].repeat(ITEMS)),
            map: AffineMap::identity(1),
            distribution: None,
            estimated_prior: None,
            item_errors: None,
            shape,
        };
        let options: Vec<u16> = (0..ITEMS as u16).map(|item| 2 * item + 1).collect();
        let ids = OptionIds::Narrow(Cow::Owned(options.repeat(RESPONDENTS)));
        let offsets = (0..=RESPONDENTS as u64).map(|i| i * ITEMS as u64).collect();
        let responses = Responses::from_ids(catalogue, offsets, ids).expect("valid responses");
        let moments = Moments {
            n_dims: 1,
            means: vec![0.0; RESPONDENTS],
            covariances: Vec::new(),
            thirds: Vec::new(),
            pareto_k: Vec::new(),
            effective_draws: Vec::new(),
            amortisation_gap: Vec::new(),
            log_evidence: Vec::new(),
        };
        let respondents: Vec<u32> = (0..RESPONDENTS as u32).collect();
        let statistics =
            fit_statistics(&model, &responses, &respondents, &moments, &Silent).expect("not cancelled");
        let n = (RESPONDENTS * ITEMS) as f64;
        assert_eq!(statistics.n_responses, n);
        assert_eq!((statistics.n_correct, statistics.n_minority), (0.0, 0.0));
        let expected = -(1.0 + 0.5f64.exp()).ln();
        assert!((statistics.log_likelihood / (n * expected) - 1.0).abs() < 1e-6);
        assert_eq!(responses.item_totals(), [RESPONDENTS as u64; ITEMS]);
    }

    #[test]
    fn shares_follow_their_definitions() {
        let statistics = FitStatistics {
            n_responses: 100.0,
            n_correct: 90.0,
            n_minority: 40.0,
            log_likelihood: -100.0 * 2f64.ln(),
        };
        assert!((statistics.classification() - 0.9).abs() < 1e-12);
        assert!((statistics.apre() - 0.75).abs() < 1e-12);
        assert!((statistics.gmp() - 0.5).abs() < 1e-12);
    }
}
