//! From the network's posterior to moments that can be trusted, between evaluations of the log likelihood: what evaluates it
//! may take many respondents at once.

use crate::base::random::mix;
use crate::kernels::points::Residuals;
use crate::kernels::respondent::Respondent;
use crate::model::gaussian::WideGaussian;
use crate::posterior::importance::Draws;
use crate::posterior::lattice::{self, Lattice};
use crate::posterior::proposal::{Proposal, pareto_threshold};
use crate::posterior::question::{Question, Refined};
use crate::posterior::scoring::Scoring;
use crate::responses::response::Response;
use std::ops::ControlFlow;

/// Times as many draws where the importance weights are too uneven.
const MORE_DRAWS: usize = 8;

/// How the network's answer is refined.
pub(crate) enum Refinement {
    /// On evenly spaced nodes.
    Lattice,
    /// By Newton's method to the mode, then importance sampling around it.
    Sampling {
        proposal: Proposal,
        /// For those whose weights are too uneven.
        larger: Proposal,
        /// The Pareto k above which they are.
        threshold: f64,
    },
}

/// The refinement of one respondent.
pub(crate) struct Search<'a> {
    pub respondent: Respondent,
    pub question: Question,
    method: Method<'a>,
}

enum Method<'a> {
    Lattice(Lattice),
    Sampling(Draws<'a>),
}

impl Refinement {
    /// With more draws of those whose weights are too uneven, or not.
    pub fn new(n_dims: usize, scoring: &Scoring, repeats: bool) -> Self {
        if n_dims <= lattice::MOST_DIMS {
            return Refinement::Lattice;
        }
        Refinement::Sampling {
            proposal: Proposal::new(n_dims, scoring.draws, scoring.seed),
            larger: Proposal::new(n_dims, MORE_DRAWS * scoring.draws, scoring.seed),
            threshold: if repeats {
                pareto_threshold(n_dims, scoring.draws)
            } else {
                f64::INFINITY
            },
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
            Refinement::Lattice => {
                let (lattice, question) = Lattice::begin(&respondent, network);
                (Method::Lattice(lattice), question)
            }
            Refinement::Sampling {
                proposal,
                larger,
                threshold,
            } => {
                // The draws are keyed by the responses, so that nobody's score depends on who else is scored.
                let key = responses
                    .iter()
                    .fold(0, |key, response| mix(key ^ u64::from(response.option)));
                let draws = Draws::new(&respondent, network, key, (larger, *threshold));
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
            Method::Lattice(lattice) => lattice.answer(&self.respondent, question, likelihoods),
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

    /// The whole way, with the kernel for the log likelihoods. In the end the residuals are those at the points of the posterior.
    #[inline(never)]
    pub fn finish(mut self, residuals: &mut Residuals) -> Refined {
        loop {
            let likelihoods = self.respondent.log_likelihoods(&self.question.points, residuals);
            if let Some(refined) = self.answer(&likelihoods) {
                return refined;
            }
        }
    }
}
