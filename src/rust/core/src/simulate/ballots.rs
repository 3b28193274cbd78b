//! Simulated cast vote records: a few contests on every ballot, the others by county and ballot style.

use crate::base::checks::at_least_one;
use crate::base::error::{Error, Result};
use crate::base::random::{Purpose, Stream};
use crate::model::design;
use crate::model::population::Population;
use crate::responses::catalogue::ItemCatalogue;
use crate::responses::item_kind::ItemKind;
use crate::responses::store::Responses;
use crate::simulate::choice::Chooser;
use rand::Rng;

/// Contests that are a county's own, about.
const CONTESTS_PER_COUNTY: usize = 40;

/// Ballot styles of a county.
const STYLES_PER_COUNTY: usize = 10;

/// The numbers of candidates that a contest may have.
const CANDIDATES: std::ops::RangeInclusive<u32> = 2..=6;

/// What to simulate.
#[derive(Clone, Copy, Debug)]
pub struct BallotDesign {
    /// Number of voters.
    pub n_voters: usize,
    /// Number of contests.
    pub n_contests: usize,
    /// Contests on every ballot; they come first.
    pub n_shared: usize,
    /// Number of latent dimensions.
    pub n_dims: usize,
    /// Contests on a ballot, the shared ones included.
    pub n_on_ballot: usize,
    /// Probability that a contest on the ballot is left out.
    pub undervotes: f64,
    /// Share of the voters who answer three contests of their ballot and no more.
    pub short: f64,
    /// True when the sizes of the counties fall with their number, the second half as large as the first and so on; else
    /// they are the same.
    pub uneven: bool,
    /// True when the voters of the last county see its own contests alone.
    pub isolated: bool,
}

impl BallotDesign {
    /// The design of the benchmarks: 8 shared contests, 25 on a ballot, 4 dimensions, 4 % undervotes.
    pub fn new(n_voters: usize, n_contests: usize) -> Self {
        Self {
            n_voters,
            n_contests,
            n_shared: 8,
            n_dims: 4,
            n_on_ballot: 25,
            undervotes: 0.04,
            short: 0.0,
            uneven: false,
            isolated: false,
        }
    }

    /// Number of counties.
    pub fn n_counties(&self) -> usize {
        ((self.n_contests - self.n_shared) as f64 / CONTESTS_PER_COUNTY as f64)
            .round()
            .max(1.0) as usize
    }

    /// The contests of a county.
    fn own(&self, county: usize) -> std::ops::Range<usize> {
        let place = |k: usize| self.n_shared + k * (self.n_contests - self.n_shared) / self.n_counties();
        place(county)..place(county + 1)
    }
}

/// Simulated ballots and the truth behind them.
#[derive(Debug)]
pub struct SimulatedBallots {
    /// The county of each voter.
    pub counties: Vec<u32>,
    /// Latent traits, `n_voters x n_dims`, row by row: standard normal.
    pub traits: Vec<f64>,
    /// One row per contest and candidate but the first: the discriminations, then the difficulty; standard normal.
    pub items: Vec<f32>,
    /// Voters and contests that they left out, in the order of the voters.
    pub undervotes: Vec<(u32, u32)>,
    /// The votes.
    pub responses: Responses<'static>,
}

/// Simulates ballots under the logit link. Voters are spread evenly over counties and ballot styles.
///
/// # Errors
/// [`Error::Setting`] when a part of the design is out of its range.
pub fn ballots(design: &BallotDesign, seed: u64) -> Result<SimulatedBallots> {
    BallotBox::new(design, seed)?.ballots(0..design.n_voters)
}

/// The contests, from which the ballots of any voters can be drawn: those of some voters at a time where all of them would fill
/// the memory.
#[derive(Debug)]
pub struct BallotBox {
    design: BallotDesign,
    seed: u64,
    catalogue: ItemCatalogue,
    items: Vec<f32>,
    styles: Vec<Vec<usize>>,
}

impl BallotBox {
    /// Draws the contests.
    ///
    /// # Errors
    /// As [`ballots`].
    pub fn new(design: &BallotDesign, seed: u64) -> Result<Self> {
        at_least_one("n_voters", design.n_voters)?;
        at_least_one("dims", design.n_dims)?;
        if design.n_contests < design.n_shared + design.n_on_ballot {
            return Err(Error::Setting {
                name: "n_contests",
                requirement: "at least the number of shared contests and of contests on a ballot",
                value: design.n_contests.to_string(),
            });
        }
        let mut stream = Stream::new(seed, Purpose::Simulation, 10, 0);
        let counts: Vec<u32> = (0..design.n_contests)
            .map(|_| stream.random_range(CANDIDATES))
            .collect();
        let catalogue = ItemCatalogue::new(&counts)?;
        let items: Vec<f32> = (0..catalogue.n_parameter_rows() * design::width(design.n_dims))
            .map(|_| stream.normal() as f32)
            .collect();
        let styles = (0..design.n_counties())
            .flat_map(|county| styles_of(design, county, seed))
            .collect();
        Ok(Self {
            design: *design,
            seed,
            catalogue,
            items,
            styles,
        })
    }

