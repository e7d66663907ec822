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

use std::cell::Cell;

use rand_pcg::rand_core::Rng;

use super::declared::{Declared, Primitive, Sent};
use super::demand::Place;
use super::parts::gilboa::{Half, Making};
use super::parts::material::Material;
use super::parts::oblivious_transfer::{
    ALL_SEEDS, Packed, Receiver, SET_UP_BYTES, Sender, Unpacked, extension_bits, receiver_work, sender_work,
};
use super::parts::two_party::{Offline, TwoParty, online};
use super::{Demand, Message, receive_bits, send};
use crate::ring::meter::{Work, charged};
use crate::ring::{Content, Plane, StreamKey};

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
/// Bytes of a key.
const KEY_BYTES: u64 = 16;
/// Transfers of a phase that have numbers of their own, for the hash.
const NUMBERS: u32 = 40;
/// Both parties draw from such a stream.
const BOTH: u64 = 0b11;

/// The offline phase by oblivious transfer. With `MATRIX_TRIPLES`, matrix products take matrix triples; transfers of up to
/// `REAL_PADS` pads are computed.
#[derive(Default)]
pub struct Transferred<const MATRIX_TRIPLES: bool, const REAL_PADS: usize> {
    /// Offline phases before.
    phases: Cell<u64>,
    /// Draws in them.
    draws: Cell<u64>,
}

/// How one request is made, where, and in which directions.
struct Planned<'a> {
    place: &'a Place,
    making: Making<'a>,
    /// Whether party i receives transfers.
    receives: [bool; 2],
    /// Number of the first draw.
    first: u64,
}

impl Planned<'_> {
    /// This party's share from the ideal functionality: party 0 draws it, party 1 gets what is missing.
    fn ideal(&self, online: &TwoParty<impl Offline>) -> Material {
        let mut counter = self.first;
        let mut next = || {
            counter += 1;
            online.offline_stream(BOTH, counter - 1)
        };
        let (layout, content) = (&self.making.layout, online.content);
        let mut free = || Material::uniform(content, &mut next, &layout.free_ring, &layout.free_bits);
        let [free_0, free_1] = [free(), free()];
        let rest = Material::uniform(content, &mut next, &layout.ring, &layout.bits);
        if online.party.id() == 0 {
            return free_0.followed_by(rest);
        }
        let all = Material::correlated(self.making.request, &free_0.add(&free_1), content, next);
        free_1.followed_by(all.sub(&rest))
    }
}

/// How all of a demand is made: the same for both parties.
struct Plan<'a> {
    requests: Vec<Planned<'a>>,
    /// Transfers that party i receives.
    counts: [usize; 2],
    /// Number of this offline phase.
    phase: u64,
}

impl<'a> Plan<'a> {
    /// `draws` counts draws from one plan to the next.
    fn of(demand: &'a Demand, phase: u64, draws: &Cell<u64>) -> Plan<'a> {
        let (mut counts, mut sent) = ([0; 2], [0; 2]);
        let planned = |(place, request)| {
            let making = Making::of(request);
            // A receiver sends more than a sender: it is the party that has sent less.
            let receives =
                [!making.is_one_sided() || sent[0] <= sent[1], !making.is_one_sided() || sent[0] > sent[1]];
            for party in (0..2).filter(|&party| receives[party]) {
                counts[party] += making.transfers.count();
                sent[party] += extension_bits(making.transfers.count());
                sent[1 - party] += making.transfers.correction_bits();
            }
            // Twice for the ideal functionality, which draws for both.
            let first = draws.replace(draws.get() + 2 * making.layout.parts());
            Planned { place, making, receives, first }
        };
        let requests = demand.requests.iter().map(planned).collect();
        Plan { requests, counts, phase }
    }

    /// Those of which a party receives transfers.
    fn received_by(&self, party: usize) -> impl Iterator<Item = &Planned<'a>> {
        self.requests.iter().filter(move |planned| planned.receives[party])
    }

    /// Pads of the receiver in the direction that has more.
    fn pads(&self) -> usize {
        let pads = |party| self.received_by(party).map(|planned| planned.making.transfers.pads()).sum();
        usize::max(pads(0), pads(1))
    }

    /// Bits of the corrections for a receiver.
    fn correction_bits(&self, receiver: usize) -> usize {
        self.received_by(receiver).map(|planned| planned.making.transfers.correction_bits()).sum()
    }

    /// What hashes and corrections take in one direction.
    fn pad_work(&self, receiver: usize, is_receiver: bool) -> Work {
        self.received_by(receiver).map(|planned| planned.making.pad_work(is_receiver)).sum()
    }

