//! Writes simulated cast vote records for the benchmarks:
//! `ballots <folder> <voters> <contests> [shared contests] [uneven] [hard]`.
//!
//! The folder gets `votes.parquet` (state, county_name, cvr_id, race, candidate; one row per contest on a ballot, undervotes
//! included) and `truth.bin`, little-endian doubles: the number of voters, of dimensions, and of voters who were scored with the
//! true item parameters; the traits of all voters; and the posterior means of the scored ones, the first, which say what
//! R^2 known item parameters allow. `uneven` lets the sizes of the counties fall, `hard` lets 5 % of the voters answer 3 contests and
//! one county see its own contests alone.

use std::error::Error;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::ops::Range;
use std::path::Path;
use vae_irt_core::{
    AffineMap, Backend, BallotBox, BallotDesign, Codec, Encoder, Link, Model, ModelShape, ParquetWriter,
    Scoring, Silent, SimulatedBallots, Table, WrittenColumn, design, score, starting_network,
};

const SEED: u64 = 1;
/// Voters who are scored with the true item parameters.
const SCORED: usize = 50_000;
/// Voters whose ballots are in memory at once.
const PART: usize = 500_000;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let number = |at: usize| arguments.get(at).and_then(|text| text.parse::<usize>().ok());
    let (Some(folder), Some(n_voters), Some(n_contests)) = (arguments.first(), number(1), number(2)) else {
        return Err("usage: ballots <folder> <voters> <contests> [shared contests] [uneven] [hard]".into());
    };
    let asked = |word: &str| arguments.iter().any(|argument| argument == word);
    let mut design = BallotDesign::new(n_voters, n_contests);
    design.n_shared = number(3).unwrap_or(design.n_shared);
    design.uneven = asked("uneven");
    design.isolated = asked("hard");
    design.short = if asked("hard") { 0.05 } else { 0.0 };
    let ballot_box = BallotBox::new(&design, SEED)?;
    std::fs::create_dir_all(folder)?;
    let mut truth = BufWriter::new(File::create(Path::new(folder).join("truth.bin"))?);
    let n_scored = design.n_voters.min(SCORED);
    write_numbers(
        &mut truth,
        [design.n_voters, design.n_dims, n_scored]
            .map(|n| n as f64)
            .iter(),
    )?;
    let path = Path::new(folder).join("votes.parquet");
    let mut votes = None;
    let mut known = Vec::new();
    for start in (0..design.n_voters).step_by(PART) {
        let part = ballot_box.ballots(start..(start + PART).min(design.n_voters))?;
        write_numbers(&mut truth, part.traits.iter())?;
        if start == 0 {
            known = score_first(&part, &design, n_scored)?;
        }
        votes = Some(write_votes(&part, &design, start, votes, &path)?);
    }
    if let Some(votes) = votes {
        votes.finish()?;
    }
    write_numbers(&mut truth, known.iter())?;
    Ok(truth.flush()?)
}

fn write_numbers<'a>(file: &mut impl Write, numbers: impl Iterator<Item = &'a f64>) -> std::io::Result<()> {
    for number in numbers {
        file.write_all(&number.to_le_bytes())?;
    }
    Ok(())
}

/// Writes the ballots of some consecutive voters, and begins the file with the first of them.
fn write_votes(
    ballots: &SimulatedBallots,
    design: &BallotDesign,
    first_voter: usize,
    writer: Option<ParquetWriter>,
    path: &Path,
) -> Result<ParquetWriter, Box<dyn Error>> {
    let catalogue = ballots.responses.catalogue();
    let n_voters = ballots.counties.len();
    let most_candidates = catalogue.option_counts().iter().max().map_or(0, |&n| n as i32);
    let undervote = most_candidates + 1;
    let (mut voters, mut counties, mut races, mut candidates) = (vec![], vec![], vec![], vec![]);
    let mut undervotes = ballots.undervotes.iter().peekable();
    let mut row = Vec::new();
    for voter in 0..n_voters {
        row.clear();
        ballots.responses.copy_row(voter, &mut row);
        for &option in &row {
            races.push(catalogue.item_of(option as usize) as i32 + 1);
            candidates.push(catalogue.response(option as usize).chosen as i32 + 1);
        }
        while let Some((_, contest)) = undervotes.next_if(|(left_out_by, _)| *left_out_by as usize == voter) {
            races.push(*contest as i32 + 1);
            candidates.push(undervote);
        }
        voters.resize(races.len(), voter as i32 + 1);
        counties.resize(races.len(), ballots.counties[voter] as i32 + 1);
    }
    let names = |what: &str, numbers: Range<usize>| -> Vec<String> {
        numbers.map(|k| format!("{what} {}", k + 1)).collect()
    };
    let states = vec![1; races.len()];
    let mut candidate_names = names("Candidate", 0..most_candidates as usize);
    candidate_names.push("undervote".into());
    let labelled = [
        ("state", &states, names("State", 0..1)),
        ("county_name", &counties, names("County", 0..design.n_counties())),
        (
            "cvr_id",
            &voters,
            names("cvr", first_voter..first_voter + n_voters),
        ),
        ("race", &races, names("Contest", 0..catalogue.n_items())),
        ("candidate", &candidates, candidate_names),
    ];
    let columns: Vec<(String, WrittenColumn)> = labelled
        .iter()
        .map(|(name, codes, names)| {
            let labels = names.iter().map(String::as_str).collect();
            (name.to_string(), WrittenColumn::Texts { codes, labels })
        })
        .collect();
    let mut writer = match writer {
        Some(writer) => writer,
        None => ParquetWriter::new(path, &columns, Codec::Snappy)?,
    };
    writer.append(&columns)?;
    Ok(writer)
}

/// The posterior means of the first voters, given the true item parameters.
fn score_first(
    ballots: &SimulatedBallots,
    design: &BallotDesign,
    n_scored: usize,
) -> Result<Vec<f64>, Box<dyn Error>> {
    let shape = ModelShape {
        n_dims: design.n_dims,
        hidden: design.n_dims,
        link: Link::Logit,
        catalogue: ballots.responses.catalogue().clone(),
    };
    // The network only says where the search for the modes starts.
    let embeddings = vec![0.0; shape.catalogue.n_options() * shape.hidden];
    let model = Model {
        encoder: Encoder {
            embeddings: Table::new(shape.hidden, embeddings),
            network: starting_network(&shape, 0.0, 0.0, SEED)?,
        },
        items: Table::new(design::width(design.n_dims), ballots.items.clone()),
        map: AffineMap::identity(design.n_dims),
        distribution: None,
        estimated_prior: None,
        item_errors: None,
        shape,
    };
    let scored: Vec<u32> = (0..n_scored as u32).collect();
    let threads = std::thread::available_parallelism()?.get();
    let scoring = Scoring {
        refine: true,
        draws: 512,
        seed: SEED,
        backend: Backend::Kernels,
    };
    let moments = score(&model, &ballots.responses, &scored, &scoring, threads, &Silent)?.moments;
    Ok(moments.means)
}
