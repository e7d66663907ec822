//! What `falcon` and `falcon_malicious` take from their offline phases, and how three parties make it. `Preparing` are those parties: semi-honest
//! here, and in `parts/falcon_checked.rs` some who check each other.
//!
//! The paper says what is prepared and not how. Here every random number is a sum of three, each of which two parties draw from
//! their common key; nobody knows all three. A carry-save addition and a Sklansky network on shared bits add them up, which gives
//! the bits of the number and how often the sum wraps. Bits become residues and ring elements as in `rep3`. Bits are packed, since
//! nothing here need be as in the authors' program, which has zeros in the place of all of this.

use super::replicated::Replicated;
use super::residue_shares::{Residue, Told};
use crate::protocol::demand::{Request, Supply};
use crate::protocol::rep3::Rep3;
use crate::protocol::{BitShare, Protocol, RingShare};
use crate::ring::{Content, MatMul, Plane, RingVector, Vector};
use crate::sim::both;

type Bits = Replicated<Plane>;

/// Three parties who prepare something.
#[allow(async_fn_in_trait)] // parties are tasks of one thread
pub(in crate::protocol) trait Preparing: Sized {
    /// The handle of what is local.
    fn rep3(&self) -> &Rep3;
    /// Handles for two sub-programs that run side by side.
    fn fork_two(&self) -> [Self; 2];
    /// Products of bits.
    async fn and(&self, pairs: &[[&Bits; 2]]) -> Vec<Bits>;
    /// Products of residues.
    async fn residue_products(&self, x: &Replicated<Residue>, y: &Replicated<Residue>)
    -> Replicated<Residue>;
    /// Bits as ring elements.
    async fn bits_to_ring(&self, x: &[Bits]) -> Vec<Replicated<Vector>>;
    /// Bits as residues, those of one plane after the other.
    async fn bits_to_residues(&self, x: &[Bits]) -> Replicated<Residue>;
}

impl Preparing for Rep3 {
    fn rep3(&self) -> &Rep3 {
        self
    }

    fn fork_two(&self) -> [Rep3; 2] {
        self.fork(2).try_into().unwrap_or_else(|_| panic!("two handles"))
    }

    async fn and(&self, pairs: &[[&Bits; 2]]) -> Vec<Bits> {
        Protocol::and(self, pairs).await
    }

    async fn residue_products(
        &self,
        x: &Replicated<Residue>,
        y: &Replicated<Residue>,
    ) -> Replicated<Residue> {
        Rep3::residue_products(self, x, y, Told::Previous).await
    }

    async fn bits_to_ring(&self, x: &[Bits]) -> Vec<Replicated<Vector>> {
        Protocol::bits_to_ring(self, x).await
    }

    async fn bits_to_residues(&self, x: &[Bits]) -> Replicated<Residue> {
        Rep3::bits_to_residues(self, x).await
    }
}

/// Correlated randomness.
pub enum Material {
    /// Random bits as ring elements; the lowest bits of the components share them as bits.
    Bits(Replicated<Vector>),
    /// For truncations.
    Masks(Masks),
    /// For comparisons.
    Signs(Signs),
    /// a, b and a b, where products are checked.
    Triples([Replicated<Vector>; 3]),
    /// The same for bits.
    BitTriples([Vec<Bits>; 3]),
    /// The same for residues.
    ResidueTriples([Replicated<Residue>; 3]),
}

/// The pair of a truncation of `bits`-bit numbers by `shift` bits, and a bit more.
pub struct Masks {
    /// r' modulo 2^(bits+1); only these bits of the components count.
    pub mask: Replicated<Vector>,
    /// r: r' modulo 2^bits without its lowest `shift` bits.
    pub upper: Replicated<Vector>,
    /// Bit `bits` of r'.
    pub top: Replicated<Vector>,
}

/// What a comparison takes.
pub struct Signs {
    /// Random ring elements r, in the upper ends of words.
    pub r: Replicated<Vector>,
    /// Their bits as residues, lowest first, each of all elements.
    pub bits: Replicated<Residue>,
    /// How often the components of r wrap, modulo 2.
    pub wrap: Bits,
    /// Random bits.
    pub flip: Bits,
    /// (-1)^flip.
    pub sign: Replicated<Residue>,
    /// Residues that are not zero.
    pub factor: Replicated<Residue>,
    /// Their products with the signs.
    pub signed_factor: Replicated<Residue>,
}

/// The sum of three numbers of n bits.
struct Added {
    /// Its lowest n bits.
    sum: Vec<Bits>,
    /// What each position carries in the carry-save addition.
    saved: Vec<Bits>,
    /// What each position from 1 on carries in the addition of what is left.
    carries: Vec<Bits>,
}

impl Added {
    /// The one or two bits of equal weight that come out of a position.
    fn out_of(&self, position: usize) -> Vec<Bits> {
        let second = position.checked_sub(1).map(|place| &self.carries[place]);
        std::iter::once(&self.saved[position]).chain(second).cloned().collect()
    }
}

