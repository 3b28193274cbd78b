//! Which items link the respondents: what their ideal points can be compared by.
//!
//! Two items are linked when somebody answered both, and groups of respondents can be compared when a chain of linked
//! items leads from those of one group to those of the other. Where the chain runs through a few widely shared items
//! alone (the contests on every ballot, among those of the counties), these are the *linking* items.

use crate::base::error::Result;
use crate::base::monitor::Monitor;
use crate::base::order::sort_numbers;
use crate::responses::batch::Batch;
use crate::responses::store::Responses;

/// Share of the responses, of all that are connected, below which the largest group of items no longer counts as the
/// whole.
const WHOLE: f64 = 0.9;

/// The linking items are a core among the others: they have at most this share of the responses.
const MOST_OF_RESPONSES: f64 = 0.6;

/// How the items are linked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Linkage {
    /// The group of each item, from 0 in falling order of responses: items of different groups are not linked at all.
    pub groups: Vec<u32>,
    /// The most widely shared items without which the others fall apart, in falling order of their numbers of responses;
    /// empty when there is no such core.
    pub linking: Vec<u32>,
}

impl Linkage {
    /// Finds the groups of all responses, and the linking items of those of a batch.
    ///
    /// # Errors
    /// [`crate::base::error::Error::Cancelled`] when the monitor says so.
    pub fn new(responses: &Responses, batch: &Batch, monitor: &dyn Monitor) -> Result<Self> {
        let totals = responses.item_totals();
        Ok(Self {
            groups: groups(responses, &totals, monitor)?,
            linking: linking(responses, &totals, batch),
        })
    }

    /// Number of groups.
    pub fn n_groups(&self) -> usize {
        self.groups.iter().max().map_or(0, |&g| g as usize + 1)
    }

    /// The number of respondents in every group; those without a response are in none.
    pub fn group_sizes(&self, responses: &Responses) -> Vec<usize> {
        let mut sizes = vec![0; self.n_groups()];
        let mut row = Vec::new();
        for respondent in 0..responses.n_respondents() {
            row.clear();
            responses.copy_row(respondent, &mut row);
            if let Some(&option) = row.first() {
                let item = responses.catalogue().item_of(option as usize);
                sizes[self.groups[item] as usize] += 1;
            }
        }
        sizes
    }
}

/// The connected groups of items.
fn groups(responses: &Responses, totals: &[u64], monitor: &dyn Monitor) -> Result<Vec<u32>> {
    let catalogue = responses.catalogue();
    let mut sets = Sets::new(totals);
    let mut row = Vec::new();
    for respondent in 0..responses.n_respondents() {
        monitor.proceed()?;
        row.clear();
        responses.copy_row(respondent, &mut row);
        for pair in row.windows(2) {
            sets.join(
                catalogue.item_of(pair[0] as usize),
                catalogue.item_of(pair[1] as usize),
            );
        }
    }
    let roots: Vec<usize> = (0..totals.len()).map(|item| sets.root(item)).collect();
    let mut order: Vec<usize> = (0..totals.len()).filter(|&item| roots[item] == item).collect();
    sort_numbers(&mut order, &|a, b| sets.mass[b].cmp(&sets.mass[a]));
    let mut number = vec![0; totals.len()];
    order
        .iter()
        .enumerate()
        .for_each(|(k, &root)| number[root] = k as u32);
    Ok(roots.into_iter().map(|root| number[root]).collect())
}

