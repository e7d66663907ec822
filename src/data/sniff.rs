//! What a file probably is that is not IDX.

/// Bytes that give a format away: where it is from the start, what to call it, and what to do.
const SIGNATURES: [(&[u8], &str, &str); 12] = [
    (b"\x93NUMPY", "a NumPy array (NPY)", TO_IDX),
    (b"PK\x03\x04", "a zip archive, such as NumPy's NPZ", TO_IDX),
    (b"\x89PNG", "a PNG picture", ONE_FILE),
    (b"\xff\xd8\xff", "a JPEG picture", ONE_FILE),
    (b"GIF8", "a GIF picture", ONE_FILE),
    (b"P5", "a PGM picture", ONE_FILE),
    (b"P6", "a PPM picture", ONE_FILE),
    (b"\x89HDF", "HDF5", TO_IDX),
    (b"PAR1", "Parquet", TO_IDX),
    (b"\x80\x04", "a Python pickle", TO_IDX),
    (b"\x1f\x8b", "gzip within gzip", "unpack it once"),
    (b"%PDF", "a PDF document", TO_IDX),
];
const TO_IDX: &str = "write its rows as IDX; docs/own-data.md has a program that does it for CSV and NumPy";
const ONE_FILE: &str = "all pictures of a data set stand in one IDX file, as docs/own-data.md says";

/// What the first bytes of a file, unpacked, look like, and what to do. `start` must be longer than a line of text if
/// the file is.
pub fn looks_like(start: &[u8]) -> Option<String> {
    let said = |what: &str, advice: &str| Some(format!("this looks like {what}: {advice}"));
    if let Some((_, what, advice)) = SIGNATURES.iter().find(|(bytes, ..)| start.starts_with(bytes)) {
        return said(what, advice);
    }
    if let [0, 0, kind @ (9 | 11 | 12 | 13 | 14), ..] = start {
        let what = format!("IDX of another type of number (0x{kind:02x})");
        return said(&what, "entries must be unsigned bytes (0x08): scale them to 0 to 255");
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
        () if lower.starts_with("@relation") => said("ARFF", TO_IDX),
        () if lower.starts_with("<!doctype") || lower.starts_with("<html") => {
            said("a web page", "the download went wrong")
        }
        () if lower.starts_with("version https://git-lfs") => {
            said("a pointer of Git LFS", "fetch the file itself with `git lfs pull`")
        }
        () if lower.starts_with(['{', '[']) => said("JSON", TO_IDX),
        () if line.contains(',') || line.contains(';') => said("CSV", TO_IDX),
        () if line.contains('\t') => said("tab-separated values", TO_IDX),
        () if line.split_whitespace().skip(1).any(|word| word.contains(':')) => {
            said("the format of LIBSVM", TO_IDX)
        }
        () => said("a text", TO_IDX),
    }
}
