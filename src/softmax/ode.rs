//! `ode`: softmax(x) is what f'(t) = (x - <x, f>) f with f(0) = 1/m comes to at t = 1; here by r steps of Euler's method,
//! f += (x - <x, f>) f / r. QSMax of Zheng et al., Protocol 1: no maximum, no exponential, no division.
//!
//! It diverges where logits spread by more than about 1.5 r. SHAFT clips them to an interval before: x + relu(low - x) -
//! relu(x - high). A run says in how many rows a result is no distribution.

use super::normalised::{minus_labels, too_coarse};
use super::{Kind, Logits, OutputLayer, Parameter, Setting, SoftmaxVariant};
use crate::protocol::{Protocol, RingShare};
use crate::secure::{FixedPoint, Secure};

/// Bits after the point that logits over r and 1/m need beside the bits of r.
const BITS_BESIDE_STEPS: u32 = 6;
/// How far beyond [0, 1] a probability is when the iteration has diverged.
const DIVERGED: f64 = 0.01;

/// QSMax.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Ode {
    /// r.
    pub steps: u32,
    /// To which interval logits are clipped before.
    pub clip: Option<(f64, f64)>,
}

impl Ode {
    /// x within the interval: both sides by one comparison.
    async fn clipped<P: Protocol>(secure: &Secure<P>, x: &P::Share, (low, high): (f64, f64)) -> P::Share {
        let [low, high] = [low, high].map(|edge| secure.fixed_point.encode(edge));
        let beyond = [secure.add_constant(&x.neg(), low), secure.add_constant(x, -high)];
        let (relu, _) = secure.relu(&P::Share::concat(&[&beyond[0], &beyond[1]])).await;
        let sides = relu.chunks(2);
        x.add(&sides[0]).sub(&sides[1])
    }
}

impl SoftmaxVariant for Ode {
    const DEFAULT: Self = Ode { steps: 32, clip: None };
    const PARAMETERS: &'static [Parameter] = &[
        Parameter {
            name: "steps",
            kind: Kind::Whole(1, 256),
            about: "r, steps of Euler's method: more are more exact, and let logits spread further.",
        },
        Parameter {
            name: "clip",
            kind: Kind::Interval,
            about: "The interval to which logits are clipped before: (-4.0, 12.0) in SHAFT, which has 16 steps.",
        },
    ];
    const FORMULA: &'static str = "p <- p + (x - sum x p) p / r, r times from 1/m; gradient p - y";
    const DOMAIN: &'static str = "logits that spread by less than about 1.5 r, 48, beyond which it diverges, and whose mean is not far \
                                  below zero: errors of rounding grow with e^-mean";

    fn settings(&self) -> Vec<Setting> {
        vec![Setting::Whole(self.steps.into()), Setting::Interval(self.clip)]
    }

    fn with(settings: &[Setting]) -> Self {
        let [Setting::Whole(steps), Setting::Interval(clip)] = *settings else {
            panic!("a whole number and an interval")
        };
        Ode { steps: steps as u32, clip }
    }

    fn refusal(&self, format: FixedPoint, classes: usize) -> Option<String> {
        let FixedPoint { fraction_bits: f, total_bits: k } = format;
        let least = self.steps.next_power_of_two().trailing_zeros() + BITS_BESIDE_STEPS;
        let largest = f64::from(1u32 << (k - f - 1));
        let beyond = self.clip.filter(|(low, high)| -low >= largest || *high >= largest).map(|_| {
            format!("softmax ode cannot clip to what {} bits before the binary point cannot hold", k - f - 1)
        });
        let start = (classes > 1 << (f - 1)).then(|| {
            format!("softmax ode begins with 1/{classes} for each class, which is zero with {f} bits after the binary point")
        });
        too_coarse("ode", format, least, &format!("for logits over {} steps", self.steps))
            .or(beyond)
            .or(start)
    }

    async fn output_layer<P: Protocol>(
        &self,
        secure: &Secure<P>,
        batch: Logits<'_, P::Share>,
        _with_loss: bool,
    ) -> OutputLayer<P::Share> {
        let Logits { logits, labels, classes } = batch;
        let format = secure.fixed_point;
        let clipped = match self.clip {
            Some(interval) => Self::clipped(secure, logits, interval).await,
            None => logits.clone(),
        };
        let x = secure.scale_by(clipped.clone(), 1.0 / f64::from(self.steps)).await;
        let mut p = secure.constant(x.len(), format.encode(1.0 / classes as f64));
        for _ in 0..self.steps {
            let weighted = secure.fixed_mul(&x, &p).await;
            let sums = weighted.row_sums(classes).repeat_each(classes);
            let mean = secure.fixed_mul(&sums, &p).await;
            p = p.add(&weighted).sub(&mean);
        }
        secure.protocol.expect_rows(&p, classes, (format.encode(-DIVERGED), format.encode(1.0 + DIVERGED)));
        OutputLayer { gradient: minus_labels(secure, &p, labels), loss: None }
    }

    fn probabilities(&self, logits: &[f64]) -> Vec<f64> {
        let steps = f64::from(self.steps);
        let clip = |x: f64| self.clip.map_or(x, |(low, high)| x.clamp(low, high));
        let x: Vec<f64> = logits.iter().map(|&x| clip(x) / steps).collect();
        let mut p = vec![1.0 / logits.len() as f64; logits.len()];
        for _ in 0..self.steps {
            let sum: f64 = x.iter().zip(&p).map(|(x, p)| x * p).sum();
            p.iter_mut().zip(&x).for_each(|(p, x)| *p += (x - sum) * *p);
        }
        p
    }

    fn is_beyond_domain(&self, logits: &[f64]) -> bool {
        !self.probabilities(logits).iter().all(|p| (-DIVERGED..=1.0 + DIVERGED).contains(p))
    }
}
