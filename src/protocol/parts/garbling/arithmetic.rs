//! Circuits of integers, lowest bit first. An and gate for each bit and step; everything else is xor and not, which is free.
//!
//! Additions carry by one and gate a bit, and divisions restore, as in EMP (`numeric_kernels.h`): of l bits, l - 1 for a sum or a
//! difference, l for a comparison or a selection, l^2 + 3l - 3 for a division with its remainder.

use super::circuit::{Bit, Builder, Circuit};

/// Bits of a ring element.
pub const RING_BITS: usize = 64;

impl Builder {
    /// x + y + carry and what is carried out of the highest bit: l ands, l - 1 if that is not used.
    pub fn add(&mut self, x: &[Bit], y: &[Bit], carry: Bit) -> (Vec<Bit>, Bit) {
        assert_eq!(x.len(), y.len(), "sums of numbers of as many bits");
        let mut carry = carry;
        let mut digit = |(&x, &y): (&Bit, &Bit)| {
            let (with_x, with_y) = (self.xor(x, carry), self.xor(y, carry));
            let sum = self.xor(with_x, y);
            let both = self.and(with_x, with_y);
            carry = self.xor(carry, both);
            sum
        };
        let sum = x.iter().zip(y).map(&mut digit).collect();
        (sum, carry)
    }

    /// x - y and whether y is larger, for numbers without sign: l ands, l - 1 if that is not used.
    pub fn subtract(&mut self, x: &[Bit], y: &[Bit]) -> (Vec<Bit>, Bit) {
        let complement: Vec<Bit> = y.iter().map(|&bit| self.not(bit)).collect();
        let (difference, carry) = self.add(x, &complement, Bit::Constant(true));
        (difference, self.not(carry))
    }

    /// `[x < y]` for numbers without sign: l ands.
    pub fn less(&mut self, x: &[Bit], y: &[Bit]) -> Bit {
        self.subtract(x, y).1
    }

    /// `[x < y]` for signed numbers: l ands.
    pub fn less_signed(&mut self, x: &[Bit], y: &[Bit]) -> Bit {
        let extended = |x: &[Bit]| [x, &x[x.len() - 1..]].concat();
        let difference = self.subtract(&extended(x), &extended(y)).0;
        difference[x.len()]
    }

    /// x where the choice is set, y elsewhere: l ands.
    pub fn select(&mut self, choice: Bit, x: &[Bit], y: &[Bit]) -> Vec<Bit> {
        let mut digit = |(&x, &y): (&Bit, &Bit)| {
            let differ = self.xor(x, y);
            let taken = self.and(choice, differ);
            self.xor(taken, y)
        };
        x.iter().zip(y).map(&mut digit).collect()
    }

    /// -x where the choice is set, x elsewhere: l - 1 ands.
    pub fn negate_if(&mut self, choice: Bit, x: &[Bit]) -> Vec<Bit> {
        let flipped: Vec<Bit> = x.iter().map(|&bit| self.xor(bit, choice)).collect();
        self.add(&flipped, &vec![Bit::Constant(false); x.len()], choice).0
    }

    /// Quotient and remainder of numbers without sign, and whether the divisor is not zero (an and). By zero, all bits of the
    /// quotient are set.
    ///
    /// Restoring: for each bit i of the quotient from the highest on, the divisor times 2^i is taken from what remains, unless
    /// it is larger or has bits above the highest.
    pub fn divide(&mut self, x: &[Bit], y: &[Bit]) -> (Vec<Bit>, Vec<Bit>, Bit) {
        let l = x.len();
        // Entry i says whether any of the highest i bits of the divisor is set.
        let mut above = vec![Bit::Constant(false)];
        for &bit in y.iter().rev() {
            above.push(self.or(above[above.len() - 1], bit));
        }
        let mut rest = x.to_vec();
        let mut quotient = vec![Bit::Constant(false); l];
        for i in (0..l).rev() {
            let (difference, borrow) = self.subtract(&rest[i..], &y[..l - i]);
            let keeps = self.or(borrow, above[i]);
            let kept = self.select(keeps, &rest[i..], &difference);
            rest[i..].copy_from_slice(&kept);
            quotient[i] = self.not(keeps);
        }
        (quotient, rest, above[l])
    }
}

