//! Just enough of Thrift's compact protocol (<https://github.com/apache/thrift/blob/master/doc/specs/thrift-compact-protocol.md>)
//! to see what a Parquet file says about sizes before its library believes it.

use FieldKind::{Bytes, Flag, Number, Structure};

/// Structures in structures that are looked through.
const MOST_DEPTH: usize = 64;

/// Groups in groups of a schema. The library goes through them by recursion.
const MOST_GROUPS: usize = 64;

/// The types of fields that matter here.
const I32: u8 = 5;

const LIST: u8 = 9;

const STRUCT: u8 = 12;

/// Bytes that are read from the front.
pub(crate) struct Compact<'a>(pub &'a [u8]);

impl Compact<'_> {
    fn byte(&mut self) -> Option<u8> {
        let (&first, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(first)
    }

    fn leave_out(&mut self, n: u64) -> Option<()> {
        self.0 = self.0.get(usize::try_from(n).ok()?..)?;
        Some(())
    }

    /// A number of variable length.
    pub fn unsigned(&mut self) -> Option<u64> {
        let mut value = 0u64;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            value |= u64::from(byte & 0x7F) << shift;
            if byte & 0x80 == 0 {
                return Some(value);
            }
        }
        None
    }

    /// A number of variable length whose lowest bit is the sign.
    pub fn signed(&mut self) -> Option<i64> {
        self.unsigned().map(|n| (n >> 1) as i64 ^ -((n & 1) as i64))
    }

    /// The next field of a structure, its number and type; nothing inside at the end.
    fn field(&mut self, last: i64) -> Option<Option<(i64, u8)>> {
        let head = self.byte()?;
        if head == 0 {
            return Some(None);
        }
        let number = match head >> 4 {
            0 => self.signed()?,
            step => last.checked_add(i64::from(step))?,
        };
        Some(Some((number, head & 0x0F)))
    }

    /// The length and the type of a list.
    fn list(&mut self) -> Option<(u64, u8)> {
        let head = self.byte()?;
        let length = match head >> 4 {
            15 => self.unsigned()?,
            short => u64::from(short),
        };
        Some((length, head & 0x0F))
    }

    /// Calls `see` for every field of a structure; it answers true where it has read the field.
    fn each_field(
        &mut self,
        depth: usize,
        mut see: impl FnMut(&mut Self, i64, u8) -> Option<bool>,
    ) -> Option<()> {
        let mut last = 0;
        while let Some((number, kind)) = self.field(last)? {
            if !see(self, number, kind)? {
                self.skip(kind, depth, false)?;
            }
            last = number;
        }
        Some(())
    }

    /// Leaves a value out. Lists of TRUE and FALSE are refused: they take a byte by the specification and none by the library,
    /// which would go through as many as the length says.
    fn skip(&mut self, kind: u8, depth: usize, in_list: bool) -> Option<()> {
        let inner = depth.checked_sub(1)?;
        match kind {
            1 | 2 => (!in_list).then_some(()),
            3 => self.leave_out(1),
            4..=6 => self.unsigned().map(|_| ()),
            7 => self.leave_out(8),
            8 => self.unsigned().and_then(|length| self.leave_out(length)),
            LIST | 10 => {
                let (length, kind) = self.list()?;
                (0..length).try_for_each(|_| self.skip(kind, inner, true))
            }
            11 => {
                let length = self.unsigned()?;
                let kinds = if length > 0 { self.byte()? } else { 0 };
                (0..length).try_for_each(|_| {
                    self.skip(kinds >> 4, inner, true)?;
                    self.skip(kinds & 0x0F, inner, true)
                })
            }
            STRUCT => self.each_field(inner, |_, _, _| Some(false)),
            _ => None,
        }
    }
}

/// Checks the schema in the bytes of a footer: that groups have no more children than there are elements, and are not
/// nested without end.
pub(crate) fn check_schema(footer: &[u8]) -> Result<(), &'static str> {
    const SCHEMA: i64 = 2;
    let mut verdict = Ok(());
    let seen = Compact(footer).each_field(MOST_DEPTH, |bytes, number, kind| {
        if (number, kind) != (SCHEMA, LIST) {
            return Some(false);
        }
        let (n_elements, kind) = bytes.list()?;
        if kind != STRUCT || n_elements > bytes.0.len() as u64 {
            return None;
        }
        // Children that the open groups still have to get.
        let mut open: Vec<u64> = Vec::new();
        for left in (0..n_elements).rev() {
            let n_children = read_children(bytes)?;
            while open.last() == Some(&0) {
                open.pop();
            }
            if let Some(wanted) = open.last_mut() {
                *wanted -= 1;
            }
            if n_children > left {
                verdict = Err("a group of columns has more columns than there are");
                return None;
            }
            if n_children > 0 {
                open.push(n_children);
            }
            if open.len() > MOST_GROUPS {
                verdict = Err("its columns are nested too deeply");
                return None;
            }
        }
        Some(true)
    });
    verdict.and(seen.ok_or("its table of contents ends too early"))
}

