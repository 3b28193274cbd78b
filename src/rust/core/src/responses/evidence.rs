//! What makes of two items one question: everybody who answered both chose alike, and that is more than chance.

use crate::base::error::Result;
use crate::base::monitor::Monitor;
use crate::responses::store::Responses;

/// Respondents who answered both items, at least.
pub(crate) const JOINT: u32 = 50;

/// Those of them beside the ones with the item's most frequent option, at least.
pub(crate) const MINORITY: u32 = 10;

/// No option yet, and more than one.
const NONE: u32 = u32::MAX;

/// The pairs between whose options everybody's responses are a one-to-one map, with enough respondents and enough of them
/// in the minority.
pub(crate) fn confirm(
    responses: &Responses,
    pairs: &[(u32, u32)],
    monitor: &dyn Monitor,
) -> Result<Vec<(u32, u32)>> {
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
