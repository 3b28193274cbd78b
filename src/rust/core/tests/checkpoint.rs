//! A training that was interrupted goes on from its checkpoint and ends with the numbers of one that was not.

mod common;

use common::{Folder, fit, for_each_backend, simulated};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use vae_irt_core::{
    Backend, Checkpoint, Epoch, Error, Fit, Monitor, Part, Responses, Settings, Silent, WeightType,
};

const LAST: &str = "training.checkpoint";
const BEFORE: &str = "training.before.checkpoint";

/// Stops the work when it has been asked so many times since it saw an epoch: the training asks once for every step.
struct Impatient {
    asked: AtomicUsize,
    epochs: AtomicUsize,
    patience: usize,
}

impl Impatient {
    fn new(patience: usize) -> Self {
        Self {
            asked: AtomicUsize::new(0),
            epochs: AtomicUsize::new(0),
            patience,
        }
    }
}

impl Monitor for Impatient {
    fn epoch(&self, _: &Epoch) {
        self.epochs.fetch_add(1, Ordering::Relaxed);
    }

    fn part(&self, _: Part, _: f64) {}

    fn cancelled(&self) -> bool {
        self.epochs.load(Ordering::Relaxed) > 0 && self.asked.fetch_add(1, Ordering::Relaxed) >= self.patience
    }
}

/// A folder of its own for a test.
fn folder(name: &str) -> PathBuf {
    let folder = std::env::temp_dir().join(format!("vaeirt-{}-{name}", std::process::id()));
    let _ = std::fs::remove_dir_all(&folder);
    folder
}

/// Few epochs, and checkpoints whenever one is asked for or after every step.
fn settings(n_dims: usize, batch_size: usize, folder: &Path, every: Duration) -> Settings {
    Settings::new(n_dims).with(|settings| {
        settings.training.max_epochs = 12;
        settings.model.hidden = 8;
        settings.training.batch_size = Some(batch_size);
        settings.training.checkpoint = Some(Checkpoint {
            folder: folder.to_path_buf(),
            every,
        });
    })
}

const NEVER: Duration = Duration::MAX;

fn data(weighted: bool) -> Responses<'static> {
    let (_, responses) = simulated(90, 12, 2, 3);
    if weighted {
        let weights = (0..90).map(|i| 1.0 + (i % 3) as f32).collect();
        responses
            .with_weights(weights, WeightType::Frequency)
            .expect("weights")
    } else {
        responses
    }
}

fn assert_same(found: &Fit, expected: &Fit) {
    let bytes = |fit: &Fit| fit.model.to_bytes().expect("bytes");
    assert_eq!(bytes(found), bytes(expected));
    assert_eq!(found.moments.means, expected.moments.means);
    assert_eq!(found.moments.covariances, expected.moments.covariances);
    assert_eq!(found.uncertainty.items.prior, expected.uncertainty.items.prior);
    assert_eq!(found.converged, expected.converged);
    let bounds =
        |fit: &Fit| -> Vec<(usize, f64)> { fit.epochs.iter().map(|e| (e.number, e.bound)).collect() };
    assert_eq!(bounds(found), bounds(expected));
}

fn unbroken(responses: &Responses, settings: &Settings) -> Fit {
    let settings = settings.clone().with(|settings| {
        settings.training.checkpoint = None;
    });
    fit(responses, &settings, &Silent).expect("fit")
}

#[test]
fn an_interrupted_training_ends_with_the_same_numbers() {
    for_each_backend(interrupt);
}

