//! `falcon_malicious`: [`super::falcon`] among three parties of whom one does anything at all: whoever is told something wrong ends the run.
//!
//! | | what a party could do | what is checked |
//! |---|---|---|
//! | opening | tell one party another component | both others tell it, who hold it, and it is compared at once |
//! | product | share a wrong part of it | z = x y is checked by a triple (a, b, a b): x - a and y - b are opened, and z - a b - a (y - b) - (x - a) y must be zero |
//! | offline phase | make wrong triples or masks | MACs, cut and choose, a triple for each product: `parts/falcon_checked.rs` |
//! | input | nothing: any two components are a sharing of something | |
//!
//! What must be zero is compared by hashes of its three components, of which each party computes the one that it lacks: before the product of a
//! comparison is opened, since one that is wrong would tell something about the mask, and by [`Protocol::check`] before anything else
//! that is not masked is. So a comparison takes a round more than the semi-honest one, as Falcon's does.
//!
//! A product that is truncated is shared before, since a sum of three parts cannot be checked: it takes two rounds all the same.
//!
//! Sources: Wagh et al., "Falcon" (PETS 2021), for openings by both neighbours and a triple for each product; Furukawa, Lindell, Nof, Weinstein,
//! "High-throughput secure three-party computation for malicious adversaries and an honest majority" (EUROCRYPT 2017, ePrint 2016/944), for
//! the check. The authors' program has neither: docs/fidelity.md.
//! Above each operation: rounds, and payload bytes per element sent by each party with ring elements of 64 bits.
//!
//! [`Protocol::check`]: super::Protocol::check

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use super::declared::{Declared, Primitive, Sent};
use super::demand::{Request, Supply};
use super::falcon::{self, FalconOver};
use super::parts::bit_triples::{bits_off, held_planes};
use super::parts::falcon_checked::Checked;
use super::parts::falcon_offline::Material;
use super::parts::falcon_parties::Parties;
use super::parts::replicated::{Replicated, zipped};
use super::parts::residue_shares::{Residue, Told};
use super::parts::residue_triples::off;
use super::parts::three_parties::{compare, joined, parts, zero_components};
use super::{BitShare, Components, Demand, Message, Protocol, Rep3, RingShare, rep3};
use crate::ring::{MatMul, Plane, RingVector, Vector};

/// The protocol over Z_2^64.
pub type FalconMalicious = FalconOver<64, Checking>;
/// The same over Z_2^32.
pub type FalconMalicious32 = FalconOver<32, Checking>;

/// A strand of a program, and a number in it.
type Place = (Vec<(usize, usize)>, u64);

/// One of three parties who check each other.
pub struct Checking {
    rep3: Rep3,
    supply: Supply<Material>,
    /// What must be zero and was not compared yet: its components.
    zeros: Rc<RefCell<BTreeMap<Place, Vec<Message>>>>,
    #[cfg(test)]
    pub(super) deviation: super::parts::deviation::Deviation,
}

/// What was received in the round of a product: the part of it, or a component, and what the two neighbours opened alike.
struct Exchanged {
    mine: Message,
    received: Message,
    opened: Vec<Message>,
}

impl Checking {
    fn span(&self, name: &'static str) -> crate::sim::SpanGuard<Message> {
        self.rep3.party.span(name)
    }

    /// What this party is about to share. In tests, a party that cheats has something else.
    #[cfg(not(test))]
    fn shared(&self, mine: Message) -> Message {
        mine
    }

    #[cfg(test)]
    fn shared(&self, mine: Message) -> Message {
        self.deviation.applied(mine)
    }

    /// What both neighbours say, if they say the same.
    async fn same(&self, previous: Vec<Message>, next: Vec<Message>) -> Vec<Message> {
        if !previous.iter().zip(&next).all(|(x, y)| x.same(y)) {
            let (one, other) = (self.rep3.previous(), self.rep3.next());
            self.rep3
                .party
                .abort(format!("opened values: the parties {one} and {other} tell different ones"))
                .await;
        }
        previous
    }