    /// The number of the first transfer that a party receives, less one.
    fn first_number(&self, receiver: usize) -> u64 {
        (2 * self.phase + receiver as u64) << NUMBERS
    }

    /// The streams of the seeds of the transfers that a party receives.
    fn seeds<O: Offline>(&self, online: &TwoParty<O>, receiver: usize) -> impl Fn(usize) -> StreamKey {
        const { assert!(ALL_SEEDS < 1 << (NUMBERS - 1)) };
        let first = self.first_number(receiver) | 1 << (NUMBERS - 1);
        move |seed| online.offline_stream(BOTH, first + seed as u64)
    }

    /// Begins the transfers that this party receives; with what is sent.
    fn receiver<O: Offline>(&self, online: &TwoParty<O>) -> (Receiver, Vec<Plane>) {
        let me = online.party.id();
        Receiver::extend(self.counts[me], self.first_number(me), self.seeds(online, me))
    }

    /// Begins those that it sends, from what the other party sent.
    fn sender<O: Offline>(&self, online: &TwoParty<O>, received: &[Plane]) -> Sender {
        let me = online.party.id();
        let mut secret = online.offline_stream(1 << me, u64::MAX).generator();
        let secret = u128::from(secret.next_u64()) << 64 | u128::from(secret.next_u64());
        let (count, first) = (self.counts[1 - me], self.first_number(1 - me));
        Sender::extend(count, first, secret, received, self.seeds(online, 1 - me))
    }

    /// What this party has of each request that it sends transfers for, and the corrections.
    fn send<O: Offline>(&self, online: &TwoParty<O>, mut sender: Sender) -> (Vec<Half>, Plane) {
        let (me, mut corrections) = (online.party.id(), Packed::default());
        let half = |planned: &Planned| {
            let own = online.offline_stream(1 << me, planned.first);
            planned.making.send(&mut sender, &mut corrections, own)
        };
        let halves = self.received_by(1 - me).map(half).collect();
        (halves, corrections.into_plane())
    }

    /// The same for those that it receives transfers for.
    fn receive<O: Offline>(
        &self,
        online: &TwoParty<O>,
        mut receiver: Receiver,
        corrections: Option<&Plane>,
    ) -> Vec<Half> {
        let me = online.party.id();
        let mut corrections = Unpacked::new(corrections.map_or(&[], Plane::expect_words));
        let half = |planned: &Planned| {
            let own = online.offline_stream(1 << me, planned.first);
            planned.making.receive(&mut receiver, &mut corrections, own)
        };
        self.received_by(me).map(half).collect()
    }

    /// This party's share of everything, from its halves.
    fn shares(&self, me: usize, sent: Vec<Half>, received: Vec<Half>) -> Vec<Material> {
        let (mut sent, mut received) = (sent.into_iter(), received.into_iter());
        let mut share = |planned: &Planned| {
            let sent = if planned.receives[1 - me] { sent.next() } else { None };
            let received = if planned.receives[me] { received.next() } else { None };
            planned.making.share(sent, received)
        };
        self.requests.iter().map(&mut share).collect()
    }
}

/// Sends so many bits, if any, and receives what the other party sends: planes, or nothing that anybody could look at.
async fn exchange<O: Offline>(
    online: &TwoParty<O>,
    mine: Option<Vec<Plane>>,
    [mine_bits, their_bits]: [usize; 2],
) -> Option<Vec<Plane>> {
    let (party, other) = (&online.party, 1 - online.party.id());
    let is_real = mine.is_some();
    if mine_bits > 0 {
        let message = mine.map_or(Message::Opaque((mine_bits as u64).div_ceil(8)), Message::Bits);
        send(party, other, message);
    }
    if their_bits == 0 {
        return is_real.then(Vec::new);
    }
    if is_real {
        return Some(receive_bits(party, other).await);
    }
    party.recv(other).await;
    None
}

impl<const MATRIX_TRIPLES: bool, const REAL_PADS: usize> Offline for Transferred<MATRIX_TRIPLES, REAL_PADS> {
    const PARTIES: usize = 2;
    const MATRIX_TRIPLES: bool = MATRIX_TRIPLES;
    const SHARES_ARE_SUMMANDS: bool = true;
    const COSTS: &'static [Declared] = COSTS;

    /// Base transfers in both directions, and a key that both have, from party 0. 3 rounds; 6192, 6176.
    async fn set_up(online: &TwoParty<Self>) {
        let party = &online.party;
        let other = 1 - party.id();
        let _span = party.span("base_transfers");
        let mut key = if party.id() == 0 { KEY_BYTES } else { 0 };
        for bytes in SET_UP_BYTES {
            send(party, other, Message::Opaque(bytes + std::mem::take(&mut key)));
            party.recv(other).await;
        }
    }

