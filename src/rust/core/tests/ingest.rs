//! Reading Parquet files: every codec, encoding and type, and files that are not what they should be.

mod common;

use common::Folder;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use vae_irt_core::{
    Ballots, Codec, Epoch, Error, IdColumn, Monitor, ParquetColumns, Part, Silent, WrittenColumn,
    parquet_fields, parquet_files, read_parquet, write_parquet,
};

const NA: i32 = i32::MIN;

fn columns(respondent: &[&str]) -> ParquetColumns {
    ParquetColumns {
        respondent: respondent.iter().map(|name| name.to_string()).collect(),
        item: "race".into(),
        response: "choice".into(),
        weights: None,
    }
}

fn read(files: &[PathBuf], columns: &ParquetColumns, threads: usize) -> vae_irt_core::Result<Ballots> {
    read_parquet(files, columns, threads, &Silent)
}

fn message(files: &[PathBuf], columns: &ParquetColumns) -> String {
    match read(files, columns, 1).expect_err("refused") {
        error @ Error::File { .. } => error.to_string(),
        other => panic!("not an error about a file: {other}"),
    }
}

/// Texts as codes and labels in the order in which they occur.
fn coded<'a>(texts: &[Option<&'a str>]) -> (Vec<i32>, Vec<&'a str>) {
    let mut labels: Vec<&str> = Vec::new();
    let code = |text: &Option<&'a str>| {
        let Some(text) = *text else { return NA };
        let at = labels.iter().position(|&label| label == text).unwrap_or_else(|| {
            labels.push(text);
            labels.len() - 1
        });
        at as i32 + 1
    };
    (texts.iter().map(code).collect(), labels)
}

fn texts<'a>((codes, labels): &'a (Vec<i32>, Vec<&'a str>)) -> WrittenColumn<'a> {
    WrittenColumn::Texts {
        codes,
        labels: labels.clone(),
    }
}

/// The rows (voter, race, choice) as a file.
fn write_rows(path: &Path, rows: &[(&str, &str, Option<&str>)], codec: Codec) {
    let voter = coded(&rows.iter().map(|row| Some(row.0)).collect::<Vec<_>>());
    let race = coded(&rows.iter().map(|row| Some(row.1)).collect::<Vec<_>>());
    let choice = coded(&rows.iter().map(|row| row.2).collect::<Vec<_>>());
    let table = [
        ("voter".to_string(), texts(&voter)),
        ("race".to_string(), texts(&race)),
        ("choice".to_string(), texts(&choice)),
    ];
    write_parquet(path, &table, codec).expect("written");
}

/// The elements of a column in words.
fn words(column: &IdColumn) -> Vec<String> {
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).expect("text");
    match column {
        IdColumn::Labels { codes, labels } => codes
            .iter()
            .map(|&code| text(labels.get(code as usize)))
            .collect(),
        IdColumn::Texts(texts) => (0..texts.len()).map(|i| text(texts.get(i))).collect(),
        IdColumn::Wholes(values) => values.iter().map(i64::to_string).collect(),
        IdColumn::Flags(values) => values.iter().map(bool::to_string).collect(),
    }
}

/// Every response in words, sorted.
fn responses(ballots: &Ballots) -> Vec<String> {
    let n_raw = ballots.label_of_raw.len();
    let ids: Vec<_> = (0..n_raw as u32).map(Some).collect();
    let packed = ballots.cells.pack(&ids, n_raw, 2, &Silent).expect("packed");
    let ids: Vec<usize> = match packed.ids {
        vae_irt_core::OptionIds::Narrow(ids) => ids.iter().map(|&id| usize::from(id)).collect(),
        vae_irt_core::OptionIds::Wide(ids) => ids.iter().map(|&id| id as usize).collect(),
    };
    let (items, labels) = (words(&ballots.items), words(&ballots.labels));
    let names: Vec<Vec<String>> = ballots.respondents.iter().map(words).collect();
    let mut told = Vec::new();
    for (i, range) in packed.offsets.windows(2).enumerate() {
        let name: Vec<&str> = names.iter().map(|column| column[i].as_str()).collect();
        for &raw in &ids[range[0] as usize..range[1] as usize] {
            let item = &items[ballots.cells.item_of_raw()[raw] as usize];
            told.push(format!(
                "{} {item} {}",
                name.join("/"),
                labels[ballots.label_of_raw[raw] as usize]
            ));
        }
    }
    told.sort();
    told
}