    /// The ballots of some voters, who are numbered from 0 in what is returned.
    ///
    /// # Errors
    /// As [`Responses::new`].
    pub fn ballots(&self, voters: std::ops::Range<usize>) -> Result<SimulatedBallots> {
        let design = &self.design;
        let mut counties = Vec::with_capacity(voters.len());
        let mut traits = Vec::with_capacity(voters.len() * design.n_dims);
        let mut undervotes = Vec::new();
        let mut offsets = vec![0u64];
        let mut options: Vec<u32> = Vec::with_capacity(voters.len() * design.n_on_ballot);
        for (position, voter) in voters.enumerate() {
            let mut stream = Stream::new(self.seed, Purpose::Simulation, 11, voter as u64);
            let county = self.draw_county(&mut stream);
            let style = county * STYLES_PER_COUNTY + stream.random_range(0..STYLES_PER_COUNTY);
            counties.push(county as u32);
            let start = traits.len();
            traits.extend(Population::standard(design.n_dims).draw(&mut stream));
            let mut chooser = Chooser::new(&traits[start..], design.undervotes);
            for &contest in self.draw_contests(style, &mut stream) {
                match self.draw_vote(contest, &mut chooser, &mut stream) {
                    Some(option) => options.push(option),
                    None => undervotes.push((position as u32, contest as u32)),
                }
            }
            offsets.push(options.len() as u64);
        }
        Ok(SimulatedBallots {
            counties,
            traits,
            items: self.items.clone(),
            undervotes,
            responses: Responses::new(self.catalogue.clone(), offsets, &options)?,
        })
    }

    /// The county of a voter.
    fn draw_county(&self, stream: &mut Stream) -> usize {
        let n_counties = self.design.n_counties();
        if self.design.uneven {
            // The k-th county has a share proportional to 1 / k, about.
            ((n_counties as f64 + 1.0).powf(stream.random::<f64>()) - 1.0) as usize
        } else {
            stream.random_range(0..n_counties)
        }
    }

    /// The contests of a ballot style that a voter looks at: all of them, or three in a row.
    fn draw_contests(&self, style: usize, stream: &mut Stream) -> &[usize] {
        let on_ballot = &self.styles[style];
        if stream.random::<f64>() < self.design.short {
            let first = stream.random_range(0..on_ballot.len() - 3);
            &on_ballot[first..first + 3]
        } else {
            on_ballot
        }
    }

    /// The option that a voter chooses; nothing where they leave the contest out.
    fn draw_vote(&self, contest: usize, voter: &mut Chooser, stream: &mut Stream) -> Option<u32> {
        let rows = self.catalogue.rows_of(contest);
        let width = design::width(self.design.n_dims);
        let own = self.items[rows.start * width..rows.end * width].iter();
        let own: Vec<f64> = own.map(|&x| f64::from(x)).collect();
        let first = self.catalogue.options_of(contest).start as u32;
        voter
            .choose(ItemKind::Nominal, &own, stream)
            .map(|chosen| first + chosen)
    }
}

/// The contests on each ballot style of a county. Every contest of the county is on some style: the styles deal out
/// shuffled decks of them.
fn styles_of(design: &BallotDesign, county: usize, seed: u64) -> Vec<Vec<usize>> {
    let mut stream = Stream::new(seed, Purpose::Simulation, 12, county as u64);
    let isolated = design.isolated && county + 1 == design.n_counties();
    let n_shared = if isolated { 0 } else { design.n_shared };
    let n_own = (design.n_on_ballot - n_shared).min(design.own(county).len());
    let mut deck: Vec<usize> = Vec::new();
    (0..STYLES_PER_COUNTY)
        .map(|_| {
            let mut style: Vec<usize> = (0..n_shared).collect();
            while style.len() < n_shared + n_own {
                if deck.is_empty() {
                    deck = design.own(county).collect();
                }
                let open: Vec<usize> = (0..deck.len()).filter(|&k| !style.contains(&deck[k])).collect();
                match open.get(stream.random_range(0..open.len().max(1))) {
                    Some(&k) => style.push(deck.swap_remove(k)),
                    None => deck = design.own(county).collect(),
                }
            }
            style.sort_unstable();
            style
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_contest_occurs_and_counties_share_the_first_ones_alone() {
        let design = BallotDesign::new(20_000, 200);
        let ballots = ballots(&design, 1).expect("valid design");
        assert_eq!(design.n_counties(), 5);
        assert!(ballots.responses.item_totals().iter().all(|&n| n > 0));
        let mean = ballots.responses.n_responses() as f64 / 20_000.0;
        assert!((mean - 24.0).abs() < 0.1, "{mean} responses");
        let mut row = Vec::new();
        for voter in 0..20_000 {
            row.clear();
            ballots.responses.copy_row(voter, &mut row);
            let county = ballots.counties[voter] as usize;
            for &option in &row {
                let contest = ballots.responses.catalogue().item_of(option as usize);
                assert!(contest < 8 || design.own(county).contains(&contest));
            }
        }
    }

    #[test]
    fn a_part_of_the_voters_is_that_part_of_all() {
        let design = BallotDesign::new(300, 100);
        let all = ballots(&design, 1).expect("valid design");
        let part = BallotBox::new(&design, 1)
            .expect("valid design")
            .ballots(200..300);
        let part = part.expect("valid responses");
        assert_eq!(part.counties, all.counties[200..]);
        assert_eq!(part.traits, all.traits[200 * design.n_dims..]);
        assert_eq!(part.items, all.items);
        let (mut own, mut same) = (Vec::new(), Vec::new());
        (0..100).for_each(|voter| part.responses.copy_row(voter, &mut own));
        (200..300).for_each(|voter| all.responses.copy_row(voter, &mut same));
        assert_eq!(own, same);
        let undervotes = all.undervotes.iter().filter(|(voter, _)| *voter >= 200);
        let undervotes: Vec<(u32, u32)> = undervotes
            .map(|&(voter, contest)| (voter - 200, contest))
            .collect();
        assert_eq!(part.undervotes, undervotes);
    }

    #[test]
    fn a_ballot_needs_contests() {
        assert!(ballots(&BallotDesign::new(10, 20), 1).is_err());
    }
}
