//! Whether a figure is worse than another by more than a limit. There is no noise, so the answer is exact: figures and
//! limits are integers.

use serde::{Serialize, Serializer};

use super::units::{Seconds, count_text, share_text};

/// Accuracies are counted in units of 10^-14, which no two fractions of test rows are nearer than.
const UNITS_PER_ONE: f64 = 1e14;

/// Limits are counted in units of 10^-9 of a percent.
const UNITS_PER_PERCENT: u64 = 1_000_000_000;

/// Units of accuracy in a unit of a limit, as percentage points: 10^-11 in 10^-14.
const ACCURACY_UNITS: u128 = 1_000;

/// The largest limit, in percent.
const LARGEST_PERCENT: u64 = 1_000_000;

/// A figure that can be worse.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Metric {
    /// Modelled time; more is worse.
    Time,
    /// Payload bytes that are sent; more is worse.
    Bytes,
    /// Rounds; more is worse.
    Rounds,
    /// Test accuracy after the last epoch; less is worse.
    Accuracy,
}

impl Metric {
    /// All of them, in the order in which they are told.
    pub const ALL: [Metric; 4] = [Metric::Time, Metric::Bytes, Metric::Rounds, Metric::Accuracy];

    /// As the command line has it.
    pub fn name(self) -> &'static str {
        match self {
            Metric::Time => "time",
            Metric::Bytes => "bytes",
            Metric::Rounds => "rounds",
            Metric::Accuracy => "accuracy",
        }
    }
}

/// A figure of a metric: picoseconds, bytes, rounds, or accuracy in units of 10^-14.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Measured {
    pub metric: Metric,
    pub value: u64,
}

impl Measured {
    /// An accuracy between 0 and 1. The unit is a hundred times what rounding to `f64` can do.
    pub(super) fn accuracy(share: f64) -> Option<Measured> {
        let value = (share * UNITS_PER_ONE).round();
        (0.0..=1.0).contains(&share).then_some(Measured { metric: Metric::Accuracy, value: value as u64 })
    }

    fn share(self) -> f64 {
        self.value as f64 / UNITS_PER_ONE
    }
}

impl std::fmt::Display for Measured {
    /// With every digit: a difference of one is seen.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.metric {
            Metric::Time => write!(f, "{} s", Seconds(self.value)),
            Metric::Bytes => write!(f, "{} B", count_text(self.value)),
            Metric::Rounds => f.write_str(&count_text(self.value)),
            Metric::Accuracy => f.write_str(&share_text(self.share())),
        }
    }
}

impl Serialize for Measured {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.metric {
            Metric::Time => Seconds(self.value).serialize(serializer),
            Metric::Bytes | Metric::Rounds => serializer.serialize_u64(self.value),
            Metric::Accuracy => serializer.serialize_f64(self.share()),
        }
    }
}

/// How much worse a figure may be: percent, or percentage points of accuracy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limit {
    /// In 10^-9 of a percent.
    units: u64,
}

impl std::str::FromStr for Limit {
    type Err = String;

    fn from_str(text: &str) -> Result<Limit, String> {
        let Some(number) = text.strip_suffix('%') else {
            return Err("a limit is a percentage, for example 1%, 0.5% or 0%".to_string());
        };
        let number = number.trim_end();
        let (whole, places) = number.split_once('.').unwrap_or((number, "0"));
        let is_number = |digits: &str| !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
        if !is_number(whole) || !is_number(places) {
            return Err(
                "a limit is a number that is not negative, and a percent sign, for example 1%, 0.5% or 0%"
                    .to_string(),
            );
        }
        if places.len() > 9 {
            return Err("a limit has at most nine decimal places".to_string());
        }
        let places: u64 = format!("{places:0<9}").parse().expect("nine digits");
        let units = whole
            .parse::<u64>()
            .ok()
            .and_then(|whole| whole.checked_mul(UNITS_PER_PERCENT)?.checked_add(places))
            .filter(|&units| units <= LARGEST_PERCENT * UNITS_PER_PERCENT);
        units
            .map(|units| Limit { units })
            .ok_or_else(|| format!("a limit is at most {}%", count_text(LARGEST_PERCENT)))
    }
}

impl Limit {
    /// In percent.
    fn percent(self) -> f64 {
        self.units as f64 / UNITS_PER_PERCENT as f64
    }

    /// What is worse than the first by more than the limit.
    pub(super) fn breach(self, span: Option<&str>, first: Measured, later: Measured) -> Option<Breach> {
        let (a, b) = (u128::from(first.value), u128::from(later.value));
        let limit = u128::from(self.units);
        let whole = u128::from(100 * UNITS_PER_PERCENT);
        // 64 bits of a figure and 50 of a limit or 37 of the whole fit.
        let is_worse = match later.metric {
            Metric::Accuracy => a.saturating_sub(b) > limit * ACCURACY_UNITS,
            _ => b.saturating_sub(a) * whole > a * limit,
        };
        is_worse.then(|| self.told(span, Some(first), later))
    }

    /// A figure that the first has nothing to compare with.
    pub(super) fn new_breach(self, span: &str, later: Measured) -> Breach {
        self.told(Some(span), None, later)
    }

    fn told(self, span: Option<&str>, first: Option<Measured>, later: Measured) -> Breach {
        let is_points = later.metric == Metric::Accuracy;
        let change = first.and_then(|first| match (is_points, first.value) {
            (true, _) => Some(100.0 * (later.share() - first.share())),
            (false, 0) => None,
            (false, a) => Some(100.0 * (i128::from(later.value) - i128::from(a)) as f64 / a as f64),
        });
        Breach {
            metric: later.metric,
            span: span.map(str::to_string),
            first,
            later,
            change_percent: change,
            limit_percent: self.percent(),
        }
    }
}

