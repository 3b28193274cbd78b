//! Codes of texts, quickly where texts recur.

use crate::ingest::values::{MISSING, Texts, TooMany};

/// Places of the cache of recent texts.
const RECENT: usize = 4_096;

/// Why a text has no code.
pub(crate) enum RefusedText {
    TooMany,
    Encoding,
}

impl From<TooMany> for RefusedText {
    fn from(_: TooMany) -> Self {
        RefusedText::TooMany
    }
}

/// Codes of texts by where they lie in memory: values from a dictionary page lie at the same place. Since memory is used
/// again, the texts are compared as well, which is cheaper than to hash them.
pub(crate) struct RecentTexts {
    codes: Vec<u32>,
    last: u32,
}

impl RecentTexts {
    pub fn new() -> Self {
        Self {
            codes: vec![MISSING; RECENT],
            last: MISSING,
        }
    }

    /// The code of a text, which is new or was seen before.
    pub fn code(&mut self, texts: &mut Texts, text: &[u8]) -> std::result::Result<u32, RefusedText> {
        if self.last != MISSING && texts.get(self.last) == text {
            return Ok(self.last);
        }
        let address = text.as_ptr().addr() as u64;
        let place = (address.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 52) as usize % RECENT;
        let known = self.codes[place];
        let code = if known != MISSING && texts.get(known) == text {
            known
        } else {
            let (code, new) = texts.intern(text)?;
            // R's strings end at a zero.
            if new && (std::str::from_utf8(text).is_err() || text.contains(&0)) {
                return Err(RefusedText::Encoding);
            }
            code
        };
        self.codes[place] = code;
        self.last = code;
        Ok(code)
    }
}
