//! `relu_gradient`: the gradient is relu(x) / sum relu(x) - y. By default a sum of zero gives a quotient of zero, and the
//! reciprocal of the sum is rounded.
//!
//! There is no loss that has this gradient. As in the reference system (MP-SPDZ, ReluMultiOutput in Compiler/ml.py).

use super::relu_parameters::{self, BIT_LENGTH, Division, ReluParameters, ZeroSum, expect_active};
use super::{Logits, OutputLayer, Parameter, Setting, SoftmaxVariant, real};
use crate::protocol::{Protocol, RingShare};
use crate::secure::{Numerator, Secure};
use crate::sim::both;

/// The replacement inside the gradient only.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ReluGradient(pub ReluParameters);

impl ReluGradient {
    /// r over the sums of its rows.
    async fn quotient<P: Protocol>(&self, secure: &Secure<P>, relu: &P::Share, sums: &P::Share) -> P::Share {
        let classes = relu.len() / sums.len();
        match self.0.division {
            Division::Reciprocal => {
                let inverse = secure.divide(Numerator::One, sums, 1).await;
                secure.fixed_mul(relu, &inverse.repeat_each(classes)).await
            }
            Division::Quotient => self.divided(secure, relu, sums, 1).await,
            Division::Precise => self.divided(secure, relu, sums, 2).await,
        }
    }
}

impl ReluGradient {
    async fn divided<P: Protocol>(
        &self,
        secure: &Secure<P>,
        relu: &P::Share,
        sums: &P::Share,
        corrections: u32,
    ) -> P::Share {
        let numerators = Numerator::Coarse(relu, (corrections, BIT_LENGTH));
        secure.divide(numerators, sums, relu.len() / sums.len()).await
    }
}

impl SoftmaxVariant for ReluGradient {
    const DEFAULT: Self = ReluGradient(ReluParameters {
        zero_sum: ZeroSum::Zero,
        threshold: 0.0,
        final_relu: false,
        division: Division::Reciprocal,
    });
    const PARAMETERS: &'static [Parameter] = relu_parameters::PARAMETERS;
    const FORMULA: &'static str = "r / sum r - y with r = relu(x); Keller and Sun, arXiv 2011.11202";
    const DOMAIN: &'static str = "rows with a positive logit; zero_sum says what others give";

    fn settings(&self) -> Vec<Setting> {
        self.0.settings()
    }

    fn with(settings: &[Setting]) -> Self {
        ReluGradient(ReluParameters::of(settings))
    }

    fn divides_coarsely(&self) -> bool {
        self.0.division != Division::Reciprocal
    }

    async fn output_layer<P: Protocol>(
        &self,
        secure: &Secure<P>,
        batch: Logits<'_, P::Share>,
        _with_loss: bool,
    ) -> OutputLayer<P::Share> {
        let Logits { logits, labels, classes } = batch;
        let (relu, active) = secure.relu_above(logits, secure.fixed_point.encode(self.0.threshold)).await;
        let sums = relu.row_sums(classes);
        expect_active(secure, &sums);
        let p = match self.0.zero_sum {
            ZeroSum::Zero => self.quotient(secure, &relu, &sums).await,
            other => {
                let [divide, compare] = secure.fork();
                let pieces =
                    both(self.quotient(&divide, &relu, &sums), other.instead(&compare, &sums, classes));
                let (quotient, instead) = pieces.await;
                quotient.add(&instead)
            }
        };
        let gradient = p.sub(&labels.scale(1 << secure.fixed_point.fraction_bits));
        let gradient =
            if self.0.final_relu { secure.protocol.mul(&active, &gradient).await } else { gradient };
        OutputLayer { gradient, loss: None }
    }

    fn probabilities(&self, logits: &[f64]) -> Vec<f64> {
        self.0.probabilities(logits)
    }

    fn gradient(&self, logits: &[f64], label: &[f64]) -> Vec<f64> {
        let p = self.probabilities(logits);
        let of =
            |i: usize| if self.0.final_relu && logits[i] <= self.0.threshold { 0.0 } else { p[i] - label[i] };
        (0..p.len()).map(of).collect()
    }

    fn is_beyond_domain(&self, logits: &[f64]) -> bool {
        !real::is_active(logits, self.0.threshold)
    }
}
