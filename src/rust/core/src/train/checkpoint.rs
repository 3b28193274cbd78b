//! The training on disk, so that it can go on after an interruption and end with the same numbers.

use crate::base::error::{Error, Result};
use crate::base::files::{PartFile, file_error, unwritable};
use crate::base::tensor_file;
use crate::kernels::adam::AdamState;
use crate::model::parameters::Model;
use crate::responses::store::Responses;
use crate::settings::{Checkpoint, Settings};
use crate::train::objective::Trains;
use crate::train::schedule::Schedule;
use crate::train::trainer::{AdamStates, Trainer};
use candle_core::{DType, Device, Tensor};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, HashMap};
use std::fs::File;
use std::io::{ErrorKind, Read, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use twox_hash::XxHash64;

/// The first bytes of a file, with the version of the format.
const MAGIC: &[u8; 8] = b"vaeirtC1";

/// Length of the magic bytes and of the checksum.
const FRAME: usize = 16;

/// The largest file that is read: far more than any of ours.
const MOST_BYTES: u64 = 1 << 34;

/// The last checkpoint and the one before it.
const NAMES: [&str; 2] = ["training.checkpoint", "training.before.checkpoint"];

/// The key of the header's metadata.
const KEY: &str = "vaeirt-checkpoint";

/// The names of the states of the optimisers, in the order of [`AdamStates`].
const STATES: [&str; 5] = [
    "encoder.embeddings",
    "items.parameters",
    "network.hidden_bias",
    "network.hidden_count",
    "network.output_weight",
];

/// To what fit a checkpoint belongs: what decides about the numbers of the training.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Identity {
    /// Version of this crate.
    version: String,
    /// Checksum of the responses.
    data: String,
    settings: BTreeMap<String, String>,
}

impl Identity {
    fn new(responses: &Responses, settings: &Settings, trains: Trains) -> Self {
        let batch_size = settings
            .training
            .batch_size
            .map_or("automatic".into(), |size| size.to_string());
        let settings = [
            ("dims", settings.model.n_dims.to_string()),
            ("link", settings.model.link.name().into()),
            (
                "prior of the discriminations",
                settings.model.discrimination_sd.to_string(),
            ),
            (
                "prior of the difficulties",
                settings.model.difficulty_sd.to_string(),
            ),
            ("hidden", settings.model.hidden.to_string()),
            (
                "importance_samples",
                settings.training.importance_samples.to_string(),
            ),
            ("max_epochs", settings.training.max_epochs.to_string()),
            ("batch_size", batch_size),
            ("learning_rate", settings.training.learning_rate.to_string()),
            ("tolerance", settings.training.tolerance.to_string()),
            ("seed", settings.run.seed.to_string()),
            ("device", settings.run.backend.name().into()),
            ("what is trained", trains.name().into()),
        ];
        Self {
            version: env!("CARGO_PKG_VERSION").into(),
            data: format!("{:016x}", responses.checksum()),
            settings: settings.map(|(name, value)| (name.into(), value)).into(),
        }
    }

    /// In what another one differs, if it does.
    fn difference(&self, other: &Self) -> Option<String> {
        if self.version != other.version {
            return Some(format!(
                "it was written by version {} of vaeirt, and this is version {}",
                other.version, self.version
            ));
        }
        if self.data != other.data {
            return Some("it belongs to a fit of other data".into());
        }
        self.settings.iter().find_map(|(name, value)| {
            let of_other = other.settings.get(name).map_or("unknown", String::as_str);
            (value != of_other).then(|| {
                format!("it belongs to a fit with other settings: {name} was {of_other}, not {value}")
            })
        })
    }
}

/// The checkpoints of one fit.
pub(crate) struct Checkpoints {
    folder: PathBuf,
    identity: Identity,
    every: Duration,
    /// When the last one was written, and after how many steps.
    last: Instant,
    kept: Option<usize>,
}

