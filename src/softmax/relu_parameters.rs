//! What `relu_gradient` and `relu_probability` have in common, their parameters: what stands for relu(x) / sum relu(x) where that
//! sum is zero, which logits are active, whether the last layer ends with a ReLU, and how the division is done. The papers leave
//! these open.

use super::{Kind, Parameter, Setting, real};
use crate::protocol::{Protocol, RingShare};
use crate::ring::Vector;
use crate::secure::Secure;

/// Says that the sum of a row's active logits is to be above zero: a row without any is beyond the domain.
pub(super) fn expect_active<P: Protocol>(secure: &Secure<P>, sums: &P::Share) {
    secure.protocol.expect_rows(sums, 1, (1, i64::MAX));
}

/// The distribution of a row without an active logit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ZeroSum {
    /// Zero for all classes, as the reference system divides: no distribution.
    Zero,
    /// The same for all classes, as SecureML says.
    Uniform,
    /// One for the first class, as the largest of equal outputs is found.
    First,
}

impl ZeroSum {
    /// All of them.
    pub const ALL: [ZeroSum; 3] = [ZeroSum::Zero, ZeroSum::Uniform, ZeroSum::First];

    /// The name in scenario files.
    pub const fn name(self) -> &'static str {
        match self {
            ZeroSum::Zero => "zero",
            ZeroSum::Uniform => "uniform",
            ZeroSum::First => "first",
        }
    }

    /// The one with this name.
    pub(super) fn named(name: &str) -> Self {
        *ZeroSum::ALL.iter().find(|entry| entry.name() == name).expect("one of the names")
    }

    /// The distribution as numbers.
    pub(super) fn distribution(self, classes: usize) -> Vec<f64> {
        let of_class = |class: usize| match self {
            ZeroSum::Zero => 0.0,
            ZeroSum::Uniform => 1.0 / classes as f64,
            ZeroSum::First => f64::from(u8::from(class == 0)),
        };
        (0..classes).map(of_class).collect()
    }

    /// The distribution for the rows of which the sum is zero, zeros for all others: rows x classes. A comparison a row.
    pub(super) async fn instead<P: Protocol>(
        self,
        secure: &Secure<P>,
        sums: &P::Share,
        classes: usize,
    ) -> P::Share {
        let positive = secure.greater_than(sums, 0).await;
        let is_zero = secure.add_constant(&positive.neg(), 1).repeat_each(classes);
        let numbers = || self.distribution(classes).into_iter().map(|p| secure.fixed_point.encode(p) as u64);
        let row = Vector::build(secure.protocol.content(), classes, || numbers().collect());
        is_zero.scale_each(&row.tile(sums.len()))
    }
}

/// What divisions by sums of relu(x) open, if they open something.
pub(super) const BIT_LENGTH: &str = "the bit length of the sum of relu(x)";

/// How numerators are divided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Division {
    /// By the reciprocal of the divisor, rounded to the number format, and a product.
    Reciprocal,
    /// With the numerator inside the division.
    Quotient,
    /// The same with one correction more, where a protocol divides in a way of its own that needs it.
    Precise,
}

impl Division {
    /// All of them.
    pub const ALL: [Division; 3] = [Division::Reciprocal, Division::Quotient, Division::Precise];

    /// The name in scenario files.
    pub const fn name(self) -> &'static str {
        match self {
            Division::Reciprocal => "reciprocal",
            Division::Quotient => "quotient",
            Division::Precise => "precise",
        }
    }

    /// The one with this name.
    pub(super) fn named(name: &str) -> Self {
        *Division::ALL.iter().find(|entry| entry.name() == name).expect("one of the names")
    }
}

/// The parameters of a variant with ReLU.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ReluParameters {
    /// What a sum of zero gives.
    pub zero_sum: ZeroSum,
    /// What a logit must exceed to be active.
    pub threshold: f64,
    /// Whether the gradient goes back through active logits only.
    pub final_relu: bool,
    /// How numerators are divided.
    pub division: Division,
}

impl ReluParameters {
    /// As settings, in the order of [`PARAMETERS`].
    pub(super) fn settings(&self) -> Vec<Setting> {
        vec![
            Setting::Word(self.zero_sum.name()),
            Setting::Number(self.threshold),
            Setting::Boolean(self.final_relu),
            Setting::Word(self.division.name()),
        ]
    }

    /// From settings, in the same order.
    pub(super) fn of(settings: &[Setting]) -> Self {
        let [
            Setting::Word(zero_sum),
            Setting::Number(threshold),
            Setting::Boolean(final_relu),
            Setting::Word(division),
        ] = *settings
        else {
            panic!("a word, a number, yes or no, a word")
        };
        let (zero_sum, division) = (ZeroSum::named(zero_sum), Division::named(division));
        ReluParameters { zero_sum, threshold, final_relu, division }
    }

    /// The output distribution of a row of logits in floating point.
    pub(super) fn probabilities(&self, logits: &[f64]) -> Vec<f64> {
        let relu = real::relu_above(logits, self.threshold);
        let none = relu.iter().sum::<f64>() == 0.0;
        if none { self.zero_sum.distribution(logits.len()) } else { real::normalised(&relu) }
    }
}

/// What a scenario can set of a variant with ReLU.
pub(super) const PARAMETERS: &[Parameter] = &[
    Parameter {
        name: "zero_sum",
        kind: Kind::Word(|| ZeroSum::ALL.map(ZeroSum::name).to_vec()),
        about: "The output distribution of a row in which no logit is above the threshold: zeros, as the reference system \
                divides; the same for all classes; or one for the first class.",
    },
    Parameter {
        name: "threshold",
        kind: Kind::Number { needed: "a number from 0 to 15", least: 0.0, most: 15.0 },
        about: "What a logit must exceed to be active. A threshold above zero bounds the reciprocals.",
    },
    Parameter {
        name: "final_relu",
        kind: Kind::Boolean,
        about: "Whether the last layer ends with a ReLU: then no gradient goes back through logits that are not active.",
    },
    Parameter {
        name: "division",
        kind: Kind::Word(|| Division::ALL.map(Division::name).to_vec()),
        about: "How precisely numerators are divided: by a reciprocal that is rounded to the number format, times the \
                numerator; or inside the division, as a quotient. Of `relu_gradient`, `falcon` finds a quotient by Falcon's division, which \
                opens the bit length of each sum: up to 0.74 % too small, or 0.0055 % if precise. Elsewhere precise is quotient.",
    },
];