    async fn prepare(online: &TwoParty<Self>, demand: &Demand) {
        let (offline, me) = (&online.offline, online.party.id());
        let phase = offline.phases.replace(offline.phases.get() + 1);
        let plan = Plan::of(demand, phase, &offline.draws);
        let is_real = online.content == Content::Values && plan.pads() <= REAL_PADS;
        let (counts, directions) = (plan.counts, [me, 1 - me]);

        let span = online.party.span("extension");
        let begun = charged(receiver_work(counts[me]), || is_real.then(|| plan.receiver(online)));
        let (receiver, sent) = begun.unzip();
        let received = exchange(online, sent, directions.map(|party| extension_bits(counts[party]))).await;
        let sender =
            charged(sender_work(counts[1 - me]), || received.map(|planes| plan.sender(online, &planes)));
        drop(span);

        let span = online.party.span("corrections");
        let halves = charged(plan.pad_work(1 - me, false), || sender.map(|sender| plan.send(online, sender)));
        let (sent_halves, corrections) = halves.unzip();
        let bits = [1 - me, me].map(|receiver| plan.correction_bits(receiver));
        let corrections = exchange(online, corrections.map(|plane| vec![plane]), bits).await;
        let received_halves = charged(plan.pad_work(me, true), || {
            let (receiver, corrections) = (receiver?, corrections?);
            Some(plan.receive(online, receiver, corrections.first()))
        });
        drop(span);

        let own_work = plan.requests.iter().map(|planned| planned.making.own_work()).sum();
        let shares = charged(own_work, || match sent_halves.zip(received_halves) {
            Some((sent, received)) => plan.shares(me, sent, received),
            None if online.content == Content::Shape => {
                plan.requests.iter().map(|planned| Material::shape(&planned.making.layout)).collect()
            }
            None => plan.requests.iter().map(|planned| planned.ideal(online)).collect(),
        });
        for (planned, share) in plan.requests.iter().zip(shares) {
            online.put(planned.place, planned.making.request, share);
        }
    }
}

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
    extension_bits(transfers as usize) as u64
}

/// Bits of the corrections for a random number of so many bits: 63, 62, ...
const fn mask(bits: u64) -> u64 {
    63 * bits - bits * (bits - 1) / 2
}

/// Bits of the corrections for a product: 64, 63, ... 1.
const PRODUCT: u64 = 64 * 65 / 2;

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
    use crate::protocol::parts::material::Layout;
    use crate::protocol::{Protocol, Start};
    use crate::ring::{MatMul, meter};
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
    fn prepared<const REAL_PADS: usize>(
        requests: &[Request],
        seed: u64,
        content: Content,
    ) -> (Vec<[Vec<Material>; 2]>, Trace) {
        let supply = Supply::<()>::default();
        for request in requests {
            supply.take(request.clone());
        }
        let demand = supply.demand();
        let world = World {
            network: Network::uniform(2, Link::INSTANT),
            endpoints: vec![Endpoint::default(); 2],
            meter: Some(Box::new(charge)),
        };
        let mut simulation = Simulation::<Message>::new(world);
        let programs = (0..2).map(|i| {
            let party = TwoParty::<Transferred<true, REAL_PADS>>::start(simulation.party(i), seed, content);
            let demand = &demand;
            async move {
                party.set_up().await;
                let mut phases = Vec::new();
                for _ in 0..2 {
                    party.prepare(demand).await;
                    phases.push(requests.iter().map(|request| party.take(request.clone())).collect());
                }
                phases
            }
        });
        let programs: Vec<_> = programs.map(|program| Box::pin(program) as _).collect();
        let run = simulation.run(programs).expect("offline phases");
        let [first, second]: [Vec<Vec<Material>>; 2] = run.outputs.try_into().expect("two parties");
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
                let product = Material::correlated(request, &free, Content::Values, || unreachable!());
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

    #[test]
    fn all_that_can_be_asked_for_is_made_right_by_transfers_and_by_the_ideal_functionality() {
        let requests = requests();
        for seed in [1, 2] {
            let real = prepared::<{ usize::MAX }>(&requests, seed, Content::Values).0;
            let ideal = prepared::<0>(&requests, seed, Content::Values).0;
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
    fn messages_and_work_are_the_same_really_ideally_and_on_shapes() {
        let requests = requests();
        let (_, shape) = prepared::<0>(&requests, 1, Content::Shape);
        for seed in [1, 2] {
            assert_eq!(prepared::<{ usize::MAX }>(&requests, seed, Content::Values).1, shape);
            assert_eq!(prepared::<0>(&requests, seed, Content::Values).1, shape);
        }
    }
}