/// The sum of two shares: x_0 of the party that garbles, x_1 of the other.
fn opened(builder: &mut Builder, shares: [&[Bit]; 2]) -> Vec<Bit> {
    builder.add(shares[0], shares[1], Bit::Constant(false)).0
}

/// The highest bit of the sum of two shares: whether a shared number is negative. 63 ands.
pub fn sign() -> Circuit {
    let (mut builder, [x, y]) = Builder::new([RING_BITS; 2]);
    let sum = opened(&mut builder, [&x, &y]);
    builder.finish(&sum[RING_BITS - 1..])
}

/// A division of shared fixed-point numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Quotients {
    /// Bits after the binary point.
    pub fraction_bits: u32,
    /// Whether numerators and divisors have signs.
    pub signed: bool,
    /// Whether the numerator is shared; if not, it is one.
    pub has_numerator: bool,
}

/// The quotient to the nearest number, halves away from zero, and zero for a divisor of zero; plus a mask of the party that
/// garbles. Both have as inputs their shares of the numerator, if it is shared, and of the divisor, the first its mask too.
///
/// The quotient has one bit more than asked for, which is the carry into the sum with the mask: with the sign s, -q is
/// (not q) + 1, so that the carry is that bit xor s, and rounding and sign take no and of their own.
pub fn quotients(kind: Quotients) -> Circuit {
    let numbers = 1 + usize::from(kind.has_numerator);
    let (mut builder, [own, other]) = Builder::new([(numbers + 1) * RING_BITS, numbers * RING_BITS]);
    let b = &mut builder;
    let word = |bits: &[Bit], i: usize| bits[RING_BITS * i..RING_BITS * (i + 1)].to_vec();
    let shared = |b: &mut Builder, i: usize| opened(b, [&word(&own, i), &word(&other, i)]);
    let numerator = if kind.has_numerator {
        shared(b, 1)
    } else {
        (0..RING_BITS).map(|i| Bit::Constant(i == kind.fraction_bits as usize)).collect()
    };
    let divisor = shared(b, 0);
    let (numerator, divisor, negative) = if kind.signed {
        let signs = [numerator[RING_BITS - 1], divisor[RING_BITS - 1]];
        let sizes = (b.negate_if(signs[0], &numerator), b.negate_if(signs[1], &divisor));
        (sizes.0, sizes.1, b.xor(signs[0], signs[1]))
    } else {
        (numerator, divisor, Bit::Constant(false))
    };
    let up = kind.fraction_bits as usize + 1;
    let shifted = [&vec![Bit::Constant(false); up], &numerator[..RING_BITS - up]].concat();
    let (quotient, _, defined) = b.divide(&shifted, &divisor);
    let mut quotient: Vec<Bit> = quotient.iter().map(|&bit| b.and(bit, defined)).collect();
    let half = quotient.remove(0);
    quotient.push(Bit::Constant(false));
    let flipped: Vec<Bit> = quotient.iter().map(|&bit| b.xor(bit, negative)).collect();
    let carry = b.xor(half, negative);
    let masked = b.add(&flipped, &word(&own, numbers), carry).0;
    builder.finish(&masked)
}

/// What [`quotients`] computes before it adds the mask, of plain numbers: for the ideal functionality.
pub fn quotient(kind: Quotients, numerator: u64, divisor: u64) -> u64 {
    let negative = kind.signed && ((numerator ^ divisor) >> 63 == 1);
    let size = |x: u64| if kind.signed { (x as i64).unsigned_abs() } else { x };
    let shifted = size(numerator) << (kind.fraction_bits + 1);
    let twice = shifted.checked_div(size(divisor)).unwrap_or(0);
    let rounded = (twice >> 1) + (twice & 1);
    if negative { rounded.wrapping_neg() } else { rounded }
}
