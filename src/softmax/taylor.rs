//! `taylor`: e^d = (1 + d/2^n)^(2^n) for d = x - max x, then SPU's reciprocal of the sum. What SPU calls its Taylor mode, its
//! default, with `fxp_exp_iters` = 8 (fxp_approx.cc, fxp_base.cc). Below d = -2^n it is wrong as `limit` is.

use super::limit::{SQUARINGS, expect_domain, too_many_squarings};
use super::normalised::{Normalisation, below_maximum, normalised, too_many_classes};
use super::{Logits, OutputLayer, Parameter, Setting, SoftmaxVariant, real};
use crate::protocol::Protocol;
use crate::secure::{FixedPoint, Secure};

/// SPU's softmax.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Taylor {
    /// n.
    pub squarings: u32,
}

impl Taylor {
    /// e^d for d = x - max x, as the formula has it.
    fn exponentials(&self, logits: &[f64]) -> Vec<f64> {
        real::below_maximum(logits).into_iter().map(|d| real::limit(d, self.squarings)).collect()
    }
}

impl SoftmaxVariant for Taylor {
    const DEFAULT: Self = Taylor { squarings: 8 };
    const PARAMETERS: &'static [Parameter] = &[SQUARINGS];
    const FORMULA: &'static str = "p = e / sum e with e = (1 + d/2^n)^(2^n), d = x - max x, and 1/s ~ w (1 + v) (1 + v^2) with \
                                   w = 2.9142 - 2 c, v = 1 - c w for s = c 2^i, 1/2 <= c < 1; gradient p - y";
    const DOMAIN: &'static str =
        "logits that spread by less than 2^n, 256; below, the exponential grows again";

    fn settings(&self) -> Vec<Setting> {
        vec![Setting::Whole(self.squarings.into())]
    }

    fn with(settings: &[Setting]) -> Self {
        Taylor { squarings: Setting::only_whole(settings) }
    }

    fn refusal(&self, format: FixedPoint, classes: usize) -> Option<String> {
        too_many_classes("taylor", format, classes)
            .or_else(|| too_many_squarings("taylor", format, self.squarings))
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
        normalised(secure, &batch, (&max, &e), Normalisation::Spu, with_loss).await
    }

    fn probabilities(&self, logits: &[f64]) -> Vec<f64> {
        real::spu_normalised(&self.exponentials(logits))
    }

    fn loss(&self, logits: &[f64], class: usize) -> Option<f64> {
        Some(real::cross_entropy(logits, &self.exponentials(logits), class))
    }

    fn is_beyond_domain(&self, logits: &[f64]) -> bool {
        real::leaves_limit(logits, self.squarings)
    }
}
