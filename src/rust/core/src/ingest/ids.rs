//! What names the respondents, kept small.

use crate::base::error::Result;
use crate::base::monitor::Monitor;
use crate::ingest::values::{Texts, Tuples, Values};

/// Texts one after the other in one vector of bytes; text `i` ends before `ends[i]`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TextColumn {
    /// The texts in UTF-8.
    pub bytes: Vec<u8>,
    /// Where each text ends.
    pub ends: Vec<u64>,
}

impl TextColumn {
    /// Number of texts.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// True when there is none.
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// A text.
    pub fn get(&self, at: usize) -> &[u8] {
        let start = if at == 0 { 0 } else { self.ends[at - 1] };
        &self.bytes[start as usize..self.ends[at] as usize]
    }
}

impl From<Texts> for TextColumn {
    fn from(texts: Texts) -> Self {
        let (bytes, ends) = texts.into_parts();
        Self { bytes, ends }
    }
}

/// A column that names respondents, with one element for each of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum IdColumn {
    /// Few distinct texts: the codes of the respondents among the labels, from 0.
    Labels {
        /// The code of each respondent.
        codes: Vec<u32>,
        /// The distinct texts.
        labels: TextColumn,
    },
    /// Many distinct texts: the text of each respondent.
    Texts(TextColumn),
    /// Whole numbers.
    Wholes(Vec<i64>),
    /// TRUE and FALSE.
    Flags(Vec<bool>),
}

impl IdColumn {
    /// Number of elements.
    pub fn len(&self) -> usize {
        match self {
            IdColumn::Labels { codes, .. } => codes.len(),
            IdColumn::Texts(texts) => texts.len(),
            IdColumn::Wholes(values) => values.len(),
            IdColumn::Flags(values) => values.len(),
        }
    }

    /// True when there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The distinct values of a column by code.
    pub(crate) fn distinct(values: Values) -> Self {
        match values {
            Values::Text(texts) => IdColumn::Texts(texts.into()),
            Values::Whole(wholes) => IdColumn::Wholes(wholes.into_values()),
            Values::Flag => IdColumn::Flags(vec![false, true]),
        }
    }

    /// The columns of the respondents; without tuples the single column's codes are the respondents.
    pub(crate) fn collect(
        columns: Vec<Values>,
        tuples: Option<&Tuples>,
        n_respondents: usize,
        monitor: &dyn Monitor,
    ) -> Result<Vec<Self>> {
        let codes_of = |at: usize| match tuples {
            Some(tuples) => tuples.column(at),
            None => (0..n_respondents as u32).collect(),
        };
        columns
            .into_iter()
            .enumerate()
            .map(|(at, values)| {
                monitor.proceed()?;
                Ok(Self::new(values, codes_of(at)))
            })
            .collect()
    }

    fn new(values: Values, codes: Vec<u32>) -> Self {
        match values {
            Values::Whole(wholes) => {
                let values = wholes.into_values();
                IdColumn::Wholes(codes.iter().map(|&code| values[code as usize]).collect())
            }
            Values::Flag => IdColumn::Flags(codes.iter().map(|&code| code == 1).collect()),
            Values::Text(texts) if 2 * texts.len() <= codes.len() => IdColumn::Labels {
                labels: texts.into(),
                codes,
            },
            Values::Text(texts) => {
                let labels = TextColumn::from(texts);
                if codes.iter().enumerate().all(|(i, &code)| i == code as usize) {
                    return IdColumn::Texts(labels);
                }
                let mut column = TextColumn::default();
                for &code in &codes {
                    column.bytes.extend_from_slice(labels.get(code as usize));
                    column.ends.push(column.bytes.len() as u64);
                }
                IdColumn::Texts(column)
            }
        }
    }
}