/// x xor y of several.
fn xors<'a>(pairs: impl Iterator<Item = (&'a Bits, &'a Bits)>) -> Vec<Bits> {
    Bits::xor_each(&pairs.map(|(x, y)| [x, y]).collect::<Vec<_>>())
}

/// Adds the words x, y and z. 2 + ceil(log2 (n - 1)) rounds.
async fn added(rep3: &impl Preparing, [x, y, z]: [&[Bits]; 3]) -> Added {
    let (left, right) = (xors(x.iter().zip(z)), xors(y.iter().zip(z)));
    let products = rep3.and(&left.iter().zip(&right).map(|(x, y)| [x, y]).collect::<Vec<_>>()).await;
    let saved = xors(products.iter().zip(z));
    let halves = xors(left.iter().zip(y));
    // Position i from 1 on has what position i - 1 saved.
    let pairs: Vec<[&Bits; 2]> = halves[1..].iter().zip(&saved).map(|(x, y)| [x, y]).collect();
    let mut carries = rep3.and(&pairs).await;
    let alone = Bits::xor_each(&pairs);
    let mut propagate = alone.clone();
    let mut size = 1;
    while size < carries.len() {
        let nodes: Vec<(usize, usize)> = (0..carries.len())
            .filter(|place| place & size != 0)
            .map(|place| (place, place / size * size - 1))
            .collect();
        let generates = nodes.iter().map(|&(high, low)| [&propagate[high], &carries[low]]);
        // A group that begins at the lowest place has nothing to propagate.
        let inner: Vec<(usize, usize)> =
            nodes.iter().copied().filter(|&(high, _)| high >= 2 * size).collect();
        let propagates = inner.iter().map(|&(high, low)| [&propagate[high], &propagate[low]]);
        let mut products = rep3.and(&generates.chain(propagates).collect::<Vec<_>>()).await;
        let propagated = products.split_off(nodes.len());
        let highs: Vec<Bits> = nodes.iter().map(|&(high, _)| carries[high].clone()).collect();
        let generated = xors(highs.iter().zip(&products));
        nodes.iter().zip(generated).for_each(|(&(high, _), bit)| carries[high] = bit);
        inner.iter().zip(propagated).for_each(|(&(high, _), bit)| propagate[high] = bit);
        size *= 2;
    }
    let mut sum: Vec<Bits> = halves[..1].iter().chain(alone.first()).cloned().collect();
    sum.extend(xors(alone.iter().skip(1).zip(&carries)));
    Added { sum, saved, carries }
}

/// The three components as words.
async fn component_words(rep3: &Rep3, x: &Replicated<Vector>, bits: u32) -> Vec<Vec<Bits>> {
    let shared = |word: Vec<crate::protocol::Bit<Bits>>| -> Vec<Bits> {
        word.iter().map(|bit| bit.shared().expect("a shared bit").clone()).collect()
    };
    rep3.summands(x, bits).await.into_iter().map(shared).collect()
}

/// The sum of several bits modulo 2.
fn xor_all(bits: &[&Bits]) -> Bits {
    let (first, rest) = bits.split_first().expect("a bit");
    rest.iter().fold((*first).clone(), |sum, bit| sum.xor(bit))
}

impl Material {
    /// What was prepared, or shapes of it.
    pub(in crate::protocol) fn take(supply: &Supply<Material>, rep3: &Rep3, request: Request) -> Material {
        let prepared = supply.take(request.clone());
        prepared.unwrap_or_else(|| Material::shape(rep3, &request))
    }

    /// Shapes of what was not prepared.
    pub fn shape(rep3: &Rep3, request: &Request) -> Material {
        assert_eq!(rep3.content, Content::Shape, "correlated randomness that was not prepared");
        let vector = |len| rep3.held(|_| Vector::shape(len));
        let plane = |len| rep3.held(|_| Plane::shape(len));
        match *request {
            Request::Bits { len } => Material::Bits(vector(len)),
            Request::Triples { len } => Material::Triples([(); 3].map(|()| vector(len))),
            Request::Dots { results, width } => {
                Material::Triples([results * width, results * width, results].map(vector))
            }
            Request::Matrices { shape: MatMul { rows, inner, columns, .. } } => {
                Material::Triples([rows * inner, inner * columns, rows * columns].map(vector))
            }
            Request::BitTriples { ref lens } => {
                Material::BitTriples([(); 3].map(|()| lens.iter().map(|&len| plane(len)).collect()))
            }
            Request::ResidueTriples { len } => {
                Material::ResidueTriples([(); 3].map(|()| rep3.residue_shapes(len)))
            }
            Request::Truncations { len, .. } => {
                Material::Masks(Masks { mask: vector(len), upper: vector(len), top: vector(len) })
            }
            Request::Comparisons { len } => Material::Signs(Signs {
                r: vector(len),
                bits: rep3.residue_shapes(rep3.ring_bits as usize * len),
                wrap: plane(len),
                flip: plane(len),
                sign: rep3.residue_shapes(len),
                factor: rep3.residue_shapes(len),
                signed_factor: rep3.residue_shapes(len),
            }),
            ref other => panic!("falcon does not take {other:?}"),
        }
    }