fn interrupt(backend: &Backend) {
    // All respondents in one batch; in seven, within an epoch and at its end.
    for (batch_size, patience, weighted) in [(90, 7, false), (13, 17, true), (13, 14, false)] {
        for n_dims in [1, 2] {
            let folder = folder(&format!(
                "interrupted-{}-{batch_size}-{patience}-{n_dims}",
                backend.name()
            ));
            let settings = settings(n_dims, batch_size, &folder, NEVER).with(|settings| {
                settings.run.backend = backend.clone();
            });
            let responses = data(weighted);
            let expected = unbroken(&responses, &settings);
            let mut attempts = 0;
            let found = loop {
                match fit(&responses, &settings, &Impatient::new(patience)) {
                    Ok(found) => break found,
                    Err(Error::Cancelled) => attempts += 1,
                    Err(other) => panic!("{other}"),
                }
                // The training is over when the work after it is all that is cancelled.
                if attempts == 12 {
                    break fit(&responses, &settings, &Silent).expect("fit");
                }
            };
            assert!(attempts > 1, "{attempts} attempts");
            assert!(found.resumed.expect("resumed") >= patience);
            assert_same(&found, &expected);
            std::fs::remove_dir_all(&folder).expect("removed");
        }
    }
}

#[test]
fn a_finished_training_is_not_done_again() {
    for_each_backend(|backend| {
        let folder = folder(&format!("finished-{}", backend.name()));
        let settings = settings(1, 13, &folder, NEVER).with(|settings| {
            settings.run.backend = backend.clone();
        });
        let responses = data(false);
        let first = fit(&responses, &settings, &Silent).expect("fit");
        assert_eq!(first.resumed, None);
        let steps = 7 * first.epochs.len();
        let other = settings.with(|settings| {
            settings.run.threads = 2;
        });
        let again = fit(&responses, &other, &Silent).expect("fit");
        assert_eq!(again.resumed, Some(steps));
        assert_same(&again, &first);
        std::fs::remove_dir_all(&folder).expect("removed");
    });
}

#[test]
fn a_torn_checkpoint_gives_way_to_the_one_before() {
    let folder = folder("torn");
    let settings = settings(2, 13, &folder, Duration::ZERO);
    let responses = data(false);
    let expected = unbroken(&responses, &settings);
    let stopped = fit(&responses, &settings, &Impatient::new(30));
    assert!(matches!(stopped, Err(Error::Cancelled)));
    let (last, before) = (folder.join(LAST), folder.join(BEFORE));
    let (whole, of_before) = (
        std::fs::read(&last).expect("last"),
        std::fs::read(&before).expect("before"),
    );
    let flipped = |at: usize| {
        let mut bytes = whole.clone();
        bytes[at] ^= 4;
        bytes
    };
    let torn = [
        Vec::new(),
        whole[..10].to_vec(),
        whole[..whole.len() - 1].to_vec(),
        flipped(0),
        flipped(9),
        flipped(100),
        flipped(whole.len() - 1),
        vec![0; whole.len()],
    ];
    for bytes in torn {
        std::fs::write(&last, &bytes).expect("written");
        std::fs::write(&before, &of_before).expect("written");
        let found = fit(&responses, &settings, &Silent).expect("fit");
        // Stopped after an epoch of 7 steps and 30 more, with a checkpoint after each.
        assert_eq!(found.resumed, Some(36));
        assert_same(&found, &expected);
    }
    std::fs::write(&last, &whole[..10]).expect("written");
    std::fs::write(&before, &whole[..20]).expect("written");
    let refused = fit(&responses, &settings, &Silent)
        .expect_err("damaged")
        .to_string();
    assert!(refused.contains(LAST) && refused.contains("damaged"), "{refused}");
    std::fs::remove_dir_all(&folder).expect("removed");
}

