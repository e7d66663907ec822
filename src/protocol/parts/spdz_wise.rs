//! Authenticated replicated sharings among three parties: x modulo 2^64 as (`[x]`, `[alpha x]`) over Z_2^104, alpha a key that is
//! shared and never opened. Whoever adds something to a shared x would have to add alpha times that to its MAC.
//!
//! Sources: Chida, Genkin, Hamada, Ikarashi, Kikuchi, Lindell, Nof, "Fast large-scale honest-majority MPC for malicious
//! adversaries" (CRYPTO 2018, ePrint 2018/570), for MACs and the check of all products at once; Abspoel, Dalskov, Escudero, Nof,
//! "An efficient passive-to-active compiler for honest-majority MPC over rings" (ePrint 2019/1298), for rings.
//! Above each operation: rounds, and payload bytes by each party.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use super::replicated::Replicated;
use super::three_parties::{ThreeParties, contents};
use super::zero_test::cross;
use crate::protocol::{Components, Message, RingShare};
use crate::ring::{MatMul, RingVector, Vector, Wide};

type Z = Wide<104>;

/// Bytes of the public randomness for the check of random bits.
const COIN_BYTES: u64 = 16;

/// A value and its MAC.
#[derive(Clone, Debug)]
pub struct Authenticated {
    pub(in crate::protocol) value: Replicated<Z>,
    pub(in crate::protocol) mac: Replicated<Z>,
}

impl Components for Authenticated {
    type Part = Z;

    fn combine<const N: usize>(shares: [&Self; N], f: impl Fn([&Z; N]) -> Z) -> Self {
        Authenticated {
            value: Replicated::combine(shares.map(|s| &s.value), &f),
            mac: Replicated::combine(shares.map(|s| &s.mac), &f),
        }
    }

    fn combine_all(shares: &[&Self], f: impl Fn(&[&Z]) -> Vec<Z>) -> Vec<Self> {
        let values = Replicated::combine_all(&shares.iter().map(|s| &s.value).collect::<Vec<_>>(), &f);
        let macs = Replicated::combine_all(&shares.iter().map(|s| &s.mac).collect::<Vec<_>>(), &f);
        values.into_iter().zip(macs).map(|(value, mac)| Authenticated { value, mac }).collect()
    }

    fn elements(&self) -> usize {
        self.value.elements()
    }
}

/// Parts of sums over all results that were not checked yet, with random coefficients: of the values, and of their MACs.
#[derive(Default)]
struct Waiting {
    sums: Option<[Z; 2]>,
}

/// What all sub-programs of a party have in common.
#[derive(Default)]
struct Macs {
    /// The components of alpha; zeros for shapes.
    key: Cell<[u128; 2]>,
    waiting: RefCell<Waiting>,
}

/// One of three parties with authenticated shares.
pub(in crate::protocol) struct SpdzWise {
    pub three: ThreeParties,
    macs: Rc<Macs>,
}

impl SpdzWise {
    pub fn new(three: ThreeParties) -> Self {
        SpdzWise { three, macs: Rc::default() }
    }

    pub fn fork(&self, n: usize) -> Vec<Self> {
        let handle = |three| SpdzWise { three, macs: Rc::clone(&self.macs) };
        self.three.fork(n).into_iter().map(handle).collect()
    }

    /// Draws the key of the MACs. Local.
    pub fn draw_key(&self) {
        let key = self.three.random(|key| Z::random(key, self.three.content, 1));
        let component = |x: Z| x.integers().map_or(0, |x| x[0]);
        self.macs.key.set([component(key.own), component(key.next)]);
    }

    /// Component 0 is the public vector, its MAC is c alpha. Local.
    pub fn public(&self, c: &Vector) -> Authenticated {
        let (three, wide) = (&self.three, Z::from_unsigned(c));
        let [own, next] = self.macs.key.get();
        let value =
            three.held(
                |component| {
                    if component == 0 { wide.clone() } else { Z::constant(three.content, c.len(), 0) }
                },
            );
        let mac = Replicated { own: wide.scale(own.cast_signed()), next: wide.scale(next.cast_signed()) };
        Authenticated { value, mac }
    }

    /// The products with alpha, not shared again. Local.
    fn times_key(&self, x: &Replicated<Z>) -> Z {
        self.three.masked(&Z::cross_terms_with([&x.own, &x.next], self.macs.key.get()))
    }

    /// Values of which some parties know components, with their MACs. 1 round; 13.
    pub async fn authenticate(&self, value: Replicated<Z>) -> Authenticated {
        let mac = self.three.reshare(vec![self.times_key(&value)]).await.remove(0);
        let x = Authenticated { value, mac };
        self.note(&x);
        x
    }

