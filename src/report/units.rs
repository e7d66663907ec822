//! Numbers with units.

use serde::{Serialize, Serializer};
use serde_json::value::RawValue;

use crate::sim::PS_PER_SECOND;

/// What a figure counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Unit {
    /// A share of one.
    Share,
    /// A count.
    Count,
    /// Bytes.
    Bytes,
    /// Seconds.
    Seconds,
}

/// Picoseconds that are written as seconds, exactly: a decimal number with twelve places.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seconds(pub u64);

impl std::fmt::Display for Seconds {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.{:012}", self.0 / PS_PER_SECOND, self.0 % PS_PER_SECOND)
    }
}

impl Serialize for Seconds {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        RawValue::from_string(self.to_string()).expect("a decimal number is JSON").serialize(serializer)
    }
}

/// A time for people: three or four digits and a unit. Reports use the same (`fmtTime` of format.js).
pub fn time_text(ps: u64) -> String {
    const SECOND: f64 = 1e12;
    let (unit, scale) = match ps {
        0 => return "0 s".to_string(),
        1..1_000_000 => ("ns", 1e3),
        1_000_000..1_000_000_000 => ("us", 1e6),
        1_000_000_000..1_000_000_000_000 => ("ms", 1e9),
        1_000_000_000_000..6_000_000_000_000_000 => ("s", SECOND),
        6_000_000_000_000_000..172_800_000_000_000_000 => ("h", 3600.0 * SECOND),
        _ => ("d", 86_400.0 * SECOND),
    };
    format!("{} {unit}", digits(ps as f64 / scale))
}

/// Bytes for people: decimal units, 1 MB = 10^6 bytes. Reports use the same (`fmtBytes` of format.js).
pub fn bytes_text(bytes: u64) -> String {
    let (unit, scale) = match bytes {
        0..1_000 => return format!("{bytes} B"),
        1_000..1_000_000 => ("kB", 1e3),
        1_000_000..1_000_000_000 => ("MB", 1e6),
        1_000_000_000..1_000_000_000_000 => ("GB", 1e9),
        _ => ("TB", 1e12),
    };
    format!("{} {unit}", digits(bytes as f64 / scale))
}

/// A share of one as a percentage, with as many digits as it takes.
pub fn share_text(share: f64) -> String {
    // So far apart are shares that are told apart; a product with 100 is not always what it should be.
    format!("{} %", (share * 1e14).round() / 1e12)
}

/// A count with its thousands apart.
pub fn count_text(count: u64) -> String {
    let digits = count.to_string();
    let mut text = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

fn digits(x: f64) -> String {
    if x >= 1000.0 {
        count_text(x.round() as u64)
    } else if x >= 100.0 {
        format!("{x:.1}")
    } else if x >= 10.0 {
        format!("{x:.2}")
    } else {
        format!("{x:.3}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_change_where_those_of_reports_do() {
        let times: Vec<String> =
            [0, 999, 1_500_000, 5_999_000_000_000_000, 10_992_000_000_000_000].map(time_text).to_vec();
        assert_eq!(times, ["0 s", "0.999 ns", "1.500 us", "5,999 s", "3.053 h"]);
        assert_eq!(time_text(172_800_000_000_000_000), "2.000 d");
        assert_eq!([999, 1_000, 2_500_000_000_000].map(bytes_text), ["999 B", "1.000 kB", "2.500 TB"]);
        assert_eq!(
            [0.95, 0.07, 0.999, 1.0, 0.123456].map(share_text),
            ["95 %", "7 %", "99.9 %", "100 %", "12.3456 %"]
        );
        let page = include_str!("html/format.js");
        for bound in
            ["s < 6000) return digits(s) + \" s\"", "s < 172800) return digits(s / 3600) + \" h\"", "\" us\""]
        {
            assert!(page.contains(bound), "{bound}");
        }
    }
}