/// The number of children of an element of a schema.
fn read_children(bytes: &mut Compact) -> Option<u64> {
    const N_CHILDREN: i64 = 5;
    let mut n_children = 0;
    bytes.each_field(MOST_DEPTH, |bytes, number, kind| {
        if (number, kind) != (N_CHILDREN, I32) {
            return Some(false);
        }
        n_children = u64::try_from(bytes.signed()?).ok()?;
        Some(true)
    })?;
    Some(n_children)
}

/// What a field of a structure is. The library reads fields by their number, whatever type they say they have.
#[derive(Clone, Copy)]
enum FieldKind {
    Number,
    Flag,
    Bytes,
    /// With its own fields, from number 1.
    Structure(&'static [FieldKind]),
}

/// The header of a page (<https://github.com/apache/parquet-format/blob/master/src/main/thrift/parquet.thrift>).
const PAGE: &[FieldKind] = &[
    Number,
    Number,
    Number,
    Number,
    Structure(&[Number, Number, Number, Number, Structure(STATISTICS)]),
    Structure(&[]),
    Structure(&[Number, Number, Flag]),
    Structure(&[
        Number,
        Number,
        Number,
        Number,
        Number,
        Number,
        Flag,
        Structure(STATISTICS),
    ]),
];

const STATISTICS: &[FieldKind] = &[Bytes, Bytes, Number, Number, Bytes, Bytes, Flag, Flag];

impl Compact<'_> {
    /// Goes past a structure whose known fields must be what they are, in rising order; others are left out.
    fn structure(&mut self, kinds: &[FieldKind]) -> Option<()> {
        let mut last = 0;
        while let Some((number, kind)) = self.field(last)? {
            if number <= last {
                return None;
            }
            let place = usize::try_from(number - 1).ok()?;
            match (kinds.get(place), kind) {
                (Some(Structure(inner)), STRUCT) => self.structure(inner)?,
                (Some(Number), 4..=6) | (Some(Flag), 1 | 2) | (Some(Bytes), 8) | (None, _) => {
                    self.skip(kind, MOST_DEPTH, false)?;
                }
                _ => return None,
            }
            last = number;
        }
        Some(())
    }
}

/// The uncompressed and the compressed size that the header of a page states; nothing where the bytes do not hold a whole
/// header, or one that the library would read in another way.
pub(crate) fn page_sizes(header: &[u8]) -> Option<(u64, u64)> {
    Compact(header).structure(PAGE)?;
    // In the first three fields as all writers put them: type, uncompressed size, compressed size.
    let mut bytes = Compact(header);
    let mut number = |last: i64| {
        let field = bytes.field(last)??;
        (field == (last + 1, I32)).then(|| bytes.signed())?
    };
    number(0)?;
    let uncompressed = u64::try_from(number(1)?).ok()?;
    let compressed = u64::try_from(number(2)?).ok()?;
    Some((uncompressed, compressed))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The fields 1 to 3 of the header of a page: its type, 300 bytes, 200 bytes.
    const SIZES: [u8; 8] = [0x15, 0, 0x15, 0xD8, 0x04, 0x15, 0x90, 0x03];

    fn sizes_with(fields: &[u8]) -> Option<(u64, u64)> {
        page_sizes(&[&SIZES, fields].concat())
    }

    #[test]
    fn headers_of_pages_are_read_whole() {
        // Field 5: a structure of four numbers and statistics with a text and a number.
        let data_page = [
            0x2C, 0x15, 2, 0x15, 0, 0x15, 6, 0x15, 6, 0x1C, 0x18, 1, 7, 0x26, 4, 0, 0, 0,
        ];
        assert_eq!(sizes_with(&data_page), Some((300, 200)));
        for end in 0..data_page.len() - 1 {
            assert_eq!(sizes_with(&data_page[..end]), None, "cut at {end}");
        }
        // Field 9, which nobody knows yet: a list of two numbers.
        assert_eq!(sizes_with(&[0x69, 0x25, 2, 4, 0]), Some((300, 200)));
    }

    #[test]
    fn headers_that_cost_more_than_their_bytes_are_refused() {
        let long = [0xFF, 0xFF, 0xFF, 0xFF, 0x07];
        // Lists of 2^31 numbers of 8 bytes, which the library takes from behind the end of the file, and of as many truth values.
        for kind in [7, 1, 2] {
            let list = [&[0x69, 0xF0 | kind], long.as_slice(), &[0]].concat();
            assert_eq!(sizes_with(&list), None, "type {kind}");
            let map = [&[0x6B], long.as_slice(), &[kind << 4 | kind, 0]].concat();
            assert_eq!(sizes_with(&map), None, "map of type {kind}");
        }
    }

    #[test]
    fn headers_that_the_library_reads_otherwise_are_refused() {
        // Field 5 is a structure for the library, whatever type it says it has: here a text.
        assert_eq!(sizes_with(&[0x28, 2, 0x15, 2, 0]), None);
        // The second size would count for the library.
        assert_eq!(sizes_with(&[0x05, 4, 0x7E, 0]), None);
    }
}
