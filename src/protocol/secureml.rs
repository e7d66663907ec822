//! `secureml`: two servers with additive shares over Z_2^64, and garbled circuits. Semi-honest.
//!
//! Products are those of Beaver with matrix triples ([`super::parts::two_party`]). A number of at most
//! [`super::parts::two_party::LOCAL_BITS`] bits is truncated by shifting shares, without a message, and is wrong with a probability of
//! |x| / 2^64 ([`super::parts::local_truncation`]), whatever became of its shares before: they are made fresh of a common stream,
//! since those that were shifted once are not uniform any more, as the paper's theorem wants them. Larger numbers, which the paper has not, are opened under a mask. Comparison,
//! ReLU and division are garbled circuits ([`super::parts::garbled`]), 32 bytes an and. What the paper has no way for (bits of a
//! number, nearest rounding) is done as in `semi2k`: ands of bits by triples.
//!
//! Who makes triples is the scenario's choice ([`TriplesBy`]):
//!
//! * The servers, by correlated oblivious transfers as published: Gilboa's products, extended as by Ishai, Kilian, Nissim,
//!   Petrank, each choice bit's corrections for a column of a matrix cut into pieces of 128 bits with a transfer of 128 + 128 bits
//!   each: 1,040 bytes for a product of entries where a column has 128, the paper's "l/2 COT_128" being 1,024. By transfers of
//!   SoftSpokenOT, of 64 + 128 bits each: 780 bytes. All that a program takes is made together: 2 rounds.
//! * The servers, by homomorphic encryption ([`super::parts::encrypted`]): each sends a ciphertext of 256 bytes for each entry of its
//!   share of the smaller factor, and gets one for each entry of the product. What is of bits is made by transfers. 2 rounds.
//! * The clients, in the place of party 2: a triple for each product of two numbers, 24 bytes to each server. Clients do not know what
//!   is multiplied with what, so both factors are opened for each product: another online phase. 1 round.
//! * Party 2, a dealer: matrix triples, 8 bytes an entry of the result, as under `beaver2`. 1 round.
//!
//! Payload bytes by transfers: 16 from the receiver of each. From the sender of a transfer, a product in the ring 260, bit i of a mask
//! (63 - i)/8. So a triple of two numbers alone is 2568, a triple of bits 32.
//!
//! The servers open the masked training set once, at the set-up, and in the first layer's products only what it is multiplied by:
//! [`Protocol::fix`](super::Protocol::fix). Triples of an iteration are then about the masks of its rows. The paper
//! does not say who makes what is of bits; here it is who makes the triples, but for encryption.
//!
//! Source: Mohassel, Zhang, "SecureML: A system for scalable privacy-preserving machine learning" (S&P 2017).

use super::declared::{Declared, Primitive, Sent, Steps};
use super::parts::oblivious_transfer::Extension;
use super::parts::transferred::{ByTransfers, PRODUCT, Style, mask};
use super::parts::two_party::{TwoParty, online};
use super::semi2k::REAL_PADS;

pub use super::parts::transferred::TriplesBy;

/// The protocol as seen by one party, triples by transfers as published.
pub type SecureMl = TwoParty<ByTransfers<CutTransfers<REAL_PADS>>>;
/// By transfers of SoftSpokenOT.
pub type SecureMlSoftSpoken = TwoParty<ByTransfers<SoftSpokenTransfers<REAL_PADS>>>;
/// By encryption.
pub type SecureMlEncryption = TwoParty<ByTransfers<Encryption<REAL_PADS>>>;
/// By clients.
pub type SecureMlClients = TwoParty<ByTransfers<Clients>>;
/// By a dealer.
pub type SecureMlDealer = TwoParty<ByTransfers<Dealer>>;

/// Transfers as published; those of up to `REAL_PADS` pads in a phase and direction are computed.
#[derive(Default)]
pub struct CutTransfers<const REAL_PADS: usize>;

