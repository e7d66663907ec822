//! `clipped_limit`: e^d = [d > -14] (1 + d/2^n)^(2^n) for d = x - max x, then SPU's reciprocal of the sum, once a row. As in
//! PUMA (n = 5) and BumbleBee (n = 6).

use super::limit::too_many_squarings;
use super::normalised::{Normalisation, below_maximum, normalised, too_many_classes};
use super::{Kind, Logits, OutputLayer, Parameter, Setting, SoftmaxVariant, real};
use crate::protocol::Protocol;
use crate::secure::{FixedPoint, Secure};
use crate::sim::both;

/// Below it an exponential is zero.
const CUT: f64 = -14.0;

/// The softmax of PUMA and BumbleBee.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClippedLimit {
    /// n.
    pub squarings: u32,
}

impl ClippedLimit {
    /// e^d for d = x - max x, as the formula has it.
    fn exponentials(&self, logits: &[f64]) -> Vec<f64> {
        let e = |d: f64| if d > CUT { real::limit(d, self.squarings) } else { 0.0 };
        real::below_maximum(logits).into_iter().map(e).collect()
    }
}

impl SoftmaxVariant for ClippedLimit {
    const DEFAULT: Self = ClippedLimit { squarings: 5 };
    // With fewer than four, 1 + d/2^n is negative before d = -14 is reached.
    const PARAMETERS: &'static [Parameter] = &[Parameter {
        name: "squarings",
        kind: Kind::Whole(4, 14),
        about: "n in (1 + d/2^n)^(2^n): 5 in PUMA, 6 in BumbleBee. Each makes the formula more exact, and doubles the error of \
                rounding.",
    }];
    const FORMULA: &'static str = "p = e / sum e with e = [d > -14] (1 + d/2^n)^(2^n), d = x - max x; reciprocal as in taylor; gradient p - y";
    const DOMAIN: &'static str = "all logits";

    fn settings(&self) -> Vec<Setting> {
        vec![Setting::Whole(self.squarings.into())]
    }

    fn with(settings: &[Setting]) -> Self {
        ClippedLimit { squarings: Setting::only_whole(settings) }
    }

    fn refusal(&self, format: FixedPoint, classes: usize) -> Option<String> {
        too_many_classes("clipped_limit", format, classes)
            .or_else(|| too_many_squarings("clipped_limit", format, self.squarings))
    }

    async fn output_layer<P: Protocol>(
        &self,
        secure: &Secure<P>,
        batch: Logits<'_, P::Share>,
        with_loss: bool,
    ) -> OutputLayer<P::Share> {
        let (max, d) = below_maximum(secure, batch.logits, batch.classes).await;
        let [compare, power] = secure.fork();
        let cut = secure.fixed_point.encode(CUT);
        let (counts, e) =
            both(compare.greater_than(&d, cut), power.exp_limit_inside(&d, self.squarings)).await;
        let e = secure.protocol.mul(&counts, &e).await;
        normalised(secure, &batch, (&max, &e), Normalisation::Spu, with_loss).await
    }

    fn probabilities(&self, logits: &[f64]) -> Vec<f64> {
        real::spu_normalised(&self.exponentials(logits))
    }

    fn loss(&self, logits: &[f64], class: usize) -> Option<f64> {
        Some(real::cross_entropy(logits, &self.exponentials(logits), class))
    }
}
