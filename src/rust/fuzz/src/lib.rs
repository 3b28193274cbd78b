//! What is done with untrusted bytes, for the fuzz targets here and for `core/tests/hostile.rs`. Every function panics, runs
//! out of its memory or hangs where the core has a bug; what the core refuses is fine.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use twox_hash::XxHash64;
use vae_irt_core::{
    Backend, Ballots, Checked, Checkpoint, Epoch, Error, IdColumn, ItemCatalogue, Model, ModelFile, Monitor,
    ParquetColumns, Part, Responses, Result, Scoring, Settings, Silent, StdErrors, fit, parquet_fields,
    read_parquet, score,
};

/// Models that are larger are read, but nobody is scored with them.
const MOST_SCORED: usize = 1 << 12;
/// Times that the reading may ask whether to go on, at least once for a batch of rows, before it is cancelled: a few bytes may
/// lawfully repeat a value two thousand million times.
const MOST_BATCHES: usize = 16;

/// Reads a model with its description and without, and scores respondents with it.
///
/// # Errors
/// Those of the core.
pub fn model_file(bytes: &[u8]) -> Result<ModelFile> {
    if let Ok(model) = Model::from_bytes(bytes) {
        let _ = score_few(&model);
    }
    let file = ModelFile::from_bytes(bytes)?;
    let shape = &file.model.shape;
    assert_eq!(file.card.items.len(), shape.catalogue.n_items());
    assert_eq!(Model::from_bytes(&file.model.to_bytes()?)?.shape, *shape);
    let n_cells = file.model.items.n_rows() * file.model.items.width();
    if n_cells <= MOST_SCORED {
        file.model.map.items(&file.model.items)?;
    }
    Ok(file)
}

/// Two respondents: one chose the first option of every item, the other the last of the first item.
fn score_few(model: &Model) -> Result<()> {
    let shape = &model.shape;
    let n_weights = shape.catalogue.n_options() * shape.hidden * shape.n_dims;
    if shape.n_dims > 4 || n_weights > MOST_SCORED {
        return Ok(());
    }
    let mut options: Vec<u32> = (0..shape.catalogue.n_items())
        .map(|item| shape.catalogue.options_of(item).start as u32)
        .collect();
    let offsets = vec![0, options.len() as u64, options.len() as u64 + 1];
    options.push(shape.catalogue.options_of(0).end as u32 - 1);
    let responses = Responses::new(shape.catalogue.clone(), offsets, &options)?;
    for refine in [false, true] {
        let scoring = Scoring {
            refine,
            draws: 8,
            seed: 1,
            backend: Backend::Kernels,
        };
        score(model, &responses, &[0, 1], &scoring, 1, &Silent)?;
    }
    Ok(())
}

/// Reads a Parquet file; columns of the names `county` and `weight` are used where it has them.
///
/// # Errors
/// Those of the core.
pub fn parquet(bytes: &[u8]) -> Result<Ballots> {
    let folder = Scratch::new();
    let file = folder.file("votes.parquet", bytes);
    let fields = parquet_fields(&file)?;
    let has = |name: &str| fields.iter().any(|field| field.name == name);
    let mut respondent = vec!["voter".to_string()];
    if has("county") {
        respondent.insert(0, "county".into());
    }
    let columns = ParquetColumns {
        respondent,
        item: "race".into(),
        response: "choice".into(),
        weights: has("weight").then(|| "weight".into()),
    };
    let patience = Patience(AtomicUsize::new(MOST_BATCHES));
    let ballots = read_parquet(std::slice::from_ref(&file), &columns, 1, &patience)?;
    check_ballots(&ballots);
    Ok(ballots)
}

/// The parts of what was read fit together, and texts are texts without a zero, as R needs them.
fn check_ballots(ballots: &Ballots) {
    let n_respondents = ballots.cells.n_respondents();
    assert!(
        ballots
            .respondents
            .iter()
            .all(|column| column.len() == n_respondents)
    );
    assert!(
        ballots
            .weights
            .as_ref()
            .is_none_or(|weights| weights.len() == n_respondents)
    );
    assert!(ballots.cells.n_responses() as u64 <= ballots.n_rows);
    assert_eq!(ballots.label_of_raw.len(), ballots.cells.item_of_raw().len());
    let (n_items, n_labels) = (ballots.items.len(), ballots.labels.len());
    assert!(
        ballots
            .cells
            .item_of_raw()
            .iter()
            .all(|&item| (item as usize) < n_items)
    );
    assert!(
        ballots
            .label_of_raw
            .iter()
            .all(|&label| (label as usize) < n_labels)
    );
    for column in ballots
        .respondents
        .iter()
        .chain([&ballots.items, &ballots.labels])
    {
        let texts = match column {
            IdColumn::Labels { labels, .. } => labels,
            IdColumn::Texts(texts) => texts,
            IdColumn::Wholes(_) | IdColumn::Flags(_) => continue,
        };
        let is_text = |at: usize| std::str::from_utf8(texts.get(at)).is_ok_and(|text| !text.contains('\0'));
        assert!((0..texts.len()).all(is_text));
    }
}