    /// Makes what is asked for.
    pub(in crate::protocol) async fn make(parties: &impl Preparing, request: &Request) -> Material {
        match *request {
            Request::Bits { len } => Material::Bits(random_bits(parties, len).await),
            Request::Truncations { len, bits, shift } => {
                Material::Masks(masks(parties, len, bits, shift).await)
            }
            Request::Comparisons { len } => Material::Signs(signs(parties, len).await),
            ref other => panic!("falcon does not take {other:?}"),
        }
    }
}

fn random_plane(rep3: &Rep3, len: usize) -> Bits {
    let counter = rep3.draw();
    rep3.held(|component| rep3.stream(component, counter).planes(rep3.content, len, 1).remove(0))
}

/// Random numbers of which each component has `bits` bits.
fn random_numbers(rep3: &Rep3, len: usize, bits: u32) -> Replicated<Vector> {
    let counter = rep3.draw();
    rep3.held(|component| {
        let words = rep3.stream(component, counter).vector(rep3.content, len);
        if bits == u64::BITS { words } else { words.shift_right(u64::BITS - bits) }
    })
}

/// 2 rounds; 8, 8, 8.
async fn random_bits(parties: &impl Preparing, len: usize) -> Replicated<Vector> {
    let rep3 = parties.rep3();
    let _span = rep3.party.span("random_bits");
    let bits = random_plane(rep3, len);
    parties.bits_to_ring(&[bits]).await.remove(0)
}

/// r' of random components, of which the carries out of the lowest `shift` and out of all `bits` bits are counted.
async fn masks(parties: &impl Preparing, len: usize, bits: u32, shift: u32) -> Masks {
    let rep3 = parties.rep3();
    let _span = rep3.party.span("truncation_pairs");
    let mask = random_numbers(rep3, len, bits + 1);
    let words = component_words(rep3, &mask, bits + 1).await;
    let n = bits as usize;
    let added = added(parties, [&words[0][..n], &words[1][..n], &words[2][..n]]).await;
    let (low, high) = (added.out_of(shift as usize - 1), added.out_of(n - 1));
    let top = xor_all(&words.iter().map(|word| &word[n]).chain(&high).collect::<Vec<_>>());
    let all: Vec<Bits> = low.iter().chain(&high).cloned().chain([top]).collect();
    let mut elements = parties.bits_to_ring(&all).await;
    let top = elements.pop().expect("the top bit");
    let above = u64::BITS - bits;
    let floors = rep3.mapped(&mask, |_, x| x.scale(1 << above).shift_right(above + shift));
    let (lows, highs) = elements.split_at(low.len());
    let upper = lows.iter().fold(floors, |sum, low| sum.add(low));
    let upper = highs.iter().fold(upper, |sum, high| sum.sub(&high.scale(1i64 << (bits - shift))));
    Masks { mask, upper, top }
}

/// Numbers from 1 to 66 that nobody knows. 2 rounds; 2, 2, 2.
async fn factors(parties: &impl Preparing, len: usize) -> Replicated<Residue> {
    let [first, second, third] = parties.rep3().drawn_factors(len);
    let product = parties.residue_products(&first, &second).await;
    parties.residue_products(&product, &third).await
}

/// r of random components, its bits, how often the components wrap; random bits and factors.
async fn signs(parties: &impl Preparing, len: usize) -> Signs {
    let rep3 = parties.rep3();
    let _span = rep3.party.span("comparison_masks");
    let numbers = random_numbers(rep3, len, rep3.ring_bits);
    let flip = random_plane(rep3, len);
    let words = component_words(rep3, &numbers, rep3.ring_bits).await;
    let strands = parties.fork_two();
    let of_numbers = async {
        let added = added(&strands[0], [&words[0], &words[1], &words[2]]).await;
        let wrap = xor_all(&added.out_of(rep3.ring_bits as usize - 1).iter().collect::<Vec<_>>());
        let planes: Vec<Bits> = added.sum.into_iter().chain([flip.clone()]).collect();
        (wrap, strands[0].bits_to_residues(&planes).await)
    };
    let ((wrap, residues), factor) = both(of_numbers, factors(&strands[1], len)).await;
    let part = |start: usize, end: usize| rep3.mapped(&residues, |_, x| x.slice(start, end));
    let n = rep3.ring_bits as usize * len;
    let (bits, flipped) = (part(0, n), part(n, n + len));
    let minus_twice = rep3.mapped(&flipped, |_, x| x.scale(-2));
    let sign = rep3.plus_public(&minus_twice, &Residue::constant(rep3.content, len, 1));
    let signed_factor = parties.residue_products(&sign, &factor).await;
    let above = u64::BITS - rep3.ring_bits;
    let r = if above == 0 { numbers } else { numbers.scale(1 << above) };
    Signs { r, bits, wrap, flip, sign, factor, signed_factor }
}
