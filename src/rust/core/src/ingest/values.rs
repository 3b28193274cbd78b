//! Distinct values and their codes, numbered in the order in which they occur.

use crate::ingest::schema::Kind;
use hashbrown::{DefaultHashBuilder, HashMap, HashTable};
use std::hash::BuildHasher;

/// The code of a missing value.
pub(crate) const MISSING: u32 = u32::MAX;

/// More distinct values than codes can count.
#[derive(Debug)]
pub(crate) struct TooMany;

/// Distinct texts in one arena.
#[derive(Default)]
pub(crate) struct Texts {
    bytes: Vec<u8>,
    ends: Vec<u64>,
    codes: HashTable<u32>,
    hasher: DefaultHashBuilder,
}

impl Texts {
    /// Number of texts.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// The text of a code.
    pub fn get(&self, code: u32) -> &[u8] {
        text_at(&self.bytes, &self.ends, code)
    }

    /// The code of a text, which is new or was seen before, and whether it is new.
    pub fn intern(&mut self, text: &[u8]) -> Result<(u32, bool), TooMany> {
        let hash = self.hasher.hash_one(text);
        let found = self
            .codes
            .find(hash, |&code| text_at(&self.bytes, &self.ends, code) == text);
        if let Some(&code) = found {
            return Ok((code, false));
        }
        let code = u32::try_from(self.ends.len())
            .ok()
            .filter(|&c| c < MISSING)
            .ok_or(TooMany)?;
        self.bytes.extend_from_slice(text);
        self.ends.push(self.bytes.len() as u64);
        let (bytes, ends, hasher) = (&self.bytes, &self.ends, &self.hasher);
        self.codes
            .insert_unique(hash, code, |&code| hasher.hash_one(text_at(bytes, ends, code)));
        Ok((code, true))
    }

    /// The texts one after the other, and where each ends.
    pub fn into_parts(self) -> (Vec<u8>, Vec<u64>) {
        (self.bytes, self.ends)
    }
}

fn text_at<'a>(bytes: &'a [u8], ends: &[u64], code: u32) -> &'a [u8] {
    let code = code as usize;
    let start = if code == 0 { 0 } else { ends[code - 1] };
    &bytes[start as usize..ends[code] as usize]
}

/// Distinct whole numbers.
#[derive(Default)]
pub(crate) struct Wholes {
    values: Vec<i64>,
    codes: HashMap<i64, u32>,
}

impl Wholes {
    /// The code of a number, which is new or was seen before.
    pub fn intern(&mut self, value: i64) -> Result<u32, TooMany> {
        if let Some(&code) = self.codes.get(&value) {
            return Ok(code);
        }
        let code = u32::try_from(self.values.len())
            .ok()
            .filter(|&c| c < MISSING)
            .ok_or(TooMany)?;
        self.codes.insert(value, code);
        self.values.push(value);
        Ok(code)
    }

    /// The number of a code.
    pub fn get(&self, code: u32) -> i64 {
        self.values[code as usize]
    }

    /// The numbers by code.
    pub fn into_values(self) -> Vec<i64> {
        self.values
    }
}

/// The distinct values of a column across all files.
pub(crate) enum Values {
    Text(Texts),
    Whole(Wholes),
    /// FALSE and TRUE have the codes 0 and 1.
    Flag,
}

impl Values {
    pub fn new(kind: Kind) -> Self {
        match kind {
            Kind::Text => Values::Text(Texts::default()),
            Kind::Whole { .. } | Kind::Number => Values::Whole(Wholes::default()),
            Kind::Flag => Values::Flag,
        }
    }

    /// True when values of this kind belong here.
    pub fn takes(&self, kind: Kind) -> bool {
        match self {
            Values::Text(_) => kind == Kind::Text,
            Values::Whole(_) => matches!(kind, Kind::Whole { .. } | Kind::Number),
            Values::Flag => kind == Kind::Flag,
        }
    }

    /// What the values are, in words.
    pub fn name(&self) -> &'static str {
        match self {
            Values::Text(_) => Kind::Text.name(),
            Values::Whole(_) => Kind::Number.name(),
            Values::Flag => Kind::Flag.name(),
        }
    }
}

/// Numbers the distinct tuples of codes: the respondents, who are told apart by several columns.
#[derive(Default)]
pub(crate) struct Tuples {
    width: usize,
    codes: Vec<u32>,
    table: HashTable<u32>,
    hasher: DefaultHashBuilder,
}

impl Tuples {
    pub fn new(width: usize) -> Self {
        Self {
            width,
            ..Self::default()
        }
    }

    /// The number of a tuple, which is new or was seen before.
    pub fn intern(&mut self, tuple: &[u32]) -> Result<u32, TooMany> {
        let width = self.width;
        let hash = self.hasher.hash_one(tuple);
        let own = |codes: &[u32], id: u32| -> bool {
            let start = id as usize * width;
            &codes[start..start + width] == tuple
        };
        if let Some(&id) = self.table.find(hash, |&id| own(&self.codes, id)) {
            return Ok(id);
        }
        let id = u32::try_from(self.codes.len() / width)
            .ok()
            .filter(|&id| id < MISSING)
            .ok_or(TooMany)?;
        self.codes.extend_from_slice(tuple);
        let (codes, hasher) = (&self.codes, &self.hasher);
        self.table.insert_unique(hash, id, |&id| {
            let start = id as usize * width;
            hasher.hash_one(&codes[start..start + width])
        });
        Ok(id)
    }

    /// The codes of one column by tuple.
    pub fn column(&self, at: usize) -> Vec<u32> {
        self.codes.iter().skip(at).step_by(self.width).copied().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_numbered_as_they_occur() {
        let mut texts = Texts::default();
        let codes: Vec<u32> = ["b", "", "a", "b", ""]
            .iter()
            .map(|t| texts.intern(t.as_bytes()).expect("few texts").0)
            .collect();
        assert_eq!(codes, [0, 1, 2, 0, 1]);
        assert_eq!(texts.get(2), b"a");
        assert_eq!(texts.into_parts(), (b"ba".to_vec(), vec![1, 1, 2]));

        let mut wholes = Wholes::default();
        let codes: Vec<u32> = [5, -1, 5]
            .iter()
            .map(|&x| wholes.intern(x).expect("few"))
            .collect();
        assert_eq!(codes, [0, 1, 0]);

        let mut tuples = Tuples::new(2);
        let ids: Vec<u32> = [[0, 1], [1, 0], [0, 1]]
            .iter()
            .map(|t| tuples.intern(t).expect("few"))
            .collect();
        assert_eq!(ids, [0, 1, 0]);
        assert_eq!(tuples.column(1), [1, 0]);
    }
}
