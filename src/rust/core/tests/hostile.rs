//! Files that are not to be trusted. What the fuzz targets do with bytes is done here with altered files of their corpora and
//! with headers that lie about sizes: the core may refuse them, but neither panic nor ask for memory that the bytes cannot
//! fill. `tools/soak/fuzz.sh` goes on where this ends.

#[path = "../../fuzz/src/lib.rs"]
mod targets;

use proptest::prelude::RngExt;
use proptest::test_runner::{RngAlgorithm, TestRng};
use std::alloc::{GlobalAlloc, Layout, System};
use std::path::Path;
use std::sync::Once;
use std::sync::atomic::{AtomicUsize, Ordering};

/// No file here has more than some kilobytes; the library of Parquet files reserves some megabytes for any file.
const MOST_MEMORY: usize = 64 << 20;

/// The system's allocator, which tells the largest block that was asked for, and the most memory that was in use at once.
struct Watched;

static LARGEST: AtomicUsize = AtomicUsize::new(0);
static IN_USE: AtomicUsize = AtomicUsize::new(0);
static MOST_IN_USE: AtomicUsize = AtomicUsize::new(0);

impl Watched {
    fn grown(size: usize) {
        LARGEST.fetch_max(size, Ordering::Relaxed);
        let now = IN_USE.fetch_add(size, Ordering::Relaxed) + size;
        MOST_IN_USE.fetch_max(now, Ordering::Relaxed);
    }

    fn shrunk(size: usize) {
        IN_USE.fetch_sub(size, Ordering::Relaxed);
    }
}

// SAFETY: every call goes to the system's allocator.
unsafe impl GlobalAlloc for Watched {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        Self::grown(layout.size());
        // SAFETY: the caller's promises are passed on.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        Self::shrunk(layout.size());
        // SAFETY: the caller's promises are passed on.
        unsafe { System.dealloc(pointer, layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        Self::grown(size);
        Self::shrunk(layout.size());
        // SAFETY: the caller's promises are passed on.
        unsafe { System.realloc(pointer, layout, size) }
    }
}

#[global_allocator]
static ALLOCATOR: Watched = Watched;

fn assert_little_memory(context: &str) {
    let largest = LARGEST.load(Ordering::Relaxed);
    assert!(largest < MOST_MEMORY, "{context}: a block of {largest} bytes");
}

/// Panics that the core contains, on its own threads, are not told.
fn silence() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let usual = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |told| {
            if std::thread::current().name().is_some() {
                usual(told);
            }
        }));
    });
}

/// The files of a corpus by name.
fn corpus(target: &str) -> Vec<(String, Vec<u8>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../fuzz/corpus")
        .join(target);
    let entries = std::fs::read_dir(folder).expect("the corpus");
    let mut files: Vec<_> = entries
        .map(|entry| {
            let path = entry.expect("the corpus").path();
            let name = path.file_name().expect("a name").to_string_lossy().into_owned();
            (name, std::fs::read(&path).expect("a file"))
        })
        .collect();
    files.sort();
    assert!(!files.is_empty());
    files
}

/// Words that lengths, counts and offsets do not expect.
const WORDS: [u64; 8] = [
    0,
    1 << 63,
    u64::MAX,
    i64::MAX as u64,
    1 << 32,
    u32::MAX as u64,
    i32::MAX as u64,
    1 << 40,
];

