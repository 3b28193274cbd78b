//! Just enough of Thrift's compact protocol (<https://github.com/apache/thrift/blob/master/doc/specs/thrift-compact-protocol.md>)
//! to see what a Parquet file says about sizes before its library believes it.

/// Structures in structures that are looked through.
const MOST_DEPTH: usize = 64;
/// Groups in groups of a schema. The library goes through them by recursion.
const MOST_GROUPS: usize = 64;

/// The types of fields that matter here.
const I32: u8 = 5;
const LIST: u8 = 9;
const STRUCT: u8 = 12;

/// Bytes that are read from the front.
pub(super) struct Compact<'a>(pub &'a [u8]);

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

    /// Leaves a value out. TRUE and FALSE take a byte in lists and none in structures.
    fn skip(&mut self, kind: u8, depth: usize, in_list: bool) -> Option<()> {
        let inner = depth.checked_sub(1)?;
        match kind {
            1 | 2 => self.leave_out(u64::from(in_list)),
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
pub(super) fn check_schema(footer: &[u8]) -> Result<(), &'static str> {
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

/// The uncompressed and the compressed size that the header of a page states, in the first three fields as all writers
/// put them: type, uncompressed size, compressed size.
pub(super) fn page_sizes(header: &[u8]) -> Option<(u64, u64)> {
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
