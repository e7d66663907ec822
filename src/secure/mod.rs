//! Secure fixed-point arithmetic, built from [`Protocol`] alone.
//!
//! A real number x is shared as the integer round(x 2^f), signed, of k bits (f = 16, k = 31 by default). The algorithms
//! are those of the reference system MP-SPDZ (`docs/fidelity.md`) unless their file names another, after Catrina and Saxena, "Secure computation with
//! fixed-point numbers" (FC 2010), and Catrina and de Hoogh, "Improved primitives for secure multiparty integer
//! computation" (SCN 2010). Knows nothing of layers or training.

mod adder;
mod comparison;
mod conversion;
mod division;
mod exponential;
mod format;
mod limit;
mod logarithm;
mod lookup;
mod maximum;
mod quadratic;
mod random;
mod revealing;
mod spu;
mod square_root;
mod truncation;

use std::borrow::Cow;

use crate::protocol::{Message, Protocol, RingShare, Truncation};
use crate::ring::{MatMul, Vector};
use crate::sim::SpanGuard;

pub use adder::PrefixNetwork;
pub use division::Numerator;
pub use format::FixedPoint;
pub use revealing::OPEN_RECIPROCAL;
pub use spu::{PADE_INTEGER_BITS, PADE_POLYNOMIAL};

/// How products are scaled back to fixed point.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rounding {
    /// Up or down at random, right on average: cheap.
    Probabilistic,
    /// To the nearest number, halves up: the same for every protocol.
    Nearest,
}

impl Rounding {
    /// All of them.
    pub const ALL: [Rounding; 2] = [Rounding::Probabilistic, Rounding::Nearest];

    /// The name in scenario files.
    pub fn name(self) -> &'static str {
        match self {
            Rounding::Probabilistic => "probabilistic",
            Rounding::Nearest => "nearest",
        }
    }

    /// One line on what it is.
    pub fn description(self) -> &'static str {
        match self {
            Rounding::Probabilistic => "truncation rounds up or down at random, without bias",
            Rounding::Nearest => "truncation rounds to the nearest value, halves up",
        }
    }
}

/// A party of a secure computation in fixed-point numbers.
pub struct Secure<P> {
    /// The party's protocol.
    pub protocol: P,
    /// The number format.
    pub fixed_point: FixedPoint,
    /// How products are rounded.
    pub rounding: Rounding,
    /// Most elements that are rounded to nearest at once. More are rounded piece by piece: to the same numbers, with more
    /// rounds and less memory.
    pub most_at_once: usize,
}

impl<P: Protocol> Secure<P> {
    /// Bits after the binary point.
    fn f(&self) -> u32 {
        self.fixed_point.fraction_bits
    }

    /// All bits of a number.
    fn k(&self) -> u32 {
        self.fixed_point.total_bits
    }

    /// Names what is done until the guard is dropped.
    pub fn span(&self, name: impl Into<Cow<'static, str>>) -> SpanGuard<Message> {
        self.protocol.span(name)
    }

    /// Handles for sub-programs that run side by side.
    pub fn fork<const N: usize>(&self) -> [Self; N] {
        self.fork_n(N).try_into().ok().expect("as many handles as asked for")
    }

    /// The same for a number of sub-programs known only when running.
    pub fn fork_n(&self, n: usize) -> Vec<Self> {
        let handle = |protocol| Secure { protocol, ..*self };
        self.protocol.fork(n).into_iter().map(handle).collect()
    }

    /// A sharing of `len` times the same public integer. Local.
    pub fn constant(&self, len: usize, value: i64) -> P::Share {
        self.protocol.public(&Vector::constant(self.protocol.content(), len, value as u64))
    }

    /// x + c for a public integer c. Local.
    pub fn add_constant(&self, x: &P::Share, value: i64) -> P::Share {
        x.add(&self.constant(x.len(), value))
    }

    /// Product of fixed-point numbers, rounded: off as [`Secure::truncate`] is.
    pub async fn fixed_mul(&self, x: &P::Share, y: &P::Share) -> P::Share {
        let _span = self.span("fixed_mul");
        self.truncated_dot(x, y, 1, self.after_product()).await
    }

    /// Dot products of `width` fixed-point numbers each, rounded once.
    pub async fn fixed_dot(&self, x: &P::Share, y: &P::Share, width: usize) -> P::Share {
        let _span = self.span("fixed_dot");
        self.truncated_dot(x, y, width, self.after_product()).await
    }

    /// Product of matrices of fixed-point numbers, each entry rounded once.
    pub async fn fixed_matmul(&self, x: &P::Share, y: &P::Share, shape: MatMul) -> P::Share {
        let truncation = self.after_product();
        if self.rounding == Rounding::Probabilistic
            && let Some(product) = self.protocol.own_truncated_matmul(x, y, shape, truncation).await
        {
            return product;
        }
        let product = self.protocol.matmul(x, y, shape).await;
        self.truncate(&product, truncation.bits, truncation.shift).await
    }

    /// What brings a product back to the format.
    fn after_product(&self) -> Truncation {
        Truncation { bits: self.k() + self.f(), shift: self.f() }
    }

    /// Dot products, truncated, which some protocols do at once.
    async fn truncated_dot(
        &self,
        x: &P::Share,
        y: &P::Share,
        width: usize,
        truncation: Truncation,
    ) -> P::Share {
        match self.own_truncated_dot(x, y, width, truncation).await {
            Some(product) => product,
            None => {
                let product = self.protocol.dot(x, y, width).await;
                self.truncate(&product, truncation.bits, truncation.shift).await
            }
        }
    }

    /// The same where it does not matter what becomes of products with more bits.
    async fn truncated_mul_any(&self, x: &P::Share, y: &P::Share, truncation: Truncation) -> P::Share {
        match self.own_truncated_dot(x, y, 1, truncation).await {
            Some(product) => product,
            None => {
                let product = self.protocol.mul(x, y).await;
                self.truncate_any(&product, truncation.bits, truncation.shift).await
            }
        }
    }

    async fn own_truncated_dot(
        &self,
        x: &P::Share,
        y: &P::Share,
        width: usize,
        truncation: Truncation,
    ) -> Option<P::Share> {
        match self.rounding {
            Rounding::Probabilistic => self.protocol.own_truncated_dot(x, y, width, truncation).await,
            Rounding::Nearest => None,
        }
    }

    /// Product with a public real number c: its trailing zero bits save bits of the truncation. Off by a rounding, and by |x|
    /// times what c is off as a fixed-point number, at most 2^-(f+1). x goes before the product is rounded, which takes memory.
    pub async fn scale_by(&self, x: P::Share, factor: f64) -> P::Share {
        let (integer, shift) = self.factor(factor);
        let product = x.scale(integer);
        drop(x);
        if shift == 0 { product } else { self.truncate(&product, self.k() + shift, shift).await }
    }

    /// A factor as n / 2^shift with an odd n, or zero.
    fn factor(&self, factor: f64) -> (i64, u32) {
        match self.fixed_point.encode(factor) {
            0 => (0, 0),
            integer => {
                let zeros = integer.trailing_zeros().min(self.f());
                (integer >> zeros, self.f() - zeros)
            }
        }
    }

    /// c x + (1 - c) y for bits c: x where c is set, y elsewhere.
    pub async fn select(&self, c: &P::Share, x: &P::Share, y: &P::Share) -> P::Share {
        self.protocol.mul(c, &x.sub(y)).await.add(y)
    }
}
