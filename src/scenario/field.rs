//! How a field of a file is declared: its name, what may stand there, what holds if it is left out, and what it decides.
//!
//! `declared` has the declarations. Readers take names, limits, defaults and examples from them, `write` what a field
//! decides, and `reference` makes the reference of the file out of them.

use super::limits::Limits;
use super::units::Decimal;
use super::units::grouped;

/// What a field has a say in. Whatever is trained, recorded or checked once for many points of a sweep is found by the
/// fields that decide it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Decides {
    /// The values that training computes, and so the accuracy.
    pub accuracy: bool,
    /// The messages and operations of the parties' program.
    pub program: bool,
    /// How long operations take, which is recorded with the program.
    pub work: bool,
    /// Times and nothing else.
    pub time: bool,
}

impl Decides {
    /// It is a name.
    pub const NOTHING: Decides = Decides { accuracy: false, program: false, work: false, time: false };
    /// Only how long things take.
    pub const TIME: Decides = Decides { time: true, ..Decides::NOTHING };
    /// Only how long things take, and it is recorded with the program.
    pub const WORK: Decides = Decides { work: true, ..Decides::TIME };
    /// Costs, but no value.
    pub const PROGRAM: Decides = Decides { program: true, ..Decides::TIME };
    /// Values, and how long the training is, but not what an iteration costs.
    pub const ACCURACY: Decides = Decides { accuracy: true, ..Decides::TIME };
    /// Values and costs.
    pub const BOTH: Decides = Decides { accuracy: true, ..Decides::PROGRAM };

    /// Whether it shows in the record of the parties' program.
    pub fn trace(self) -> bool {
        self.program || self.work
    }

    /// In a few words.
    pub fn text(self) -> &'static str {
        match self {
            Decides { accuracy: true, program: true, .. } => "accuracy and costs",
            Decides { accuracy: true, .. } => "accuracy and time",
            Decides { program: true, .. } => "costs",
            Decides { time: true, .. } => "time",
            _ => "nothing",
        }
    }
}

