//! Items that are one and the same question twice.
//!
//! Two items are *identical* when everybody who answered both chose alike, up to the names and the order of the options
//! (an item and its complement), which is evidence where many did and where they did not all choose the same. In polarised
//! chambers it is not: votes along the lines of the parties agree by chance, as the tail of many that nearly agree. A
//! column that was entered twice has no such neighbours. See [`chance`].
//!
//! All pairs are compared on a sample of the respondents, by two bits a response: was the item answered, and was the item's
//! most frequent option chosen. It may be any of the frequent options of the other, whose order and frequencies tell
//! nothing where several are chosen equally often or one item was asked of fewer respondents: each of them is a *column*.
//! What passes there is compared option by option for everybody.

use crate::base::error::Result;
use crate::base::monitor::Monitor;
use crate::base::threads::pool;
use crate::responses::store::Responses;
use pulp::NullaryFnOnce;
use rayon::prelude::*;

/// Respondents who answered both items, at least.
const JOINT: u32 = 50;

/// Those of them beside the ones with the item's most frequent option, at least.
const MINORITY: u32 = 10;

/// Pairs nearly agree up to this share of disagreement among those who answered both...
const NEAR: f64 = 0.05;

/// ... and up to this share of the minority: otherwise all rare options would nearly agree.
const NEAR_OF_MINORITY: f64 = 0.5;

/// So many neighbours of an item are remembered.
const NEIGHBOURS: usize = 16;

/// Columns of an item at most. Those of one with two options are complements, so that one is enough.
const COLUMNS: usize = 8;

/// Words of 64 respondents that are compared, and the items with so many; more items or columns have fewer words, so that
/// the time is bounded.
const WORDS: usize = 64;

const ITEMS: usize = 5_000;

/// Nothing is compared where there are more items.
const MOST_ITEMS: usize = 20_000;

/// Pairs for each repeated item from which on agreement is how the respondents vote: nobody enters a column so often.
const PAIRS: u64 = 6;

/// Share of repeated items from which on it is that as well.
const REPEATED: f64 = 2.0 / 3.0;

/// The items that are identical to an earlier one, each with the first such item; none where agreement is by chance.
///
/// # Errors
/// [`crate::base::error::Error::Threads`] when the threads cannot be started; [`crate::base::error::Error::Cancelled`] when the monitor says so.
pub fn identical_items(
    responses: &Responses,
    threads: usize,
    monitor: &dyn Monitor,
) -> Result<Vec<(u32, u32)>> {
    let n_items = responses.catalogue().n_items();
    if !(2..=MOST_ITEMS).contains(&n_items) {
        return Ok(Vec::new());
    }
    let sample = Sample::new(responses, monitor)?;
    let arch = pulp::Arch::new();
    let compare = |at: usize| -> Result<Agreement> {
        monitor.proceed()?;
        Ok(arch.dispatch(Earlier { sample: &sample, at }))
    };
    let few = sample.items.len() * sample.owners.len() * sample.n_words < 1 << 18;
    let found: Vec<Agreement> = pool(if few { 1 } else { threads })?.install(|| {
        let each = (0..sample.items.len()).into_par_iter();
        each.map(compare).collect::<Result<_>>()
    })?;
    if chance(&found, n_items) {
        return Ok(Vec::new());
    }
    let pairs = found.iter().zip(&sample.items);
    let pairs: Vec<(u32, u32)> = pairs
        .filter_map(|(found, &item)| found.first.map(|first| (item, sample.items[first])))
        .collect();
    confirm(responses, &pairs, monitor)
}

/// How an item agrees with those before it.
#[derive(Clone, Debug, Default)]
struct Agreement {
    /// How many of them it repeats, and the places of the first and the last.
    n_exact: u64,
    first: Option<usize>,
    last: Option<usize>,
    /// The places of some that nearly agree with it.
    near: Vec<usize>,
}

