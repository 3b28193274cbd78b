//! How an item agrees with those before it.

use crate::responses::evidence::{JOINT, MINORITY};
use crate::responses::sample::{Sample, Word};
use pulp::NullaryFnOnce;

/// Pairs nearly agree up to this share of disagreement among those who answered both...
const NEAR: f64 = 0.05;

/// ... and up to this share of the minority: otherwise all rare options would nearly agree.
const NEAR_OF_MINORITY: f64 = 0.5;

/// So many neighbours of an item are remembered.
const NEIGHBOURS: usize = 16;

/// How an item agrees with those before it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Agreement {
    /// How many of them it repeats, and the places of the first and the last.
    pub n_exact: u64,
    pub first: Option<usize>,
    last: Option<usize>,
    /// The places of some that nearly agree with it.
    pub near: Vec<usize>,
}

/// Compares an item of the sample with those before it. The code is compiled for the processors that pulp tells apart.
pub(crate) struct Earlier<'a> {
    pub sample: &'a Sample,
    pub doubt: &'a Doubt,
    pub at: usize,
}

/// A pair of the item with a frequent option of an earlier one, as far as it was compared.
#[derive(Clone, Copy)]
struct Pair {
    earlier: u32,
    joint: u32,
    apart: u32,
}

impl NullaryFnOnce for Earlier<'_> {
    type Output = Agreement;

    #[inline(always)]
    fn call(self) -> Agreement {
        let mut pairs: Vec<Pair> = Vec::new();
        let (doubt, first) = (self.doubt, self.sample.first[self.at]);
        for word in 0..self.sample.n_words {
            let row = self.sample.row(word);
            let fewest = doubt.fewest_joint[word];
            let may_agree = |pair: &Pair| {
                pair.joint >= fewest && pair.different() <= doubt.most_different[pair.joint as usize]
            };
            let own = row[first];
            if word == 0 {
                let start = |earlier| Pair {
                    earlier,
                    joint: 0,
                    apart: 0,
                };
                let earlier = (0..).zip(&row[..first]);
                let compared = earlier.map(|(earlier, &other)| start(earlier).and(own, other));
                pairs.extend(compared.filter(may_agree));
            } else {
                pairs.retain_mut(|pair| {
                    *pair = pair.and(own, row[pair.earlier as usize]);
                    may_agree(pair)
                });
            }
        }
        let mut found = Agreement::default();
        for pair in pairs {
            self.judge(pair, &mut found);
        }
        found
    }
}

impl Pair {
    #[inline(always)]
    fn and(self, own: Word, other: Word) -> Self {
        let both = own.answered & other.answered;
        Self {
            earlier: self.earlier,
            joint: self.joint + both.count_ones(),
            apart: self.apart + (both & (own.chosen ^ other.chosen)).count_ones(),
        }
    }

    /// Those on whom the two differ, as they are or with one of them turned round.
    #[inline(always)]
    fn different(&self) -> u32 {
        self.apart.min(self.joint - self.apart)
    }
}

impl Earlier<'_> {
    #[inline(always)]
    fn judge(&self, pair: Pair, found: &mut Agreement) {
        if pair.joint < JOINT || f64::from(pair.different()) > NEAR * f64::from(pair.joint) {
            return;
        }
        let minority = self.minority(pair);
        if minority < MINORITY || f64::from(pair.different()) > NEAR_OF_MINORITY * f64::from(minority) {
            return;
        }
        let earlier = self.sample.owners[pair.earlier as usize];
        if pair.different() > 0 {
            if found.near.len() < NEIGHBOURS && found.near.last() != Some(&earlier) {
                found.near.push(earlier);
            }
        } else if found.last != Some(earlier) {
            found.n_exact += 1;
            found.first = found.first.or(Some(earlier));
            found.last = Some(earlier);
        }
    }

    /// The smaller side of the item that splits the respondents of a pair less evenly.
    #[inline(always)]
    fn minority(&self, pair: Pair) -> u32 {
        let (mut own, mut other) = (0, 0);
        let first = self.sample.first[self.at];
        for word in 0..self.sample.n_words {
            let row = self.sample.row(word);
            own += (row[first].chosen & row[pair.earlier as usize].answered).count_ones();
            other += (row[first].answered & row[pair.earlier as usize].chosen).count_ones();
        }
        own.min(pair.joint - own).min(other).min(pair.joint - other)
    }
}

/// What pairs that were compared in part may be and still agree, exactly or nearly, at the end. Four standard deviations are
/// beyond doubt.
pub(crate) struct Doubt {
    /// By the respondents who answered both: on so many of them the two may differ.
    most_different: Vec<u32>,
    /// By the words compared: so few may have answered both.
    fewest_joint: Vec<u32>,
}

impl Doubt {
    pub fn new(n_words: usize) -> Self {
        let most = |joint: usize| {
            let expected = NEAR * joint as f64;
            (expected + (4.0 * expected.sqrt()).max(1.0)) as u32
        };
        let fewest = |word: usize| {
            let expected = f64::from(JOINT) * (word + 1) as f64 / n_words as f64;
            (expected - 4.0 * expected.sqrt()).max(0.0) as u32
        };
        Self {
            most_different: (0..=64 * n_words).map(most).collect(),
            fewest_joint: (0..n_words).map(fewest).collect(),
        }
    }
}