/// A file with a few changes.
fn altered(bytes: &[u8], others: &[(String, Vec<u8>)], random: &mut TestRng) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    for _ in 0..random.random_range(1..4) {
        if bytes.is_empty() {
            return bytes;
        }
        let at = random.random_range(0..bytes.len());
        match random.random_range(0..7) {
            0 => bytes[at] ^= 1 << random.random_range(0..8),
            1 => bytes[at] = random.random_range(0..=255),
            2 => bytes.truncate(at),
            3 => {
                // A word of 4 or 8 bytes.
                let word = WORDS[random.random_range(0..WORDS.len())].to_le_bytes();
                let word = &word[..[4, 8][random.random_range(0..2)]];
                let end = (at + word.len()).min(bytes.len());
                bytes[at..end].copy_from_slice(&word[..end - at]);
            }
            4 => {
                // A number of variable length, as in the headers of Parquet files.
                let mut word = WORDS[random.random_range(0..WORDS.len())];
                let mut number = Vec::new();
                while word > 0x7F {
                    number.push(word as u8 | 0x80);
                    word >>= 7;
                }
                number.push(word as u8);
                bytes.splice(at..at + 1, number);
            }
            5 => {
                let end = (at + random.random_range(1..32)).min(bytes.len());
                let part = bytes[at..end].to_vec();
                let to = random.random_range(0..bytes.len());
                bytes.splice(to..to, part);
            }
            _ => {
                let (_, other) = &others[random.random_range(0..others.len())];
                let start = random.random_range(0..other.len());
                bytes.truncate(at);
                bytes.extend_from_slice(&other[start..]);
            }
        }
    }
    bytes
}

/// Alters each file of a corpus so many times; how many of the altered files were read, and how many refused.
fn read_altered(target: &str, times: usize, read: fn(&[u8]) -> bool) -> (usize, usize) {
    silence();
    let files = corpus(target);
    let (mut taken, mut refused) = (0, 0);
    for (place, (name, bytes)) in files.iter().enumerate() {
        let mut random = TestRng::from_seed(RngAlgorithm::XorShift, &[place as u8 + 1; 16]);
        for k in 0..times {
            if read(&altered(bytes, &files, &mut random)) {
                taken += 1;
            } else {
                refused += 1;
            }
            assert_little_memory(&format!("alteration {k} of {name}"));
        }
    }
    (taken, refused)
}

/// A checkpoint belongs to one version of the crate.
const MAKE_ANEW: &str = "`cargo run --example corpus` in src/rust/fuzz writes the corpora anew";

#[test]
fn the_corpora_are_read() {
    let written = targets::checkpoint_after(usize::MAX).expect("a fit");
    targets::checkpoint(&written.expect("a checkpoint")).expect("what was written is read");
    for (name, bytes) in corpus("checkpoint") {
        targets::checkpoint(&bytes).unwrap_or_else(|error| panic!("{name} ({MAKE_ANEW}): {error}"));
    }
    for (name, bytes) in corpus("model_file") {
        let model = vae_irt_core::Model::from_bytes(&bytes);
        assert!(model.is_ok(), "{name}: {:?}", model.err());
    }
    for (name, bytes) in corpus("parquet") {
        let ballots = targets::parquet(&bytes).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(ballots.cells.n_respondents(), 3, "{name}");
    }
}

#[test]
fn altered_checkpoints_are_read_or_refused() {
    let (taken, refused) = read_altered("checkpoint", 2_000, |bytes| targets::checkpoint(bytes).is_ok());
    assert!(taken > 100 && refused > 100, "{taken} taken, {refused} refused");
}

#[test]
fn altered_models_are_read_or_refused() {
    let (taken, refused) = read_altered("model_file", 1_000, |bytes| targets::model_file(bytes).is_ok());
    assert!(taken > 100 && refused > 100, "{taken} taken, {refused} refused");
}

#[test]
fn altered_parquet_files_are_read_or_refused() {
    let (taken, refused) = read_altered("parquet", 250, |bytes| targets::parquet(bytes).is_ok());
    assert!(taken > 100 && refused > 100, "{taken} taken, {refused} refused");
}

/// The first 8 bytes of a model file and of a checkpoint's content are the length of the header.
#[test]
fn lengths_of_headers_are_compared_with_the_file() {
    let models = corpus("model_file").into_iter().map(|file| (file, false));
    let checkpoints = corpus("checkpoint").into_iter().map(|file| (file, true));
    for ((name, bytes), is_checkpoint) in models.chain(checkpoints) {
        let is_refused = |bytes: &[u8]| match is_checkpoint {
            true => targets::checkpoint(bytes).is_err(),
            false => targets::model_file(bytes).is_err(),
        };
        for word in WORDS {
            let mut bytes = bytes.clone();
            bytes[..8].copy_from_slice(&word.to_le_bytes());
            assert!(is_refused(&bytes), "{name}: {word}");
        }
        for length in 0..bytes.len() {
            assert!(is_refused(&bytes[..length]), "{name} cut at {length}");
        }
    }
    assert_little_memory("lengths of headers");
}