    /// Shares a part of a product again, and tells both neighbours the components that they lack of what is opened beside. 1 round.
    async fn exchange(&self, mine: Message, told: Told, opened: Vec<Replicated<Message>>) -> Exchanged {
        let mine = self.shared(mine);
        let (mut on, mut back): (Vec<_>, Vec<_>) =
            opened.into_iter().map(|Replicated { own, next }| (own, next)).unzip();
        match told {
            Told::Previous => back.insert(0, mine.clone()),
            Told::Next => on.insert(0, mine.clone()),
        }
        let rep3 = &self.rep3;
        super::send(&rep3.party, rep3.previous(), joined(back));
        super::send(&rep3.party, rep3.next(), joined(on));
        let mut previous = parts(rep3.party.recv(rep3.previous()).await);
        let mut next = parts(rep3.party.recv(rep3.next()).await);
        let received = match told {
            Told::Previous => next.remove(0),
            Told::Next => previous.remove(0),
        };
        Exchanged { mine, received, opened: self.same(previous, next).await }
    }

    /// Adds something to what must be zero.
    fn note(&self, components: Vec<Message>) {
        let place = (self.supply.strand().to_vec(), self.rep3.draw());
        self.zeros.borrow_mut().insert(place, components);
    }

    fn note_ring(&self, zero: &Replicated<Vector>) {
        let components = zero_components(self.rep3.party.id(), zero);
        self.note(components.iter().map(|component| self.rep3.ring_message(component)).collect());
    }

    fn take_triples(&self, request: Request) -> [Replicated<Vector>; 3] {
        match Material::take(&self.supply, &self.rep3, request) {
            Material::Triples(triples) => triples,
            _ => panic!("something else in the place of triples"),
        }
    }

    /// A product from this party's part of it, and what is opened to check it: x - a and y - b. 1 round.
    async fn product<V: RingVector>(
        &self,
        (mine, told): (V, Told),
        [x, y]: [&Replicated<V>; 2],
        [a, b]: [&Replicated<V>; 2],
        (message, content): (impl Fn(&V) -> Message, fn(Message) -> V),
    ) -> (Replicated<V>, [V; 2])
    where
        Replicated<V>: RingShare,
    {
        let differences = [x.sub(a), y.sub(b)];
        let sent = differences
            .each_ref()
            .map(|Replicated { own, next }| Replicated { own: message(own), next: message(next) });
        let exchanged = self.exchange(message(&mine), told, sent.into()).await;
        let mut missing = exchanged.opened.into_iter().map(content);
        let opened = differences.map(|d| d.own.add(&d.next).add(&missing.next().expect("two differences")));
        let (mine, received) = (content(exchanged.mine), content(exchanged.received));
        let product = match told {
            Told::Previous => Replicated { own: mine, next: received },
            Told::Next => Replicated { own: received, next: mine },
        };
        (product, opened)
    }

    /// The same for ring elements.
    async fn ring_product(
        &self,
        mine: Vector,
        factors: [&Replicated<Vector>; 2],
        masks: [&Replicated<Vector>; 2],
    ) -> (Replicated<Vector>, [Vector; 2]) {
        let message = |x: &Vector| self.rep3.ring_message(x);
        self.product((mine, Told::Previous), factors, masks, (message, Message::into_ring)).await
    }
}

/// Whether a sub-program was over when another one went on, or is the same, or waits for the other.
fn is_over(strand: &[(usize, usize)], other: &[(usize, usize)]) -> bool {
    let differs = strand.iter().zip(other).find(|(x, y)| x != y);
    // Children of the same fork run side by side.
    differs.is_none_or(|(x, y)| x.0 < y.0)
}

impl<const RING_BITS: u32> Parties<RING_BITS> for Checking {
    const COSTS: &'static [Declared] = Costs::<RING_BITS>::DECLARED;
    const TRUNCATES_FIRST: bool = false;

    fn new(rep3: Rep3) -> Self {
        Checking {
            rep3,
            supply: Supply::default(),
            zeros: Rc::default(),
            #[cfg(test)]
            deviation: Default::default(),
        }
    }

    fn rep3(&self) -> &Rep3 {
        &self.rep3
    }

    fn supply(&self) -> &Supply<Material> {
        &self.supply
    }

    fn fork(&self, n: usize) -> Vec<Self> {
        let handle = |(rep3, supply)| Checking {
            rep3,
            supply,
            zeros: Rc::clone(&self.zeros),
            #[cfg(test)]
            deviation: self.deviation.clone(),
        };
        self.rep3.fork(n).into_iter().zip(self.supply.fork(n)).map(handle).collect()
    }

