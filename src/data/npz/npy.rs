//! The header of a NumPy array, format versions 1.0 to 3.0: numpy.org/doc/stable/reference/generated/numpy.lib.format.html.

use std::io::Read;

use crate::data::file::read_full;
use crate::data::origin::quoted;

const MAGIC: &[u8] = b"\x93NUMPY";
/// The longest header that is read; NumPy itself takes no more than 10,000 characters.
const MOST_HEADER_BYTES: usize = 1 << 16;
/// No data set of a laptop has more elements.
const MOST_ELEMENTS: u64 = 1 << 40;

/// What an element is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Bool,
    Unsigned,
    Signed,
    Float,
}

/// How elements are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Element {
    kind: Kind,
    big_endian: bool,
    /// Bytes of an element.
    pub bytes: usize,
}

/// What stands before the elements.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    /// How elements are written.
    pub element: Element,
    /// The dimensions.
    pub shape: Vec<u64>,
    /// Its own length in bytes.
    pub bytes: u64,
}

impl Header {
    /// Reads the header; what is wrong with it, as a sentence whose subject is the array.
    pub fn read(stream: &mut dyn Read) -> Result<Header, String> {
        let mut take = |count: usize| {
            let mut bytes = vec![0; count];
            match read_full(stream, &mut bytes) {
                Ok(found) if found == count => Ok(bytes),
                Ok(_) => Err("ends within its header".to_string()),
                Err(cause) => Err(format!("cannot be unpacked ({cause})")),
            }
        };
        let start = take(8)?;
        if !start.starts_with(MAGIC) {
            return Err("is no NumPy array: it does not begin as one".to_string());
        }
        let length_bytes = match start[6] {
            1 => 2,
            2 | 3 => 4,
            other => return Err(format!("has version {other} of NumPy's format, and 1 to 3 are known")),
        };
        let length =
            take(length_bytes)?.iter().rev().fold(0, |length, &byte| length << 8 | usize::from(byte));
        if length > MOST_HEADER_BYTES {
            return Err(format!("announces a header of {length} bytes, which cannot be"));
        }
        let text = take(length)?;
        let text = std::str::from_utf8(&text).map_err(|_| "has a header that is no text".to_string())?;
        let mut header = Dictionary::parse(text)?.header()?;
        header.bytes = (8 + length_bytes + length) as u64;
        Ok(header)
    }

    /// Number of elements; the reader has checked that it fits.
    pub fn elements(&self) -> u64 {
        self.shape.iter().product()
    }
}

impl Element {
    /// Takes a description such as `<f4`; what to do about one that is none of numbers.
    fn of(description: &str) -> Result<Element, String> {
        let unknown = |help: &str| Err(format!("holds elements of type `{}`: {help}", quoted(description)));
        let (order, rest) = description.split_at_checked(1).unwrap_or(("", ""));
        let big_endian = match order {
            "<" | "|" | "=" => false,
            ">" => true,
            _ => return unknown("it is not known"),
        };
        let (kind, bytes) = match rest {
            "b1" => (Kind::Bool, 1),
            "u1" | "u2" | "u4" | "u8" => (Kind::Unsigned, usize::from(rest.as_bytes()[1] - b'0')),
            "i1" | "i2" | "i4" | "i8" => (Kind::Signed, usize::from(rest.as_bytes()[1] - b'0')),
            "f4" | "f8" => (Kind::Float, usize::from(rest.as_bytes()[1] - b'0')),
            "f2" => return unknown("write it with array.astype('float32')"),
            _ if rest.starts_with('f') => return unknown("write it with array.astype('float64')"),
            _ if rest.starts_with('c') => return unknown("complex numbers cannot be trained on"),
            _ if rest.starts_with('O') => {
                return unknown("Python objects are not read: make it an array of numbers");
            }
            _ if rest.starts_with(['U', 'S', 'V']) => {
                return unknown(
                    "texts are not read: number the classes, with numpy.unique(y, return_inverse=True)",
                );
            }
            _ => return unknown("make it an array of numbers"),
        };
        Ok(Element { kind, big_endian, bytes })
    }

