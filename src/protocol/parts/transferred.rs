//! An offline phase of two parties by oblivious transfer: what is asked for is made as in [`super::gilboa`], of transfers that
//! are extended as in [`super::oblivious_transfer`]. All that a program takes is made together: 2 rounds, 1 if there is nothing
//! to correct. Messages of bits are filled up to whole bytes.
//!
//! [`Style::TRIPLES_BY`] says who makes it otherwise. By encryption, triples of ring elements are made as in [`super::encrypted`],
//! in the same messages, and all else by transfers. What is dealt comes from a third party, as in `parts/dealing.rs`; then transfers
//! are for garbled circuits alone.
//!
//! The transfers are computed for real while they are at most [`Style::REAL_PADS`] pads in a phase and direction. Beyond that the
//! same messages are sent without content, the same work is charged, and the randomness comes from the ideal functionality.

use std::cell::Cell;
use std::marker::PhantomData;

use super::additive::Additive;
use super::dealing::{DEALER, agree_on_keys, deal, hand_out};
use super::encrypted::{self, CIPHERTEXT_BYTES, ciphertexts};
use super::garbled::ideal_quotients;
use super::gilboa::{Half, Making};
use super::material::Material;
use super::oblivious_transfer::{ALL_SEEDS, Extension, Receiver, Sender};
use super::packed::{Packed, Unpacked};
use super::two_party::{Offline, TwoParty};
use crate::protocol::demand::{Place, Request};
use crate::protocol::{Declared, Demand, Division, Message, OwnDivision, send};
use crate::ring::meter::{Work, charged};
use crate::ring::{Content, Plane, StreamKey, Vector};

/// Who makes the triples, and all that is like them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TriplesBy {
    /// The parties, by oblivious transfers as published.
    Transfers,
    /// The parties, by oblivious transfers that are extended as in SoftSpokenOT.
    SoftSpoken,
    /// The parties, by homomorphic encryption.
    Encryption,
    /// The clients, in the place of party 2: a triple for each product of two numbers, all shares sent.
    Clients,
    /// Party 2, a dealer.
    Dealer,
}

impl TriplesBy {
    /// All of them.
    pub const ALL: [TriplesBy; 5] = [
        TriplesBy::Transfers,
        TriplesBy::SoftSpoken,
        TriplesBy::Encryption,
        TriplesBy::Clients,
        TriplesBy::Dealer,
    ];

    /// The name in scenario files.
    pub const fn name(self) -> &'static str {
        match self {
            TriplesBy::Transfers => "transfers",
            TriplesBy::SoftSpoken => "softspoken",
            TriplesBy::Encryption => "encryption",
            TriplesBy::Clients => "clients",
            TriplesBy::Dealer => "dealer",
        }
    }

    /// One line on who it is.
    pub const fn description(self) -> &'static str {
        match self {
            TriplesBy::Transfers => "the servers, by correlated oblivious transfers as published",
            TriplesBy::SoftSpoken => {
                "the servers, by oblivious transfers of SoftSpokenOT, with half the columns"
            }
            TriplesBy::Encryption => {
                "the servers, by homomorphic encryption: messages of the published sizes, not executed and in no time"
            }
            TriplesBy::Clients => {
                "the clients, in the place of party 2: a triple for each product of two numbers"
            }
            TriplesBy::Dealer => "a dealer, party 2: matrix triples",
        }
    }

    /// Whether they come from a third party.
    const fn are_dealt(self) -> bool {
        matches!(self, TriplesBy::Clients | TriplesBy::Dealer)
    }
}

/// What protocols with such an offline phase differ in.
pub trait Style: Default + 'static {
    /// What each operation costs.
    const COSTS: &'static [Declared];
    /// Whether matrix products take matrix triples.
    const MATRIX_TRIPLES: bool = true;
    /// Pads up to which transfers are computed.
    const REAL_PADS: usize;
    /// How transfers are extended. If choice bits are chosen, corrections are cut into pieces with a transfer each.
    const EXTENSION: Extension;
    /// Whether shares are shifted to truncate, and comparisons and divisions garbled, as in SecureML: [`super::garbled`].
    const IS_SECUREML: bool = false;
    /// Who makes triples.
    const TRIPLES_BY: TriplesBy = TriplesBy::Transfers;
}