/// Is exact agreement what a few of many similar items come to? So it is where the items that repeat none agree nearly as
/// often as others repeat one, where a pattern recurs too often to be a column that was entered again, and where most items
/// repeat another one.
fn chance(found: &[Agreement], n_items: usize) -> bool {
    let repeats = |agreement: &&Agreement| agreement.first.is_some();
    let n_repeated = found.iter().filter(repeats).count();
    let n_exact: u64 = found.iter().map(|agreement| agreement.n_exact).sum();
    let others = found.iter().filter(|agreement| !repeats(agreement));
    let near = others.flat_map(|agreement| &agreement.near);
    let n_near = near.filter(|&&earlier| found[earlier].first.is_none()).count();
    n_near >= n_repeated
        || n_exact >= PAIRS * n_repeated as u64
        || n_repeated as f64 > REPEATED * n_items as f64
}

/// 64 respondents' responses to an item.
#[derive(Clone, Copy, Default)]
struct Word {
    answered: u64,
    /// Who chose the option of the column.
    frequent: u64,
}

/// The frequent options of all items.
struct Columns {
    /// The column of each option, or [`NONE`].
    of_option: Vec<u32>,
    /// Where those of each item begin, the most frequent option (the first of equals) before the others, and the end.
    starts: Vec<usize>,
}

impl Columns {
    /// Options that are chosen half as often as the most frequent one.
    fn new(responses: &Responses) -> Self {
        let (catalogue, totals) = (responses.catalogue(), responses.option_totals());
        let mut of_option = vec![NONE; catalogue.n_options()];
        let mut starts = vec![0];
        let mut n_columns = 0;
        for item in 0..catalogue.n_items() {
            let mut chosen: Vec<usize> = catalogue
                .options_of(item)
                .filter(|&option| totals[option] > 0)
                .collect();
            chosen.sort_by_key(|&option| std::cmp::Reverse(totals[option]));
            let most = chosen.first().map_or(0, |&option| totals[option]);
            let n_own = if chosen.len() > 2 { COLUMNS } else { 1 };
            chosen.retain(|&option| totals[option] >= most / 2);
            for &option in chosen.iter().take(n_own) {
                of_option[option] = n_columns as u32;
                n_columns += 1;
            }
            starts.push(n_columns);
        }
        Self { of_option, starts }
    }

    fn len(&self) -> usize {
        self.starts[self.starts.len() - 1]
    }
}

/// Responses of some respondents to the items that enough of them answered.
struct Sample {
    items: Vec<u32>,
    /// The first column of each item, that of its most frequent option.
    first: Vec<usize>,
    /// The place of the item of each column.
    owners: Vec<usize>,
    n_words: usize,
    /// Word by word, the columns in their order.
    words: Vec<Word>,
    doubt: Doubt,
}

/// What pairs that were compared in part may be and still agree, exactly or nearly, at the end. Four standard deviations are
/// beyond doubt.
struct Doubt {
    /// By the respondents who answered both: on so many of them the two may differ.
    most_different: Vec<u32>,
    /// By the words compared: so few may have answered both.
    fewest_joint: Vec<u32>,
}