#[test]
fn a_checkpoint_of_another_fit_is_refused() {
    let folder = folder("refused");
    let settings = settings(2, 13, &folder, NEVER);
    let responses = data(false);
    fit(&responses, &settings, &Silent).expect("fit");
    let refused = |responses: &Responses, settings: &Settings| {
        let error = fit(responses, settings, &Silent).expect_err("refused");
        assert!(matches!(error, Error::Checkpoint { .. }));
        error.to_string()
    };
    assert!(refused(&data(true), &settings).contains("other data"));
    let (_, others) = simulated(90, 13, 2, 3);
    assert!(refused(&others, &settings).contains("other data"));
    let change = |change: &dyn Fn(&mut Settings)| {
        let mut changed = settings.clone();
        change(&mut changed);
        refused(&responses, &changed)
    };
    for (name, message) in [
        ("dims", change(&|s| s.model.n_dims = 1)),
        ("hidden", change(&|s| s.model.hidden = 9)),
        ("seed", change(&|s| s.run.seed = 9)),
        ("learning_rate", change(&|s| s.training.learning_rate = 0.01)),
        ("tolerance", change(&|s| s.training.tolerance = 0.01)),
        ("max_epochs", change(&|s| s.training.max_epochs = 13)),
        ("batch_size", change(&|s| s.training.batch_size = None)),
        (
            "importance_samples",
            change(&|s| s.training.importance_samples = 1),
        ),
        ("discriminations", change(&|s| s.model.discrimination_sd = 1.0)),
        ("difficulties", change(&|s| s.model.difficulty_sd = 1.0)),
        (
            "device",
            change(&|s| s.run.backend = Backend::Tensors(candle_core::Device::Cpu)),
        ),
    ] {
        assert!(
            message.contains(name) && message.contains("other settings"),
            "{message}"
        );
    }
    std::fs::remove_dir_all(&folder).expect("removed");
}

#[test]
fn a_folder_that_cannot_be_written_is_an_error_at_once() {
    let file = std::env::temp_dir().join(format!("vaeirt-{}-file", std::process::id()));
    std::fs::write(&file, "no folder").expect("written");
    let settings = settings(1, 13, &file, NEVER);
    let error = fit(&data(false), &settings, &Silent).expect_err("no folder");
    assert!(
        matches!(&error, Error::File { path, .. } if Path::new(path) == file),
        "{error}"
    );
    std::fs::remove_file(&file).expect("removed");
}

/// Puts something in the way of the next checkpoint when an epoch has ended.
struct Saboteur(PathBuf);

impl Monitor for Saboteur {
    fn epoch(&self, _: &Epoch) {
        std::fs::create_dir_all(&self.0).expect("folder");
    }

    fn part(&self, _: Part, _: f64) {}

    fn cancelled(&self) -> bool {
        false
    }
}

#[test]
fn a_checkpoint_that_cannot_be_written_leaves_the_one_before() {
    let folder = folder("unwritable");
    let settings = settings(1, 13, &folder, Duration::ZERO);
    let responses = data(false);
    let in_the_way = folder.join(format!("{LAST}.{}.part", std::process::id()));
    let error = fit(&responses, &settings, &Saboteur(in_the_way.clone())).expect_err("in the way");
    assert!(
        matches!(&error, Error::File { path, .. } if Path::new(path) == folder.join(LAST)),
        "{error}"
    );
    std::fs::remove_dir(&in_the_way).expect("removed");
    let found = fit(&responses, &settings, &Silent).expect("fit");
    assert_eq!(found.resumed, Some(6));
    assert_same(&found, &unbroken(&responses, &settings));
    std::fs::remove_dir_all(&folder).expect("removed");
}

#[test]
fn what_a_killed_process_began_to_write_is_removed() {
    let folder = folder("killed");
    std::fs::create_dir_all(&folder).expect("folder");
    let part = folder.join("training.checkpoint.1.part");
    std::fs::write(&part, "begun").expect("written");
    fit(&data(false), &settings(1, 90, &folder, NEVER), &Silent).expect("fit");
    let mut names: Vec<_> = std::fs::read_dir(&folder)
        .expect("folder")
        .map(|entry| entry.expect("entry").file_name())
        .collect();
    names.sort();
    assert_eq!(names, [LAST]);
    std::fs::remove_dir_all(&folder).expect("removed");
}

#[test]
fn a_folder_with_a_long_name_keeps_checkpoints() {
    let folder = Folder::far();
    let settings = settings(1, 13, folder.path(), Duration::ZERO);
    let responses = data(false);
    let interrupted = fit(&responses, &settings, &Impatient::new(20));
    assert!(matches!(interrupted, Err(Error::Cancelled)));
    let found = fit(&responses, &settings, &Silent).expect("fit");
    assert!(found.resumed.is_some());
    assert_same(&found, &unbroken(&responses, &settings));
}
