//! Parameters of a variant: what a scenario can write in its parentheses.

use std::fmt;

/// A parameter of a variant. Its default is that of [`super::SoftmaxVariant::DEFAULT`].
#[derive(Clone, Copy, Debug)]
pub struct Parameter {
    /// Its name in scenario files.
    pub name: &'static str,
    /// What it may be.
    pub kind: Kind,
    /// One line on what it is.
    pub about: &'static str,
}

/// What a parameter may be.
#[derive(Clone, Copy, Debug)]
pub enum Kind {
    /// A whole number, from the first up to the second.
    Whole(u64, u64),
    /// An odd one of them.
    OddNumber(u64, u64),
    /// A number.
    Number {
        /// Which ones, in words.
        needed: &'static str,
        /// The smallest.
        least: f64,
        /// The largest.
        most: f64,
    },
    /// One of these words.
    Word(fn() -> Vec<&'static str>),
    /// `true` or `false`.
    Boolean,
    /// Nothing, or an interval from one number to another within [-1000, 1000].
    Interval,
}

/// What a parameter is set to.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Setting {
    /// A whole number.
    Whole(u64),
    /// A number.
    Number(f64),
    /// A word.
    Word(&'static str),
    /// Yes or no.
    Boolean(bool),
    /// An interval, if there is one.
    Interval(Option<(f64, f64)>),
}

impl Setting {
    /// The only one of a variant with one parameter, a whole number.
    pub(super) fn only_whole(settings: &[Setting]) -> u32 {
        let [Setting::Whole(value)] = *settings else { panic!("one whole number") };
        value as u32
    }
}

impl fmt::Display for Setting {
    /// As a scenario file has it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Setting::Whole(value) => write!(f, "{value}"),
            Setting::Number(value) => write!(f, "{value:?}"),
            Setting::Word(word) => f.write_str(word),
            Setting::Boolean(value) => write!(f, "{value}"),
            Setting::Interval(None) => f.write_str("none"),
            Setting::Interval(Some((low, high))) => write!(f, "({low:?}, {high:?})"),
        }
    }
}