impl Doubt {
    fn new(n_words: usize) -> Self {
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

impl Sample {
    /// Takes respondents spread evenly over those with responses.
    fn new(responses: &Responses, monitor: &dyn Monitor) -> Result<Self> {
        let catalogue = responses.catalogue();
        let n_items = catalogue.n_items();
        let respondents = responses.respondents_with_responses();
        let columns = Columns::new(responses);
        let n_words = words_for(n_items, columns.len()).min(respondents.len().div_ceil(64));
        let n_taken = respondents.len().min(64 * n_words);
        let mut all = vec![Word::default(); columns.len() * n_words];
        let mut row = Vec::new();
        for k in 0..n_taken {
            monitor.proceed()?;
            row.clear();
            let place = k * respondents.len() / n_taken;
            responses.copy_row(respondents[place] as usize, &mut row);
            // Neighbours, who may be of one party, go to different words: each word is a sample of its own.
            let (word, bit) = (k % n_words, 1u64 << (k / n_words));
            let to = &mut all[word * columns.len()..(word + 1) * columns.len()];
            for &option in &row {
                let item = catalogue.item_of(option as usize);
                for word in &mut to[columns.starts[item]..columns.starts[item + 1]] {
                    word.answered |= bit;
                }
                if columns.of_option[option as usize] != NONE {
                    to[columns.of_option[option as usize] as usize].frequent |= bit;
                }
            }
        }
        Ok(Self::of_answered(&all, &columns, n_words))
    }

    /// Leaves out items that no pair can be made of, and the columns of few.
    fn of_answered(all: &[Word], columns: &Columns, n_words: usize) -> Self {
        let total = |column: usize, count: fn(&Word) -> u32| -> u32 {
            (0..n_words)
                .map(|word| count(&all[word * columns.len() + column]))
                .sum()
        };
        let can_match = |&column: &usize| {
            let n_answered = total(column, |word| word.answered.count_ones());
            let n_frequent = total(column, |word| word.frequent.count_ones());
            n_answered >= JOINT && n_frequent >= MINORITY && n_answered - n_frequent >= MINORITY
        };
        let (mut items, mut first, mut owners, mut kept) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        for (item, ends) in (0..).zip(columns.starts.windows(2)) {
            let own: Vec<usize> = (ends[0]..ends[1]).filter(can_match).collect();
            if own.first() == Some(&ends[0]) {
                owners.extend(own.iter().map(|_| items.len()));
                first.push(kept.len());
                items.push(item);
                kept.extend(own);
            }
        }
        let words =
            (0..n_words).flat_map(|word| kept.iter().map(move |&column| all[word * columns.len() + column]));
        Self {
            words: words.collect(),
            items,
            first,
            owners,
            n_words,
            doubt: Doubt::new(n_words),
        }
    }

    /// The words at a place of the columns.
    #[inline(always)]
    fn row(&self, word: usize) -> &[Word] {
        &self.words[word * self.owners.len()..(word + 1) * self.owners.len()]
    }
}

fn words_for(n_items: usize, n_columns: usize) -> usize {
    let share = (ITEMS as f64 / n_items as f64).min(1.0) * (ITEMS as f64 / n_columns as f64).min(1.0);
    ((WORDS as f64 * share) as usize).max(1)
}

/// Compares an item of the sample with those before it. The code is compiled for the processors that pulp tells apart.
struct Earlier<'a> {
    sample: &'a Sample,
    at: usize,
}

/// A pair of the item with a column of an earlier one, as far as it was compared.
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
        let (doubt, first) = (&self.sample.doubt, self.sample.first[self.at]);
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
            apart: self.apart + (both & (own.frequent ^ other.frequent)).count_ones(),
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
            own += (row[first].frequent & row[pair.earlier as usize].answered).count_ones();
            other += (row[first].answered & row[pair.earlier as usize].frequent).count_ones();
        }
        own.min(pair.joint - own).min(other).min(pair.joint - other)
    }
}

/// No option yet, and more than one.
const NONE: u32 = u32::MAX;

/// The pairs between whose options everybody's responses are a one-to-one map, with enough respondents and enough of them
/// in the minority.
fn confirm(responses: &Responses, pairs: &[(u32, u32)], monitor: &dyn Monitor) -> Result<Vec<(u32, u32)>> {
    if pairs.is_empty() {
        return Ok(Vec::new());
    }
    let catalogue = responses.catalogue();
    // A repeated item has one pair, so that its options hold what is known of it.
    let mut first_of = vec![NONE; catalogue.n_items()];
    pairs
        .iter()
        .for_each(|&(item, first)| first_of[item as usize] = first);
    let mut there = vec![NONE; catalogue.n_options()];
    let mut joint = vec![0u64; catalogue.n_options()];
    let mut one_to_one = vec![true; catalogue.n_items()];
    // The option that the respondent chose on each item, and who that was.
    let mut chosen = vec![(NONE, NONE); catalogue.n_items()];
    let mut row = Vec::new();
    for respondent in 0..responses.n_respondents() as u32 {
        monitor.proceed()?;
        row.clear();
        responses.copy_row(respondent as usize, &mut row);
        for &option in &row {
            let item = catalogue.item_of(option as usize);
            chosen[item] = (respondent, option);
            // The first item of a pair has the smaller number, so that it is known by now.
            let first = first_of[item];
            if first == NONE || chosen[first as usize].0 != respondent {
                continue;
            }
            let other = chosen[first as usize].1;
            let known = &mut there[option as usize];
            one_to_one[item] &= *known == NONE || *known == other;
            *known = other;
            joint[option as usize] += 1;
        }
    }
    let holds = |&&(item, _): &&(u32, u32)| {
        let options = catalogue.options_of(item as usize);
        one_to_one[item as usize] && is_evidence(&there[options.clone()], &joint[options])
    };
    Ok(pairs.iter().filter(holds).copied().collect())
}