    /// Adds results to those that are checked later: x and alpha x, times a random number that nobody knows. Local.
    pub fn note(&self, x: &Authenticated) {
        let three = &self.three;
        let r = three.random(|key| Z::random(key, three.content, x.elements()));
        let sum = |x: &Replicated<Z>| Z::sum_of_cross_terms([&r.own, &r.next], [&x.own, &x.next]);
        let [value, mac] = [sum(&x.value), sum(&x.mac)];
        let mut waiting = self.macs.waiting.borrow_mut();
        waiting.sums = Some(match waiting.sums.take() {
            None => [value, mac],
            Some([values, macs]) => [values.add(&value), macs.add(&mac)],
        });
    }

    /// Checks all results since the last time; nothing if there are none. 18 rounds; about 11 kB, whatever the number.
    pub async fn check_macs(&self) {
        let Some([values, macs]) = self.macs.waiting.borrow_mut().sums.take() else { return };
        let content = self.three.content;
        let [own, next] = self.macs.key.get().map(|key| Z::constant(content, 1, key.cast_signed()));
        self.three.check_product([&values, &macs], &Replicated { own, next }, "MAC check").await;
    }

    /// Shares parts of a product and of its MAC again. 1 round; 26 a result.
    async fn shared_product(&self, value: Z, mac: Z) -> Authenticated {
        let mine = [value, mac].map(|part| self.three.masked(&part)).into();
        let mut shares = self.three.reshare(mine).await.into_iter();
        let mut share = || shares.next().expect("a value and a MAC");
        let product = Authenticated { value: share(), mac: share() };
        self.note(&product);
        product
    }

    /// Dot products of `width` elements each, of x and of its MAC with y. 1 round; 26 a result.
    pub async fn dot(&self, x: &Authenticated, y: &Authenticated, width: usize) -> Authenticated {
        self.dot_with(x, &y.value, width).await
    }

    /// The same where y has no MAC, and needs none: it is shared as it should be.
    pub async fn dot_with(&self, x: &Authenticated, y: &Replicated<Z>, width: usize) -> Authenticated {
        let terms = |x: &Replicated<Z>| {
            let terms = cross(x, y);
            if width == 1 { terms } else { terms.row_sums(width) }
        };
        self.shared_product(terms(&x.value), terms(&x.mac)).await
    }

    /// The same for matrices. 1 round; 26 an entry of the result.
    pub async fn matmul(&self, x: &Authenticated, y: &Authenticated, shape: MatMul) -> Authenticated {
        self.matmul_with(x, &y.value, shape).await
    }

    /// The same where y has no MAC.
    pub async fn matmul_with(&self, x: &Authenticated, y: &Replicated<Z>, shape: MatMul) -> Authenticated {
        let product = |x: &Replicated<Z>| {
            let terms: [(_, &[_]); 2] = [(&x.own, &[&y.own, &y.next]), (&x.next, &[&y.own])];
            Z::sum_of_products(&terms, shape)
        };
        self.shared_product(product(&x.value), product(&x.mac)).await
    }

    /// The owner o draws x_o with party o - 1 and sends x_{o+1} = x - x_o to party o + 1; the last component is zero. Then
    /// the MAC. 2 rounds; 13, and 13 more by the owner.
    pub async fn input(&self, owner: usize, len: usize, secret: Option<&Vector>) -> Authenticated {
        let (three, counter) = (&self.three, self.three.draw());
        let (id, zero) = (three.id(), || Z::constant(three.content, len, 0));
        let mask = || Z::random(&three.stream(owner, counter), three.content, len);
        let value = if id == owner {
            let secret = secret.expect("the owner gives the secret");
            assert_eq!(secret.len(), len, "a secret of another length than announced");
            let own = mask();
            let next = Z::from_unsigned(secret).sub(&own);
            three.send(three.next(), vec![Message::Wide(next.clone())]);
            Replicated { own, next }
        } else if id == (owner + 1) % 3 {
            let own = contents::<Z>(three.receive(owner).await).remove(0);
            Replicated { own, next: zero() }
        } else {
            Replicated { own: zero(), next: mask() }
        };
        self.authenticate(value).await
    }

