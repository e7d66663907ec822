//! How three parties, one of them malicious, make what `falcon_malicious` takes: what [`super::falcon_offline`] says, and the triples by which
//! products are checked. The paper says what is prepared and not how.
//!
//! * **Triples** of ring elements, and of matrices, are products over Z_2^104 of random factors with MACs, of which all MACs are checked at
//!   once ([`super::spdz_wise`]). Those of bits and of residues come from cut and choose ([`super::bit_triples`], [`super::residue_triples`]).
//! * **Products** of bits and of residues that the making itself takes are shared again first. At the end each is checked by a triple, as
//!   products are in the program.
//! * **Bits become** ring elements or residues by their components: each is known to two parties, who hold it as a sharing without a message;
//!   two products make the xor of all three. No party can tell another bit.
//!
//! Nothing is opened before it is checked but under a random mask, and nothing is used before.
//! Above each operation: rounds, and payload bytes by each party.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use super::bit_triples::{BitTriples, bits_off, held_planes, words};
use super::falcon_offline::{Material, Preparing};
use super::replicated::{Replicated, zipped};
use super::residue_shares::Residue;
use super::residue_triples::{ResidueTriples, concat, off};
use super::spdz_wise::SpdzWise;
use super::three_parties::ThreeParties;
use crate::protocol::demand::Request;
use crate::protocol::rep3::Rep3;
use crate::protocol::{Components, Demand, Protocol, RingShare};
use crate::ring::{Plane, RingVector, Vector, Wide};
use crate::sim::all;

type Z = Wide<104>;
type Bits = Replicated<Plane>;

/// Products by strand and number: x, y and x y, to be checked later.
type Products<T> = RefCell<BTreeMap<(u64, u64), [T; 3]>>;

/// Products that nobody checked yet.
#[derive(Default)]
struct Unchecked {
    bits: Products<Vec<Bits>>,
    residues: Products<Replicated<Residue>>,
}

/// One of three parties who prepare something and check each other.
pub(in crate::protocol) struct Checked {
    rep3: Rep3,
    arithmetic: SpdzWise,
    unchecked: Rc<Unchecked>,
}

impl Checked {
    fn three(&self) -> &ThreeParties {
        &self.arithmetic.three
    }

    fn fork(&self, n: usize) -> Vec<Checked> {
        let handles = self.rep3.fork(n).into_iter().zip(self.arithmetic.fork(n));
        let handle = |(rep3, arithmetic)| Checked { rep3, arithmetic, unchecked: Rc::clone(&self.unchecked) };
        handles.map(handle).collect()
    }

    /// A party of a program's offline phase.
    pub fn new(rep3: &Rep3) -> Checked {
        // A strand for what it draws by itself, and one for what it draws with MACs.
        let [rep3, other] = rep3.fork_two();
        let three = ThreeParties::new(other.party, other.seed, other.content);
        let arithmetic = SpdzWise::new(three);
        arithmetic.draw_key();
        Checked { rep3, arithmetic, unchecked: Rc::default() }
    }

    /// Cheats.
    #[cfg(test)]
    pub fn deviate(&mut self, deviation: super::deviation::Deviation) {
        self.arithmetic.three.deviation = deviation;
    }

    /// All that a program takes, in the order of its places, checked.
    pub async fn make(&self, demand: &Demand) -> Vec<Material> {
        let strands = self.fork(demand.requests.len());
        let made =
            strands.iter().zip(demand.requests.values()).map(|(strand, request)| strand.alone(request));
        let made = all(made.collect()).await;
        let mut pools = self.pools(demand).await;
        self.check(&mut pools).await;
        let taken = made.into_iter().zip(demand.requests.values());
        taken.map(|(made, request)| made.unwrap_or_else(|| pools.take(request))).collect()
    }

    /// What is made for a place by itself; none of triples that are made for all places together.
    async fn alone(&self, request: &Request) -> Option<Material> {
        let triple = match *request {
            Request::BitTriples { .. } | Request::ResidueTriples { .. } => return None,
            Request::Triples { len } => self.triple([len, len], TripleOf::Dots(1)).await,
            Request::Dots { results, width } => {
                self.triple([results * width; 2], TripleOf::Dots(width)).await
            }
            Request::Matrices { shape } => {
                let lens = [shape.rows * shape.inner, shape.inner * shape.columns];
                self.triple(lens, TripleOf::Matrices(shape)).await
            }
            ref other => return Some(Material::make(self, other).await),
        };
        Some(Material::Triples(triple))
    }

