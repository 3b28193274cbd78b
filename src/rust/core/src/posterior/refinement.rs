//! From the network's posterior to moments that can be trusted, between evaluations of the log likelihood: what evaluates it
//! may take many respondents at once.

use crate::base::random::mix;
use crate::kernels::respondent::Respondent;
use crate::model::gaussian::WideGaussian;
use crate::posterior::importance::Draws;
use crate::posterior::proposal::{Proposal, pareto_threshold};
use crate::posterior::quadrature::{self, Grid, Grids};
use crate::posterior::question::{Question, Refined};
use crate::posterior::scoring::Scoring;
use crate::responses::response::Response;
use std::ops::ControlFlow;

/// Times as many draws where the importance weights are too uneven.
const MORE_DRAWS: usize = 8;

/// How the network's answer is refined.
pub(crate) enum Refinement {
    /// By adaptive quadrature.
    Quadrature(Grid),
    /// By Newton's method to the mode, then importance sampling around it.
    Sampling {
        proposal: Proposal,
        /// For those whose weights are too uneven.
        larger: Proposal,
        threshold: f64,
        seed: u64,
    },
}

/// The refinement of one respondent.
pub(crate) struct Search<'a> {
    pub respondent: Respondent,
    pub question: Question,
    method: Method<'a>,
}

enum Method<'a> {
    Quadrature(Grids<'a>),
    Sampling(Draws<'a>),
}

impl Refinement {
    pub fn new(n_dims: usize, scoring: &Scoring) -> Self {
        if n_dims <= quadrature::MOST_DIMS {
            return Refinement::Quadrature(Grid::new(n_dims));
        }
        Refinement::Sampling {
            proposal: Proposal::new(n_dims, scoring.draws),
            larger: Proposal::new(n_dims, MORE_DRAWS * scoring.draws),
            threshold: pareto_threshold(n_dims, scoring.draws),
            seed: scoring.seed,
        }
    }

    /// The refinement of a respondent with these responses.
    pub fn begin(
        &self,
        respondent: Respondent,
        responses: &[Response],
        network: &WideGaussian,
    ) -> Search<'_> {
        let (method, question) = match self {
            Refinement::Quadrature(grid) => {
                let (grids, question) = Grids::begin(grid, &respondent, network);
                (Method::Quadrature(grids), question)
            }
            Refinement::Sampling {
                proposal,
                larger,
                threshold,
                seed,
            } => {
                // The draws are keyed by the responses, so that nobody's score depends on who else is scored.
                let key = responses
                    .iter()
                    .fold(0, |key, response| mix(key ^ u64::from(response.option)));
                let draws = Draws::new(&respondent, network, (*seed, key), (larger, *threshold));
                let question = draws.question(proposal);
                (Method::Sampling(draws), question)
            }
        };
        Search {
            respondent,
            question,
            method,
        }
    }
}

impl Search<'_> {
    /// Goes on with the log likelihoods at the points of the question. Nothing when there is another question.
    pub fn answer(&mut self, likelihoods: &[f32]) -> Option<Refined> {
        let question = std::mem::take(&mut self.question);
        let progress = match &mut self.method {
            Method::Quadrature(grids) => grids.answer(&self.respondent, question, likelihoods),
            Method::Sampling(draws) => draws.answer(question, likelihoods),
        };
        match progress {
            ControlFlow::Break(refined) => Some(refined),
            ControlFlow::Continue(question) => {
                self.question = question;
                None
            }
        }
    }

    /// The whole way, with the kernel for the log likelihoods.
    pub fn finish(mut self) -> Refined {
        loop {
            let likelihoods = self.respondent.log_likelihoods(&self.question.points);
            if let Some(refined) = self.answer(&likelihoods) {
                return refined;
            }
        }
    }
}