impl Checkpoints {
    /// The checkpoints in a folder, which is made if need be.
    ///
    /// # Errors
    /// [`Error::File`] when the folder cannot be made or written to.
    pub fn open(
        checkpoint: &Checkpoint,
        responses: &Responses,
        settings: &Settings,
        trains: Trains,
    ) -> Result<Self> {
        let folder = &checkpoint.folder;
        std::fs::create_dir_all(folder).map_err(|error| unwritable(folder, error))?;
        remove_parts(folder).map_err(|error| file_error(folder, error))?;
        Ok(Self {
            folder: folder.clone(),
            identity: Identity::new(responses, settings, trains),
            every: checkpoint.every,
            last: Instant::now(),
            kept: None,
        })
    }

    /// Takes the training to where the last whole checkpoint left it. False where there is none.
    ///
    /// # Errors
    /// [`Error::Checkpoint`] when it belongs to another fit, or all there are are damaged; [`Error::File`] when one cannot be
    /// read.
    pub fn restore(&mut self, trainer: &mut Trainer, schedule: &mut Schedule) -> Result<bool> {
        let mut torn = Vec::new();
        for name in NAMES {
            let path = self.folder.join(name);
            let Some(bytes) = read(&path)? else { continue };
            let Some(content) = whole(&bytes) else {
                torn.push(path);
                continue;
            };
            self.resume(content, trainer, schedule)
                .map_err(|message| about(&path, message))?;
            self.kept = Some(schedule.done());
            // It must not take the place of the whole one when the next is written.
            for path in torn {
                std::fs::remove_file(&path).map_err(|error| unwritable(&path, error))?;
            }
            return Ok(true);
        }
        match torn.first() {
            None => Ok(false),
            Some(path) => Err(about(path, "it is damaged, and there is no other")),
        }
    }

    fn resume(
        &self,
        content: &[u8],
        trainer: &mut Trainer,
        schedule: &mut Schedule,
    ) -> std::result::Result<(), String> {
        let (identity, tensors) = parse(content)?;
        if let Some(difference) = self.identity.difference(&identity) {
            return Err(difference);
        }
        let model =
            Model::from_bytes(&numbers::<u8>(&tensors, "model")?).map_err(|error| error.to_string())?;
        if model.shape != trainer.model().shape {
            return Err("its model has another shape".into());
        }
        let like = trainer.states();
        let state = |which: usize, like: &AdamState| read_state(&tensors, STATES[which], like);
        let states = AdamStates {
            embeddings: state(0, &like.embeddings)?,
            items: state(1, &like.items)?,
            network: [
                state(2, &like.network[0])?,
                state(3, &like.network[1])?,
                state(4, &like.network[2])?,
            ],
        };
        schedule.restore(|name| numbers::<f64>(&tensors, &schedule_name(name)))?;
        trainer.restore(model, states).map_err(|error| error.to_string())
    }

    /// Is it time for the next checkpoint?
    pub fn is_due(&self) -> bool {
        self.last.elapsed() >= self.every
    }

    /// Writes a checkpoint, unless the last one is of the same step. The one before it is kept, and nothing is lost when this
    /// one cannot be written.
    ///
    /// # Errors
    /// [`Error::File`] when it cannot be written.
    pub fn keep(&mut self, trainer: &Trainer, schedule: &Schedule) -> Result<()> {
        if self.kept == Some(schedule.done()) {
            return Ok(());
        }
        let content = self.content(trainer, schedule)?;
        let [path, before] = NAMES.map(|name| self.folder.join(name));
        let (part, mut file) = PartFile::create(&path)?;
        let bytes = [MAGIC.as_slice(), &checksum(&content).to_le_bytes(), &content];
        bytes
            .iter()
            .try_for_each(|bytes| file.write_all(bytes))
            .map_err(|error| unwritable(&path, error))?;
        match std::fs::rename(&path, &before) {
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(unwritable(&before, error)),
            _ => part.finish(&file)?,
        }
        self.last = Instant::now();
        self.kept = Some(schedule.done());
        Ok(())
    }