/// Adds the items from the rarest to the most shared one, each with its links to the rarer ones, and finds the last moment at
/// which the largest group is not the whole: the items still to be added are the linking ones.
fn linking(responses: &Responses, totals: &[u64], batch: &Batch) -> Vec<u32> {
    let catalogue = responses.catalogue();
    let mut order: Vec<usize> = (0..totals.len()).collect();
    sort_numbers(&mut order, &|a, b| totals[b].cmp(&totals[a]));
    let mut rank = vec![0u32; totals.len()];
    order
        .iter()
        .enumerate()
        .for_each(|(k, &item)| rank[item] = k as u32);

    // Among the items of a respondent that are left at any moment, the most shared one is linked to the next: that is enough
    // to connect them.
    let mut links: Vec<(u32, u32)> = Vec::new();
    let mut row: Vec<u32> = Vec::new();
    for position in 0..batch.n_respondents() {
        row.clear();
        let own = batch.responses_of(position).iter();
        row.extend(own.map(|r| rank[catalogue.item_of(r.option as usize)]));
        row.sort_unstable();
        links.extend(row.windows(2).map(|pair| (pair[0], pair[1])));
    }
    links.sort_unstable();
    links.dedup();

    let mass: Vec<u64> = order.iter().map(|&item| totals[item]).collect();
    let mut sets = Sets::new(&mass);
    let (mut largest, mut present) = (0u64, 0u64);
    let mut shares = vec![0.0; mass.len()];
    for item in (0..mass.len()).rev() {
        present += mass[item];
        while let Some(&(_, other)) = links.last().filter(|link| link.0 as usize == item) {
            links.pop();
            sets.join(item, other as usize);
        }
        let root = sets.root(item);
        largest = largest.max(sets.mass[root]);
        shares[item] = largest as f64 / present as f64;
    }
    let connected = shares.first().copied().unwrap_or(1.0);
    let n_linking = shares
        .iter()
        .position(|&share| share < WHOLE * connected)
        .unwrap_or(0);
    let of_linking: u64 = mass[..n_linking].iter().sum();
    if of_linking as f64 > MOST_OF_RESPONSES * present as f64 {
        return Vec::new();
    }
    order[..n_linking].iter().map(|&item| item as u32).collect()
}

/// Disjoint sets with their masses.
struct Sets {
    parent: Vec<usize>,
    mass: Vec<u64>,
}

impl Sets {
    fn new(mass: &[u64]) -> Self {
        Self {
            parent: (0..mass.len()).collect(),
            mass: mass.to_vec(),
        }
    }

    fn root(&mut self, mut element: usize) -> usize {
        while self.parent[element] != element {
            self.parent[element] = self.parent[self.parent[element]];
            element = self.parent[element];
        }
        element
    }

    fn join(&mut self, a: usize, b: usize) {
        let (a, b) = (self.root(a), self.root(b));
        if a != b {
            let (from, to) = if self.mass[a] < self.mass[b] {
                (a, b)
            } else {
                (b, a)
            };
            self.parent[from] = to;
            self.mass[to] += self.mass[from];
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::monitor::Silent;
    use crate::responses::item_kind::ItemKind;
    use crate::simulate::ballots::BallotDesign;
    use crate::simulate::ballots::ballots;
    use crate::simulate::simulation::SimulationDesign;
    use crate::simulate::simulation::simulate;

    fn linkage_of(design: &BallotDesign) -> Linkage {
        let responses = ballots(design, 1).expect("valid design").responses;
        let everybody: Vec<u32> = (0..design.n_voters as u32).collect();
        let everybody = Batch::new(&responses, &everybody);
        Linkage::new(&responses, &everybody, &Silent).expect("not cancelled")
    }

    #[test]
    fn the_contests_on_every_ballot_link_the_counties() {
        for uneven in [false, true] {
            for n_shared in [1, 2, 8] {
                let design = BallotDesign {
                    n_shared,
                    uneven,
                    ..BallotDesign::new(20_000, 300)
                };
                let linkage = linkage_of(&design);
                let mut linking = linkage.linking.clone();
                linking.sort_unstable();
                assert_eq!(linking, (0..n_shared as u32).collect::<Vec<_>>());
                assert_eq!(linkage.n_groups(), 1);
            }
        }
    }

    #[test]
    fn a_county_of_its_own_is_a_group() {
        let design = BallotDesign {
            isolated: true,
            ..BallotDesign::new(20_000, 300)
        };
        let linkage = linkage_of(&design);
        assert_eq!(linkage.n_groups(), 2);
        assert_eq!(linkage.linking.len(), 8);
        assert_eq!((linkage.groups[0], linkage.groups[299]), (0, 1));
    }

    #[test]
    fn responses_missing_at_random_have_no_core() {
        let design = SimulationDesign {
            n_respondents: 500,
            n_items: 60,
            n_dims: 1,
            n_options: 2,
            missing: 0.7,
            kind: ItemKind::Nominal,
        };
        let responses = simulate(&design, 1)
            .expect("valid")
            .to_responses()
            .expect("valid");
        let everybody: Vec<u32> = (0..500).collect();
        let everybody = Batch::new(&responses, &everybody);
        let linkage = Linkage::new(&responses, &everybody, &Silent).expect("not cancelled");
        assert_eq!(
            linkage,
            Linkage {
                groups: vec![0; 60],
                linking: vec![]
            }
        );
        let n_answering = responses.respondents_with_responses().len();
        assert_eq!(linkage.group_sizes(&responses), [n_answering]);
    }
}
