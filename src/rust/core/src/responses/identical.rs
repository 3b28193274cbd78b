//! Items that are one and the same question twice.
//!
//! Two items are *identical* when everybody who answered both chose alike, up to the names and the order of the options
//! (an item and its complement), which is evidence where many did and where they did not all choose the same. In polarised
//! chambers it is not: votes along the lines of the parties agree by chance, as the tail of many that nearly agree. A
//! column that was entered twice has no such neighbours. See [`chance`].
//!
//! All pairs are compared on a sample of the respondents, by two bits a response: was the item answered, and was the item's
//! most frequent option chosen. It may be any of the frequent options of the other, whose order and frequencies tell
//! nothing where several are chosen equally often or one item was asked of fewer respondents. What passes there is compared
//! option by option for everybody.

use crate::base::error::Result;
use crate::base::monitor::Monitor;
use crate::base::threads::{on_threads, try_map};
use crate::responses::agreement::{Agreement, Doubt, Earlier};
use crate::responses::evidence::confirm;
use crate::responses::sample::Sample;
use crate::responses::store::Responses;

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
    let doubt = Doubt::new(sample.n_words);
    let arch = pulp::Arch::new();
    let compare = |at: usize| -> Result<Agreement> {
        monitor.proceed()?;
        Ok(arch.dispatch(Earlier {
            sample: &sample,
            doubt: &doubt,
            at,
        }))
    };
    let few = sample.items.len() * sample.owners.len() * sample.n_words < 1 << 18;
    let found = on_threads(if few { 1 } else { threads }, || {
        try_map(0..sample.items.len(), compare)
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::error::Error;
    use crate::base::monitor::{Impatient, Silent};
    use crate::base::random::{Purpose, Stream};
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
    fn comparing_can_be_cancelled() {
        let responses = stored(&random(100, 3, 2), 2);
        let cancelled = identical_items(&responses, 1, &Impatient);
        assert!(matches!(cancelled, Err(Error::Cancelled)));
        assert_eq!(found(&random(100, 1, 2), 2), []);
    }
}
