//! Numbers as people and programs write them, such as 1e6 or 2.5, exactly.

/// A number that is not negative: digits, and how many zeros follow (or places come off).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Decimal {
    digits: u64,
    power: i32,
}

/// 10 to a power, if it fits.
fn power_of_ten(power: i32) -> Option<u128> {
    u32::try_from(power).ok().and_then(|power| 10u128.checked_pow(power))
}

impl Decimal {
    /// Reads a number of at most 19 digits that count, with or without a point and an exponent.
    pub fn read(text: &str) -> Option<Decimal> {
        let (number, exponent) = match text.find(['e', 'E']) {
            Some(at) => (&text[..at], &text[at + 1..]),
            None => (text, "0"),
        };
        let (whole, places) = number.split_once('.').unwrap_or((number, ""));
        let are_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        if !(are_digits(whole) && are_digits(places)) || (whole.is_empty() && places.is_empty()) {
            return None;
        }
        let places = places.trim_end_matches('0');
        let exponent: i32 = exponent.parse().ok()?;
        let power = exponent.checked_sub(i32::try_from(places.len()).ok()?)?;
        let digits = format!("0{whole}{places}").parse().ok()?;
        Some(Decimal { digits, power })
    }

    /// Whether it is nothing.
    pub fn is_zero(self) -> bool {
        self.digits == 0
    }

    /// The number, if it is whole and below 2^64.
    pub(super) fn whole(self) -> Option<u64> {
        if self.digits == 0 {
            return Some(0);
        }
        match self.power {
            0.. => u64::try_from(power_of_ten(self.power)?.checked_mul(self.digits.into())?).ok(),
            _ => {
                let parts = self.power.checked_neg().and_then(power_of_ten)?;
                let digits = u128::from(self.digits);
                digits.is_multiple_of(parts).then(|| (digits / parts) as u64)
            }
        }
    }

    /// This by another number (not zero) and times a power of ten, to the nearest whole number, if that is below 2^64.
    pub(super) fn per(self, other: Decimal, power: i32) -> Option<u64> {
        if self.digits == 0 {
            return Some(0);
        }
        let power = power.checked_add(self.power)?.checked_sub(other.power)?;
        let (above, below) = match power {
            0.. => (power_of_ten(power)?.checked_mul(self.digits.into())?, u128::from(other.digits)),
            // What is divided by so much is nothing.
            _ => match power
                .checked_neg()
                .and_then(power_of_ten)
                .and_then(|parts| parts.checked_mul(other.digits.into()))
            {
                Some(below) => (u128::from(self.digits), below),
                None => return Some(0),
            },
        };
        u64::try_from(above / below + u128::from(above % below >= below.div_ceil(2))).ok()
    }

    /// Times a power of ten, to the nearest whole number, if that is below 2^64.
    pub(super) fn times(self, power: i32) -> Option<u64> {
        self.per(Decimal { digits: 1, power: 0 }, power)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Decimal {
        Decimal::read(text).unwrap_or_else(|| panic!("{text}"))
    }

    #[test]
    fn numbers_are_read_exactly() {
        for (text, whole) in [
            ("0", Some(0)),
            ("1e6", Some(1_000_000)),
            ("1000000.0", Some(1_000_000)),
            ("2.5", None),
            ("25e-1", None),
            ("250e-1", Some(25)),
            ("2.50E+02", Some(250)),
            (".5e1", Some(5)),
            ("18446744073709551615", Some(u64::MAX)),
            ("2e19", None),
            ("1e400", None),
            ("0e400", Some(0)),
            ("1e-2147483648", None),
        ] {
            assert_eq!(read(text).whole(), whole, "{text}");
        }
        for text in [
            "",
            ".",
            "e5",
            "-1",
            "1e",
            "1e+-5",
            "1e++5",
            "nan",
            "0x10",
            "1_000",
            "1 ",
            "18446744073709551616",
        ] {
            assert_eq!(Decimal::read(text), None, "{text}");
        }
    }

    #[test]
    fn quotients_are_rounded_to_the_nearest() {
        assert_eq!(read("1e6").per(read("1e9"), 12), Some(1_000_000_000));
        assert_eq!(read("1").per(read("3"), 0), Some(0));
        assert_eq!(read("2").per(read("3"), 0), Some(1));
        assert_eq!(read("1").per(read("2"), 0), Some(1));
        assert_eq!(read("10").per(read("3e11"), 12), Some(33));
        assert_eq!(read("1e30").per(read("1"), 12), None);
        assert_eq!(read("1").per(read("1e60"), 12), Some(0));
        assert_eq!(read("0.25").times(12), Some(250_000_000_000));
        assert_eq!(read("1e-13").times(12), Some(0));
        assert_eq!(read("5e-13").times(12), Some(1));
        assert_eq!(read("1e-2147483647").per(read("1e2147483647"), 12), None);
    }
}
