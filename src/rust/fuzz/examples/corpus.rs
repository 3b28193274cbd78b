//! Writes the corpora anew: `cargo run --example corpus`, in this folder. Checkpoints of a small training, small models, and
//! small Parquet files of every type, encoding, codec and kind of page that is read.

use parquet::basic::{Compression, ConvertedType, Encoding, LogicalType, Repetition, Type as Physical};
use parquet::data_type::{BoolType, ByteArray, ByteArrayType, DoubleType, FloatType, Int32Type, Int64Type};
use parquet::file::properties::{EnabledStatistics, WriterProperties, WriterVersion};
use parquet::file::writer::{SerializedColumnWriter, SerializedFileWriter};
use parquet::schema::types::Type;
use std::error::Error;
use std::path::Path;
use std::sync::Arc;
use vae_irt_core::{
    Card, SimulationDesign, ItemCard, ItemCovariances, ItemKind, Link, Model, ModelFile, Settings, Silent, fit,
    simulate,
};

type Outcome = Result<(), Box<dyn Error>>;

fn main() -> Outcome {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus");
    for folder in ["checkpoint", "model_file", "parquet"] {
        std::fs::create_dir_all(corpus.join(folder))?;
    }
    let nominal = ItemKind::Nominal;
    write_model(
        &corpus.join("model_file/logit"),
        [2, 3],
        nominal,
        Link::Logit,
        true,
    )?;
    write_model(
        &corpus.join("model_file/probit"),
        [1, 2],
        nominal,
        Link::Probit,
        true,
    )?;
    write_model(
        &corpus.join("model_file/wide"),
        [3, 2],
        nominal,
        Link::Logit,
        false,
    )?;
    write_model(
        &corpus.join("model_file/graded"),
        [1, 4],
        ItemKind::Graded,
        Link::Logit,
        true,
    )?;
    // Before the first step and during the second epoch.
    let interrupted = (0..)
        .map(vae_irt_fuzz::checkpoint_after)
        .filter_map(Result::transpose);
    for (name, content) in ["start", "middle"].iter().zip(interrupted.step_by(4)) {
        std::fs::write(corpus.join("checkpoint").join(name), content?)?;
    }
    let end = vae_irt_fuzz::checkpoint_after(usize::MAX)?;
    std::fs::write(corpus.join("checkpoint/end"), end.ok_or("no checkpoint")?)?;
    for sample in samples() {
        sample.write(&corpus.join("parquet").join(sample.name))?;
    }
    Ok(())
}

/// A model with a few items, of so many dimensions and options; without its description it is what a fit keeps.
fn write_model(
    path: &Path,
    [n_dims, n_options]: [usize; 2],
    kind: ItemKind,
    link: Link,
    described: bool,
) -> Outcome {
    let design = SimulationDesign {
        n_respondents: 40,
        n_items: 3 * n_dims,
        n_dims,
        n_options,
        missing: 0.1,
        kind,
    };
    let settings = Settings::new(n_dims).with(|settings| {
        settings.model.link = link;
        settings.model.hidden = 4;
        settings.training.max_epochs = 3;
    });
    let model = fit(
        &simulate(&design, 1)?.to_responses()?,
        &settings.check()?,
        &Silent,
    )?
    .model;
    if !described {
        return Ok(std::fs::write(path, model.to_bytes()?)?);
    }
    Ok(described_model(model).write(path)?)
}