const ROWS: [(&str, &str, Option<&str>); 6] = [
    ("v1", "mayor", Some("Adams")),
    ("v1", "judge", Some("yes")),
    ("v2", "mayor", Some("Baker")),
    ("v2", "judge", None),
    ("v3", "mayor", None),
    ("v4", "judge", Some("no")),
];

const TOLD: [&str; 4] = ["v1 judge yes", "v1 mayor Adams", "v2 mayor Baker", "v4 judge no"];

#[test]
fn every_codec_is_read() {
    let folder = Folder::new();
    for codec in [Codec::None, Codec::Snappy, Codec::Zstd, Codec::Gzip] {
        let path = folder.file("votes.parquet");
        write_rows(&path, &ROWS, codec);
        let ballots = read(&[path], &columns(&["voter"]), 2).expect("read");
        assert_eq!(responses(&ballots), TOLD);
        assert_eq!(ballots.n_rows, 6);
        assert_eq!(ballots.cells.n_respondents(), 4);
        assert_eq!(words(&ballots.respondents[0]), ["v1", "v2", "v3", "v4"]);
        assert_eq!(words(&ballots.items), ["mayor", "judge"]);
    }
}

#[test]
fn scattered_respondents_and_several_files_change_nothing() {
    let folder = Folder::new();
    write_rows(&folder.file("a.parquet"), &ROWS, Codec::Snappy);
    let mut shuffled = ROWS;
    shuffled.reverse();
    shuffled.swap(0, 3);
    write_rows(&folder.file("b.parquet"), &shuffled[..4], Codec::Zstd);
    write_rows(&folder.file("c.PARQUET"), &shuffled[4..], Codec::Zstd);
    std::fs::write(folder.file("notes.txt"), "no data").expect("written");
    let files = parquet_files(&[folder.path()]).expect("files");
    assert_eq!(files.len(), 3);
    let one = read(&files[..1], &columns(&["voter"]), 1).expect("read");
    let two = read(&files[1..], &columns(&["voter"]), 2).expect("read");
    assert_eq!(responses(&one), responses(&two));
    assert!(parquet_files(&[folder.file("none")]).is_err());
    let empty = Folder::new();
    let none = parquet_files(&[empty.path()]).expect_err("refused").to_string();
    assert!(none.contains("no file in this folder"), "{none}");
}

#[test]
fn many_rows_are_read_alike_by_any_number_of_threads() {
    let folder = Folder::new();
    let n = 1_300_000usize;
    let precinct: Vec<i32> = (0..n).map(|k| (k / 1_000 % 7) as i32).collect();
    let voter: Vec<f64> = (0..n).map(|k| (k * 7_919 % 90_001) as f64).collect();
    let race: Vec<i32> = (0..n).map(|k| (k * 7_919 / 90_001 % 40) as i32 + 1).collect();
    let choice: Vec<i32> = (0..n)
        .map(|k| if k % 11 == 0 { NA } else { (k % 3) as i32 })
        .collect();
    let names: Vec<String> = (0..40).map(|j| format!("race {j}")).collect();
    let table = [
        ("precinct".to_string(), WrittenColumn::Integers(&precinct)),
        ("voter".to_string(), WrittenColumn::Numbers(&voter)),
        (
            "race".to_string(),
            WrittenColumn::Texts {
                codes: &race,
                labels: names.iter().map(String::as_str).collect(),
            },
        ),
        ("choice".to_string(), WrittenColumn::Integers(&choice)),
    ];
    let path = folder.file("large.parquet");
    write_parquet(&path, &table, Codec::Snappy).expect("written");
    let wanted = columns(&["precinct", "voter"]);
    let one = read(std::slice::from_ref(&path), &wanted, 1).expect("read");
    let four = read(&[path], &wanted, 4).expect("read");
    assert_eq!(one.respondents, four.respondents);
    assert_eq!(one.label_of_raw, four.label_of_raw);
    let ids: Vec<_> = (0..one.label_of_raw.len() as u32).map(Some).collect();
    let pack = |ballots: &Ballots| ballots.cells.pack(&ids, ids.len(), 3, &Silent).expect("packed");
    assert_eq!(pack(&one), pack(&four));
    assert_eq!(
        one.cells.n_responses(),
        choice.iter().filter(|&&x| x != NA).count()
    );
}

