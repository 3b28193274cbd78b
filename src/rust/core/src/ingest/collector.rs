//! From rows to responses by respondent.

use crate::base::error::Error;
use crate::ingest::values::{MISSING, TooMany, Tuples};
use crate::responses::cells_builder::CellsBuilder;
use crate::responses::options::RawOptions;

/// Some rows of the selected columns.
#[derive(Default)]
pub(crate) struct RowBatch {
    /// Codes of the columns that name the respondents.
    pub ids: Vec<Vec<u32>>,
    pub items: Vec<u32>,
    pub responses: Vec<u32>,
    /// Empty without a column of weights.
    pub weights: Vec<f64>,
    /// The file of the rows, and the rows of it that come before.
    pub file: usize,
    pub rows_before: u64,
}

/// Why rows cannot be taken.
pub(crate) enum Refusal {
    /// A column that names respondents has no value; its place among these columns.
    NoRespondent { column: usize, row: u64 },
    /// There is no item.
    NoItem { row: u64 },
    /// A weight is no positive number.
    Weight { row: u64, value: f64 },
    /// A respondent, given by the codes of the columns, has two weights.
    Weights {
        respondent: Vec<u32>,
        row: u64,
        before: f64,
        now: f64,
    },
    /// More than can be counted.
    TooMany,
    /// There is no memory for so many more megabytes.
    Memory(f64),
}

impl From<TooMany> for Refusal {
    fn from(_: TooMany) -> Self {
        Refusal::TooMany
    }
}

impl From<Error> for Refusal {
    fn from(error: Error) -> Self {
        match error {
            Error::Memory(megabytes) => Refusal::Memory(megabytes),
            _ => Refusal::TooMany,
        }
    }
}

/// Takes the rows in their order.
pub(crate) struct Collector {
    /// Nothing where the codes of a single column number the respondents as they occur.
    pub tuples: Option<Tuples>,
    pub options: RawOptions,
    pub builder: CellsBuilder,
    pub weights: Vec<f64>,
    pub n_respondents: u32,
    pub n_rows: u64,
    tuple: Vec<u32>,
    respondent: u32,
}

impl Collector {
    pub fn new(n_columns: usize, single: bool) -> Self {
        Self {
            tuples: (!single).then(|| Tuples::new(n_columns)),
            options: RawOptions::default(),
            builder: CellsBuilder::default(),
            weights: Vec::new(),
            n_respondents: 0,
            n_rows: 0,
            tuple: vec![MISSING; n_columns],
            respondent: MISSING,
        }
    }

    pub fn add(&mut self, batch: &RowBatch) -> Result<(), Refusal> {
        for (at, (&item, &response)) in batch.items.iter().zip(&batch.responses).enumerate() {
            let row = batch.rows_before + at as u64 + 1;
            let same = batch
                .ids
                .iter()
                .zip(&self.tuple)
                .all(|(codes, &code)| codes[at] == code);
            if !same || self.respondent == MISSING {
                self.turn_to(batch, at, row)?;
            }
            if let Some(&weight) = batch.weights.get(at) {
                self.weigh(weight, row)?;
            }
            if item == MISSING {
                return Err(Refusal::NoItem { row });
            }
            if response != MISSING {
                self.builder
                    .push(self.respondent, self.options.intern(item, response)?)?;
            }
        }
        self.n_rows += batch.items.len() as u64;
        Ok(())
    }

    /// Makes the respondent of a row the current one.
    fn turn_to(&mut self, batch: &RowBatch, at: usize, row: u64) -> Result<(), Refusal> {
        for (column, (codes, code)) in batch.ids.iter().zip(&mut self.tuple).enumerate() {
            if codes[at] == MISSING {
                return Err(Refusal::NoRespondent { column, row });
            }
            *code = codes[at];
        }
        self.respondent = match &mut self.tuples {
            Some(tuples) => tuples.intern(&self.tuple)?,
            None => self.tuple[0],
        };
        self.n_respondents = self.n_respondents.max(self.respondent + 1);
        self.builder.add_respondent(self.respondent);
        Ok(())
    }

    fn weigh(&mut self, weight: f64, row: u64) -> Result<(), Refusal> {
        match self.weights.get(self.respondent as usize) {
            Some(&before) if before == weight => Ok(()),
            _ if !(weight > 0.0 && weight.is_finite()) => Err(Refusal::Weight { row, value: weight }),
            Some(&before) => Err(Refusal::Weights {
                respondent: self.tuple.clone(),
                row,
                before,
                now: weight,
            }),
            None => {
                self.weights.push(weight);
                Ok(())
            }
        }
    }
}