/// Bits of the corrections for a random number of so many bits: 63, 62, ...
pub const fn mask(bits: u64) -> u64 {
    63 * bits - bits * (bits - 1) / 2
}

/// Bits of the corrections for a product: 64, 63, ... 1.
pub const PRODUCT: u64 = 64 * 65 / 2;

/// Bytes of a key.
const KEY_BYTES: u64 = 16;
/// Transfers of a phase that have numbers of their own, for the hash.
const NUMBERS: u32 = 40;
/// Both parties draw from such a stream.
const BOTH: u64 = 0b11;

/// The offline phase of parties that have oblivious transfers.
#[derive(Default)]
pub struct ByTransfers<S> {
    /// Offline phases before.
    phases: Cell<u64>,
    /// Draws in them.
    draws: Cell<u64>,
    style: PhantomData<S>,
}

/// How one request is made, where, and in which directions.
struct Planned<'a> {
    place: &'a Place,
    making: Making<'a>,
    /// Whether party i receives transfers; neither does for what is made by encryption, and for what is drawn alone.
    receives: [bool; 2],
    /// Number of the first draw.
    first: u64,
    /// The rows that are taken of what is fixed.
    rows: &'a [usize],
}

impl Planned<'_> {
    fn is_without_transfers(&self) -> bool {
        self.receives == [false; 2]
    }

    /// Whether each party draws its own share and nothing else.
    fn is_drawn(&self) -> bool {
        matches!(self.making.request, Request::FixedMasks { .. })
    }

    /// What each party computes besides transfers and ciphertexts.
    fn own_work(&self) -> Work {
        match self.is_without_transfers() && !self.is_drawn() {
            true => encrypted::own_work(self.making.request),
            false => self.making.own_work(),
        }
    }

    /// This party's share of the masks of what is fixed, if there is such a factor.
    fn given(&self, online: &TwoParty<impl Offline>) -> Option<Vector> {
        online.fixed_masks(online.party.id(), self.making.request, self.rows)
    }

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
        let knows_both = online.party.id() == 1;
        if self.is_drawn() {
            let masks = [&free_0, &free_1].map(|free| Some(free.ring[0].clone()));
            online.keep_masks(if knows_both { masks } else { [masks[0].clone(), None] });
        }
        if !knows_both {
            return free_0.followed_by(rest);
        }
        let fixed = online.all_fixed_masks(self.making.request, self.rows);
        let free = free_0.add(&free_1);
        let all = Material::correlated(self.making.request, fixed.as_ref(), &free, content, next);
        free_1.followed_by(all.sub(&rest))
    }
}

/// How all of a demand is made: the same for both parties.
struct Plan<'a> {
    requests: Vec<Planned<'a>>,
    /// Transfers that party i receives.
    counts: [usize; 2],
    /// Bytes of ciphertexts that each party sends in the first message, and in the second.
    ciphertext_bytes: [u64; 2],
    /// Number of this offline phase.
    phase: u64,
    extension: Extension,
}