/// Goes on with a training from a checkpoint of this content, which gets the frame and the checksum of one that is whole.
///
/// # Errors
/// [`Error::Checkpoint`] where it is refused.
pub fn checkpoint(content: &[u8]) -> Result<()> {
    let folder = Scratch::new();
    let checksum = XxHash64::oneshot(0, content).to_le_bytes();
    folder.file(CHECKPOINT, &[CHECKPOINT_MAGIC, &checksum, content].concat());
    match fit(&trained_data(), &trained_settings(&folder.0)?, &Silent) {
        // Other numbers than ours need not be noticed before the training, or the respondents, meet them.
        Ok(_) | Err(Error::NotFinite { .. } | Error::Model(_) | Error::Responses(_)) => Ok(()),
        Err(refused @ Error::Checkpoint { .. }) => Err(refused),
        Err(other) => panic!("{other}"),
    }
}

/// The name of the checkpoint in its folder, and its first bytes.
const CHECKPOINT: &str = "training.checkpoint";
const CHECKPOINT_MAGIC: &[u8] = b"vaeirtC1";

/// The content of the checkpoint of the training that [`checkpoint`] goes on with, when it is cancelled when asked so many times.
/// Nothing where it had not begun.
///
/// # Errors
/// Those of the core.
pub fn checkpoint_after(patience: usize) -> Result<Option<Vec<u8>>> {
    let folder = Scratch::new();
    let monitor = Patience(AtomicUsize::new(patience));
    match fit(&trained_data(), &trained_settings(&folder.0)?, &monitor) {
        Ok(_) | Err(Error::Cancelled) => {}
        Err(other) => return Err(other),
    }
    let bytes = std::fs::read(folder.0.join(CHECKPOINT)).ok();
    Ok(bytes.map(|bytes| bytes[CHECKPOINT_MAGIC.len() + size_of::<u64>()..].to_vec()))
}

/// Seven respondents, who chose among two options of one item and three of another; some were silent about one.
fn trained_data() -> Responses<'static> {
    let catalogue = ItemCatalogue::new(&[2, 3]).expect("a catalogue");
    let options = [0, 2, 1, 3, 0, 4, 1, 3, 0, 1, 2];
    Responses::new(catalogue, vec![0, 2, 4, 6, 8, 9, 10, 11], &options).expect("responses")
}

/// Two epochs of three steps.
fn trained_settings(folder: &Path) -> Result<Checked> {
    Settings::new(1)
        .with(|settings| {
            settings.training.max_epochs = 2;
            settings.model.hidden = 2;
            settings.training.batch_size = Some(3);
            settings.scoring.refine = false;
            settings.std_errors = StdErrors::None;
            settings.training.checkpoint = Some(Checkpoint {
                folder: folder.to_path_buf(),
                every: Duration::MAX,
            });
        })
        .check()
}

/// A folder in memory where there is a file system for it, which goes with the value.
struct Scratch(PathBuf);

impl Scratch {
    fn new() -> Self {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let memory = PathBuf::from("/dev/shm");
        let parent = if memory.is_dir() {
            memory
        } else {
            std::env::temp_dir()
        };
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let folder = parent.join(format!("vaeirt-hostile-{}-{number}", std::process::id()));
        std::fs::create_dir(&folder).expect("a scratch folder");
        Self(folder)
    }

    /// Writes a file of the folder.
    fn file(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let path = self.0.join(name);
        std::fs::write(&path, bytes).expect("a scratch file");
        path
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// A user who cancels when asked so many times.
struct Patience(AtomicUsize);

impl Monitor for Patience {
    fn epoch(&self, _: &Epoch) {}

    fn part(&self, _: Part, _: f64) {}

    fn cancelled(&self) -> bool {
        let left = self.0.load(Ordering::Relaxed);
        self.0.store(left.saturating_sub(1), Ordering::Relaxed);
        left == 0
    }
}
