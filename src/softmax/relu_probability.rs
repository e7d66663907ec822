//! `relu_probability`: p_j = r_j / sum r with r = relu(x) above a threshold of 0.1, and the gradient of the cross entropy
//! of that distribution: 1/S - y_j/r_j where r_j > 0, and -y_j elsewhere. By default a sum of zero has the reciprocal zero;
//! another distribution for such a row adds its p to the gradient and stands in its loss.
//!
//! As in the reference system (MP-SPDZ, MultiOutput with `approx` in Compiler/ml.py).

use super::relu_parameters::{self, Division, ReluParameters, ZeroSum, expect_active};
use super::{Logits, OutputLayer, Parameter, Setting, SoftmaxVariant, real};
use crate::protocol::{Protocol, RingShare};
use crate::secure::{FixedPoint, Numerator, Secure};
use crate::sim::both;

/// Part of the number format that 1/r may take: what a division is off has its place too.
const LARGEST_QUOTIENT: f64 = 0.9;

/// The replacement as output distribution.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ReluProbability(pub ReluParameters);

impl ReluProbability {
    /// y_j / r_j of fixed-point labels; `one_hot` are the same as integers.
    async fn over<P: Protocol>(
        &self,
        secure: &Secure<P>,
        (labels, one_hot): (&P::Share, &P::Share),
        relu: &P::Share,
    ) -> P::Share {
        match self.0.division {
            Division::Quotient | Division::Precise => secure.divide(Numerator::Shared(labels), relu, 1).await,
            Division::Reciprocal => {
                let inverse = secure.divide(Numerator::One, relu, 1).await;
                secure.protocol.mul(one_hot, &inverse).await
            }
        }
    }
}

impl SoftmaxVariant for ReluProbability {
    const DEFAULT: Self = ReluProbability(ReluParameters {
        zero_sum: ZeroSum::Zero,
        threshold: 0.1,
        final_relu: false,
        division: Division::Quotient,
    });
    const PARAMETERS: &'static [Parameter] = relu_parameters::PARAMETERS;
    const FORMULA: &'static str = "[x_j > 0.1] (1 / sum r - y_j / r_j) - [x_j <= 0.1] y_j with r_j = [x_j > 0.1] x_j; Keller and Sun, arXiv 2011.11202";
    const DOMAIN: &'static str = "rows with a logit above 0.1; zero_sum says what others give";

    fn settings(&self) -> Vec<Setting> {
        self.0.settings()
    }

    fn with(settings: &[Setting]) -> Self {
        ReluProbability(ReluParameters::of(settings))
    }

    /// 1/r for the smallest active r must be a number of the format.
    fn refusal(&self, format: FixedPoint, _classes: usize) -> Option<String> {
        let FixedPoint { fraction_bits: f, total_bits: k } = format;
        let smallest = format.encode(self.0.threshold) + 1;
        let largest = f64::from(1u32 << (k - f - 1)) * LARGEST_QUOTIENT;
        let reciprocal = f64::from(1u32 << f) / smallest as f64;
        (reciprocal >= largest).then(|| {
            format!(
                "softmax relu_probability divides by logits above its threshold of {}, and the reciprocal has no place in \
                 numbers of {k} bits with {f} after the binary point: take a threshold of {:.6} or more",
                self.0.threshold,
                1.0 / largest
            )
        })
    }

    async fn output_layer<P: Protocol>(
        &self,
        secure: &Secure<P>,
        batch: Logits<'_, P::Share>,
        with_loss: bool,
    ) -> OutputLayer<P::Share> {
        let Logits { logits, labels, classes } = batch;
        let format = secure.fixed_point;
        let (relu, active) = secure.relu_above(logits, format.encode(self.0.threshold)).await;
        let sums = relu.row_sums(classes);
        expect_active(secure, &sums);
        let instead = match self.0.zero_sum {
            ZeroSum::Zero => None,
            other => Some(other.instead(secure, &sums, classes).await),
        };
        let with_instead = |p: P::Share| instead.as_ref().map_or(p.clone(), |instead| p.add(instead));
        let labels = labels.scale(1 << format.fraction_bits);
        let [forward, backward] = secure.fork();
        let loss = async || {
            if !with_loss {
                return None;
            }
            let _span = forward.span("loss");
            // A division for each class, as in the reference system, where one for each row would do.
            let quotient = forward.divide(Numerator::Part(&relu), &sums.repeat_each(classes), 1).await;
            let log = forward.log(&with_instead(quotient)).await;
            let one_hot = batch.labels;
            Some(forward.protocol.dot(one_hot, &log, classes).await.neg())
        };
        let gradient = async || {
            let [own, common] = backward.fork();
            let (quotient, inverse) = both(
                self.over(&own, (&labels, batch.labels), &relu),
                common.divide(Numerator::One, &sums, 1),
            )
            .await;
            let raw = quotient.sub(&inverse.repeat_each(classes));
            if self.0.final_relu {
                return backward.protocol.mul(&active, &raw).await.neg();
            }
            with_instead(backward.select(&active, &raw, &labels).await.neg())
        };
        let (loss, gradient) = both(loss(), gradient()).await;
        OutputLayer { gradient, loss }
    }

    fn probabilities(&self, logits: &[f64]) -> Vec<f64> {
        self.0.probabilities(logits)
    }

    fn gradient(&self, logits: &[f64], label: &[f64]) -> Vec<f64> {
        let relu = real::relu_above(logits, self.0.threshold);
        let sum: f64 = relu.iter().sum();
        let instead = self.0.zero_sum.distribution(logits.len());
        let of = |i: usize| match relu[i] {
            r if r > 0.0 => 1.0 / sum - label[i] / r,
            _ if self.0.final_relu => 0.0,
            _ if sum == 0.0 => instead[i] - label[i],
            _ => -label[i],
        };
        (0..logits.len()).map(of).collect()
    }

    /// Infinite where the label's class has no probability.
    fn loss(&self, logits: &[f64], class: usize) -> Option<f64> {
        Some(-libm::log(self.probabilities(logits)[class]))
    }

    fn is_beyond_domain(&self, logits: &[f64]) -> bool {
        !real::is_active(logits, self.0.threshold)
    }

    /// Without a label the gradient is 1/S for active logits.
    fn distribution(&self, logits: &[f64], unlabelled: &[f64]) -> Vec<f64> {
        let relu = real::relu_above(logits, self.0.threshold);
        let of = |(r, g): (&f64, &f64)| if *r > 0.0 { r * g } else { *g };
        relu.iter().zip(unlabelled).map(of).collect()
    }
}
