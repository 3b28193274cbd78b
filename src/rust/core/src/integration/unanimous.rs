//! Items on which all agreed: they say nothing about anybody, and are not kept.
//!
//! That an item is at hand says that its respondents did not all answer alike: its likelihood is `p(y | a) / (1 - u(a))`, where `u` is the
//! probability that all of them choose the same one of two options. As the distribution of items is that of all, for each item at hand
//! `u / (1 - u)` others are expected that are not (Dempster, Laird and Rubin 1977, section 4.2, on truncated data,
//! <https://doi.org/10.1111/j.2517-6161.1977.tb01600.x>). Without this, items look nearer to the middle than they are where few people
//! answer each. A prior that is given is that of the items at hand, and stays.

use crate::integration::answers::Answers;
use crate::integration::item::ItemPosterior;
use ndarray::{Array1, Axis, concatenate};
use std::collections::HashMap;

/// The largest probability that all agree.
const LARGEST: f64 = 0.999;

/// Some respondents who all chose the first option, and the number of items that they answered.
pub(crate) struct Unanimous {
    pub answers: Answers,
    pub class: usize,
    pub n_items: f64,
}

/// For each set of respondents who answered items of two options, which are in classes. An item on which all agreed although it is at hand
/// is there whatever they say.
pub(crate) fn unanimous_of(answers: &[Answers], class_of: &[usize]) -> Vec<Unanimous> {
    let mut places = HashMap::new();
    let mut found: Vec<Unanimous> = Vec::new();
    for (own, &class) in answers.iter().zip(class_of) {
        if own.class.n_rows > 1 || own.is_unanimous() {
            continue;
        }
        let answers = own.all_the_first();
        let place = *places.entry((class, answers.who.clone())).or_insert(found.len());
        if place == found.len() {
            let n_items = 0.0;
            found.push(Unanimous {
                answers,
                class,
                n_items,
            });
        }
        found[place].n_items += 1.0;
    }
    found
}

impl ItemPosterior {
    /// What follows from `n_items` items at hand whose respondents could have agreed on this; on the other option they agree as often, as
    /// the distribution of the items has a mirror image.
    pub fn counted_in(mut self, n_items: f64) -> Self {
        let agree = (2.0 * self.ln_evidence.exp()).min(LARGEST);
        let expected = n_items * agree / (1.0 - agree);
        self.ln_evidence = -n_items * (1.0 - agree).ln();
        self.sums.scale(expected);
        // The second derivatives of -ln(1 - u): those of ln u, and of both.
        let of_score = (expected + expected * expected / n_items).sqrt();
        if !self.score.is_empty() {
            self.deviations *= expected.sqrt() as f32;
            let row: Array1<f32> = self.score.iter().map(|x| (of_score * x) as f32).collect();
            let rows = [self.deviations.view(), row.view().insert_axis(Axis(0))];
            if let Ok(both) = concatenate(Axis(0), &rows) {
                self.deviations = both;
            }
        }
        self.score.iter_mut().for_each(|x| *x *= expected);
        self.curvature.iter_mut().for_each(|x| *x *= expected);
        self
    }
}