    /// Each party tells both others what they lack, who compare. 1 round.
    async fn missing<T>(&self, x: &Replicated<T>, message: impl Fn(&T) -> Message) -> Message {
        let rep3 = &self.rep3;
        super::send(&rep3.party, rep3.next(), message(&x.own));
        super::send(&rep3.party, rep3.previous(), message(&x.next));
        let previous = rep3.party.recv(rep3.previous()).await;
        let next = rep3.party.recv(rep3.next()).await;
        self.same(vec![previous], vec![next]).await.remove(0)
    }

    /// 1 round; 40 for products of two. Taken: a triple.
    async fn dot(&self, x: &Replicated<Vector>, y: &Replicated<Vector>, width: usize) -> Replicated<Vector> {
        let _span = self.span(if width == 1 { "mul" } else { "dot" });
        let len = x.elements();
        let request = match width {
            1 => Request::Triples { len },
            _ => Request::Dots { results: len / width, width },
        };
        let [a, b, c] = self.take_triples(request);
        let mine = self.rep3.dot_part(x, y, width);
        let (z, [r, s]) = self.ring_product(mine, [x, y], [&a, &b]).await;
        let zero = Replicated::combine([y, &z, &a, &c], |[y, z, a, c]| {
            let terms = a.mul(&s).add(&r.mul(y));
            let terms = if width == 1 { terms } else { terms.row_sums(width) };
            z.sub(c).sub(&terms)
        });
        self.note_ring(&zero);
        z
    }

    /// 1 round; 8 an entry of the result, 16 an entry of a factor. Taken: a matrix triple.
    async fn matmul(
        &self,
        x: &Replicated<Vector>,
        y: &Replicated<Vector>,
        shape: MatMul,
    ) -> Replicated<Vector> {
        let _span = self.span("matmul");
        let [a, b, c] = self.take_triples(Request::Matrices { shape });
        let mine = self.rep3.matmul_part(x, y, shape);
        let (z, [r, s]) = self.ring_product(mine, [x, y], [&a, &b]).await;
        let zero = Replicated::combine([y, &z, &a, &c], |[y, z, a, c]| {
            z.sub(c).sub(&Vector::sum_of_products(&[(a, &[&s]), (&r, &[y])], shape))
        });
        self.note_ring(&zero);
        z
    }

    /// 1 round; 5 a bit. Taken: a triple.
    async fn and(&self, pairs: &[[&Replicated<Plane>; 2]]) -> Vec<Replicated<Plane>> {
        if pairs.is_empty() {
            return Vec::new();
        }
        let _span = self.span("and");
        let request = Request::BitTriples { lens: pairs.iter().map(|[x, _]| x.elements()).collect() };
        let Material::BitTriples([a, b, c]) = Material::take(&self.supply, &self.rep3, request) else {
            panic!("something else in the place of triples of bits")
        };
        let masked: Vec<Replicated<Plane>> = [(0, &a), (1, &b)]
            .iter()
            .flat_map(|&(i, a)| pairs.iter().zip(a).map(move |(pair, a)| pair[i].xor(a)))
            .collect();
        let held = held_planes(&masked);
        let told = Replicated { own: Message::Bytes(held.own), next: Message::Bytes(held.next) };
        let mine = Message::Bytes(self.rep3.and_parts(pairs));
        let exchanged = self.exchange(mine, Told::Previous, vec![told]).await;
        let products = zipped(exchanged.mine.into_bits(), exchanged.received.into_bits());
        let missing = exchanged.opened.into_iter().next().expect("what was opened").into_bits();
        let planes: Vec<_> = masked.iter().zip(&missing).map(|(x, m)| [&x.own, &x.next, m]).collect();
        let opened = Plane::fused(2, &planes, |[x, y, z]| x ^ y ^ z);
        let y: Vec<&Replicated<Plane>> = pairs.iter().map(|[_, y]| *y).collect();
        let zero = bits_off([&y, &products.iter().collect::<Vec<_>>()], [&a, &c], &opened);
        self.note(zero_components(self.rep3.party.id(), &zero).map(Message::Bytes).into());
        products
    }