/// What may stand in a field.
#[derive(Clone, Copy, Debug)]
pub enum Value {
    /// A whole number, from the first up to the second.
    Whole(u64, u64),
    /// A floating-point number.
    Float {
        /// Which ones.
        needed: &'static str,
        /// The same, for programs.
        limits: Limits,
    },
    /// A decimal number that is taken exactly.
    Decimal {
        /// Which ones, with their unit.
        needed: &'static str,
        /// The smallest.
        least: Decimal,
        /// The largest.
        most: Decimal,
        /// Whether `unlimited` will do too.
        unlimited: bool,
        /// Whether a matrix of them will do too: figures by pair of places.
        by_pair: bool,
    },
    /// `true` or `false`.
    Boolean,
    /// A text in double quotes.
    Text(&'static str),
    /// One of these words.
    Word(fn() -> Vec<&'static str>),
    /// Named fields in parentheses.
    Record(&'static Group),
    /// A list of such.
    Records(&'static Group),
    /// One of several ways of writing.
    Forms(&'static [Form]),
    /// The same, made of a registry.
    Registered(fn() -> &'static [Form]),
    /// Anything else, described.
    Other(&'static str, Shape),
}

/// What a value looks like that words describe: as exact as can be said without its neighbours.
#[derive(Clone, Copy, Debug)]
pub enum Shape {
    /// Nobody knows.
    Anything,
    /// A whole number, from the first up to the second.
    Whole(u64, u64),
    /// An odd one of them.
    Odd(u64, u64),
    /// The number of a party, from 0.
    Party,
    /// A floating-point number.
    Number(Limits),
    /// One of these numbers.
    OneOf(&'static [f64]),
    /// A text in double quotes.
    Text,
    /// One of these texts, in double quotes.
    Name(fn() -> Vec<&'static str>),
    /// This word.
    Word(&'static str),
    /// `name(…)` with one value in its parentheses.
    Call(&'static str, &'static Shape),
    /// `name(…)` with named fields in its parentheses.
    Named(&'static str, &'static Group),
    /// Named fields in parentheses.
    Fields(&'static Group),
    /// The same, some of which can be left out that must be there otherwise, and so inside.
    Part(&'static Group),
    /// A list of such, or as many values in parentheses: at least the first number of them, at most the second.
    List(&'static Shape, usize, usize),
    /// Any of these.
    Either(&'static [Shape]),
}

/// One way of writing a value.
#[derive(Clone, Copy, Debug)]
pub struct Form {
    /// How it is written.
    pub written: &'static str,
    /// What it means.
    pub about: &'static str,
    /// The fields in its parentheses, if it has any.
    pub group: Option<&'static Group>,
    /// What it looks like, if it is more than a word, or a word and its fields.
    pub shape: Option<Shape>,
}

/// What holds if a field is left out.
#[derive(Clone, Copy, Debug)]
pub enum Default {
    /// It must be there, for example so.
    Required(&'static str),
    /// The same, unless one of these is there. Without any, what stands around the record decides.
    Unless(&'static str, &'static [&'static str]),
    /// This value, as it would be written.
    Is(&'static str),
    /// Something that is no value of this field, described.
    Otherwise(&'static str),
}

/// One field.
#[derive(Clone, Copy, Debug)]
pub struct Field {
    /// Its name.
    pub name: &'static str,
    /// What may stand there.
    pub value: Value,
    /// What holds if it is left out.
    pub default: Default,
    /// What it has a say in.
    pub decides: Decides,
    /// What it is.
    pub about: &'static str,
}

/// Fields that stand together in parentheses.
#[derive(Debug)]
pub struct Group {
    /// What messages call it.
    pub what: &'static str,
    /// Its heading in the reference.
    pub title: &'static str,
    /// A few sentences about it.
    pub about: &'static str,
    /// The fields, in the order in which they are written.
    pub fields: &'static [Field],
}

impl Form {
    /// What stands before the parentheses, or alone.
    pub fn name(&self) -> &'static str {
        let written = self.written.trim_start_matches('[');
        written.split('(').next().unwrap_or(written)
    }
}

impl Group {
    /// The declaration of a field. Reading or writing one that is not declared is a mistake of the program.
    pub fn field(&self, name: &str) -> &'static Field {
        let found = self.fields.iter().find(|field| field.name == name);
        found.unwrap_or_else(|| panic!("{} has no field `{name}`: it must be declared", self.what))
    }

    /// The names of its fields.
    pub fn names(&self) -> impl Iterator<Item = &'static str> + Clone + use<> {
        self.fields.iter().map(|field| field.name)
    }
}

impl Value {
    /// The ways of writing it, if there are several.
    pub fn forms(&self) -> Option<&'static [Form]> {
        match self {
            Value::Forms(forms) => Some(forms),
            Value::Registered(forms) => Some(forms()),
            _ => None,
        }
    }

    /// A decimal number between limits, which `needed` names.
    pub(super) const fn decimal(needed: &'static str, least: Decimal, most: u64) -> Value {
        Value::Decimal { needed, least, most: Decimal::whole(most), unlimited: false, by_pair: false }
    }

    /// The same decimal number, where a matrix of them will do too.
    pub(super) const fn by_pair(self) -> Value {
        match self {
            Value::Decimal { needed, least, most, unlimited, .. } => {
                Value::Decimal { needed, least, most, unlimited, by_pair: true }
            }
            other => other,
        }
    }

    /// "a whole number from 1 to 9": what must stand there.
    pub fn needed(&self) -> String {
        match self {
            Value::Whole(0, u64::MAX) => format!("a whole number from 0 to {} (2^64 - 1)", u64::MAX),
            Value::Whole(least, most) => {
                format!("a whole number from {} to {}", grouped(*least), grouped(*most))
            }
            Value::Float { needed, .. } | Value::Text(needed) | Value::Other(needed, _) => needed.to_string(),
            Value::Decimal { needed, unlimited: false, .. } => needed.to_string(),
            Value::Decimal { needed, .. } => format!("{needed}, or `unlimited`"),
            Value::Boolean => "`true` or `false`".to_string(),
            Value::Word(words) => super::errors::alternatives(words()),
            Value::Record(group) => format!("fields in parentheses: {}", group.title),
            Value::Records(group) => format!("a list in square brackets: {}", group.title),
            Value::Forms(forms) => super::errors::alternatives(forms.iter().map(|form| form.written)),
            Value::Registered(forms) => super::errors::alternatives(forms().iter().map(|form| form.name())),
        }
    }
}
