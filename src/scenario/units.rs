//! Exact decimal numbers: from what a person writes to integers of the simulation, without any float between.

/// A number as written: `mantissa * 10^exponent`, or its negative.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Decimal {
    negative: bool,
    mantissa: u128,
    exponent: i32,
}

/// Digits that are kept; the arithmetic below is exact with so many. Those of a fraction beyond are dropped.
const MOST_DIGITS: usize = 20;

impl Decimal {
    /// Reads a decimal number: sign, digits with `_` between, point, exponent. None if it is anything else, or has
    /// more than 20 digits before the point.
    pub fn parse(text: &str) -> Option<Decimal> {
        let (negative, text) = match text.as_bytes().first()? {
            b'-' => (true, &text[1..]),
            b'+' => (false, &text[1..]),
            _ => (false, text),
        };
        let (number, exponent) = match text.split_once(['e', 'E']) {
            Some((number, exponent)) => (number, exponent.parse::<i32>().ok()?),
            None => (text, 0),
        };
        let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
        let is_digit = |c: char| c.is_ascii_digit() || c == '_';
        if !whole.chars().all(is_digit) || !fraction.chars().all(is_digit) {
            return None;
        }
        let fraction = fraction.replace('_', "");
        let whole = whole.replace('_', "");
        if whole.is_empty() && fraction.is_empty() {
            return None;
        }
        let whole = whole.trim_start_matches('0');
        if whole.len() > MOST_DIGITS || exponent.abs() > 40 {
            return None;
        }
        // Zeros that lead the fraction of a number below one do not count as digits.
        let leading =
            if whole.is_empty() { fraction.len() - fraction.trim_start_matches('0').len() } else { 0 };
        let kept = (leading + MOST_DIGITS - whole.len()).min(fraction.len());
        let fraction = fraction[..kept].trim_end_matches('0');
        let digits = format!("{whole}{fraction}");
        let digits = digits.trim_start_matches('0');
        let mantissa = if digits.is_empty() { 0 } else { digits.parse().ok()? };
        Some(Decimal {
            negative: negative && mantissa != 0,
            mantissa,
            exponent: exponent - fraction.len() as i32,
        })
    }

    /// A whole number.
    pub const fn whole(value: u64) -> Decimal {
        Decimal { negative: false, mantissa: value as u128, exponent: 0 }
    }

    /// So many millionths.
    pub const fn millionths(value: u64) -> Decimal {
        Decimal { negative: false, mantissa: value as u128, exponent: -6 }
    }

    /// Whether it is `least` or more, where both are of moderate size: what cannot be compared is not.
    pub fn is_at_least(self, least: Decimal) -> bool {
        if self.negative || least.negative || self.is_zero() || least.is_zero() {
            return least.is_zero() && !self.negative;
        }
        let shift = self.exponent.min(least.exponent);
        let raised = |number: Decimal| {
            power_of_ten(number.exponent - shift).and_then(|power| number.mantissa.checked_mul(power))
        };
        match (raised(self), raised(least)) {
            (Some(own), Some(other)) => own >= other,
            // Only the one with the larger exponent can be beyond 128 bits.
            (own, _) => own.is_none(),
        }
    }

    /// The floating-point number that is nearest.
    pub fn nearest(self) -> f64 {
        let sign = if self.negative { "-" } else { "" };
        let written = format!("{sign}{}e{}", self.mantissa, self.exponent);
        written.parse().expect("a decimal number is a floating-point number")
    }

    /// Whether it is zero.
    pub fn is_zero(self) -> bool {
        self.mantissa == 0
    }

    /// `self * 10^places`, rounded to the nearest integer, halves up. None if negative or beyond 64 bits.
    pub fn scaled(self, places: i32) -> Option<u64> {
        self.scaled_over(places, Decimal::whole(1))
    }