impl<'a> Plan<'a> {
    /// `draws` counts draws from one plan to the next.
    fn of<S: Style>(demand: &'a Demand, phase: u64, draws: &Cell<u64>) -> Plan<'a> {
        let extension = S::EXTENSION;
        let (mut counts, mut sent, mut ciphertext_bytes) = ([0; 2], [0; 2], [0; 2]);
        let rows = &demand.rows[..];
        let planned = |(place, request)| {
            let making = Making::of(request, extension);
            // Twice for the ideal functionality, which draws for both.
            let first = draws.replace(draws.get() + 2 * making.layout.parts());
            let encrypts = S::TRIPLES_BY == TriplesBy::Encryption;
            if let Some(counts) = ciphertexts(request).filter(|_| encrypts) {
                ciphertext_bytes.iter_mut().zip(counts).for_each(|(sum, n)| *sum += CIPHERTEXT_BYTES * n);
                return Planned { place, making, receives: [false; 2], first, rows };
            }
            if matches!(request, Request::FixedMasks { .. }) {
                return Planned { place, making, receives: [false; 2], first, rows };
            }
            // A receiver sends more than a sender: it is the party that has sent less.
            let receives =
                [!making.is_one_sided() || sent[0] <= sent[1], !making.is_one_sided() || sent[0] > sent[1]];
            for party in (0..2).filter(|&party| receives[party]) {
                counts[party] += making.transfers.count();
                sent[party] += extension.bits(making.transfers.count());
                sent[1 - party] += making.transfers.correction_bits();
            }
            Planned { place, making, receives, first, rows }
        };
        let requests = demand.requests.iter().map(planned).collect();
        Plan { requests, counts, ciphertext_bytes, phase, extension }
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
        let chosen = self.extension.is_chosen().then(|| {
            let mut bits = Packed::default();
            for planned in self.received_by(me) {
                let (making, own) = (&planned.making, online.offline_stream(1 << me, planned.first));
                making.transfers.spread(&making.chosen(own, planned.given(online).as_ref()), &mut bits);
            }
            bits.into_plane()
        });
        Receiver::extend(
            self.extension,
            chosen,
            (self.counts[me], self.first_number(me)),
            self.seeds(online, me),
        )
    }

    /// Begins those that it sends, from what the other party sent.
    fn sender<O: Offline>(&self, online: &TwoParty<O>, received: &[Plane]) -> Sender {
        let me = online.party.id();
        let numbers = (self.counts[1 - me], self.first_number(1 - me));
        Sender::extend(
            self.extension,
            online.transfer_secret(),
            numbers,
            received,
            self.seeds(online, 1 - me),
        )
    }

    /// What this party has of each request that it sends transfers for, and the corrections.
    fn send<O: Offline>(&self, online: &TwoParty<O>, mut sender: Sender) -> (Vec<Half>, Plane) {
        let (me, mut corrections) = (online.party.id(), Packed::default());
        let half = |planned: &Planned| {
            let own = online.offline_stream(1 << me, planned.first);
            planned.making.send(&mut sender, &mut corrections, own, planned.given(online).as_ref())
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
            planned.making.receive(&mut receiver, &mut corrections, own, planned.given(online).as_ref())
        };
        self.received_by(me).map(half).collect()
    }

    /// This party's share of everything, from its halves.
    fn shares(&self, online: &TwoParty<impl Offline>, sent: Vec<Half>, received: Vec<Half>) -> Vec<Material> {
        let me = online.party.id();
        let (mut sent, mut received) = (sent.into_iter(), received.into_iter());
        let mut share = |planned: &Planned| {
            if planned.is_without_transfers() {
                return planned.ideal(online);
            }
            let sent = if planned.receives[1 - me] { sent.next() } else { None };
            let received = if planned.receives[me] { received.next() } else { None };
            planned.making.share(sent, received)
        };
        self.requests.iter().map(&mut share).collect()
    }
}

/// Sends so many bits, if any, behind so many bytes of ciphertexts, as many as the other party sends, and receives what that sends:
/// planes, or nothing that anybody could look at.
async fn exchange<O: Offline>(
    online: &TwoParty<O>,
    mine: Option<Vec<Plane>>,
    [mine_bits, their_bits]: [usize; 2],
    ciphertext_bytes: u64,
) -> Option<Vec<Plane>> {
    let (party, other) = (&online.party, 1 - online.party.id());
    let is_real = mine.is_some();
    let bits = || mine.map_or(Message::Opaque((mine_bits as u64).div_ceil(8)), Message::Bits);
    match (ciphertext_bytes, mine_bits) {
        (0, 0) => {}
        (0, _) => send(party, other, bits()),
        (ciphertexts, 0) => send(party, other, Message::Opaque(ciphertexts)),
        (ciphertexts, _) => send(party, other, Message::Many(vec![Message::Opaque(ciphertexts), bits()])),
    }
    let received = match (ciphertext_bytes, their_bits) {
        (0, 0) => return is_real.then(Vec::new),
        _ => party.recv(other).await,
    };
    match received {
        _ if !is_real => None,
        Message::Bits(planes) => Some(planes),
        Message::Many(mut parts) => match parts.pop() {
            Some(Message::Bits(planes)) => Some(planes),
            other => panic!("bits behind ciphertexts expected, not {other:?}"),
        },
        Message::Opaque(_) if their_bits == 0 => Some(Vec::new()),
        other => panic!("bits expected, not {other:?}"),
    }
}

impl<S: Style> Offline for ByTransfers<S> {
    const PARTIES: usize = 2 + S::TRIPLES_BY.are_dealt() as usize;
    const MATRIX_TRIPLES: bool = S::MATRIX_TRIPLES;
    const DOT_TRIPLES: bool = !matches!(S::TRIPLES_BY, TriplesBy::Clients);
    const LABELS: Extension = if S::EXTENSION.is_chosen() { S::EXTENSION } else { Extension::ISHAI };
    const SHARES_ARE_SUMMANDS: bool = true;
    const FIXES: bool = S::IS_SECUREML;
    const SHIFTS_SHARES: bool = S::IS_SECUREML;
    const OWN_DIVISION: Option<OwnDivision> = if S::IS_SECUREML { Some(ideal_quotients) } else { None };
    const COSTS: &'static [Declared] = S::COSTS;

