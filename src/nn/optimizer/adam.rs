//! Adam (Kingma and Ba, ICLR 2015) and AMSGrad (Reddi, Kale and Kumar, ICLR 2018) with the constants of the reference system.
//!
//! Gradients are sums over the batch, not means. m and v are running means of the gradient and its square,
//! m' = m / (1 - beta1^t) and v' = v / (1 - beta2^t) without the bias of their start at zero; AMSGrad takes the largest v' so
//! far. The direction is m' / sqrt(v'): with epsilon^2 below the root where its inverse is approximated, with epsilon
//! beside the root where it is computed.
//!
//! The corrections are public numbers that change with the step t. They are products with f bits after the point, all
//! of which are rounded off, so that no message depends on t. The reference multiplies m' by the learning rate
//! before the root and we do it last, which rounds a number near one in place of one near a thousandth, at the same cost.

use crate::protocol::{Protocol, RingShare};
use crate::secure::{FixedPoint, Numerator, Secure};
use crate::sim::both;

/// How m' / sqrt(v') is computed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum InverseRoot {
    /// By [`Secure::inverse_sqrt`], within half a percent.
    #[default]
    Approximate,
    /// By [`Secure::sqrt`] and a division.
    Precise,
}

impl InverseRoot {
    /// All of them.
    pub const ALL: [InverseRoot; 2] = [InverseRoot::Approximate, InverseRoot::Precise];

    /// The name in scenario files.
    pub fn name(self) -> &'static str {
        match self {
            InverseRoot::Approximate => "approximate",
            InverseRoot::Precise => "precise",
        }
    }
}

/// The constants of a step.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Adam {
    /// What stays of the mean of gradients, a real number below one.
    pub beta1: f64,
    /// What stays of the mean of their squares, a real number below one.
    pub beta2: f64,
    /// What keeps the root away from zero, a real number.
    pub epsilon: f64,
    /// How the root and the quotient are computed.
    pub inverse_root: InverseRoot,
    /// Whether the largest mean of squares so far is taken: AMSGrad.
    pub largest: bool,
}

impl Adam {
    /// The constants of the reference system.
    pub fn default_of(format: FixedPoint, inverse_root: InverseRoot, largest: bool) -> Adam {
        let epsilon = Adam::epsilon_of(format, inverse_root);
        Adam { beta1: 0.9, beta2: 0.999, epsilon, inverse_root, largest }
    }

    /// Its epsilon: 2^-(k - f - 8), the square root of that where epsilon is squared; at least 10^-8.
    pub fn epsilon_of(format: FixedPoint, inverse_root: InverseRoot) -> f64 {
        let FixedPoint { fraction_bits: f, total_bits: k } = format;
        let exponent = 8.0 + f64::from(f) - f64::from(k);
        let halves = if inverse_root == InverseRoot::Approximate { 0.5 } else { 1.0 };
        libm::exp2(exponent * halves).max(1e-8)
    }

    /// What is added to v' or its root, as a fixed-point integer.
    pub fn added(&self, format: FixedPoint) -> i64 {
        match self.inverse_root {
            InverseRoot::Approximate => format.encode(self.epsilon * self.epsilon),
            InverseRoot::Precise => format.encode(self.epsilon),
        }
    }

    /// m, v, and the largest v'.
    pub(super) fn remembered(&self) -> usize {
        if self.largest { 3 } else { 2 }
    }

    /// beta1 m and beta2 v, and the largest v' as it is.
    pub(super) async fn decayed<P: Protocol>(
        &self,
        secure: &Secure<P>,
        memory: Vec<P::Share>,
    ) -> Vec<P::Share> {
        let mut memory = memory.into_iter();
        let mut next = || memory.next().expect("what is remembered");
        let (m, v) = (next(), next());
        let [m_strand, v_strand] = secure.fork();
        let (m, v) = both(m_strand.scale_by(m, self.beta1), v_strand.scale_by(v, self.beta2)).await;
        [m, v].into_iter().chain(memory).collect()
    }

    /// What is remembered from now on, and m' / sqrt(v') at step t.
    pub(super) async fn direction<P: Protocol>(
        &self,
        secure: &Secure<P>,
        step: u64,
        old: &[P::Share],
        gradient: &P::Share,
    ) -> (Vec<P::Share>, P::Share) {
        let [m_strand, v_strand] = secure.fork();
        let first = async || {
            let _span = m_strand.span("mean");
            let m = old[0]
                .add(&m_strand.scale_by(gradient.clone(), rest(self.beta1, m_strand.fixed_point)).await);
            let corrected = correct(&m_strand, &m, self.beta1, step).await;
            (m, corrected)
        };
        let second = async || {
            let _span = v_strand.span("square");
            let square = v_strand.fixed_mul(gradient, gradient).await;
            let v = old[1].add(&v_strand.scale_by(square, rest(self.beta2, v_strand.fixed_point)).await);
            let corrected = correct(&v_strand, &v, self.beta2, step).await;
            if !self.largest {
                return (vec![v], corrected);
            }
            let _span = v_strand.span("largest");
            let before = &old[2];
            let larger = v_strand.greater(&corrected, before).await;
            let largest = v_strand.select(&larger, &corrected, before).await;
            (vec![v, largest.clone()], largest)
        };
        let added = self.added(secure.fixed_point);
        match self.inverse_root {
            InverseRoot::Approximate => {
                let second = async || {
                    let (memory, square) = second().await;
                    (memory, v_strand.inverse_sqrt(&v_strand.add_constant(&square, added)).await)
                };
                let ((m, corrected), (memory, inverse)) = both(first(), second()).await;
                let direction = secure.fixed_mul(&corrected, &inverse).await;
                ([vec![m], memory].concat(), direction)
            }
            InverseRoot::Precise => {
                let second = async || {
                    let (memory, square) = second().await;
                    (memory, v_strand.add_constant(&v_strand.sqrt(&square).await, added))
                };
                let ((m, corrected), (memory, root)) = both(first(), second()).await;
                let direction = secure.divide(Numerator::Shared(&corrected), &root, 1).await;
                ([vec![m], memory].concat(), direction)
            }
        }
    }
}

/// A number below one as it is in fixed point.
fn in_fixed_point(beta: f64, format: FixedPoint) -> f64 {
    format.decode(format.encode(beta) as u64)
}

/// 1 - beta: with beta itself rounded, so that both together are one.
fn rest(beta: f64, format: FixedPoint) -> f64 {
    1.0 - in_fixed_point(beta, format)
}

/// A running mean without the bias of its start at zero, at step t: its product with 1 / (1 - beta^t), which is at most the
/// number that was largest so far.
async fn correct<P: Protocol>(secure: &Secure<P>, mean: &P::Share, beta: f64, step: u64) -> P::Share {
    let format = secure.fixed_point;
    let FixedPoint { fraction_bits: f, total_bits: k } = format;
    let bias = 1.0 - libm::pow(in_fixed_point(beta, format), step as f64);
    secure.truncate(&mean.scale(format.encode(1.0 / bias)), k + f, f).await
}
