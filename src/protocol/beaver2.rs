//! `beaver2`: two parties with additive shares over Z_2^64, and a dealer who hands out correlated randomness.
//!
//! The parties 0 and 1 compute, party 2 deals: it takes part in the set-up and in the offline phase, and holds no shares.
//! Semi-honest, and neither computing party may collude with the dealer. What is done online is in
//! [`super::parts::two_party`].
//!
//! How correlated randomness is dealt is in `parts/dealing.rs`.
//!
//! Payload bytes sent by the dealer: a triple 8, a dot product 8 whatever its length, a matrix product 8 an entry of the
//! result, a triple of bits 1/8, a bit 8, a mask of n bits 8 + n/8. 1 round for all that a program takes.
//!
//! Sources: Beaver, "Commodity-based cryptography" (STOC 1997), for the dealer; Mohassel and Zhang, "SecureML" (S&P 2017),
//! for matrix triples; the reference system MP-SPDZ (`dealer-ring`) for what is sent.

use std::cell::Cell;

use super::Demand;
use super::declared::{Declared, Sent};
use super::parts::dealing::{agree_on_keys, deal};
use super::parts::two_party::{Offline, TwoParty, online};

/// The protocol as seen by one party.
pub type Beaver2 = TwoParty<Dealt>;

/// The offline phase with a dealer.
#[derive(Default)]
pub struct Dealt {
    /// Draws from the keys that the dealer has in common with the parties, the same for all.
    draws: Cell<u64>,
}

impl Offline for Dealt {
    const PARTIES: usize = 3;
    const COSTS: &'static [Declared] = COSTS;

    /// 1 round; 16, 0, 32.
    async fn set_up(online: &Beaver2) {
        agree_on_keys(&online.party).await;
    }

    async fn prepare(online: &Beaver2, demand: &Demand) {
        deal(online, demand, &online.offline.draws).await;
    }
}

/// What the operations cost. The dealer sends a share to the party to which it has sent less.
const COSTS: &[Declared] = &[
    online::INPUT,
    online::OPEN,
    online::OPEN_BITS,
    online::MUL.with_offline(&[&[Sent::elements(2, 0, 1)]]),
    online::DOT.with_offline(&[&[Sent::elements(2, 0, 1)]]),
    online::MATMUL.with_offline(&[&[Sent::elements(2, 0, 1)]]),
    online::AND.with_offline(&[&[Sent::bits(2, 0, 1)]]),
    // Masks of the lower 16 bits and of the upper ones, and a bit.
    online::TRUNCATE.with_offline(&[&[
        Sent { bits: 16, ..Sent::elements(2, 0, 2) },
        Sent { bits: 31, ..Sent::elements(2, 1, 1) },
    ]]),
    online::TRUNCATE_GAP.with_offline(&[&[
        Sent { bits: 16, ..Sent::elements(2, 0, 1) },
        Sent { bits: 8, ..Sent::elements(2, 1, 2) },
    ]]),
    online::SUMMANDS.with_offline(&[&[Sent { bits: 31, ..Sent::elements(2, 0, 1) }]]),
    online::CUT.with_offline(&[&[
        Sent { bits: 16, ..Sent::elements(2, 0, 1) },
        Sent { bits: 32, ..Sent::elements(2, 1, 1) },
    ]]),
    online::RANDOM.with_offline(&[&[Sent { bits: 31, ..Sent::elements(2, 0, 1) }]]),
    online::BITS_TO_RING.with_offline(&[&[Sent::elements(2, 0, 1)]]),
    online::AND_TO_RING.with_offline(&[&[Sent::bits(2, 0, 1), Sent::elements(2, 1, 1)]]),
];