/// Do the options of an item lead to different options of the other, and is that more than chance? `joint`: how often they
/// were chosen by those who answered both.
fn is_evidence(there: &[u32], joint: &[u64]) -> bool {
    let mut others: Vec<u32> = there.iter().copied().filter(|&other| other != NONE).collect();
    let n_options = others.len();
    others.sort_unstable();
    others.dedup();
    let total: u64 = joint.iter().sum();
    let most = joint.iter().copied().max().unwrap_or(0);
    others.len() == n_options && total >= u64::from(JOINT) && total - most >= u64::from(MINORITY)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::error::Error;
    use crate::base::monitor::Impatient;
    use crate::base::monitor::Silent;
    use crate::base::random::Purpose;
    use crate::base::random::Stream;
    use crate::responses::catalogue::ItemCatalogue;
    use rand::Rng;

    /// Responses of a table by item, with `n_options` each; `None` is missing.
    fn stored(items: &[Vec<Option<u32>>], n_options: u32) -> Responses<'static> {
        let catalogue = ItemCatalogue::new(&vec![n_options; items.len()]).expect("valid catalogue");
        let (mut offsets, mut options) = (vec![0], Vec::new());
        for respondent in 0..items[0].len() {
            let row = items
                .iter()
                .zip(0..)
                .filter_map(|(item, j)| Some(j * n_options + item[respondent]?));
            options.extend(row);
            offsets.push(options.len() as u64);
        }
        Responses::new(catalogue, offsets, &options).expect("valid responses")
    }

    fn found(items: &[Vec<Option<u32>>], n_options: u32) -> Vec<(u32, u32)> {
        let responses = stored(items, n_options);
        let one = identical_items(&responses, 1, &Silent).expect("compared");
        assert_eq!(one, identical_items(&responses, 3, &Silent).expect("compared"));
        one
    }

    /// Random answers, one in ten of which is missing.
    fn random(n: usize, n_items: usize, n_options: u32) -> Vec<Vec<Option<u32>>> {
        let mut stream = Stream::new(7, Purpose::Simulation, 0, 0);
        let mut answer = |_| {
            let (which, missing) = (stream.random::<f64>(), stream.random::<f64>());
            (missing > 0.1).then_some((which * f64::from(n_options)) as u32)
        };
        (0..n_items).map(|_| (0..n).map(&mut answer).collect()).collect()
    }

    fn mapped(item: &[Option<u32>], to: &[u32]) -> Vec<Option<u32>> {
        item.iter().map(|x| x.map(|x| to[x as usize])).collect()
    }

    #[test]
    fn copies_and_complements_are_found() {
        let mut items = random(200, 10, 2);
        assert_eq!(found(&items, 2), []);
        items.push(items[3].clone());
        items.push(mapped(&items[5], &[1, 0]));
        items.push(items[3].clone());
        assert_eq!(found(&items, 2), [(10, 3), (11, 5), (12, 3)]);
        // Who answered one of them is no evidence.
        items[11][..40].fill(None);
        assert_eq!(found(&items, 2), [(10, 3), (11, 5), (12, 3)]);
        items[10][0] = items[3][0].map_or(Some(1), |x| Some(1 - x));
        items[10][1] = items[3][1].map_or(Some(1), |x| Some(1 - x));
        assert_eq!(found(&items, 2), [(11, 5), (12, 3)]);
    }

    #[test]
    fn options_may_have_other_numbers() {
        let mut items = random(400, 6, 4);
        items.push(mapped(&items[2], &[3, 0, 2, 1]));
        // Two options of the other are one here.
        items.push(mapped(&items[4], &[0, 1, 2, 2]));
        assert_eq!(found(&items, 4), [(6, 2)]);
    }

    #[test]
    fn reversed_and_permuted_codings_are_found() {
        for n_options in 3..8 {
            let mut items = random(840, 12, n_options);
            assert_eq!(found(&items, n_options), []);
            // Each option is chosen equally often, so that none is the most frequent.
            items.insert(0, (0..840).map(|i| Some(i % n_options)).collect());
            let reversed: Vec<u32> = (0..n_options).rev().collect();
            let turned: Vec<u32> = (0..n_options).map(|x| (x + 1) % n_options).collect();
            items.push(mapped(&items[0], &reversed));
            items.push(mapped(&items[5], &turned));
            items.push(mapped(&items[2], &reversed));
            // Many of those who chose one of the options were not asked again.
            for answer in items[15].iter_mut().step_by(2) {
                *answer = answer.filter(|&x| x != 0);
            }
            assert_eq!(found(&items, n_options), [(13, 0), (14, 5), (15, 2)]);
            items[13][0] = items[13][1];
            assert_eq!(found(&items, n_options), [(14, 5), (15, 2)]);
        }
    }

    #[test]
    fn few_respondents_and_small_minorities_are_no_evidence() {
        let doubled = |n: usize, every: usize| {
            let item: Vec<_> = (0..n).map(|i| Some(u32::from(i.is_multiple_of(every)))).collect();
            found(&[item.clone(), item], 2)
        };
        assert_eq!(doubled(9, 2), []);
        assert_eq!(doubled(49, 2), []);
        assert_eq!(doubled(50, 5), [(1, 0)]);
        assert_eq!(doubled(180, 20), []);
        assert_eq!(doubled(181, 20), [(1, 0)]);
    }

    #[test]
    fn agreement_by_chance_is_no_evidence() {
        // Two parties, from each of which up to four members defect on every vote: some votes agree exactly.
        let mut stream = Stream::new(3, Purpose::Simulation, 0, 0);
        let vote = |stream: &mut Stream| {
            let defectors: Vec<usize> = (0..(stream.random::<f64>() * 5.0) as usize)
                .map(|_| (stream.random::<f64>() * 300.0) as usize)
                .collect();
            (0..300)
                .map(|i| Some(u32::from((i < 160) != defectors.contains(&i))))
                .collect()
        };
        let items: Vec<Vec<Option<u32>>> = (0..60).map(|_| vote(&mut stream)).collect();
        assert_eq!(found(&items, 2), []);
        // Perfect discipline: a few patterns recur throughout.
        let patterns = random(100, 4, 2);
        let items: Vec<_> = (0..60).map(|j| patterns[j % 4].clone()).collect();
        assert_eq!(found(&items, 2), []);
        let mut items: Vec<_> = (0..30).map(|_| patterns[0].clone()).collect();
        items.extend(random(100, 60, 2));
        assert_eq!(found(&items, 2), []);
    }

    #[test]
    fn everybody_confirms_what_the_sample_says() {
        let mut items = random(10_000, 4, 2);
        items.push(items[1].clone());
        items.push(items[2].clone());
        let sampled = |i: usize| (0..4_096).any(|k| k * 10_000 / 4_096 == i);
        let odd = (0..10_000)
            .find(|&i| !sampled(i) && items[1][i].is_some())
            .expect("somebody");
        items[4][odd] = items[1][odd].map(|x| 1 - x);
        assert_eq!(found(&items, 2), [(5, 2)]);
    }

    #[test]
    fn the_work_is_bounded_and_can_be_cancelled() {
        assert_eq!(
            [1, 5_000, 10_000, 20_000].map(|n| words_for(n, n)),
            [64, 64, 16, 4]
        );
        assert_eq!(
            [100, 1_000, 5_000, 20_000].map(|n| words_for(n, 8 * n)),
            [64, 40, 8, 1]
        );
        let responses = stored(&random(100, 3, 2), 2);
        let cancelled = identical_items(&responses, 1, &Impatient);
        assert!(matches!(cancelled, Err(Error::Cancelled)));
        assert_eq!(found(&random(100, 1, 2), 2), []);
    }
}