#[test]
fn every_type_is_read() {
    let folder = Folder::new();
    let path = folder.file("types.parquet");
    let flag = [1, 1, 0, NA];
    let number = [-3.0, 4.0, 1e15, f64::NAN];
    let names = coded(&[Some("x"), Some("y"), Some("x"), Some("y")]);
    let table = [
        ("flag".to_string(), WrittenColumn::Flags(&flag)),
        ("number".to_string(), WrittenColumn::Numbers(&number)),
        ("whole".to_string(), WrittenColumn::Integers(&[7, 7, 8, 9])),
        ("name".to_string(), texts(&names)),
    ];
    write_parquet(&path, &table, Codec::None).expect("written");
    let wanted = |item: &str, response: &str| ParquetColumns {
        item: item.into(),
        response: response.into(),
        ..columns(&["whole"])
    };
    let ballots = read(std::slice::from_ref(&path), &wanted("name", "number"), 1).expect("read");
    assert_eq!(responses(&ballots), ["7 x -3", "7 y 4", "8 x 1000000000000000"]);
    let ballots = read(std::slice::from_ref(&path), &wanted("name", "flag"), 1).expect("read");
    assert_eq!(responses(&ballots), ["7 x true", "7 y true", "8 x false"]);
    let held: Vec<_> = parquet_fields(&path)
        .expect("fields")
        .into_iter()
        .map(|field| field.holds)
        .collect();
    assert_eq!(
        held,
        [
            Some("TRUE and FALSE"),
            Some("numbers"),
            Some("numbers"),
            Some("text")
        ]
    );
}

#[test]
fn columns_with_few_names_are_stored_as_codes() {
    let folder = Folder::new();
    let path = folder.file("names.parquet");
    let state = coded(&[Some("AL"), Some("AL"), Some("AK"), Some("AK")]);
    let voter = coded(&[Some("1"), Some("2"), Some("2"), Some("3")]);
    let table = [
        ("state".to_string(), texts(&state)),
        ("voter".to_string(), texts(&voter)),
        ("race".to_string(), WrittenColumn::Integers(&[1; 4])),
        ("choice".to_string(), WrittenColumn::Integers(&[0, 1, 1, 0])),
    ];
    write_parquet(&path, &table, Codec::Zstd).expect("written");
    let ballots = read(&[path], &columns(&["state", "voter"]), 1).expect("read");
    assert!(matches!(ballots.respondents[0], IdColumn::Labels { .. }));
    assert!(matches!(ballots.respondents[1], IdColumn::Texts(_)));
    assert_eq!(
        responses(&ballots),
        ["AK/2 1 1", "AK/3 1 0", "AL/1 1 0", "AL/2 1 1"]
    );
}