    /// 2 rounds; 13 an element of a, and 26 a product.
    async fn triple(&self, lens: [usize; 2], of: TripleOf) -> [Replicated<Vector>; 3] {
        let three = self.three();
        let _span = three.party.span("triples");
        let [a, b] = lens.map(|len| three.random(|key| Z::random(key, three.content, len)));
        let a = self.arithmetic.authenticate(a).await;
        let c = match of {
            TripleOf::Dots(width) => self.arithmetic.dot_with(&a, &b, width).await,
            TripleOf::Matrices(shape) => self.arithmetic.matmul_with(&a, &b, shape).await,
        };
        [a.value, b, c.value].map(|x| low_words(&x))
    }

    /// Triples of bits and of residues: those that the program takes, and one for each product that is not checked yet.
    async fn pools(&self, demand: &Demand) -> Pools {
        let Unchecked { bits, residues } = &*self.unchecked;
        let lens = |planes: &[Bits]| words(planes.iter().map(Components::elements));
        let mut bit_words: usize = bits.borrow().values().map(|[x, _, _]| lens(x)).sum();
        let mut number: usize = residues.borrow().values().map(|[x, _, _]| x.elements()).sum();
        for request in demand.requests.values() {
            match request {
                Request::BitTriples { lens } => bit_words += words(lens.iter().copied()),
                Request::ResidueTriples { len } => number += len,
                _ => {}
            }
        }
        let three = self.three();
        Pools {
            bits: if bit_words == 0 { None } else { Some(three.bit_triples(bit_words).await) },
            residues: if number == 0 { None } else { Some(three.residue_triples(number).await) },
            taken: 0,
        }
    }

    /// Checks all products: 1 round to open what is checked, 2/8 byte a bit and 2 a residue; then MACs, and hashes of all.
    async fn check(&self, pools: &mut Pools) {
        let three = self.three();
        let _span = three.party.span("check");
        let bits = self.unchecked.bits.take();
        if !bits.is_empty() {
            let all = |i: usize| bits.values().flat_map(|product| &product[i]).collect::<Vec<_>>();
            let [x, y, z] = [0, 1, 2].map(all);
            let lens: Vec<usize> = x.iter().map(|x| x.elements()).collect();
            let [a, b, c] = pools.bits.as_mut().expect("triples were made").take(&lens);
            let pairs: Vec<[&Bits; 2]> = [(&x, &a), (&y, &b)]
                .iter()
                .flat_map(|(x, a)| x.iter().zip(*a).map(|(x, a)| [*x, a]))
                .collect();
            let opened = three.open(&held_planes(&three.xor_each(&pairs))).await;
            let zero = bits_off([&y, &z], [&a, &c], &opened);
            three.zero(&zero).into_iter().for_each(|component| three.note_opening(component));
        }
        let residues = self.unchecked.residues.take();
        if !residues.is_empty() {
            let all = |i: usize| concat(&residues.values().map(|product| &product[i]).collect::<Vec<_>>());
            let [x, y, z] = [0, 1, 2].map(all);
            let [a, b, c] = pools.take_residues(x.elements());
            let opened = three.open(&concat(&[&x.sub(&a), &y.sub(&b)])).await;
            let [r, s] = [0, 1].map(|i| opened.slice(i * x.elements(), (i + 1) * x.elements()));
            let zero = off([&y, &z], [&a, &c], [&r, &s]);
            three.zero(&zero).into_iter().for_each(|component| three.note_opening(component));
        }
        self.arithmetic.check_macs().await;
        three.compare_openings().await;
    }

    /// Where a product is noted.
    fn place(&self) -> (u64, u64) {
        (self.three().party.strand(), self.three().draw())
    }

    /// The components of bits, one plane after the other, each as a sharing. Local.
    fn components<V: RingVector>(&self, x: &[Bits]) -> [Replicated<V>; 3] {
        let three = self.three();
        let held = held_planes(x);
        let [own, next] = [&held.own, &held.next].map(|planes| V::from_bits(planes));
        [0, 1, 2].map(|number| {
            three.held(|component| match component {
                c if c != number => V::constant(three.content, own.len(), 0),
                c if c == three.id() => own.clone(),
                _ => next.clone(),
            })
        })
    }
}

/// What a triple is one of.
enum TripleOf {
    Dots(usize),
    Matrices(crate::ring::MatMul),
}

/// Triples that are made for all places together.
struct Pools {
    bits: Option<BitTriples>,
    residues: Option<ResidueTriples>,
    /// Triples of residues that were taken.
    taken: usize,
}

