//! Model files: whole ones come back as they were, damaged ones are errors.

mod common;

use common::{Folder, fit, quick, simulated_items};
use vae_irt_core::{Card, Error, ItemCard, ItemCovariances, ItemKind, Model, ModelFile, Silent};

fn small_file() -> ModelFile {
    small_file_of(ItemKind::Nominal)
}

fn small_file_of(kind: ItemKind) -> ModelFile {
    let (_, responses) = simulated_items(kind, [40, 5, 2, 3]);
    let fit = fit(&responses, &quick(2), &Silent).unwrap();
    let n_covariances = fit.model.items.n_rows() * 6;
    let items = fit.model.shape.catalogue.option_counts().to_vec();
    let item = |(j, &n): (usize, &u32)| ItemCard {
        name: format!("item {j}"),
        options: (0..n).map(|c| format!("option {c}")).collect(),
        pooled: Vec::new(),
        n_responses: 7,
    };
    let card = Card {
        package: "0".into(),
        items: items.iter().enumerate().map(item).collect(),
        discrimination_sd: Some(5.0),
        difficulty_sd: Some(5.0),
        refined: true,
        draws: 100,
        seed: 1.0,
        level: 0.95,
        rotated: false,
        std_errors: "joint".into(),
        n_respondents: 3,
        seconds: 0.5,
        converged: true,
        polished: None,
        classification: Some(0.7),
        apre: None,
        gmp: Some(0.6),
        pareto_threshold: Some(0.7),
    };
    let n_dims = fit.model.shape.n_dims;
    ModelFile {
        model: fit.model,
        card,
        covariances: ItemCovariances {
            prior: vec![f64::NAN; n_covariances],
            normalised: vec![0.25; n_covariances],
            aligned: vec![0.5; n_covariances],
        },
        trait_means: vec![0.0; n_dims],
        trait_sds: vec![0.9; n_dims],
    }
}

fn bytes_of(file: &ModelFile) -> Vec<u8> {
    let folder = Folder::new();
    let path = folder.file("model.safetensors");
    file.write(&path).unwrap();
    assert_eq!(
        std::fs::read_dir(folder.path()).unwrap().count(),
        1,
        "a part of a file was left"
    );
    std::fs::read(&path).unwrap()
}

#[test]
fn the_kinds_of_items_come_back_and_older_versions_refuse_them() {
    let file = small_file_of(ItemKind::Graded);
    let bytes = bytes_of(&file);
    let back = ModelFile::from_bytes(&bytes).unwrap().model;
    assert_eq!(back.shape, file.model.shape);
    assert_eq!(back.to_bytes().unwrap(), file.model.to_bytes().unwrap());
    assert_eq!(back.degrees_of_freedom(), 5 * (2 + 2) - 1);
    // The header says a version that versions without graded items do not know.
    let says = |bytes: &[u8], version: &str| {
        bytes
            .windows(version.len())
            .any(|part| part == version.as_bytes())
    };
    assert!(says(&bytes, r#"\"version\":2"#));
    assert!(says(&bytes_of(&small_file()), r#"\"version\":1"#));
}

#[test]
fn graded_items_with_other_parameters_are_refused() {
    let mut file = small_file_of(ItemKind::Graded);
    for change in [0, 2] {
        let good = file.model.items.values()[change];
        file.model.items.values_mut()[change] = 99.0;
        let bytes = file.model.to_bytes().unwrap();
        let error = Model::from_bytes(&bytes).expect_err("refused").to_string();
        assert!(
            error.contains("its item 0 are not those of a graded item"),
            "{error}"
        );
        file.model.items.values_mut()[change] = good;
    }
    assert!(Model::from_bytes(&file.model.to_bytes().unwrap()).is_ok());
}

#[test]
fn a_file_comes_back_as_it_was() {
    let file = small_file();
    let bytes = bytes_of(&file);
    let back = ModelFile::from_bytes(&bytes).unwrap();
    assert_eq!(back.card, file.card);
    assert_eq!(back.model.to_bytes().unwrap(), file.model.to_bytes().unwrap());
    assert!(back.covariances.prior.iter().all(|v| v.is_nan()));
    assert_eq!(back.covariances.normalised, file.covariances.normalised);
    assert_eq!(back.covariances.aligned, file.covariances.aligned);
    assert_eq!(
        (back.trait_means, back.trait_sds),
        (file.trait_means.clone(), file.trait_sds.clone())
    );
    assert_eq!(bytes, bytes_of(&file), "the same model gives the same bytes");
}

#[test]
fn truncated_and_altered_files_are_errors_or_other_models() {
    let bytes = bytes_of(&small_file());
    for length in (0..bytes.len()).step_by(97) {
        assert!(matches!(
            ModelFile::from_bytes(&bytes[..length]),
            Err(Error::Model(_) | Error::Responses(_))
        ));
    }
    // Every byte of the header, and some of the weights.
    let header = 8 + u64::from_le_bytes(bytes[..8].try_into().unwrap()) as usize;
    for at in (0..header).chain((header..bytes.len()).step_by(211)) {
        for flip in [0x01, 0x80, 0xff] {
            let mut altered = bytes.clone();
            altered[at] ^= flip;
            if let Ok(file) = ModelFile::from_bytes(&altered) {
                assert_eq!(file.card.items.len(), file.model.shape.catalogue.n_items());
            }
        }
    }
}

#[test]
fn parts_that_do_not_fit_are_refused() {
    let mut one_item_less = small_file();
    one_item_less.card.items.pop();
    let mut same_name = small_file();
    same_name.card.items[1].name = same_name.card.items[0].name.clone();
    let mut short = small_file();
    short.covariances.prior.pop();
    let mut level = small_file();
    level.card.level = 95.0;
    let mut not_finite = small_file();
    not_finite.trait_sds[0] = f64::INFINITY;
    let folder = std::env::temp_dir();
    for (file, message) in [
        (one_item_less, "the items"),
        (same_name, "same name"),
        (short, "covariances"),
        (level, "level"),
    ] {
        let error = file.write(&folder.join("never")).unwrap_err().to_string();
        assert!(error.contains(message), "{error}");
    }
    let error = ModelFile::from_bytes(&bytes_of(&not_finite))
        .unwrap_err()
        .to_string();
    assert!(error.contains("not finite"), "{error}");
}

#[test]
fn a_file_with_a_long_name_is_replaced_while_somebody_reads_it() {
    let folder = Folder::far();
    let path = folder.file("\u{421}\u{435}\u{43d}\u{430}\u{442}.safetensors");
    let mut file = small_file();
    file.write(&path).expect("written");
    let reader = std::fs::File::open(&path).expect("opened");
    file.card.n_respondents = 4;
    let replaced = file.write(&path);
    drop(reader);
    // Some systems keep a file that is open: then it stays as it was, until it is closed.
    if let (Err(error), true) = (&replaced, cfg!(windows)) {
        assert!(matches!(error, Error::File { .. }), "{error}");
        assert_eq!(ModelFile::read(&path).expect("read").card.n_respondents, 3);
        file.write(&path).expect("replaced");
    } else {
        replaced.expect("replaced");
    }
    assert_eq!(ModelFile::read(&path).expect("read").card, file.card);
    let n_files = std::fs::read_dir(folder.path()).expect("folder").count();
    assert_eq!(n_files, 1, "no part is left");
}