/// Thrift's compact protocol, to write headers that lie.
#[derive(Default)]
struct Thrift {
    bytes: Vec<u8>,
    last: u8,
}

const I32: u8 = 5;
const I64: u8 = 6;
const BINARY: u8 = 8;
const LIST: u8 = 9;
const STRUCT: u8 = 12;

fn varint(mut value: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    while value > 0x7F {
        bytes.push(value as u8 | 0x80);
        value >>= 7;
    }
    bytes.push(value as u8);
    bytes
}

fn zigzag(value: i64) -> Vec<u8> {
    varint((value << 1 ^ value >> 63) as u64)
}

impl Thrift {
    fn head(&mut self, field: u8, kind: u8) {
        self.bytes.push((field - self.last) << 4 | kind);
        self.last = field;
    }

    fn int(mut self, field: u8, value: i64) -> Self {
        self.head(field, I32);
        self.bytes.extend(zigzag(value));
        self
    }

    fn long(mut self, field: u8, value: i64) -> Self {
        self.head(field, I64);
        self.bytes.extend(zigzag(value));
        self
    }

    fn text(mut self, field: u8, text: &str) -> Self {
        self.head(field, BINARY);
        self.bytes.extend(varint(text.len() as u64));
        self.bytes.extend(text.as_bytes());
        self
    }

    fn list(mut self, field: u8, kind: u8, elements: &[Vec<u8>]) -> Self {
        self.head(field, LIST);
        self.bytes.push(0xF0 | kind);
        self.bytes.extend(varint(elements.len() as u64));
        self.bytes.extend(elements.iter().flatten());
        self
    }

    fn group(mut self, field: u8, inner: Thrift) -> Self {
        self.head(field, STRUCT);
        self.bytes.extend(inner.end());
        self
    }

    fn end(mut self) -> Vec<u8> {
        self.bytes.push(0);
        self.bytes
    }
}

/// Types of pages, encodings and codecs by number.
const DATA: i64 = 0;
const DICTIONARY: i64 = 2;
const PLAIN: i64 = 0;
const DELTA_LENGTHS: i64 = 6;
const DELTA_PREFIXES: i64 = 7;
const DICTIONARY_CODES: i64 = 8;
const NONE: i64 = 0;
const SNAPPY: i64 = 1;
const GZIP: i64 = 2;
const ZSTD: i64 = 6;

/// A page with what its header says.
struct Page {
    kind: i64,
    uncompressed: i64,
    compressed: i64,
    n_values: i64,
    encoding: i64,
    body: Vec<u8>,
}

impl Page {
    fn new(kind: i64, n_values: i64, encoding: i64, body: Vec<u8>) -> Self {
        let length = body.len() as i64;
        Self {
            kind,
            uncompressed: length,
            compressed: length,
            n_values,
            encoding,
            body,
        }
    }

    fn bytes(&self) -> Vec<u8> {
        let inner = Thrift::default().int(1, self.n_values).int(2, self.encoding);
        let header = Thrift::default()
            .int(1, self.kind)
            .int(2, self.uncompressed)
            .int(3, self.compressed);
        let header = match self.kind {
            DICTIONARY => header.group(7, inner),
            _ => header.group(5, inner.int(3, 3).int(4, 3)),
        };
        [header.end(), self.body.clone()].concat()
    }
}

/// Texts as they are without any encoding.
fn plain(texts: &[&str]) -> Vec<u8> {
    let text = |text: &&str| [&(text.len() as u32).to_le_bytes(), text.as_bytes()].concat();
    texts.iter().flat_map(text).collect()
}