/// A model with a description.
fn described_model(model: Model) -> ModelFile {
    let n_dims = model.shape.n_dims;
    let counts = model.shape.catalogue.option_counts().to_vec();
    let item = |(j, &n): (usize, &u32)| ItemCard {
        name: format!("i{j}"),
        options: (0..n).map(|c| format!("{c}")).collect(),
        pooled: if j == 0 { vec!["x".into()] } else { Vec::new() },
        n_responses: 40,
    };
    let n_covariances = model.items.n_rows() * (n_dims + 1) * (n_dims + 2) / 2;
    ModelFile {
        model,
        card: Card {
            package: "0".into(),
            items: counts.iter().enumerate().map(item).collect(),
            discrimination_sd: Some(5.0),
            difficulty_sd: Some(5.0),
            refined: true,
            draws: 8,
            seed: 1.0,
            level: 0.95,
            rotated: false,
            std_errors: "joint".into(),
            n_respondents: 40,
            seconds: 0.5,
            converged: true,
            polished: None,
            classification: Some(0.7),
            apre: None,
            gmp: None,
            pareto_threshold: Some(0.7),
        },
        covariances: ItemCovariances {
            prior: vec![0.25; n_covariances],
            normalised: vec![f64::NAN; n_covariances],
            aligned: vec![0.5; n_covariances],
        },
        trait_means: vec![0.0; n_dims],
        trait_sds: vec![1.0; n_dims],
    }
}

