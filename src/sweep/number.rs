//! Ranges of numbers, as they would be written: the same digits on every machine.

/// Digits that count of a number between the ends of a linear range; of a logarithmic one.
const LINEAR_DIGITS: usize = 12;
const LOGARITHMIC_DIGITS: usize = 9;

/// `steps` numbers from one end to the other, both included and written as given, at equal distances. Whole if both
/// ends are and the distance is.
pub(crate) fn linear(from: &str, to: &str, steps: u64) -> Vec<String> {
    let (from, to) = (from.replace('_', ""), to.replace('_', ""));
    if let (Ok(a), Ok(b)) = (from.parse::<i64>(), to.parse::<i64>()) {
        let (span, parts) = (i128::from(b) - i128::from(a), i128::from(steps) - 1);
        if span % parts == 0 {
            return (0..=parts).map(|i| (i128::from(a) + span / parts * i).to_string()).collect();
        }
    }
    let (a, b) = (number(&from), number(&to));
    let inner = |i: u64| {
        let part = i as f64 / (steps - 1) as f64;
        rounded(a * (1.0 - part) + b * part, LINEAR_DIGITS)
    };
    ends_as_given(from, to, steps, inner)
}

/// `steps` numbers from one end to the other, both included and written as given, at equal ratios. Both are positive.
pub(crate) fn logarithmic(from: &str, to: &str, steps: u64) -> Vec<String> {
    let (from, to) = (from.replace('_', ""), to.replace('_', ""));
    let (a, b) = (libm::log(number(&from)), libm::log(number(&to)));
    let inner = |i: u64| {
        let part = i as f64 / (steps - 1) as f64;
        rounded(libm::exp(a * (1.0 - part) + b * part), LOGARITHMIC_DIGITS)
    };
    ends_as_given(from, to, steps, inner)
}

fn number(text: &str) -> f64 {
    text.parse().expect("checked when it was read")
}

fn ends_as_given(from: String, to: String, steps: u64, inner: impl Fn(u64) -> String) -> Vec<String> {
    let middle = (1..steps - 1).map(inner);
    std::iter::once(from).chain(middle).chain(std::iter::once(to)).collect()
}

/// A number with so many digits that count, without an exponent.
fn rounded(x: f64, digits: usize) -> String {
    let short: f64 = format!("{x:.*e}", digits - 1).parse().expect("a number just written");
    format!("{short}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_written_as_a_person_would() {
        assert_eq!(linear("1", "5", 5), ["1", "2", "3", "4", "5"]);
        assert_eq!(linear("0.1", "0.5", 5), ["0.1", "0.2", "0.3", "0.4", "0.5"]);
        assert_eq!(linear("1", "2", 3), ["1", "1.5", "2"]);
        assert_eq!(
            linear("9007199254740993", "9007199254740995", 2),
            ["9007199254740993", "9007199254740995"]
        );
        assert_eq!(linear("5", "-5", 3), ["5", "0", "-5"]);
        assert_eq!(logarithmic("0.1", "1_000", 5), ["0.1", "1", "10", "100", "1000"]);
        assert_eq!(logarithmic("16", "128", 4), ["16", "32", "64", "128"]);
        assert_eq!(logarithmic("1", "10", 3), ["1", "3.16227766", "10"]);
    }
}
