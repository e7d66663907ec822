//! `lookup`: e^d for d = x - max x as a product of table entries, one for each block of bits of -d; an entry is found by the
//! one-hot vector of its block. Zero where e^d is below half a unit in the last place. After `mux_exp` of the reference system
//! (MP-SPDZ), which has blocks of 8 bits. Divided by the sum as in `exact`.

use super::normalised::{Normalisation, below_maximum, normalised, too_many_classes};
use super::{Kind, Logits, OutputLayer, Parameter, Setting, SoftmaxVariant, real};
use crate::protocol::Protocol;
use crate::secure::{FixedPoint, Secure};

/// Softmax with an exponential by tables.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lookup {
    /// Bits of a block.
    pub bits: u32,
}

impl Lookup {
    /// e^d for d = x - max x.
    fn exponentials(&self, logits: &[f64]) -> Vec<f64> {
        real::below_maximum(logits).into_iter().map(libm::exp).collect()
    }
}

impl SoftmaxVariant for Lookup {
    const DEFAULT: Self = Lookup { bits: 8 };
    const PARAMETERS: &'static [Parameter] = &[Parameter {
        name: "bits",
        kind: Kind::Whole(1, 8),
        about: "Bits of a block: a table has 2^bits entries.",
    }];
    const FORMULA: &'static str = "p = e / sum e with e = prod T_i[block i of the bits of -d], T_i[b] = e^(-b 2^(i bits - f)), d = x - max x; gradient p - y";
    const DOMAIN: &'static str = "all logits";

    fn settings(&self) -> Vec<Setting> {
        vec![Setting::Whole(self.bits.into())]
    }

    fn with(settings: &[Setting]) -> Self {
        Lookup { bits: Setting::only_whole(settings) }
    }

    fn refusal(&self, format: FixedPoint, classes: usize) -> Option<String> {
        too_many_classes("lookup", format, classes)
    }

    async fn output_layer<P: Protocol>(
        &self,
        secure: &Secure<P>,
        batch: Logits<'_, P::Share>,
        with_loss: bool,
    ) -> OutputLayer<P::Share> {
        let (max, d) = below_maximum(secure, batch.logits, batch.classes).await;
        let e = secure.exp_lookup(&d, self.bits).await;
        normalised(secure, &batch, (&max, &e), Normalisation::Goldschmidt, with_loss).await
    }

    fn probabilities(&self, logits: &[f64]) -> Vec<f64> {
        real::normalised(&self.exponentials(logits))
    }

    fn loss(&self, logits: &[f64], class: usize) -> Option<f64> {
        Some(real::cross_entropy(logits, &self.exponentials(logits), class))
    }
}