/// Equal numbers in the encoding of differences: so many of them, and whether they are there.
fn deltas(n_values: u64, value: i64, whole: bool) -> Vec<u8> {
    let mut bytes = [varint(128), varint(4), varint(n_values), zigzag(value)].concat();
    if whole {
        for _ in 0..n_values.saturating_sub(1).div_ceil(128) {
            bytes.extend([0, 0, 0, 0, 0]);
        }
    }
    bytes
}

/// A number and then another one so often that they are `n` in the same encoding, with 32 bits for each difference.
fn steps(first: i64, then: i64, n: i64) -> Vec<u8> {
    let mut bytes = [varint(128), varint(1), varint(n as u64), zigzag(first)].concat();
    let mut differences = vec![0; n as usize - 1];
    differences[0] = then - first;
    for block in differences.chunks(128) {
        let smallest = block.iter().copied().min().unwrap_or(0);
        bytes.extend(zigzag(smallest));
        bytes.push(32);
        let start = bytes.len();
        bytes.extend(block.iter().flat_map(|d| ((d - smallest) as u32).to_le_bytes()));
        bytes.resize(start + 4 * 128, 0);
    }
    bytes
}

/// An element of a schema.
fn element(name: &str, n_children: Option<i64>) -> Vec<u8> {
    match n_children {
        Some(n) => Thrift::default().int(3, 0).text(4, name).int(5, n).end(),
        // Texts that are never missing.
        None => Thrift::default().int(1, 6).int(3, 0).text(4, name).end(),
    }
}

/// A Parquet file whose three columns have the same pages.
fn parquet_file(pages: &[Page], n_rows: i64, codec: i64) -> Vec<u8> {
    let schema: Vec<Vec<u8>> = [element("s", Some(3))]
        .into_iter()
        .chain(["voter", "race", "choice"].map(|name| element(name, None)))
        .collect();
    let mut bytes = b"PAR1".to_vec();
    let length: usize = pages.iter().map(|page| page.bytes().len()).sum();
    let mut encodings: Vec<Vec<u8>> = pages.iter().map(|page| zigzag(page.encoding)).collect();
    encodings.dedup();
    let columns = ["voter", "race", "choice"].map(|name| {
        let start = bytes.len() as i64;
        pages.iter().for_each(|page| bytes.extend(page.bytes()));
        let column = Thrift::default()
            .int(1, 6)
            .list(2, I32, &encodings)
            .list(3, BINARY, &[[varint(name.len() as u64), name.into()].concat()])
            .int(4, codec)
            .long(5, n_rows)
            .long(6, length as i64)
            .long(7, length as i64)
            .long(9, start);
        Thrift::default().long(2, start).group(3, column).end()
    });
    let row_group = Thrift::default()
        .list(1, STRUCT, &columns)
        .long(2, length as i64)
        .long(3, n_rows)
        .end();
    let footer = footer(&schema, n_rows, &[row_group]);
    bytes.extend(&footer);
    end(bytes, &footer)
}

fn footer(schema: &[Vec<u8>], n_rows: i64, row_groups: &[Vec<u8>]) -> Vec<u8> {
    Thrift::default()
        .int(1, 1)
        .list(2, STRUCT, schema)
        .long(3, n_rows)
        .list(4, STRUCT, row_groups)
        .end()
}

fn end(mut bytes: Vec<u8>, footer: &[u8]) -> Vec<u8> {
    bytes.extend((footer.len() as u32).to_le_bytes());
    bytes.extend(b"PAR1");
    bytes
}

const HUGE: i64 = i32::MAX as i64;