impl Pools {
    fn take(&mut self, request: &Request) -> Material {
        match request {
            Request::BitTriples { lens } => {
                Material::BitTriples(self.bits.as_mut().expect("triples were made").take(lens))
            }
            Request::ResidueTriples { len } => Material::ResidueTriples(self.take_residues(*len)),
            other => panic!("{other:?} are not made for all places together"),
        }
    }

    fn take_residues(&mut self, len: usize) -> ResidueTriples {
        let start = self.taken;
        self.taken += len;
        let triples = self.residues.as_ref().expect("triples were made");
        triples.each_ref().map(|x| Replicated::combine([x], |[x]| x.slice(start, start + len)))
    }
}

/// The components modulo 2^64. Local.
fn low_words(x: &Replicated<Z>) -> Replicated<Vector> {
    Replicated { own: x.own.low_words(), next: x.next.low_words() }
}

/// x xor y, for the product of both. Local.
fn xor<V: RingVector>(x: &Replicated<V>, y: &Replicated<V>, both: &Replicated<V>) -> Replicated<V>
where
    Replicated<V>: Components<Part = V>,
{
    Replicated::combine([x, y, both], |[x, y, both]| x.add(y).sub(&both.scale(2)))
}

impl Preparing for Checked {
    fn rep3(&self) -> &Rep3 {
        &self.rep3
    }

    fn fork_two(&self) -> [Checked; 2] {
        self.fork(2).try_into().unwrap_or_else(|_| panic!("two handles"))
    }

    /// 1 round; 1/8 a bit.
    async fn and(&self, pairs: &[[&Bits; 2]]) -> Vec<Bits> {
        if pairs.is_empty() {
            return Vec::new();
        }
        let three = self.three();
        let _span = three.party.span("and");
        let masks: Vec<Bits> = pairs.iter().map(|[x, _]| three.random_plane(x.elements())).collect();
        let operands: Vec<[&Plane; 6]> = pairs
            .iter()
            .zip(&masks)
            .map(|([x, y], mask)| [&x.own, &x.next, &y.own, &y.next, &mask.own, &mask.next])
            .collect();
        let mine = Plane::fused(6, &operands, |[x, x_next, y, y_next, r, s]| {
            (x & (y ^ y_next)) ^ (x_next & y) ^ (r ^ s)
        });
        let Replicated { own, next } = three.reshare(vec![mine]).await.remove(0);
        let products = zipped(own, next);
        let [x, y] = [0, 1].map(|i| pairs.iter().map(|pair| pair[i].clone()).collect());
        self.unchecked.bits.borrow_mut().insert(self.place(), [x, y, products.clone()]);
        products
    }

    /// 1 round; 1 each.
    async fn residue_products(
        &self,
        x: &Replicated<Residue>,
        y: &Replicated<Residue>,
    ) -> Replicated<Residue> {
        let _span = self.three().party.span("mul_residues");
        let product = self.three().unchecked_residue_product(x, y).await;
        self.unchecked.residues.borrow_mut().insert(self.place(), [x.clone(), y.clone(), product.clone()]);
        product
    }

    /// 3 rounds; 78 a bit.
    async fn bits_to_ring(&self, x: &[Bits]) -> Vec<Replicated<Vector>> {
        let _span = self.three().party.span("bits_to_ring");
        let [first, second, third] = self.components::<Z>(x);
        let n = first.elements();
        let both = Replicated::combine([&first, &third], |[x, y]| Z::concat(&[x, y]));
        let both = self.arithmetic.authenticate(both).await;
        let (first_mac, third_mac) = (both.slice(0, n), both.slice(n, 2 * n));
        let product = self.arithmetic.dot_with(&first_mac, &second, 1).await.value;
        let two = xor(&first, &second, &product);
        let product = self.arithmetic.dot_with(&third_mac, &two, 1).await.value;
        let all = low_words(&xor(&two, &third, &product));
        let mut start = 0;
        x.iter()
            .map(|x| {
                start += x.elements();
                all.slice(start - x.elements(), start)
            })
            .collect()
    }

    /// 2 rounds; 2 a bit.
    async fn bits_to_residues(&self, x: &[Bits]) -> Replicated<Residue> {
        let _span = self.three().party.span("bits_to_residues");
        let [first, second, third] = self.components::<Residue>(x);
        let product = self.residue_products(&first, &second).await;
        let two = xor(&first, &second, &product);
        let product = self.residue_products(&two, &third).await;
        xor(&two, &third, &product)
    }
}