    /// The number that so many bytes stand for. Whole numbers beyond 2^53 are rounded.
    pub fn number(&self, bytes: &[u8]) -> f64 {
        let mut little = [0; 8];
        little[..bytes.len()].copy_from_slice(bytes);
        if self.big_endian {
            little[..bytes.len()].reverse();
        }
        let word = u64::from_le_bytes(little);
        let unused = 64 - 8 * bytes.len() as u32;
        match (self.kind, bytes.len()) {
            (Kind::Bool, _) => f64::from(u8::from(word != 0)),
            (Kind::Unsigned, _) => word as f64,
            (Kind::Signed, _) => ((word << unused) as i64 >> unused) as f64,
            (Kind::Float, 4) => f64::from(f32::from_bits(word as u32)),
            (Kind::Float, _) => f64::from_bits(word),
        }
    }
}

/// The fields of a header as far as they are read.
#[derive(Default)]
struct Dictionary {
    description: Option<String>,
    fortran: Option<bool>,
    shape: Option<Vec<u64>>,
}

impl Dictionary {
    /// Reads `{'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), }`, as Python writes it.
    fn parse(text: &str) -> Result<Dictionary, String> {
        let wrong = || "has a header that cannot be read".to_string();
        let mut found = Dictionary::default();
        let inner =
            text.trim().strip_prefix('{').and_then(|text| text.strip_suffix('}')).ok_or_else(wrong)?;
        let mut rest = inner.trim();
        while !rest.is_empty() {
            let (key, behind) = python_text(rest).ok_or_else(wrong)?;
            let value = behind.trim_start().strip_prefix(':').ok_or_else(wrong)?.trim_start();
            let behind = match key {
                "descr" if value.starts_with('[') => {
                    return Err("holds records of several fields: make it an array of numbers".to_string());
                }
                "descr" => {
                    let (description, behind) = python_text(value).ok_or_else(wrong)?;
                    found.description = Some(description.to_string());
                    behind
                }
                "fortran_order" => {
                    let word = value.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(value.len());
                    found.fortran = Some(match &value[..word] {
                        "True" => true,
                        "False" => false,
                        _ => return Err(wrong()),
                    });
                    &value[word..]
                }
                "shape" => {
                    let (shape, behind) =
                        value.strip_prefix('(').and_then(|inner| inner.split_once(')')).ok_or_else(wrong)?;
                    let sizes = shape.split(',').map(str::trim).filter(|size| !size.is_empty());
                    // Python 2 wrote `3L`.
                    let sizes = sizes.map(|size| size.strip_suffix('L').unwrap_or(size).parse().ok());
                    found.shape = Some(sizes.collect::<Option<Vec<u64>>>().ok_or_else(wrong)?);
                    behind
                }
                _ => return Err(wrong()),
            };
            let behind = behind.trim_start();
            rest = match behind.strip_prefix(',') {
                Some(next) => next.trim_start(),
                None if behind.is_empty() => behind,
                None => return Err(wrong()),
            };
        }
        Ok(found)
    }

    fn header(self) -> Result<Header, String> {
        let (Some(description), Some(fortran), Some(shape)) = (self.description, self.fortran, self.shape)
        else {
            return Err("has a header that says not all".to_string());
        };
        let element = Element::of(&description)?;
        let elements = shape.iter().try_fold(1u64, |product, &size| product.checked_mul(size));
        if !elements.is_some_and(|elements| (1..=MOST_ELEMENTS).contains(&elements)) {
            let sizes: Vec<String> = shape.iter().map(u64::to_string).collect();
            return Err(format!(
                "announces elements of ({}), which cannot be: every dimension must be at least 1, and all together at most \
                 2^40 elements",
                sizes.join(", ")
            ));
        }
        if fortran {
            return Err(
                "is stored column by column (Fortran order): write it with numpy.ascontiguousarray(array)"
                    .to_string(),
            );
        }
        Ok(Header { element, shape, bytes: 0 })
    }
}

/// What stands in quotes at the start, and what is behind.
fn python_text(text: &str) -> Option<(&str, &str)> {
    let quote = text.chars().next().filter(|c| matches!(c, '\'' | '"'))?;
    text[1..].split_once(quote)
}