#[test]
fn honest_files_made_by_hand_are_read() {
    let two = plain(&["a", "b"]);
    let text = |n: u64| [deltas(n, 1, true), vec![b'x'; n as usize]].concat();
    let prefixes = [deltas(300, 0, true), text(300)].concat();
    for (pages, n_rows) in [
        (vec![Page::new(DATA, 2, PLAIN, two.clone())], 2),
        (
            vec![
                Page::new(DICTIONARY, 2, PLAIN, two),
                Page::new(DATA, 2, DICTIONARY_CODES, vec![1, 3, 0b10]),
            ],
            2,
        ),
        (vec![Page::new(DATA, 300, DELTA_LENGTHS, text(300))], 300),
        (vec![Page::new(DATA, 300, DELTA_PREFIXES, prefixes)], 300),
    ] {
        let ballots = targets::parquet(&parquet_file(&pages, n_rows, NONE)).expect("an honest file");
        assert_eq!(ballots.n_rows, n_rows as u64);
    }
}

#[test]
fn headers_that_lie_about_sizes_are_refused() {
    silence();
    let two = || Page::new(DATA, 2, PLAIN, plain(&["a", "b"]));
    let larger = |uncompressed: i64| Page {
        uncompressed,
        ..two()
    };
    let dictionary = Page::new(DICTIONARY, HUGE, PLAIN, plain(&["a", "b"]));
    let longer = Page {
        compressed: HUGE,
        uncompressed: HUGE,
        ..two()
    };
    let lengths = |n: u64| Page::new(DATA, HUGE, DELTA_LENGTHS, deltas(n, 0, false));
    let suffixes = [deltas(2, 0, true), deltas(1 << 36, 0, false)].concat();
    let suffixes = Page::new(DATA, HUGE, DELTA_PREFIXES, suffixes);
    let (too_large, too_many) = (
        "a page is larger than its bytes can say",
        "a page has more values than its bytes can hold",
    );
    for (name, page, codec, message) in [
        ("dictionary", dictionary, NONE, too_many),
        ("snappy", larger(HUGE), SNAPPY, too_large),
        ("gzip", larger(HUGE), GZIP, too_large),
        ("zstd", larger(HUGE), ZSTD, too_large),
        ("negative", larger(-1), ZSTD, "the header of a page is damaged"),
        ("end", longer, NONE, "Invalid page header"),
        ("lengths", lengths(1 << 36), NONE, too_many),
        ("fewer lengths", lengths(1 << 30), NONE, too_many),
        ("suffixes", suffixes, NONE, too_many),
    ] {
        let file = parquet_file(&[page], HUGE, codec);
        let refused = targets::parquet(&file).expect_err(name).to_string();
        assert!(refused.contains(message), "{name}: {refused}");
        assert_little_memory(name);
    }
}

/// The column's entry may lie as well: then the page ends behind the file.
#[test]
fn pages_behind_the_end_are_refused() {
    let page = Page {
        compressed: HUGE,
        uncompressed: HUGE,
        ..Page::new(DATA, 2, PLAIN, plain(&["a", "b"]))
    };
    let honest = zigzag(page.bytes().len() as i64);
    let file = parquet_file(&[page], 2, NONE);
    // Both sizes of the columns, which are one byte each here.
    let [length] = honest[..] else {
        panic!("longer than expected")
    };
    let mut lying = Vec::new();
    let body = file.len() - 8;
    let mut at = 0;
    while at < body {
        if file[at..].starts_with(&[0x16, length, 0x16, length, 0x26]) {
            lying.extend([&[0x16][..], &zigzag(1 << 40), &[0x16], &zigzag(1 << 40)].concat());
            at += 4;
        } else {
            lying.push(file[at]);
            at += 1;
        }
    }
    let grown = lying.len() - body;
    assert!(grown > 0);
    let footer = u32::from_le_bytes(file[body..body + 4].try_into().expect("4 bytes")) as usize + grown;
    lying.extend((footer as u32).to_le_bytes());
    lying.extend(b"PAR1");
    let refused = targets::parquet(&lying).expect_err("refused").to_string();
    assert!(
        refused.contains("a page ends behind the end of the file"),
        "{refused}"
    );
    assert_little_memory("pages behind the end");
}