    /// `self * 10^places / divisor`, rounded to the nearest integer, halves up. None if negative, beyond 64 bits,
    /// or the divisor is not positive.
    pub fn scaled_over(self, places: i32, divisor: Decimal) -> Option<u64> {
        if self.negative || divisor.negative || divisor.is_zero() {
            return None;
        }
        if self.is_zero() {
            return Some(0);
        }
        let exponent = self.exponent + places - divisor.exponent;
        let (numerator, denominator) = if exponent >= 0 {
            (self.mantissa.checked_mul(power_of_ten(exponent)?)?, divisor.mantissa)
        } else {
            // A divisor beyond 128 bits leaves nothing of 28 digits.
            let Some(scale) = power_of_ten(-exponent) else { return Some(0) };
            match divisor.mantissa.checked_mul(scale) {
                Some(denominator) => (self.mantissa, denominator),
                None => return Some(0),
            }
        };
        let quotient = numerator / denominator;
        let remainder = numerator % denominator;
        let rounded = quotient + u128::from(remainder >= denominator - remainder);
        u64::try_from(rounded).ok()
    }

    /// The product; none if it needs more than 38 digits.
    pub fn times(self, factor: u64) -> Option<Decimal> {
        let mantissa = self.mantissa.checked_mul(u128::from(factor))?;
        Some(Decimal { mantissa, ..self })
    }
}

fn power_of_ten(exponent: i32) -> Option<u128> {
    10u128.checked_pow(u32::try_from(exponent).ok()?)
}

/// Writes `value / 10^places` in full, with at least one digit after the point: 1500 and 3 give `1.5`.
pub fn decimal_text(value: u64, places: u32) -> String {
    let unit = 10u64.pow(places);
    let (whole, fraction) = (value / unit, value % unit);
    let digits = format!("{fraction:0width$}", width = places as usize);
    let digits = digits.trim_end_matches('0');
    if digits.is_empty() || places == 0 { format!("{whole}.0") } else { format!("{whole}.{digits}") }
}

/// Digits in groups of three: 60,000.
pub fn grouped(value: u64) -> String {
    let digits = value.to_string();
    let mut text = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scaled(text: &str, places: i32) -> Option<u64> {
        Decimal::parse(text)?.scaled(places)
    }

    #[test]
    fn conversions_are_exact() {
        assert_eq!(scaled("20", 9), Some(20_000_000_000));
        assert_eq!(scaled("0.05", 9), Some(50_000_000));
        assert_eq!(scaled("24.6555", 9), Some(24_655_500_000));
        assert_eq!(scaled("3599999.999999999", 9), Some(3_599_999_999_999_999));
        assert_eq!(scaled("1e-3", 6), Some(1_000));
        assert_eq!(scaled("1_000.5", 6), Some(1_000_500_000));
        assert_eq!(scaled("0.0000000005", 9), Some(1), "halves go up");
        assert_eq!(scaled("0.0000000004999", 9), Some(0));
        assert_eq!(scaled("-1", 0), None);
        assert_eq!(scaled("-0.0", 0), Some(0));
        assert_eq!(scaled("18446744073709551615", 0), Some(u64::MAX));
        assert_eq!(scaled("18446744073709551616", 0), None);
        assert_eq!(scaled("1e-40", 0), Some(0));
        assert_eq!(Decimal::parse("-0.001").unwrap().nearest(), -0.001);
        assert_eq!(Decimal::whole(18_446_744).nearest(), 18_446_744.0);
        for not_a_number in ["", ".", "1.2.3", "inf", "NaN", "1e", "0x10", "--1", "1e999"] {
            assert_eq!(Decimal::parse(not_a_number), None, "{not_a_number}");
        }
    }

    #[test]
    fn quotients_are_rounded_once() {
        let (two, third) = (Decimal::parse("2").unwrap(), Decimal::parse("3.0").unwrap());
        assert_eq!(two.scaled_over(3, third), Some(667));
        assert_eq!(two.scaled_over(3, Decimal::parse("0").unwrap()), None);
        assert_eq!(two.scaled_over(0, Decimal::parse("0.5").unwrap()), Some(4));
    }

    #[test]
    fn what_is_written_is_read_back() {
        for value in [0, 1, 999, 1_000, 50_000_000, 3_600_000_000_000_000, u64::MAX] {
            for places in [0, 3, 6, 9] {
                let text = decimal_text(value, places);
                assert_eq!(scaled(&text, places as i32), Some(value), "{text}");
            }
        }
    }
}
