//! What the operations cost online. An offline phase adds what dealing costs for what they take.

use crate::protocol::declared::{Declared, Primitive, Sent};

const ONE: &[Sent] = &[Sent::elements(0, 1, 1), Sent::elements(1, 0, 1)];
const TWO: &[Sent] = &[Sent::elements(0, 1, 2), Sent::elements(1, 0, 2)];
const FOUR: &[Sent] = &[Sent::elements(0, 1, 4), Sent::elements(1, 0, 4)];
const BIT: &[Sent] = &[Sent::bits(0, 1, 1), Sent::bits(1, 0, 1)];
const TWO_BITS: &[Sent] = &[Sent::bits(0, 1, 2), Sent::bits(1, 0, 2)];
/// Both matrices.
const MATRICES: &[Sent] =
    &[Sent { bytes: 2 * 8, ..Sent::elements(0, 1, 2) }, Sent { bytes: 2 * 8, ..Sent::elements(1, 0, 2) }];

pub(in crate::protocol) const INPUT: Declared =
    Declared::online(Primitive::Input, "x less a share that both draw", &[]);
pub(in crate::protocol) const OPEN: Declared =
    Declared::online(Primitive::Open, "each tells the other its share", &[ONE]);
pub(in crate::protocol) const OPEN_BITS: Declared =
    Declared::online(Primitive::OpenBits, "the same for bits", &[BIT]);
pub(in crate::protocol) const MUL: Declared =
    Declared::online(Primitive::Mul, "c + e y + a f with e = x - a, f = y - b opened, c = a b", &[TWO]);
pub(in crate::protocol) const DOT: Declared =
    Declared::online(Primitive::Dot, "the same for vectors, c their dot product", &[FOUR]);
pub(in crate::protocol) const MATMUL: Declared = Declared::online(
    Primitive::MatMul,
    "the same for matrices, an element for each entry of x and of y",
    &[MATRICES],
);
pub(in crate::protocol) const MATMUL_BY_DOTS: Declared = Declared::online(
    Primitive::MatMul,
    "as a dot product for each entry, of which each product opens both factors",
    &[FOUR],
);
pub(in crate::protocol) const FIX: Declared =
    Declared::online(Primitive::Fix, "x - u, opened, and the mask u", &[ONE]);
pub(in crate::protocol) const FIXED_MATMUL: Declared = Declared::online(
    Primitive::FixedMatMul,
    "c + e y + u f with e = x - u, f = y - v opened, c = u v: once fixed, an element for each entry of y",
    &[TWO, &[Sent::bytes(0, 1, 2 * 8), Sent::bytes(1, 0, 2 * 8)]],
);
pub(in crate::protocol) const FIXED_MATMUL_BY_DOTS: Declared = Declared::online(
    Primitive::FixedMatMul,
    "the same for each product of two entries, with a v of its own",
    &[TWO, TWO],
);
pub(in crate::protocol) const AND: Declared =
    Declared::online(Primitive::And, "the same over GF(2)", &[TWO_BITS]);
const TRUNCATION: &str = "(v + r modulo 2^bits) >> shift - upper + 2^(bits-shift) carry - 2^(bits-shift-1) with \
    v = x + 2^(bits-1), r = lower + 2^shift upper + 2^bits top, v + r opened";
pub(in crate::protocol) const TRUNCATE: Declared = Declared::online(Primitive::Truncate, TRUNCATION, &[ONE]);
pub(in crate::protocol) const TRUNCATE_GAP: Declared =
    Declared::online(Primitive::TruncateGap, TRUNCATION, &[ONE]);
pub(in crate::protocol) const SUMMANDS: Declared =
    Declared::online(Primitive::Summands, "x - r, opened modulo 2^bits, and the mask r", &[ONE]);
pub(in crate::protocol) const CUT: Declared =
    Declared::online(Primitive::Cut, "the same with a mask in two parts", &[ONE]);
pub(in crate::protocol) const RANDOM: Declared = Declared::online(Primitive::Random, "a mask", &[]);
pub(in crate::protocol) const BITS_TO_RING: Declared = Declared::online(
    Primitive::BitsToRing,
    "m + b - 2 m b with m = x xor b opened for a random bit b",
    &[BIT],
);
pub(in crate::protocol) const AND_TO_RING: Declared =
    Declared::online(Primitive::AndToRing, "a product of bits, then the same", &[TWO_BITS, BIT]);
