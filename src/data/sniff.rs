//! What a file probably is that is not what it should be.

/// Bytes that are looked at to tell what a file is.
pub const MOST_SNIFFED: usize = 1 << 12;
/// What tables of text are called.
pub const CSV: &str = "CSV";
/// What NumPy's archives are called.
pub const NPZ: &str = "a zip archive, such as NumPy's NPZ";

/// Bytes that give a format away: where it is from the start, what to call it, and what to do.
const SIGNATURES: [(&[u8], &str, &str); 12] = [
    (b"\x93NUMPY", "a NumPy array (NPY)", "put all arrays into one NPZ with numpy.savez, for `data: npz(…)`"),
    (b"PK\x03\x04", NPZ, "`data: npz(…)` takes that"),
    (b"\x89PNG", "a PNG picture", ONE_FILE),
    (b"\xff\xd8\xff", "a JPEG picture", ONE_FILE),
    (b"GIF8", "a GIF picture", ONE_FILE),
    (b"P5", "a PGM picture", ONE_FILE),
    (b"P6", "a PPM picture", ONE_FILE),
    (b"\x89HDF", "HDF5", TO_CSV),
    (b"PAR1", "Parquet", TO_CSV),
    (b"\x80\x04", "a Python pickle", TO_CSV),
    (b"\x1f\x8b", "gzip within gzip", "unpack it once"),
    (b"%PDF", "a PDF document", TO_CSV),
];
const TO_CSV: &str = "write its rows as CSV, or as arrays of an NPZ, as docs/own-data.md says";
const ONE_FILE: &str = "all pictures of a data set stand in one file, as docs/own-data.md says";

/// What the first bytes of a file, unpacked, look like, and what to do; nothing if that is `wanted`. `start` must be longer than a
/// line of text if the file is.
pub fn looks_like(start: &[u8], wanted: Option<&str>) -> Option<String> {
    let (what, advice) = format_of(start)?;
    let is_table = |what: &str| what == CSV || what == TABS || what == TEXT;
    let is_wanted = wanted.is_some_and(|wanted| wanted == what || (wanted == CSV && is_table(&what)));
    (!is_wanted).then(|| format!("this looks like {what}: {advice}"))
}

const TABS: &str = "tab-separated values";
const TEXT: &str = "a text";

fn format_of(start: &[u8]) -> Option<(String, &'static str)> {
    let said = |what: &str, advice: &'static str| Some((what.to_string(), advice));
    if let Some((_, what, advice)) = SIGNATURES.iter().find(|(bytes, ..)| start.starts_with(bytes)) {
        return said(what, advice);
    }
    if let [0, 0, kind @ (9 | 11 | 12 | 13 | 14), ..] = start {
        let what = format!("IDX of another type of number (0x{kind:02x})");
        return said(
            &what,
            "entries must be unsigned bytes (0x08); floating point goes into an NPZ or a CSV",
        );
    }
    let text = match std::str::from_utf8(start) {
        Ok(text) => text,
        // The end may have cut a character in two.
        Err(error) if error.valid_up_to() + 4 > start.len() => {
            std::str::from_utf8(&start[..error.valid_up_to()]).expect("valid up to there")
        }
        Err(_) => return None,
    };
    let is_text =
        !text.is_empty() && text.chars().all(|c| !c.is_control() || matches!(c, '\t' | '\r' | '\n'));
    let line = text.trim_start_matches('\u{feff}').lines().find(|line| !line.trim().is_empty());
    let (true, Some(line)) = (is_text, line) else { return None };
    let lower = line.trim_start().to_lowercase();
    match () {
        () if lower.starts_with("@relation") => said("ARFF", TO_CSV),
        () if lower.starts_with("<!doctype") || lower.starts_with("<html") => {
            said("a web page", "the download went wrong")
        }
        () if lower.starts_with("version https://git-lfs") => {
            said("a pointer of Git LFS", "fetch the file itself with `git lfs pull`")
        }
        () if lower.starts_with(['{', '[']) => said("JSON", TO_CSV),
        () if line.contains(',') || line.contains(';') => said(CSV, "`data: csv(…)` takes that"),
        () if line.contains('\t') => said(TABS, "write it with commas, for `data: csv(…)`"),
        () if line.split_whitespace().skip(1).any(|word| word.contains(':')) => {
            said("the format of LIBSVM", TO_CSV)
        }
        () => said(TEXT, TO_CSV),
    }
}