    /// 1 round; 5 each. Taken: a triple.
    async fn residue_products(
        &self,
        x: &Replicated<Residue>,
        y: &Replicated<Residue>,
        told: Told,
    ) -> Replicated<Residue> {
        let _span = self.span("mul_residues");
        let request = Request::ResidueTriples { len: x.elements() };
        let Material::ResidueTriples([a, b, c]) = Material::take(&self.supply, &self.rep3, request) else {
            panic!("something else in the place of triples of residues")
        };
        let mine = (self.rep3.residue_part(x, y), told);
        let message = |x: &Residue| Message::Residues(x.clone());
        let (z, [r, s]) = self.product(mine, [x, y], [&a, &b], (message, Message::into_residues)).await;
        let zero = off([y, &z], [&a, &c], [&r, &s]);
        self.note(zero_components(self.rep3.party.id(), &zero).map(Message::Residues).into());
        z
    }

    async fn make(&self, demand: &Demand) -> Vec<Material> {
        #[cfg_attr(not(test), expect(unused_mut))]
        let mut parties = Checked::new(&self.rep3);
        #[cfg(test)]
        parties.deviate(self.deviation.clone());
        parties.make(demand).await
    }

    /// Hashes of what must be zero, of this sub-program and all that were over before it went on; nothing if there is nothing. Whoever forked it
    /// compares its own again. 1 round; 64 by each.
    async fn check(&self) {
        let own = self.supply.strand();
        let hashed: Vec<Message> = {
            let mut zeros = self.zeros.borrow_mut();
            let over = zeros.iter().filter(|((strand, _), _)| is_over(strand, own));
            let hashed = over.flat_map(|(_, components)| components.clone()).collect();
            zeros.retain(|(strand, _), _| !strand.starts_with(own));
            hashed
        };
        if hashed.is_empty() {
            return;
        }
        let _span = self.span("compare_zeros");
        compare(&self.rep3.party, vec![(hashed, "products")]).await;
    }
}

/// To both neighbours, so many bits for each of n, and so many bytes whatever n is: to the next, and to the previous.
const fn both(on: [u64; 2], back: [u64; 2]) -> [Sent; 6] {
    const fn sent(from: usize, to: usize, [bits, bytes]: [u64; 2]) -> Sent {
        Sent { bytes, ..Sent::bits(from, to, bits) }
    }
    [sent(0, 1, on), sent(1, 2, on), sent(2, 0, on), sent(0, 2, back), sent(1, 0, back), sent(2, 1, back)]
}

/// So many bits for each of n to both neighbours.
const fn opened(bits: u64) -> [Sent; 6] {
    both([bits, 0], [bits, 0])
}

/// Hashes of what must be zero.
const HASHES: &[Sent] = &both([0, 32], [0, 32]);
/// A residue, or a bit as the authors send it.
const BYTE: u64 = 8;
const CHECKED: &str = "z_i = x_i y_i + x_i y_(i+1) + x_(i+1) y_i + zero_i; z - a b - a (y - b) - (x - a) y = 0 with x - a, y - b opened for a triple";
const A_TRIPLE: &str = "a triple";

/// What the operations cost with ring elements of so many bits.
struct Costs<const RING_BITS: u32>;

impl<const RING_BITS: u32> Costs<RING_BITS> {
    /// Bits of a ring element, and its bytes.
    const ELEMENT: u64 = RING_BITS as u64;
    const BYTES: u64 = Self::ELEMENT / 8;
    const OPEN: &'static [Sent] = &opened(Self::ELEMENT);
    const OPEN_BYTE: &'static [Sent] = &opened(BYTE);
    const AND: &'static [Sent] = &both([2 * BYTE, 0], [3 * BYTE, 0]);

    /// Products of residues, so many for each of n, of which the parts go to the next party.
    const fn residues(number: u64) -> [Sent; 6] {
        both([3 * BYTE * number, 0], [2 * BYTE * number, 0])
    }

    /// A comparison up to its last products, of which a half, a quarter and so on are left.
    const FIRST: [&'static [Sent]; 7] = [
        Self::OPEN,
        &both([2 * BYTE * Self::ELEMENT, 0], [3 * BYTE * Self::ELEMENT, 0]),
        &Self::residues(Self::ELEMENT / 2),
        &Self::residues(Self::ELEMENT / 4),
        &Self::residues(Self::ELEMENT / 8),
        &Self::residues(Self::ELEMENT / 16),
        &Self::residues(Self::ELEMENT / 32),
    ];