    fn content(&self, trainer: &Trainer, schedule: &Schedule) -> Result<Vec<u8>> {
        let device = Device::Cpu;
        let mut tensors = vec![("model".into(), Tensor::new(trainer.model().to_bytes()?, &device)?)];
        let states = trainer.states();
        let states = [&states.embeddings, &states.items]
            .into_iter()
            .chain(&states.network);
        for (name, state) in STATES.iter().zip(states) {
            let (first, second, steps) = state.parts();
            let [of_first, of_second, of_steps] = state_names(name);
            tensors.extend([
                (of_first, Tensor::new(first, &device)?),
                (of_second, Tensor::new(second, &device)?),
                (of_steps, Tensor::new(steps, &device)?),
            ]);
        }
        for (name, values) in schedule.record_of() {
            tensors.push((schedule_name(name), Tensor::new(values, &device)?));
        }
        tensor_file::to_bytes(tensors, KEY, &self.identity).map_err(|error| about(&self.folder, error))
    }
}

fn about(path: &Path, message: impl std::fmt::Display) -> Error {
    Error::Checkpoint {
        path: path.display().to_string(),
        message: message.to_string(),
    }
}

/// Removes what an interrupted process began to write.
fn remove_parts(folder: &Path) -> std::io::Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let name = entry?.file_name();
        let name = name.to_string_lossy();
        if name.starts_with(NAMES[0]) && name.ends_with(".part") {
            std::fs::remove_file(folder.join(&*name))?;
        }
    }
    Ok(())
}

/// The bytes of a file, or nothing where there is none.
fn read(path: &Path) -> Result<Option<Vec<u8>>> {
    let file = match File::open(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        other => other.map_err(|error| file_error(path, error))?,
    };
    let mut bytes = Vec::new();
    file.take(MOST_BYTES)
        .read_to_end(&mut bytes)
        .map_err(|error| file_error(path, error))?;
    Ok(Some(bytes))
}

/// What a file holds behind its frame; nothing where it is torn.
fn whole(bytes: &[u8]) -> Option<&[u8]> {
    let (frame, content) = bytes.split_at_checked(FRAME)?;
    let (magic, sum) = frame.split_at(MAGIC.len());
    (magic == MAGIC && sum == checksum(content).to_le_bytes()).then_some(content)
}

fn checksum(content: &[u8]) -> u64 {
    XxHash64::oneshot(0, content)
}

type Tensors = HashMap<String, Tensor>;

fn parse(content: &[u8]) -> std::result::Result<(Identity, Tensors), String> {
    let identity = tensor_file::head(content, KEY).map_err(|error| error.to_string())?;
    let identity = identity.ok_or("it does not say to what fit it belongs")?;
    let identity = serde_json::from_str(&identity).map_err(|error| error.to_string())?;
    let tensors = candle_core::safetensors::load_buffer(content, &Device::Cpu);
    Ok((identity, tensors.map_err(|error| error.to_string())?))
}

fn schedule_name(name: &str) -> String {
    format!("schedule.{name}")
}

fn state_names(name: &str) -> [String; 3] {
    ["mean", "square", "steps"].map(|part| format!("adam.{name}.{part}"))
}

fn read_state(tensors: &Tensors, name: &str, like: &AdamState) -> std::result::Result<AdamState, String> {
    let [first, second, steps] = state_names(name);
    like.like(
        numbers(tensors, &first)?,
        numbers(tensors, &second)?,
        numbers(tensors, &steps)?,
    )
    .ok_or_else(|| format!("its optimiser of {name} has another shape"))
}

/// The numbers of a vector, if they have the type.
fn numbers<T: candle_core::WithDType>(tensors: &Tensors, name: &str) -> std::result::Result<Vec<T>, String> {
    let tensor = tensors.get(name).ok_or_else(|| format!("{name} is missing"))?;
    let dtype: DType = T::DTYPE;
    if tensor.dtype() != dtype {
        return Err(format!("{name} has another type"));
    }
    tensor.to_vec1::<T>().map_err(|error| error.to_string())
}