    /// Base transfers in both directions, and a key that both have, from party 0: 3 rounds and 6192, 6176 bytes, or 2 rounds and
    /// 4144, 4128 bytes without trees. A dealer's keys come before: 1 round more, 16, 0, 32.
    async fn set_up(online: &TwoParty<Self>) {
        let party = &online.party;
        let has_keys = S::TRIPLES_BY == TriplesBy::Dealer;
        if has_keys {
            agree_on_keys(party).await;
        }
        if party.id() == DEALER {
            return;
        }
        let other = 1 - party.id();
        let _span = party.span("base_transfers");
        let mut key = if party.id() == 0 && !has_keys { KEY_BYTES } else { 0 };
        for &bytes in S::EXTENSION.set_up_bytes() {
            send(party, other, Message::Opaque(bytes + std::mem::take(&mut key)));
            party.recv(other).await;
        }
    }

    async fn own_less_than_zero(online: &TwoParty<Self>, x: &Additive<Vector>) -> Option<Additive<Vector>> {
        if S::IS_SECUREML { Some(online.garbled_less_than_zero(x).await) } else { None }
    }

    async fn own_where_negative(
        online: &TwoParty<Self>,
        sign: &Additive<Vector>,
        x: &Additive<Vector>,
    ) -> Option<[Additive<Vector>; 2]> {
        if S::IS_SECUREML { Some(online.garbled_where_negative(sign, x).await) } else { None }
    }

    async fn own_divide(
        online: &TwoParty<Self>,
        division: &Division<'_, Additive<Vector>>,
    ) -> Option<Additive<Vector>> {
        if S::IS_SECUREML { Some(online.garbled_divide(division).await) } else { None }
    }

    async fn prepare(online: &TwoParty<Self>, demand: &Demand) {
        let (offline, me) = (&online.offline, online.party.id());
        match S::TRIPLES_BY {
            TriplesBy::Dealer => return deal(online, demand, &offline.draws).await,
            TriplesBy::Clients => return hand_out(online, demand, &offline.draws).await,
            TriplesBy::Transfers | TriplesBy::SoftSpoken | TriplesBy::Encryption => {}
        }
        let phase = offline.phases.replace(offline.phases.get() + 1);
        let plan = Plan::of::<S>(demand, phase, &offline.draws);
        let is_real = online.content == Content::Values && plan.pads() <= S::REAL_PADS;
        let (counts, directions) = (plan.counts, [me, 1 - me]);

        let span = online.party.span("extension");
        let begun =
            charged(S::EXTENSION.receiver_work(counts[me]), || is_real.then(|| plan.receiver(online)));
        let (receiver, sent) = begun.unzip();
        let [own, back] = plan.ciphertext_bytes;
        let columns = directions.map(|party| S::EXTENSION.bits(counts[party]));
        let received = exchange(online, sent, columns, own).await;
        let sender = charged(S::EXTENSION.sender_work(counts[1 - me]), || {
            received.map(|planes| plan.sender(online, &planes))
        });
        drop(span);

        let span = online.party.span("corrections");
        let halves = charged(plan.pad_work(1 - me, false), || sender.map(|sender| plan.send(online, sender)));
        let (sent_halves, corrections) = halves.unzip();
        let bits = [1 - me, me].map(|receiver| plan.correction_bits(receiver));
        let corrections = exchange(online, corrections.map(|plane| vec![plane]), bits, back).await;
        let received_halves = charged(plan.pad_work(me, true), || {
            let (receiver, corrections) = (receiver?, corrections?);
            Some(plan.receive(online, receiver, corrections.first()))
        });
        drop(span);

        let own_work = plan.requests.iter().map(Planned::own_work).sum();
        let shares = charged(own_work, || match sent_halves.zip(received_halves) {
            Some((sent, received)) => plan.shares(online, sent, received),
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