    /// DReLU, then one more byte to both. Half as many positions have a product less.
    const SIGNS: &'static [&'static [Sent]] = {
        let [a, b, c, d, e, f, g] = Self::FIRST;
        let last = &Self::residues(1);
        if RING_BITS == u64::BITS {
            &[a, b, c, d, e, f, g, last, HASHES, Self::OPEN_BYTE, Self::OPEN_BYTE]
        } else {
            &[a, b, c, d, e, f, g, HASHES, Self::OPEN_BYTE, Self::OPEN_BYTE]
        }
    };

    /// What the operations cost.
    const DECLARED: &'static [Declared] = &[
        Declared { online: &[&[Sent::bits(0, 1, Self::ELEMENT)]], ..rep3::INPUT },
        Declared::online(
            Primitive::Open,
            "each tells both others the component that they lack, who compare what they are told",
            &[Self::OPEN],
        ),
        Declared::online(Primitive::OpenBits, "the same for bits, a byte each", &[Self::OPEN_BYTE]),
        Declared::online(
            Primitive::Mul,
            CHECKED,
            &[&both([2 * Self::ELEMENT, 0], [3 * Self::ELEMENT, 0]), HASHES],
        )
        .with_batches(A_TRIPLE),
        Declared::online(
            Primitive::Dot,
            "the same, summed before it is shared again",
            &[&both([4 * Self::ELEMENT, 0], [5 * Self::ELEMENT, 0]), HASHES],
        )
        .with_batches(A_TRIPLE),
        Declared::online(
            Primitive::MatMul,
            "the same for matrices",
            &[&both([2 * Self::ELEMENT, 2 * Self::BYTES], [3 * Self::ELEMENT, 2 * Self::BYTES]), HASHES],
        )
        .with_batches("a matrix triple"),
        Declared::online(Primitive::And, "the same over GF(2), a byte each", &[Self::AND, HASHES])
            .with_batches(A_TRIPLE),
        Declared::online(Primitive::Truncate, falcon::TRUNCATION, &[Self::OPEN]).with_batches(falcon::A_PAIR),
        Declared::online(Primitive::TruncateGap, falcon::TRUNCATION, &[Self::OPEN])
            .with_batches(falcon::A_PAIR),
        Declared::online(Primitive::Summands, "the components", &[]),
        Declared::online(Primitive::Cut, "the components", &[]),
        Declared::online(Primitive::Random, "components of which each is drawn by two", &[]),
        Declared::online(
            Primitive::BitsToRing,
            "m + b - 2 m b with m = x xor b opened for a random bit b",
            &[Self::OPEN_BYTE],
        )
        .with_batches(falcon::A_BIT),
        Declared::online(
            Primitive::AndToRing,
            "a product of bits, then the same",
            &[Self::AND, Self::OPEN_BYTE, HASHES],
        )
        .with_batches("a triple, a random bit"),
        Declared::online(Primitive::LessThanZero, falcon::SIGNS, Self::SIGNS).with_batches(A_COMPARISON),
        Declared::online(Primitive::OpenLessThanZero, "the same, then open_bits", Self::SIGNS)
            .with_batches(A_COMPARISON),
    ];
}

const A_COMPARISON: &str = "what falcon takes, and a triple for each product modulo 67";

#[cfg(test)]
mod tests {
    use super::is_over;

    /// What a sub-program compares must not depend on how far those beside it are.
    #[test]
    fn only_what_runs_beside_is_not_over() {
        let program: &[(usize, usize)] = &[];
        let child = &[(1, 0)][..];
        for (strand, expected) in [
            (child, true),
            (program, true),
            (&[(0, 1)], true),
            (&[(0, 1), (7, 0)], true),
            (&[(1, 0), (0, 2)], true),
            (&[(1, 1)], false),
            (&[(1, 1), (0, 0)], false),
        ] {
            assert_eq!(is_over(strand, child), expected, "{strand:?}");
        }
        assert!(is_over(child, program), "a child of the whole program");
    }
}