    /// Random bits that nobody knows: xor of what two parties input, each third of the bits by another pair. That they are
    /// bits is checked by a sum of b (1 - b) with public random coefficients, which must be zero modulo 2^104.
    ///
    /// 7 rounds. By all parties together: 2 (13 + 39) for the inputs and 78 for the product, 182 a bit.
    pub async fn random_bits(&self, len: usize) -> Authenticated {
        let three = &self.three;
        let _span = three.party.span("random_bits");
        let values = self.input_bits(len).await;
        let parts = [&values[0], &values[1]].map(|x| self.times_key(x));
        let macs = three.reshare(parts.into()).await;
        let mut inputs = values.into_iter().zip(macs).map(|(value, mac)| Authenticated { value, mac });
        let (x, y) = (inputs.next().expect("two inputs"), inputs.next().expect("two inputs"));
        self.note(&x);
        self.note(&y);
        let product = self.dot(&x, &y, 1).await;
        let bits = Authenticated::combine([&x, &y, &product], |[x, y, both]| x.add(y).sub(&both.scale(2)));
        let key = three.coin(COIN_BYTES).await;
        let factors = Z::random(&key, three.content, len);
        // r (1 - b), the one in component 0.
        let complement = three.held(|component| {
            let b = if component == three.id() { &bits.value.own } else { &bits.value.next };
            let one = Z::constant(three.content, len, i128::from(component == 0));
            one.sub(b).mul(&factors)
        });
        let sum =
            |b: &Replicated<Z>| Z::sum_of_cross_terms([&b.own, &b.next], [&complement.own, &complement.next]);
        let zero = self.shared_product(sum(&bits.value), sum(&bits.mac)).await;
        three.compare(vec![(three.zero(&zero.value), "random bits")]).await;
        bits
    }

    /// What two parties input of each random bit: in the third number g, the parties g and g + 1. 1 round.
    async fn input_bits(&self, len: usize) -> [Replicated<Z>; 2] {
        let three = &self.three;
        let (id, secret, mask) = (three.id(), three.draw(), three.draw());
        let third = |g: usize| (len + 2 - g % 3) / 3;
        // Party o inputs the first bits of third o, then the second bits of third o - 1.
        let lens = |owner: usize| (third(owner), third(owner + 2));
        let total = |owner: usize| lens(owner).0 + lens(owner).1;
        let mask_of = |owner: usize| Z::random(&three.stream(owner, mask), three.content, total(owner));
        let bits = three.own_stream(secret).vector(three.content, total(id)).shift_right(63);
        let masks = three.held(mask_of);
        let sent = three.shared(Z::from_unsigned(&bits).sub(&masks.own));
        three.send(three.next(), vec![Message::Wide(sent.clone())]);
        let came = contents::<Z>(three.receive(three.previous()).await).remove(0);
        let first = |x: &Z, owner: usize| x.slice(0, lens(owner).0);
        let second = |x: &Z, owner: usize| x.slice(lens(owner).0, total(owner));
        // Component k of what owner k draws, and of what owner k - 1 sends.
        let known = |k: usize| if k == id { (&masks.own, &came) } else { (&masks.next, &sent) };
        let component = |k: usize, is_first: bool| {
            let (drawn, sent) = known(k);
            let before = (k + 2) % 3;
            let part = |g: usize| {
                let owner = if is_first { g } else { (g + 1) % 3 };
                let of = |x: &Z| if is_first { first(x, owner) } else { second(x, owner) };
                match owner {
                    o if o == k => of(drawn),
                    o if o == before => of(sent),
                    _ => Z::constant(three.content, third(g), 0),
                }
            };
            Z::concat(&[&part(0), &part(1), &part(2)])
        };
        [true, false].map(|is_first| three.held(|k| component(k, is_first)))
    }

    /// The bits as ring elements, by random bits that are shared in both ways. 1 round; 1/8 byte a bit.
    pub async fn bits_to_ring(
        &self,
        x: &[Replicated<crate::ring::Plane>],
        random: &Authenticated,
    ) -> Vec<Authenticated> {
        use crate::ring::Plane;
        let mut start = 0;
        let parts: Vec<Authenticated> = x
            .iter()
            .map(|x| {
                start += x.elements();
                random.slice(start - x.elements(), start)
            })
            .collect();
        let lowest = |x: &Z| x.split(1).remove(0);
        let masks: Vec<Replicated<Plane>> = parts
            .iter()
            .map(|part| Replicated { own: lowest(&part.value.own), next: lowest(&part.value.next) })
            .collect();
        let masked =
            self.three.xor_each(&x.iter().zip(&masks).map(|(x, mask)| [x, mask]).collect::<Vec<_>>());
        let planes = Replicated {
            own: masked.iter().map(|x| x.own.clone()).collect::<Vec<_>>(),
            next: masked.iter().map(|x| x.next.clone()).collect(),
        };
        let opened = self.three.open(&planes).await;
        let unmask = |(part, opened): (&Authenticated, &Plane)| {
            let c = Plane::to_ring(std::slice::from_ref(opened));
            // c + (1 - 2 c) r
            let sign = Z::from_signed(&c.scale(2).neg().add_scalar(1));
            Authenticated::combine([part], |[r]| r.mul(&sign)).add(&self.public(&c))
        };
        parts.iter().zip(&opened).map(unmask).collect()
    }
}