#[test]
fn weights_are_constant_within_a_respondent() {
    let folder = Folder::new();
    let weighted = |weights: [f64; 3]| {
        let path = folder.file("weights.parquet");
        let voter = coded(&[Some("v1"), Some("v2"), Some("v1")]);
        let table = [
            ("voter".to_string(), texts(&voter)),
            ("race".to_string(), WrittenColumn::Integers(&[1, 1, 2])),
            ("choice".to_string(), WrittenColumn::Integers(&[0, 1, 1])),
            ("w".to_string(), WrittenColumn::Numbers(&weights)),
        ];
        write_parquet(&path, &table, Codec::None).expect("written");
        vec![path]
    };
    let wanted = ParquetColumns {
        weights: Some("w".into()),
        ..columns(&["voter"])
    };
    let ballots = read(&weighted([0.5, 2.0, 0.5]), &wanted, 1).expect("read");
    assert_eq!(ballots.weights, Some(vec![0.5, 2.0]));
    let two = message(&weighted([0.5, 2.0, 0.7]), &wanted);
    assert!(
        two.contains("gives respondent \"v1\" the weight 0.7 in row 3 and 0.5 before"),
        "{two}"
    );
    let bad = message(&weighted([0.5, -2.0, 0.5]), &wanted);
    assert!(bad.contains("has the weight -2 in row 2"), "{bad}");
    let none = message(&weighted([0.5, f64::NAN, 0.5]), &wanted);
    assert!(none.contains("has no weight in row 2"), "{none}");
    let words = message(
        &weighted([1.0; 3]),
        &ParquetColumns {
            weights: Some("voter".into()),
            ..wanted
        },
    );
    assert!(
        words.contains("column \"voter\" holds text, and weights are numbers"),
        "{words}"
    );
}

#[test]
fn what_is_no_data_is_named() {
    let folder = Folder::new();
    let path = folder.file("bad.parquet");
    let voter = coded(&[Some("v1"), None]);
    let race = coded(&[None, Some("x")]);
    let table = [
        ("voter".to_string(), texts(&voter)),
        ("race".to_string(), texts(&race)),
        ("choice".to_string(), WrittenColumn::Numbers(&[1.0, 0.5])),
        ("whole".to_string(), WrittenColumn::Integers(&[1, 2])),
    ];
    write_parquet(&path, &table, Codec::None).expect("written");
    let files = [path.clone()];
    let whole = |response: &str| ParquetColumns {
        response: response.into(),
        ..columns(&["whole"])
    };
    let told = message(&files, &whole("whole"));
    assert!(
        told.contains("bad.parquet: column \"race\" names no item in row 1"),
        "{told}"
    );
    let told = message(
        &files,
        &ParquetColumns {
            item: "whole".into(),
            response: "whole".into(),
            ..columns(&["voter"])
        },
    );
    assert!(
        told.contains("column \"voter\" names no respondent in row 2"),
        "{told}"
    );
    let told = message(&files, &whole("choice"));
    assert!(
        told.contains("column \"choice\" has the value 0.5 in row 2"),
        "{told}"
    );
    let told = message(&files, &whole("vote"));
    assert!(told.contains("there is no column \"vote\""), "{told}");
    let other = folder.file("other.parquet");
    write_rows(&other, &ROWS, Codec::None);
    let names = columns(&["voter"]);
    let told = message(
        &[other.clone(), path],
        &ParquetColumns {
            response: "whole".into(),
            ..names.clone()
        },
    );
    assert!(
        told.contains("other.parquet: there is no column \"whole\""),
        "{told}"
    );
    let third = folder.file("third.parquet");
    let numbers = [
        ("voter".to_string(), WrittenColumn::Integers(&[1])),
        ("race".to_string(), WrittenColumn::Integers(&[1])),
        ("choice".to_string(), WrittenColumn::Integers(&[1])),
    ];
    write_parquet(&third, &numbers, Codec::None).expect("written");
    let told = message(&[other, third], &names);
    assert!(
        told.contains("third.parquet: column \"voter\" holds numbers, and text in the files before"),
        "{told}"
    );
    let text = folder.file("text.parquet");
    std::fs::write(&text, "voter,race,choice").expect("written");
    let told = message(&[text], &names);
    assert!(told.contains("no complete Parquet file"), "{told}");
}

