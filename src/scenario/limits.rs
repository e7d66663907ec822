//! Which floating-point numbers may stand somewhere.

/// Where numbers end, on one side.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum End {
    /// Nowhere.
    Never,
    /// At this number, which is one of them.
    At(f64),
    /// Before this number.
    Before(f64),
}

/// All numbers between two ends.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Limits {
    /// The end of small numbers.
    pub least: End,
    /// The end of large numbers.
    pub most: End,
}

impl Limits {
    /// All numbers.
    pub const NONE: Limits = Limits { least: End::Never, most: End::Never };

    /// Those that are not below a number.
    pub const fn at_least(self, least: f64) -> Limits {
        Limits { least: End::At(least), ..self }
    }

    /// Those above a number.
    pub const fn above(self, least: f64) -> Limits {
        Limits { least: End::Before(least), ..self }
    }

    /// Those that are not above a number.
    pub const fn at_most(self, most: f64) -> Limits {
        Limits { most: End::At(most), ..self }
    }

    /// Those below a number.
    pub const fn below(self, most: f64) -> Limits {
        Limits { most: End::Before(most), ..self }
    }

    /// Whether a number is one of them.
    pub fn hold(self, number: f64) -> bool {
        let large_enough = match self.least {
            End::Never => true,
            End::At(least) => number >= least,
            End::Before(least) => number > least,
        };
        let small_enough = match self.most {
            End::Never => true,
            End::At(most) => number <= most,
            End::Before(most) => number < most,
        };
        large_enough && small_enough
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ends_belong_to_the_numbers_or_not() {
        assert!(Limits::NONE.hold(-1e300));
        let share = Limits::NONE.at_least(0.0).below(1.0);
        assert_eq!([-0.1, 0.0, 0.9, 1.0].map(|number| share.hold(number)), [false, true, true, false]);
        let rate = Limits::NONE.above(0.0).at_most(100.0);
        assert_eq!([0.0, 1e-9, 100.0, 100.1].map(|number| rate.hold(number)), [false, true, true, false]);
        assert!(!Limits::NONE.above(0.0).hold(f64::NAN));
    }
}