impl<const REAL_PADS: usize> Style for CutTransfers<REAL_PADS> {
    const COSTS: &'static [Declared] = &costs::<PUBLISHED_BITS>(by_transfers::<PUBLISHED_BITS>());
    const REAL_PADS: usize = REAL_PADS;
    const EXTENSION: Extension = Extension::ISHAI;
    const IS_SECUREML: bool = true;
}

/// The same with the columns of SoftSpokenOT.
#[derive(Default)]
pub struct SoftSpokenTransfers<const REAL_PADS: usize>;

impl<const REAL_PADS: usize> Style for SoftSpokenTransfers<REAL_PADS> {
    const COSTS: &'static [Declared] = &costs::<SOFT_SPOKEN_BITS>(by_transfers::<SOFT_SPOKEN_BITS>());
    const REAL_PADS: usize = REAL_PADS;
    const EXTENSION: Extension = Extension::SOFT_SPOKEN_CHOSEN;
    const IS_SECUREML: bool = true;
    const TRIPLES_BY: TriplesBy = TriplesBy::SoftSpoken;
}

/// Products by encryption, all else by transfers as published.
#[derive(Default)]
pub struct Encryption<const REAL_PADS: usize>;

impl<const REAL_PADS: usize> Style for Encryption<REAL_PADS> {
    const COSTS: &'static [Declared] = &costs::<PUBLISHED_BITS>(by_encryption());
    const REAL_PADS: usize = REAL_PADS;
    const EXTENSION: Extension = Extension::ISHAI;
    const IS_SECUREML: bool = true;
    const TRIPLES_BY: TriplesBy = TriplesBy::Encryption;
}

/// What clients hand out. Nothing is made by transfers.
#[derive(Default)]
pub struct Clients;

impl Style for Clients {
    const COSTS: &'static [Declared] = &costs::<PUBLISHED_BITS>(BY_CLIENTS);
    const MATRIX_TRIPLES: bool = false;
    const REAL_PADS: usize = 0;
    const EXTENSION: Extension = Extension::ISHAI;
    const IS_SECUREML: bool = true;
    const TRIPLES_BY: TriplesBy = TriplesBy::Clients;
}

/// What a dealer deals. Nothing is made by transfers.
#[derive(Default)]
pub struct Dealer;

impl Style for Dealer {
    const COSTS: &'static [Declared] = &costs::<PUBLISHED_BITS>(BY_DEALER);
    const REAL_PADS: usize = 0;
    const EXTENSION: Extension = Extension::ISHAI;
    const IS_SECUREML: bool = true;
    const TRIPLES_BY: TriplesBy = TriplesBy::Dealer;
}

/// Bits of the columns of a transfer, as published.
const PUBLISHED_BITS: u64 = Extension::ISHAI.bits(1) as u64;
/// Those of SoftSpokenOT.
const SOFT_SPOKEN_BITS: u64 = Extension::SOFT_SPOKEN_CHOSEN.bits(1) as u64;
/// Bits of labels and rows for a sign: of both shares, and of 63 ands.
const SIGN: u64 = 128 * (2 * 64) + 256 * 63;
/// And gates of a quotient from zero to one, with 2 bits after the point.
const QUOTIENT_ANDS: u64 = 4469;
/// Bits of a ciphertext.
const CIPHERTEXT: u64 = 8 * super::parts::encrypted::CIPHERTEXT_BYTES;

/// How numbers are truncated.
const SHIFTED: &str = "x_0 >> shift and -(-x_1 >> shift)";

/// What takes something that is made offline: mul, dot, matmul, and, cut, random, bits_to_ring, and_to_ring, fix, fixed_matmul.
type Made = [Declared; 10];