#[test]
fn dates_lists_and_decimals_are_refused_by_name() {
    use parquet::basic::{ConvertedType, Repetition, Type as Physical};
    use parquet::data_type::Int32Type;
    use parquet::file::writer::SerializedFileWriter;
    use parquet::schema::types::Type;
    let folder = Folder::new();
    let path = folder.file("dates.parquet");
    let date = Type::primitive_type_builder("choice", Physical::INT32)
        .with_repetition(Repetition::REQUIRED)
        .with_converted_type(ConvertedType::DATE)
        .build()
        .expect("type");
    let list = Type::primitive_type_builder("list", Physical::INT32)
        .with_repetition(Repetition::REPEATED)
        .build()
        .expect("type");
    let fields = vec![Arc::new(date), Arc::new(list)];
    let schema = Type::group_type_builder("schema")
        .with_fields(fields)
        .build()
        .expect("schema");
    let file = std::fs::File::create(&path).expect("file");
    let mut writer = SerializedFileWriter::new(file, Arc::new(schema), Default::default()).expect("writer");
    let mut group = writer.next_row_group().expect("group");
    let mut column = group.next_column().expect("column").expect("column");
    column
        .typed::<Int32Type>()
        .write_batch(&[1], None, None)
        .expect("written");
    column.close().expect("closed");
    let mut column = group.next_column().expect("column").expect("column");
    column
        .typed::<Int32Type>()
        .write_batch(&[1], Some(&[1]), Some(&[0]))
        .expect("written");
    column.close().expect("closed");
    group.close().expect("closed");
    writer.close().expect("closed");
    let told = message(std::slice::from_ref(&path), &columns(&["choice"]));
    assert!(
        told.contains("column \"choice\" has the type DATE INT32"),
        "{told}"
    );
    let told = message(&[path], &columns(&["list"]));
    assert!(
        told.contains("column \"list\" holds lists or structures"),
        "{told}"
    );
}

#[test]
fn damaged_files_are_errors_wherever_the_damage_is() {
    let folder = Folder::new();
    let path = folder.file("votes.parquet");
    let rows: Vec<_> = ROWS.iter().cycle().take(600).copied().collect();
    for codec in [Codec::None, Codec::Snappy, Codec::Zstd, Codec::Gzip] {
        write_rows(&path, &rows, codec);
        let bytes = std::fs::read(&path).expect("bytes");
        let damaged = folder.file("damaged.parquet");
        for length in (0..bytes.len()).step_by(7) {
            std::fs::write(&damaged, &bytes[..length]).expect("written");
            assert!(
                message(std::slice::from_ref(&damaged), &columns(&["voter"])).contains("damaged.parquet")
            );
        }
        // A changed byte may give other values, an error of any kind, but no panic.
        for at in 0..bytes.len() {
            for change in [0x01, 0x80, 0xFF] {
                let mut changed = bytes.clone();
                changed[at] ^= change;
                std::fs::write(&damaged, &changed).expect("written");
                let _ = read(std::slice::from_ref(&damaged), &columns(&["voter"]), 1);
            }
        }
    }
}

#[test]
fn reading_stops_when_it_is_asked_to() {
    struct Stop;
    impl Monitor for Stop {
        fn epoch(&self, _: &Epoch) {}

        fn part(&self, _: Part, _: f64) {}

        fn cancelled(&self) -> bool {
            true
        }
    }
    let folder = Folder::new();
    let path = folder.file("votes.parquet");
    write_rows(&path, &ROWS, Codec::None);
    let stopped = read_parquet(&[path], &columns(&["voter"]), 1, &Stop);
    assert!(matches!(stopped, Err(Error::Cancelled)));
}

#[test]
fn files_with_long_names_are_read() {
    let folder = Folder::far();
    let path = folder.file("\u{6295}\u{7968}.parquet");
    let rows = [("a", "x", Some("yes")), ("b", "x", Some("no"))];
    write_rows(&path, &rows, Codec::Snappy);
    let ballots = read(std::slice::from_ref(&path), &columns(&["voter"]), 1).expect("read");
    assert_eq!(words(&ballots.respondents[0]), ["a", "b"]);
}