#[test]
fn schemas_that_lie_about_groups_are_refused() {
    let nested = |depth: usize| -> Vec<Vec<u8>> {
        let mut schema: Vec<_> = (0..depth).map(|_| element("g", Some(1))).collect();
        schema.push(element("voter", None));
        schema
    };
    let too_deep = "nested too deeply";
    for (name, schema, message) in [
        (
            "children",
            vec![element("s", Some(HUGE)), element("voter", None)],
            "more columns than there are",
        ),
        ("depth", nested(100_000), too_deep),
        ("less depth", nested(1_000), too_deep),
    ] {
        let footer = footer(&schema, 0, &[]);
        let refused = targets::parquet(&end(footer.clone(), &footer))
            .expect_err(name)
            .to_string();
        assert!(refused.contains(message), "{name}: {refused}");
        assert_little_memory(name);
    }
    let footer = footer(&nested(40), 0, &[]);
    let refused = targets::parquet(&end(footer.clone(), &footer))
        .expect_err("no such column")
        .to_string();
    assert!(refused.contains("there is no column \"voter\""), "{refused}");
}

/// Each text repeats all of the one before: a small page would be gigabytes if all of its texts were decoded at once.
#[test]
fn texts_that_repeat_each_other_take_little_memory_at_once() {
    let (n, long) = (50_000, 20_000);
    // The first text is long, the others repeat it and add nothing.
    let prefixes = steps(0, long as i64, n);
    let suffixes = steps(long as i64, 0, n);
    let body = [prefixes, suffixes, vec![b'x'; long]].concat();
    let file = parquet_file(&[Page::new(DATA, n, DELTA_PREFIXES, body)], n, NONE);
    let ballots = targets::parquet(&file).expect("one respondent");
    assert_eq!((ballots.n_rows, ballots.cells.n_respondents()), (n as u64, 1));
    let most = MOST_IN_USE.load(Ordering::Relaxed);
    assert!(most < 256 << 20, "{most} bytes at once");
}

/// Links in a folder are followed within the folder only, odd names are names, and what is no file is not opened.
#[cfg(unix)]
#[test]
fn folders_are_not_left() {
    use std::os::unix::fs::symlink;
    use vae_irt_core::parquet_files;
    let root = std::env::temp_dir().join(format!("vaeirt-links-{}", std::process::id()));
    let folder = root.join("data");
    std::fs::create_dir_all(folder.join("folder.parquet")).expect("folders");
    let refused = |told: &str| {
        let error = parquet_files(&[&folder]).expect_err(told).to_string();
        assert!(error.contains(told), "{error}");
    };
    for name in [
        "a b.parquet",
        "..parquet",
        "new\nline.parquet",
        "\u{e9}'\"$(x).PARQUET",
        "-rf.parquet",
    ] {
        std::fs::write(folder.join(name), "").expect("a file");
    }
    symlink("a b.parquet", folder.join("within.parquet")).expect("a link");
    let names = parquet_files(&[&folder]).expect("files");
    assert_eq!(names.len(), 6);
    std::fs::write(root.join("secret.parquet"), "").expect("a file");
    for (target, told) in [
        (root.join("secret.parquet"), "it is a link out of the folder"),
        ("../secret.parquet".into(), "it is a link out of the folder"),
        (root.join("nothing.parquet"), "No such file"),
        (folder.join("loop.parquet"), "loop.parquet"),
    ] {
        symlink(&target, folder.join("loop.parquet")).expect("a link");
        refused(told);
        std::fs::remove_file(folder.join("loop.parquet")).expect("removed");
    }
    // The link itself may be named.
    symlink(root.join("secret.parquet"), root.join("named")).expect("a link");
    assert_eq!(parquet_files(&[root.join("named")]).expect("a file").len(), 1);
    std::fs::remove_dir_all(&root).expect("removed");
    let told = parquet_files(&["/dev/zero"]).expect_err("no file").to_string();
    assert!(told.contains("neither a file nor a folder"), "{told}");
    let told = vae_irt_core::ModelFile::read(Path::new("/dev/zero"))
        .expect_err("no file")
        .to_string();
    assert!(told.contains("it is not a file"), "{told}");
}