/// What the operations cost: those that take something that is made offline, and the others, with transfers of so many bits of columns
/// for garbled circuits.
const fn costs<const COLUMNS: u64>(made: Made) -> [Declared; 19] {
    let [mul, dot, matmul, and, cut, random, bits_to_ring, and_to_ring, fix, fixed_matmul] = made;
    [
        online::INPUT,
        online::OPEN,
        online::OPEN_BITS,
        mul,
        dot,
        matmul,
        and,
        Declared::online(Primitive::Truncate, SHIFTED, &[]),
        Declared::online(Primitive::TruncateGap, SHIFTED, &[]),
        Declared::online(Primitive::Summands, "the shares, each known to one party", &[]),
        cut,
        random,
        bits_to_ring,
        and_to_ring,
        Declared::online(
            Primitive::LessThanZero,
            "b_0 + b_1 - 2 b_0 b_1, the garbled sign of the sum of the shares being b_0 xor b_1",
            const {
                &[
                    &[Sent::bits(1, 0, 64 * COLUMNS)],
                    &[Sent::bits(0, 1, SIGN)],
                    &[Sent::bits(1, 0, COLUMNS)],
                    &[Sent::bits(0, 1, 63)],
                ]
            },
        ),
        Declared::online(
            Primitive::WhereNegative,
            "b_0 x_0 + b_1 (1 - 2 b_0) x_0 + b_1 x_1 + b_0 (1 - 2 b_1) x_1, b garbled, and the same as above",
            const {
                &[
                    &[Sent::bits(1, 0, 64 * COLUMNS)],
                    &[Sent::bits(0, 1, SIGN), Sent::bits(0, 1, COLUMNS)],
                    &[Sent::bits(1, 0, COLUMNS), Sent::bits(1, 0, 64)],
                    &[Sent::bits(0, 1, 2 * 64)],
                ]
            },
        ),
        Declared::online(
            Primitive::Divide,
            "a garbled division of the sums of the shares, rounded to nearest, plus a mask of party 0",
            const {
                &[
                    &[Sent::bits(1, 0, 2 * 64 * COLUMNS)],
                    &[Sent::bits(0, 1, 128 * 5 * 64 + 256 * QUOTIENT_ANDS + 64)],
                ]
            },
        ),
        fix,
        fixed_matmul,
    ]
}

/// By transfers of so many bits of columns. Of what takes transfers in one direction, they go to the party that has sent less.
const fn by_transfers<const COLUMNS: u64>() -> Made {
    [
        online::MUL.with_offline(const {
            &[
                &[Sent::bits(0, 1, 64 * COLUMNS), Sent::bits(1, 0, 64 * COLUMNS)],
                &[Sent::bits(0, 1, PRODUCT), Sent::bits(1, 0, PRODUCT)],
            ]
        }),
        online::DOT.with_offline(const {
            &[
                &[Sent::bits(0, 1, 2 * 64 * COLUMNS), Sent::bits(1, 0, 2 * 64 * COLUMNS)],
                &[Sent::bits(0, 1, 2 * PRODUCT), Sent::bits(1, 0, 2 * PRODUCT)],
            ]
        }),
        online::MATMUL.with_batches("a matrix triple, by transfers of 128 bits"),
        online::AND.with_offline(const { &[&[Sent::bits(0, 1, COLUMNS), Sent::bits(1, 0, COLUMNS)]] }),
        online::CUT.with_offline(const {
            &[
                &[Sent::bits(0, 1, 16 * COLUMNS), Sent::bits(1, 0, 32 * COLUMNS)],
                &[Sent::bits(0, 1, mask(32)), Sent::bits(1, 0, mask(16))],
            ]
        }),
        online::RANDOM
            .with_offline(const { &[&[Sent::bits(0, 1, 31 * COLUMNS)], &[Sent::bits(1, 0, mask(31))]] }),
        online::BITS_TO_RING
            .with_offline(const { &[&[Sent::bits(0, 1, COLUMNS)], &[Sent::bits(1, 0, mask(1))]] }),
        online::AND_TO_RING.with_offline(const {
            &[&[Sent::bits(0, 1, 2 * COLUMNS), Sent::bits(1, 0, COLUMNS)], &[Sent::bits(1, 0, mask(1))]]
        }),
        online::FIX,
        online::FIXED_MATMUL.with_batches("what a matrix triple takes"),
    ]
}

