//! Writes simulated cast vote records for the benchmarks:
//! `ballots <folder> <voters> <contests> [shared contests] [uneven] [hard]`.
//!
//! The folder gets `votes.parquet` (state, county_name, cvr_id, race, candidate; one row per contest on a ballot, undervotes
//! included) and `truth.bin`, little-endian doubles: the number of voters, of dimensions, and of voters who were scored with the
//! true item parameters; the traits of all voters; and the posterior means of the scored ones, the first, which say what
//! R^2 known item parameters allow. `uneven` lets the sizes of the counties fall, `hard` lets 5 % of the voters answer 3 contests and
//! one county see its own contests alone.

use std::error::Error;
use std::io::Write;
use std::path::Path;
use vae_irt_core::identify::AffineMap;
use vae_irt_core::ingest::{Codec, WrittenColumn, write_parquet};
use vae_irt_core::kernels::Table;
use vae_irt_core::posterior::{Scoring, score};
use vae_irt_core::simulate::{BallotDesign, Ballots, ballots};
use vae_irt_core::train::Silent;
use vae_irt_core::{Encoder, Link, Model, ModelShape, Network};

const SEED: u64 = 1;
/// Voters who are scored with the true item parameters.
const SCORED: usize = 50_000;

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
    let simulated = ballots(&design, SEED)?;
    std::fs::create_dir_all(folder)?;
    write_votes(&simulated, &Path::new(folder).join("votes.parquet"))?;
    write_truth(&simulated, &design, &Path::new(folder).join("truth.bin"))?;
    Ok(())
}

fn write_votes(ballots: &Ballots, path: &Path) -> Result<(), Box<dyn Error>> {
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
    let names = |what: &str, n: usize| -> Vec<String> { (1..=n).map(|k| format!("{what} {k}")).collect() };
    let n_counties = counties.iter().max().map_or(0, |&n| n as usize);
    let states = vec![1; races.len()];
    let mut candidate_names = names("Candidate", most_candidates as usize);
    candidate_names.push("undervote".into());
    let labelled = [
        ("state", &states, names("State", 1)),
        ("county_name", &counties, names("County", n_counties)),
        ("cvr_id", &voters, names("cvr", n_voters)),
        ("race", &races, names("Contest", catalogue.n_items())),
        ("candidate", &candidates, candidate_names),
    ];
    let columns: Vec<(String, WrittenColumn)> = labelled
        .iter()
        .map(|(name, codes, names)| {
            let labels = names.iter().map(String::as_str).collect();
            (name.to_string(), WrittenColumn::Texts { codes, labels })
        })
        .collect();
    Ok(write_parquet(path, &columns, Codec::Snappy)?)
}

fn write_truth(ballots: &Ballots, design: &BallotDesign, path: &Path) -> Result<(), Box<dyn Error>> {
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
            network: Network::start(&shape, 0.0, 0.0, SEED)?,
        },
        items: Table::new(design.n_dims + 1, ballots.items.clone()),
        map: AffineMap::identity(design.n_dims),
        shape,
    };
    let n_scored = design.n_voters.min(SCORED);
    let scored: Vec<u32> = (0..n_scored as u32).collect();
    let threads = std::thread::available_parallelism()?.get();
    let scoring = Scoring {
        refine: true,
        draws: 512,
        seed: SEED,
    };
    let moments = score(&model, &ballots.responses, &scored, &scoring, threads, &Silent)?;
    let sizes = [design.n_voters as f64, design.n_dims as f64, n_scored as f64];
    let mut file = std::io::BufWriter::new(std::fs::File::create(path)?);
    for value in sizes.iter().chain(&ballots.traits).chain(&moments.means) {
        file.write_all(&value.to_le_bytes())?;
    }
    Ok(file.flush()?)
}
