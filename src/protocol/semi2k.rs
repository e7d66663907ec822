//! `semi2k`: two parties with additive shares over Z_2^64, without anybody else. Semi-honest.
//!
//! What is done online is in [`super::parts::two_party`]; the correlated randomness for it comes from correlated oblivious
//! transfers, extended as in [`super::parts::oblivious_transfer`]. [`super::parts::gilboa`] makes what is asked for of them: triples by
//! Gilboa, "Two party RSA key generation" (CRYPTO 1999).
//!
//! For a comparison, and for the bits of a number, both parties' shares are added, as in the reference system (MP-SPDZ): that
//! is a round and 8 bytes less than to open it under a mask, and one and of bits more for each bit.
//!
//! Payload bytes: a transfer 63/8 from its receiver. From the sender of a transfer, a product in the ring 260, a bit 63/8,
//! bit i of a mask (63 - i)/8. So a triple is 1528, shared evenly, a triple of bits 63/4. All that a program takes
//! is made together: 2 rounds, 1 if there is nothing to correct. Messages of bits are filled up to whole bytes.
//!
//! The transfers are computed for real while they are at most [`REAL_PADS`] pads in a phase and direction. Beyond that the same
//! messages are sent without content, the same work is charged, and the randomness comes from the ideal functionality.

use super::declared::{Declared, Primitive, Sent};
use super::parts::oblivious_transfer::Extension;
use super::parts::transferred::{ByTransfers, PRODUCT, Style, mask};
use super::parts::two_party::{TwoParty, online};

/// The protocol as seen by one party.
pub type Semi2k = TwoParty<Transferred<true, REAL_PADS>>;
/// The same with a triple for each product of two entries of a matrix product, as in the reference system.
pub type Semi2kSingleTriples = TwoParty<Transferred<false, REAL_PADS>>;

/// What a matrix product takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Triples {
    /// One triple of matrices.
    Matrix,
    /// A triple for each product of two entries: [`Semi2kSingleTriples`].
    Single,
}

impl Triples {
    /// Both.
    pub const ALL: [Triples; 2] = [Triples::Matrix, Triples::Single];

    /// The name in scenario files.
    pub fn name(self) -> &'static str {
        match self {
            Triples::Matrix => "matrix",
            Triples::Single => "single",
        }
    }
}

/// Pads up to which transfers are computed: some milliseconds of work.
pub const REAL_PADS: usize = 1 << 17;
/// Transfers as stated above. With `MATRIX_TRIPLES`, matrix products take matrix triples; transfers of up to `REAL_PADS` pads are
/// computed.
#[derive(Default)]
pub struct SoftSpoken<const MATRIX_TRIPLES: bool, const REAL_PADS: usize>;

impl<const MATRIX_TRIPLES: bool, const REAL_PADS: usize> Style for SoftSpoken<MATRIX_TRIPLES, REAL_PADS> {
    const COSTS: &'static [Declared] = COSTS;
    const MATRIX_TRIPLES: bool = MATRIX_TRIPLES;
    const REAL_PADS: usize = REAL_PADS;
    const EXTENSION: Extension = Extension::SOFT_SPOKEN;
}

/// The offline phase.
pub type Transferred<const MATRIX_TRIPLES: bool, const REAL_PADS: usize> =
    ByTransfers<SoftSpoken<MATRIX_TRIPLES, REAL_PADS>>;

/// Both parties receive transfers: so many bits of columns from each, then of corrections.
macro_rules! both_ways {
    ($columns:expr, $corrections:expr) => {
        &[
            &[Sent::bits(0, 1, $columns), Sent::bits(1, 0, $columns)],
            &[Sent::bits(0, 1, $corrections), Sent::bits(1, 0, $corrections)],
        ]
    };
}

/// Bits of the columns of so many transfers.
const fn columns(transfers: u64) -> u64 {
    Extension::SOFT_SPOKEN.bits(transfers as usize) as u64
}