/// Ciphertexts of each party, for each of n in the first message and in the second.
const CIPHERTEXT_EACH: &[Sent] = &[Sent::bits(0, 1, CIPHERTEXT), Sent::bits(1, 0, CIPHERTEXT)];
const TWO_CIPHERTEXTS_EACH: &[Sent] = &[Sent::bits(0, 1, 2 * CIPHERTEXT), Sent::bits(1, 0, 2 * CIPHERTEXT)];
/// Those of the two entries of the column, about a column of n.
const COLUMN_CIPHERTEXTS: &[Sent] =
    &[Sent::bytes(0, 1, 2 * CIPHERTEXT / 8), Sent::bytes(1, 0, 2 * CIPHERTEXT / 8)];

const fn by_encryption() -> Made {
    let [_, _, _, and, cut, random, bits_to_ring, and_to_ring, fix, _] = by_transfers::<PUBLISHED_BITS>();
    let mul = online::MUL.with_offline(&[CIPHERTEXT_EACH, CIPHERTEXT_EACH]);
    let dot = online::DOT.with_offline(&[TWO_CIPHERTEXTS_EACH, CIPHERTEXT_EACH]);
    let matmul = online::MATMUL.with_offline(&[COLUMN_CIPHERTEXTS, CIPHERTEXT_EACH]);
    let fixed_matmul = online::FIXED_MATMUL.with_offline(&[COLUMN_CIPHERTEXTS, CIPHERTEXT_EACH]);
    [mul, dot, matmul, and, cut, random, bits_to_ring, and_to_ring, fix, fixed_matmul]
}

/// Two triples of each server for a product of two rows and columns.
const TWO_TRIPLES: Steps = &[&[Sent::elements(2, 0, 6), Sent::elements(2, 1, 6)]];

/// All shares, to both servers.
const BY_CLIENTS: Made = [
    online::MUL.with_offline(&[&[Sent::elements(2, 0, 3), Sent::elements(2, 1, 3)]]),
    online::DOT.with_offline(TWO_TRIPLES),
    online::MATMUL_BY_DOTS.with_offline(TWO_TRIPLES),
    online::AND.with_offline(&[&[Sent::bits(2, 0, 3), Sent::bits(2, 1, 3)]]),
    online::CUT.with_offline(&[&[
        Sent { bits: 48, ..Sent::elements(2, 0, 2) },
        Sent { bits: 48, ..Sent::elements(2, 1, 2) },
    ]]),
    online::RANDOM.with_offline(&[&[
        Sent { bits: 31, ..Sent::elements(2, 0, 1) },
        Sent { bits: 31, ..Sent::elements(2, 1, 1) },
    ]]),
    online::BITS_TO_RING.with_offline(&[&[Sent::elements(2, 0, 1), Sent::elements(2, 1, 1)]]),
    online::AND_TO_RING.with_offline(&[&[
        Sent { bits: 3, ..Sent::elements(2, 0, 1) },
        Sent { bits: 3, ..Sent::elements(2, 1, 1) },
    ]]),
    online::FIX.with_offline(&[&[Sent::elements(2, 0, 1), Sent::elements(2, 1, 1)]]),
    online::FIXED_MATMUL_BY_DOTS.with_offline(TWO_TRIPLES),
];

/// A share to the party to which less was sent.
const BY_DEALER: Made = [
    online::MUL.with_offline(&[&[Sent::elements(2, 0, 1)]]),
    online::DOT.with_offline(&[&[Sent::elements(2, 0, 1)]]),
    online::MATMUL.with_offline(&[&[Sent::elements(2, 0, 1)]]),
    online::AND.with_offline(&[&[Sent::bits(2, 0, 1)]]),
    online::CUT.with_offline(&[&[
        Sent { bits: 16, ..Sent::elements(2, 0, 1) },
        Sent { bits: 32, ..Sent::elements(2, 1, 1) },
    ]]),
    online::RANDOM.with_offline(&[&[Sent { bits: 31, ..Sent::elements(2, 0, 1) }]]),
    online::BITS_TO_RING.with_offline(&[&[Sent::elements(2, 0, 1)]]),
    online::AND_TO_RING.with_offline(&[&[Sent::bits(2, 0, 1), Sent::elements(2, 1, 1)]]),
    online::FIX,
    online::FIXED_MATMUL.with_offline(&[&[Sent::elements(2, 0, 1)]]),
];