impl std::fmt::Display for Limit {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} %", self.percent())
    }
}

/// A figure that is worse than the limit allows.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Breach {
    metric: Metric,
    #[serde(skip_serializing_if = "Option::is_none")]
    span: Option<String>,
    /// `null` for a span that the first does not have.
    first: Option<Measured>,
    later: Measured,
    /// Percentage points for accuracy; `null` where the first has nothing.
    change_percent: Option<f64>,
    limit_percent: f64,
}

impl Breach {
    /// One line: the folder, the metric, both values, the change and the limit.
    pub fn line(&self, first_folder: &str, folder: &str) -> String {
        let Breach { metric, first, later, limit_percent, .. } = self;
        let span = self.span.as_ref().map_or(String::new(), |span| format!("span {span}: "));
        let name = metric.name();
        let first = first
            .map_or_else(|| format!("the span is not in {first_folder}"), |x| format!("{first_folder}: {x}"));
        let unit = if *metric == Metric::Accuracy { "percentage points" } else { "%" };
        let change = match self.change_percent {
            Some(change) => format!("{} {unit}", signed(change)),
            None => "from nothing".to_string(),
        };
        format!("worse: {folder}: {span}{name} {later} ({first}), {change}, limit {limit_percent} {unit}")
    }
}

/// With a sign and two places, or as many as it takes to see that it is not zero.
fn signed(change: f64) -> String {
    let places = if change == 0.0 || change.abs() >= 0.1 {
        2
    } else {
        // Two digits that are not zero.
        (1.0 - libm::log10(change.abs()).floor()) as usize
    };
    format!("{change:+.places$}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_worse(limit: &str, metric: Metric, first: u64, later: u64) -> bool {
        let limit: Limit = limit.parse().expect("a limit");
        let of = |value| Measured { metric, value };
        limit.breach(None, of(first), of(later)).is_some()
    }

    #[test]
    fn limits_are_exact() {
        for metric in [Metric::Time, Metric::Bytes, Metric::Rounds] {
            let large = u64::MAX - 1;
            assert!(is_worse("0%", metric, large, large + 1));
            assert!(!is_worse("0%", metric, large, large));
            assert!(!is_worse("0%", metric, large, large - 1));
            assert!(!is_worse("1%", metric, 1_000_000, 1_010_000));
            assert!(is_worse("1%", metric, 1_000_000, 1_010_001));
            assert!(!is_worse("0.3%", metric, 10_000_000_000_000_000, 10_030_000_000_000_000));
            assert!(is_worse("0.3%", metric, 10_000_000_000_000_000, 10_030_000_000_000_001));
            assert!(is_worse("1000000%", metric, 0, 1));
            assert!(!is_worse("0%", metric, 0, 0));
            assert!(!is_worse("1000000%", metric, large, large + 1));
        }
    }

    #[test]
    fn accuracies_are_compared_in_points() {
        let worse = |limit: &str, rows: u32, first: u32, later: u32| {
            let of = |correct: u32| {
                Measured::accuracy(f64::from(correct) / f64::from(rows)).expect("a share").value
            };
            is_worse(limit, Metric::Accuracy, of(first), of(later))
        };
        // A point of every number of rows that has points, wherever it is: not more than a point.
        for rows in (100..1_000).step_by(100) {
            for later in 0..=rows - rows / 100 {
                assert!(!worse("1%", rows, later + rows / 100, later), "{later} of {rows}");
                assert!(worse("0.999999999%", rows, later + rows / 100, later), "{later} of {rows}");
            }
        }
        assert!(worse("0%", 1_000_000_000, 900_000_001, 900_000_000));
        assert!(!worse("0%", 10_000, 9_000, 9_001));
        assert!(!worse("0%", 10_000, 9_000, 9_000));
        assert_eq!(Measured::accuracy(1.5), None);
        assert_eq!(Measured::accuracy(f64::NAN), None);
    }

    #[test]
    fn wrong_limits_are_refused() {
        for wrong in [
            "",
            "1",
            "%",
            "-1%",
            "1e3%",
            ".5%",
            "5.%",
            "nan%",
            "0.0000000001%",
            "1000000.1%",
            "9999999999999999999999%",
        ] {
            assert!(wrong.parse::<Limit>().is_err(), "{wrong}");
        }
        assert_eq!("0.5 %".parse::<Limit>().expect("a limit").to_string(), "0.5 %");
    }

    #[test]
    fn lines_show_what_differs() {
        let limit: Limit = "0%".parse().expect("a limit");
        let of = |value| Measured { metric: Metric::Bytes, value };
        let breach = limit.breach(None, of(1_000_000_000_000), of(1_000_000_000_001)).expect("worse");
        assert_eq!(
            breach.line("a", "b"),
            "worse: b: bytes 1,000,000,000,001 B (a: 1,000,000,000,000 B), +0.00000000010 %, limit 0 %"
        );
        let [first, later] = [0.95, 0.9].map(|share| Measured::accuracy(share).expect("a share"));
        assert_eq!(
            limit.breach(None, first, later).expect("worse").line("a", "b"),
            "worse: b: accuracy 90 % (a: 95 %), -5.00 percentage points, limit 0 percentage points"
        );
    }
}
