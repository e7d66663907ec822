//! `secureml`: two servers with additive shares over Z_2^64, and garbled circuits. Semi-honest.
//!
//! Products are those of Beaver with matrix triples ([`super::parts::two_party`]). A number of at most
//! [`super::parts::two_party::LOCAL_BITS`] bits is truncated by shifting shares, without a message, and is wrong with a probability of
//! |x| / 2^64 ([`super::parts::local_truncation`]), whatever became of its shares before: they are made fresh of a common stream,
//! since those that were shifted once are not uniform any more, as the paper's theorem wants them. Larger numbers, which the paper has not, are opened under a mask. Comparison,
//! ReLU and division are garbled circuits ([`super::parts::garbled`]), 32 bytes an and. What the paper has no way for (bits of a
//! number, nearest rounding) is done as in `semi2k`: ands of bits by triples.
//!
//! Offline, triples come from correlated oblivious transfers as published: Gilboa's products, extended as by Ishai, Kilian, Nissim,
//! Petrank, each choice bit's corrections for a column of a matrix cut into pieces of 128 bits with a transfer of 128 + 128 bits
//! each: 1,040 bytes for a product of entries where a column has 128, the paper's "l/2 COT_128" being 1,024.
//!
//! Payload bytes: a transfer 16 from its receiver. From the sender of a transfer, a product in the ring 260, bit i of a mask
//! (63 - i)/8. So a triple of two numbers alone is 2568, a triple of bits 32. All that a program takes is made together: 2 rounds.
//!
//! Not as in the paper: its servers open the masked training set once, and only the masked weights in each iteration; here both
//! are opened for every product, 8 bytes an entry of a batch more.
//!
//! Source: Mohassel, Zhang, "SecureML: A system for scalable privacy-preserving machine learning" (S&P 2017).

use super::declared::{Declared, Primitive, Sent};
use super::parts::oblivious_transfer::Extension;
use super::parts::transferred::{ByTransfers, PRODUCT, Style, mask};
use super::parts::two_party::{TwoParty, online};

/// The protocol as seen by one party.
pub type SecureMl = TwoParty<ByTransfers<CutTransfers<{ super::semi2k::REAL_PADS }>>>;

/// Transfers as published; those of up to `REAL_PADS` pads in a phase and direction are computed.
#[derive(Default)]
pub struct CutTransfers<const REAL_PADS: usize>;

impl<const REAL_PADS: usize> Style for CutTransfers<REAL_PADS> {
    const COSTS: &'static [Declared] = COSTS;
    const REAL_PADS: usize = REAL_PADS;
    const EXTENSION: Extension = Extension::ISHAI;
    const IS_SECUREML: bool = true;
}

/// Both parties receive transfers: so many of each, then so many bits of corrections.
macro_rules! both_ways {
    ($transfers:expr, $corrections:expr) => {
        &[
            &[Sent::bits(0, 1, columns($transfers)), Sent::bits(1, 0, columns($transfers))],
            &[Sent::bits(0, 1, $corrections), Sent::bits(1, 0, $corrections)],
        ]
    };
}

/// Bits of the columns of so many transfers.
const fn columns(transfers: u64) -> u64 {
    Extension::ISHAI.bits(transfers as usize) as u64
}

/// Bits of labels and rows for a sign: of both shares, and of 63 ands.
const SIGN: u64 = 128 * (2 * 64) + 256 * 63;
/// And gates of a quotient from zero to one, with 2 bits after the point.
const QUOTIENT_ANDS: u64 = 4469;

/// What the operations cost. Of what takes transfers in one direction, they go to the party that has sent less.
const COSTS: &[Declared] = &[
    online::INPUT,
    online::OPEN,
    online::OPEN_BITS,
    online::MUL.with_offline(both_ways!(64, PRODUCT)),
    online::DOT.with_offline(both_ways!(2 * 64, 2 * PRODUCT)),
    online::MATMUL.with_batches("a matrix triple, by transfers of 128 bits"),
    online::AND.with_offline(&[&[Sent::bits(0, 1, columns(1)), Sent::bits(1, 0, columns(1))]]),
    Declared::online(Primitive::Truncate, SHIFTED, &[]),
    Declared::online(Primitive::TruncateGap, SHIFTED, &[]),
    Declared::online(Primitive::Summands, "the shares, each known to one party", &[]),
    online::CUT.with_offline(&[
        &[Sent::bits(0, 1, columns(16)), Sent::bits(1, 0, columns(32))],
        &[Sent::bits(0, 1, mask(32)), Sent::bits(1, 0, mask(16))],
    ]),
    online::RANDOM.with_offline(&[&[Sent::bits(0, 1, columns(31))], &[Sent::bits(1, 0, mask(31))]]),
    online::BITS_TO_RING.with_offline(&[&[Sent::bits(0, 1, columns(1))], &[Sent::bits(1, 0, mask(1))]]),
    online::AND_TO_RING.with_offline(&[
        &[Sent::bits(0, 1, columns(1 + 1)), Sent::bits(1, 0, columns(1))],
        &[Sent::bits(1, 0, mask(1))],
    ]),
    Declared::online(
        Primitive::LessThanZero,
        "b_0 + b_1 - 2 b_0 b_1, the garbled sign of the sum of the shares being b_0 xor b_1",
        &[
            &[Sent::bits(1, 0, columns(64))],
            &[Sent::bits(0, 1, SIGN)],
            &[Sent::bits(1, 0, columns(1))],
            &[Sent::bits(0, 1, 63)],
        ],
    ),
    Declared::online(
        Primitive::WhereNegative,
        "b_0 x_0 + b_1 (1 - 2 b_0) x_0 + b_1 x_1 + b_0 (1 - 2 b_1) x_1, b garbled, and the same as above",
        &[
            &[Sent::bits(1, 0, columns(64))],
            &[Sent::bits(0, 1, SIGN), Sent::bits(0, 1, columns(1))],
            &[Sent::bits(1, 0, columns(1)), Sent::bits(1, 0, 64)],
            &[Sent::bits(0, 1, 2 * 64)],
        ],
    ),
    Declared::online(
        Primitive::Divide,
        "a garbled division of the sums of the shares, rounded to nearest, plus a mask of party 0",
        &[&[Sent::bits(1, 0, columns(2 * 64))], &[Sent::bits(0, 1, 128 * 5 * 64 + 256 * QUOTIENT_ANDS + 64)]],
    ),
];

/// How numbers are truncated.
const SHIFTED: &str = "x_0 >> shift and -(-x_1 >> shift)";