/// What the operations cost. Of what takes transfers in one direction, they go to the party that has sent less.
const COSTS: &[Declared] = &[
    online::INPUT,
    online::OPEN,
    online::OPEN_BITS,
    online::MUL.with_offline(both_ways!(columns(64), PRODUCT)),
    online::DOT.with_offline(both_ways!(columns(2 * 64), 2 * PRODUCT)),
    // A transfer for each bit of the two entries of the column, about a column of n.
    online::MATMUL.with_offline(&[
        &[Sent::bytes(0, 1, columns(2 * 64) / 8), Sent::bytes(1, 0, columns(2 * 64) / 8)],
        &[Sent::bits(0, 1, 2 * PRODUCT), Sent::bits(1, 0, 2 * PRODUCT)],
    ]),
    online::AND.with_offline(&[&[Sent::bits(0, 1, columns(1)), Sent::bits(1, 0, columns(1))]]),
    // Party 0 receives transfers for the mask of the lower 16 bits, party 1 for that of the upper ones.
    online::TRUNCATE.with_offline(&[
        &[Sent::bits(0, 1, columns(16 + 1)), Sent::bits(1, 0, columns(31))],
        &[Sent::bits(0, 1, mask(31)), Sent::bits(1, 0, mask(16) + mask(1))],
    ]),
    online::TRUNCATE_GAP.with_offline(&[
        &[Sent::bits(0, 1, columns(16)), Sent::bits(1, 0, columns(8 + 1))],
        &[Sent::bits(0, 1, mask(8) + mask(1)), Sent::bits(1, 0, mask(16))],
    ]),
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
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::demand::{Request, Supply};
    use crate::protocol::parts::material::{Layout, Material};
    use crate::protocol::secureml::{Clients, CutTransfers, Dealer, Encryption, SoftSpokenTransfers};
    use crate::protocol::{Message, Protocol, Role, Start};
    use crate::ring::meter::Work;
    use crate::ring::{Content, MatMul, Plane, meter};
    use crate::sim::{Endpoint, Link, Network, Simulation, Trace, World};

    /// Each kind, of lengths around words, and matrices that are wide, high and transposed.
    fn requests() -> Vec<Request> {
        let mut requests = Vec::new();
        for len in [1, 63, 64, 65, 130] {
            requests.extend([Request::Triples { len }, Request::Bits { len }]);
            requests.push(Request::BitTriples { lens: vec![len, 1, len, 64] });
        }
        requests.extend([1, 2, 16, 31, 32, 63, 64].map(|bits| Request::Masks { len: 67, bits }));
        requests.extend([(1, 2), (5, 7), (65, 3)].map(|(results, width)| Request::Dots { results, width }));
        for (rows, inner, columns) in [(1, 1, 1), (3, 5, 2), (2, 5, 3), (4, 1, 4), (1, 7, 9), (9, 7, 1)] {
            let shape = MatMul::new(rows, inner, columns);
            let stored = [
                shape,
                shape.left_transposed(),
                shape.right_transposed(),
                shape.left_transposed().right_transposed(),
            ];
            requests.extend(stored.map(|shape| Request::Matrices { shape }));
        }
        requests
    }

    fn charge(_: usize) -> Result<u64, crate::sim::SimError> {
        let Work { additions, multiplications, macs, bit_words, random_bytes } = meter::take();
        Ok(additions + 1_009 * multiplications + 2_000_003 * macs + 3_001 * bit_words + 7 * random_bytes)
    }

    /// Set-up and two offline phases: both parties' shares of each request, by phase, and what was sent and done.
    fn prepared<S: Style>(
        requests: &[Request],
        seed: u64,
        content: Content,
    ) -> (Vec<[Vec<Material>; 2]>, Trace) {
        let supply = Supply::<()>::default();
        for request in requests {
            supply.take(request.clone());
        }
        let demand = supply.demand();
        let parties = TwoParty::<ByTransfers<S>>::PARTIES;
        let world = World {
            network: Network::uniform(parties, Link::INSTANT),
            endpoints: vec![Endpoint::default(); parties],
            meter: Some(Box::new(charge)),
        };
        let mut simulation = Simulation::<Message>::new(world);
        let programs = (0..parties).map(|i| {
            let party = TwoParty::<ByTransfers<S>>::start(simulation.party(i), seed, content);
            let demand = &demand;
            async move {
                party.set_up().await;
                let mut phases = Vec::new();
                for _ in 0..2 {
                    party.prepare(demand).await;
                    let taken = requests.iter().filter(|_| party.role() == Role::Computes);
                    phases.push(taken.map(|request| party.take(request.clone())).collect());
                }
                phases
            }
        });
        let programs: Vec<_> = programs.map(|program| Box::pin(program) as _).collect();
        let run = simulation.run(programs).expect("offline phases");
        let mut outputs = run.outputs.into_iter();
        let [first, second]: [Vec<Vec<Material>>; 2] = [(); 2].map(|()| outputs.next().expect("two parties"));
        (first.into_iter().zip(second).map(|(x, y)| [x, y]).collect(), run.trace)
    }

    /// Whether the shares are of what was asked for.
    fn is_right(request: &Request, shares: [&Material; 2]) -> bool {
        let sum = shares[0].add(shares[1]);
        let layout = Layout::of(request);
        let free = Material {
            ring: sum.ring[..layout.free_ring.len()].to_vec(),
            bits: sum.bits[..layout.free_bits.len()].to_vec(),
        };
        match *request {
            Request::Bits { .. } => sum.ring[0].expect_values().iter().all(|&bit| bit < 2),
            Request::Masks { bits, .. } => {
                sum.bits.len() == bits as usize && sum.ring[0] == Plane::compose(&sum.bits)
            }
            _ => {
                let product = Material::correlated(request, None, &free, Content::Values, || unreachable!());
                sum.ring[free.ring.len()..] == product.ring && sum.bits[free.bits.len()..] == product.bits
            }
        }
    }

    /// Of all shares of ring elements and bits of a party, the part of ones.
    fn ones(shares: &[Material]) -> f64 {
        let (mut ones, mut bits) = (0, 0);
        for share in shares {
            for vector in &share.ring {
                ones += vector.expect_values().iter().map(|x| x.count_ones()).sum::<u32>();
                bits += 64 * vector.len();
            }
            for plane in &share.bits {
                ones += plane.expect_words().iter().map(|x| x.count_ones()).sum::<u32>();
                bits += plane.len();
            }
        }
        f64::from(ones) / bits as f64
    }

    fn all_is_made_right<Real: Style, Ideal: Style>() {
        let requests = requests();
        for seed in [1, 2] {
            let real = prepared::<Real>(&requests, seed, Content::Values).0;
            let ideal = prepared::<Ideal>(&requests, seed, Content::Values).0;
            for phases in [&real, &ideal] {
                for shares in phases {
                    for (i, request) in requests.iter().enumerate() {
                        assert!(is_right(request, [&shares[0][i], &shares[1][i]]), "{request:?}");
                    }
                    shares.iter().for_each(|party| assert!((ones(party) - 0.5).abs() < 0.01));
                }
                let [first, second] = [&phases[0][0][0], &phases[1][0][0]].map(|share| share.ring[0].clone());
                assert_ne!(first, second, "the same triple in two phases");
            }
        }
    }

    #[test]
    fn all_that_can_be_asked_for_is_made_right_by_transfers_and_by_the_ideal_functionality() {
        all_is_made_right::<SoftSpoken<true, { usize::MAX }>, SoftSpoken<true, 0>>();
        all_is_made_right::<CutTransfers<{ usize::MAX }>, CutTransfers<0>>();
        all_is_made_right::<SoftSpokenTransfers<{ usize::MAX }>, SoftSpokenTransfers<0>>();
        all_is_made_right::<Encryption<{ usize::MAX }>, Encryption<0>>();
    }

    #[test]
    fn all_that_can_be_asked_for_is_dealt_right_by_clients_and_by_a_dealer() {
        all_is_made_right::<Clients, Dealer>();
    }

    fn all_send_the_same<Real: Style, Ideal: Style>() {
        let requests = requests();
        let (_, shape) = prepared::<Ideal>(&requests, 1, Content::Shape);
        for seed in [1, 2] {
            assert_eq!(prepared::<Real>(&requests, seed, Content::Values).1, shape);
            assert_eq!(prepared::<Ideal>(&requests, seed, Content::Values).1, shape);
        }
    }

    #[test]
    fn messages_and_work_are_the_same_really_ideally_and_on_shapes() {
        all_send_the_same::<SoftSpoken<true, { usize::MAX }>, SoftSpoken<true, 0>>();
        all_send_the_same::<CutTransfers<{ usize::MAX }>, CutTransfers<0>>();
        all_send_the_same::<SoftSpokenTransfers<{ usize::MAX }>, SoftSpokenTransfers<0>>();
        all_send_the_same::<Encryption<{ usize::MAX }>, Encryption<0>>();
        all_send_the_same::<Clients, Clients>();
        all_send_the_same::<Dealer, Dealer>();
    }
}
