//! `limit`: e^d = (1 + d/2^n)^(2^n) for d = x - max x, then a reciprocal of the sum by Newton's iteration. As CrypTen computes
//! it (cryptensor/approximations.py): y <- 2 y - s y^2, ten times, from 3 e^(1 - 2 s) + 0.003.
//!
//! Below d = -2^n the formula grows again, and below -2^(n+1) beyond all limits: a run says in how many rows.

use super::normalised::{
    NEWTON_STEPS, Normalisation, below_maximum, normalised, too_coarse, too_many_classes,
};
use super::{Kind, Logits, OutputLayer, Parameter, Setting, SoftmaxVariant, real};
use crate::protocol::Protocol;
use crate::secure::{FixedPoint, Secure};

/// Bits after the point with which Newton's start, which adds 0.003, is no zero and accurate to a tenth.
const LEAST_FRACTION_BITS: u32 = 12;
/// Bits that are left of those after the point when squarings have doubled the error again and again.
const LEFT_BITS: u32 = 4;
/// Beyond it the exponential in Newton's start, of 1 - 2 s, leaves its domain.
const MOST_CLASSES: usize = 250;

/// How many squarings a scenario may ask for.
pub(super) const SQUARINGS: Parameter = Parameter {
    name: "squarings",
    kind: Kind::Whole(2, 14),
    about: "n in (1 + d/2^n)^(2^n): each makes the formula more exact, and doubles the error of rounding.",
};

/// Why so many squarings leave too little of a number.
pub(super) fn too_many_squarings(name: &str, format: FixedPoint, squarings: u32) -> Option<String> {
    let f = format.fraction_bits;
    (f < squarings + LEFT_BITS).then(|| {
        let least = squarings + LEFT_BITS;
        let fewer = match f.saturating_sub(LEFT_BITS) {
            0 | 1 => String::new(),
            most => format!(", or {most} squarings at most"),
        };
        format!(
            "softmax {name} loses a bit with each of its {squarings} squarings and needs {least} bits after the binary point, \
             and the format has {f}: take more{fewer}"
        )
    })
}

/// Says that e^d is wrong for rows with a d below -2^squarings.
pub(super) fn expect_domain<P: Protocol>(secure: &Secure<P>, d: &P::Share, classes: usize, squarings: u32) {
    let lowest = -(1i64 << (squarings + secure.fixed_point.fraction_bits));
    secure.protocol.expect_rows(d, classes, (lowest, i64::MAX));
}

/// CrypTen's softmax.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limit {
    /// n.
    pub squarings: u32,
}

impl Limit {
    /// e^d for d = x - max x, as the formula has it.
    fn exponentials(&self, logits: &[f64]) -> Vec<f64> {
        real::below_maximum(logits).into_iter().map(|d| real::limit(d, self.squarings)).collect()
    }
}

impl SoftmaxVariant for Limit {
    const DEFAULT: Self = Limit { squarings: 8 };
    const PARAMETERS: &'static [Parameter] = &[SQUARINGS];
    const FORMULA: &'static str = "p = e y with e = (1 + d/2^n)^(2^n), d = x - max x, and y ~ 1 / sum e by y <- 2 y - s y^2 from \
                                   3 e^(1 - 2 s) + 0.003; gradient p - y";
    const DOMAIN: &'static str =
        "logits that spread by less than 2^n, 256; below, the exponential grows again";

    fn settings(&self) -> Vec<Setting> {
        vec![Setting::Whole(self.squarings.into())]
    }

    fn with(settings: &[Setting]) -> Self {
        Limit { squarings: Setting::only_whole(settings) }
    }

    fn refusal(&self, format: FixedPoint, classes: usize) -> Option<String> {
        let beyond = (classes > MOST_CLASSES).then(|| {
            format!(
                "softmax limit divides by Newton's iteration, which begins too far off for the sums of more than \
                 {MOST_CLASSES} classes, and the data has {classes}: taylor and exact have no such limit"
            )
        });
        beyond
            .or_else(|| too_many_classes("limit", format, classes))
            .or_else(|| too_coarse("limit", format, LEAST_FRACTION_BITS, "where Newton's iteration begins"))
            .or_else(|| too_many_squarings("limit", format, self.squarings))
    }

    async fn output_layer<P: Protocol>(
        &self,
        secure: &Secure<P>,
        batch: Logits<'_, P::Share>,
        with_loss: bool,
    ) -> OutputLayer<P::Share> {
        let (max, d) = below_maximum(secure, batch.logits, batch.classes).await;
        expect_domain(secure, &d, batch.classes, self.squarings);
        let e = secure.exp_limit(&d, self.squarings).await;
        normalised(secure, &batch, (&max, &e), Normalisation::Newton, with_loss).await
    }

    fn probabilities(&self, logits: &[f64]) -> Vec<f64> {
        let e = self.exponentials(logits);
        let s: f64 = e.iter().sum();
        let start = 3.0 * real::limit(1.0 - 2.0 * s, 8) + 0.003;
        let inverse = (0..NEWTON_STEPS).fold(start, |y, _| 2.0 * y - s * y * y);
        e.iter().map(|e| e * inverse).collect()
    }

    fn loss(&self, logits: &[f64], class: usize) -> Option<f64> {
        Some(real::cross_entropy(logits, &self.exponentials(logits), class))
    }

    fn is_beyond_domain(&self, logits: &[f64]) -> bool {
        real::leaves_limit(logits, self.squarings)
    }
}