/// What a column of a sample holds; nothing is a missing value.
enum Values {
    Text(&'static [Option<&'static str>]),
    Int32(&'static [i32]),
    Int64(&'static [i64]),
    Float(&'static [f32]),
    Double(&'static [f64]),
    Flag(&'static [bool]),
}

/// A Parquet file: `encoding` is that of the columns beside dictionaries.
struct Sample {
    name: &'static str,
    columns: Columns,
    compression: Compression,
    encoding: Option<Encoding>,
    version: WriterVersion,
    row_groups: usize,
}

const VOTERS: &[Option<&str>] = &[Some("v1"), Some("v1"), Some("v2"), Some("v2"), Some("v3")];
const RACES: &[Option<&str>] = &[
    Some("mayor"),
    Some("mayor of"),
    Some("mayor"),
    Some("mayor of"),
    Some("j"),
];
const CHOICES: &[Option<&str>] = &[Some("yes"), Some("no"), None, Some("yes"), Some("\u{e9}t\u{e9}")];

type Columns = Vec<(&'static str, Values)>;

fn texts() -> Columns {
    vec![
        ("voter", Values::Text(VOTERS)),
        ("race", Values::Text(RACES)),
        ("choice", Values::Text(CHOICES)),
    ]
}

fn numbers() -> Columns {
    vec![
        ("county", Values::Int32(&[1, 1, 2, 2, 2])),
        ("voter", Values::Int64(&[7, 7, 8, 8, -9])),
        ("race", Values::Float(&[1.0, 2.0, 1.0, 2.0, 3.0])),
        ("choice", Values::Double(&[0.0, 1.0, f64::NAN, 1.0, 2.0])),
        ("weight", Values::Double(&[0.5, 0.5, 2.0, 2.0, 2.0])),
    ]
}

fn flags() -> Columns {
    vec![
        ("voter", Values::Int32(&[1, 1, 2, 2, 3])),
        ("race", Values::Int32(&[1, 2, 1, 2, 3])),
        ("choice", Values::Flag(&[true, false, true, true, false])),
    ]
}

fn samples() -> Vec<Sample> {
    let sample = |name, columns: fn() -> Columns, compression, encoding, version, row_groups| Sample {
        name,
        columns: columns(),
        compression,
        encoding,
        version,
        row_groups,
    };
    let (one, two) = (WriterVersion::PARQUET_1_0, WriterVersion::PARQUET_2_0);
    let (none, snappy, gzip, zstd) = (
        Compression::UNCOMPRESSED,
        Compression::SNAPPY,
        Compression::GZIP(Default::default()),
        Compression::ZSTD(Default::default()),
    );
    let (plain, lengths, prefixes) = (
        Some(Encoding::PLAIN),
        Some(Encoding::DELTA_LENGTH_BYTE_ARRAY),
        Some(Encoding::DELTA_BYTE_ARRAY),
    );
    let (split, deltas) = (
        Some(Encoding::BYTE_STREAM_SPLIT),
        Some(Encoding::DELTA_BINARY_PACKED),
    );
    vec![
        sample("text", texts, none, None, one, 1),
        sample("text_v2", texts, none, None, two, 2),
        sample("snappy", texts, snappy, None, one, 1),
        sample("gzip", texts, gzip, None, one, 1),
        sample("zstd_v2", texts, zstd, None, two, 1),
        sample("plain", texts, none, plain, one, 1),
        sample("lengths", texts, none, lengths, two, 1),
        sample("prefixes", texts, none, prefixes, one, 1),
        sample("numbers", numbers, none, None, one, 2),
        sample("split", numbers, none, split, two, 1),
        sample("flags", flags, none, deltas, two, 1),
        sample("flags_v1", flags, none, plain, one, 1),
    ]
}

impl Values {
    fn schema(&self, name: &str) -> parquet::errors::Result<Type> {
        let physical = match self {
            Values::Text(_) => Physical::BYTE_ARRAY,
            Values::Int32(_) => Physical::INT32,
            Values::Int64(_) => Physical::INT64,
            Values::Float(_) => Physical::FLOAT,
            Values::Double(_) => Physical::DOUBLE,
            Values::Flag(_) => Physical::BOOLEAN,
        };
        let builder = Type::primitive_type_builder(name, physical);
        match self {
            Values::Text(_) => builder
                .with_repetition(Repetition::OPTIONAL)
                .with_logical_type(Some(LogicalType::String))
                .with_converted_type(ConvertedType::UTF8)
                .build(),
            _ => builder.with_repetition(Repetition::REQUIRED).build(),
        }
    }

    /// Booleans and other types have encodings of their own.
    fn takes(&self, encoding: Encoding) -> bool {
        match encoding {
            Encoding::DELTA_LENGTH_BYTE_ARRAY | Encoding::DELTA_BYTE_ARRAY => matches!(self, Values::Text(_)),
            Encoding::DELTA_BINARY_PACKED => matches!(self, Values::Int32(_) | Values::Int64(_)),
            Encoding::BYTE_STREAM_SPLIT => !matches!(self, Values::Text(_) | Values::Flag(_)),
            _ => true,
        }
    }

    fn write(&self, column: &mut SerializedColumnWriter) -> parquet::errors::Result<usize> {
        match self {
            Values::Text(texts) => {
                let levels: Vec<i16> = texts.iter().map(|text| i16::from(text.is_some())).collect();
                let values: Vec<ByteArray> = texts.iter().flatten().map(|&text| text.into()).collect();
                column
                    .typed::<ByteArrayType>()
                    .write_batch(&values, Some(&levels), None)
            }
            Values::Int32(values) => column.typed::<Int32Type>().write_batch(values, None, None),
            Values::Int64(values) => column.typed::<Int64Type>().write_batch(values, None, None),
            Values::Float(values) => column.typed::<FloatType>().write_batch(values, None, None),
            Values::Double(values) => column.typed::<DoubleType>().write_batch(values, None, None),
            Values::Flag(values) => column.typed::<BoolType>().write_batch(values, None, None),
        }
    }
}

impl Sample {
    fn write(&self, path: &Path) -> Outcome {
        let fields = self
            .columns
            .iter()
            .map(|(name, values)| Ok(Arc::new(values.schema(name)?)));
        let fields = fields.collect::<parquet::errors::Result<Vec<_>>>()?;
        let schema = Type::group_type_builder("s").with_fields(fields).build()?;
        let mut properties = WriterProperties::builder()
            .set_compression(self.compression)
            .set_writer_version(self.version)
            .set_statistics_enabled(EnabledStatistics::None)
            .set_offset_index_disabled(true)
            .set_created_by("x".into())
            .set_dictionary_enabled(self.encoding.is_none());
        for (name, values) in &self.columns {
            if let Some(encoding) = self.encoding.filter(|&encoding| values.takes(encoding)) {
                properties = properties.set_column_encoding((*name).into(), encoding);
            }
        }
        let file = std::fs::File::create(path)?;
        let mut writer = SerializedFileWriter::new(file, Arc::new(schema), Arc::new(properties.build()))?;
        for _ in 0..self.row_groups {
            let mut group = writer.next_row_group()?;
            for (_, values) in &self.columns {
                let mut column = group.next_column()?.ok_or("a column too many")?;
                values.write(&mut column)?;
                column.close()?;
            }
            group.close()?;
        }
        writer.close()?;
        Ok(())
    }
}
