//! Whether a shared element of Z_2^104 is zero, and nothing else about it; three parties, one malicious.
//!
//! 1. 104 random bits a_j: a_j = b_j xor b'_j, where party 0 knows b_j and party 1 knows b'_j. They are bits: for random f with
//!    h = f^2 and an odd public t, (t a - f) (t a + f) = t^2 a - h is checked with t a - f opened.
//! 2. c = x + sum 2^j a_j is opened. x is zero if and only if c_j = a_j for all j, so if the product of all
//!    e_j = 1 - (c_j xor a_j) is one: ceil(log2 104) = 7 levels, 103 products.
//! 3. The products are computed in Z_2^144, into which shares modulo 2^104 are taken as they are: what they sum up to above
//!    does not matter modulo 2^104, and the forty bits more make the check of the products sound. For z = x y there is z' = x' y
//!    with a random x'; for a public r of forty bits, r z - z' - (r x - x') y = 0 is checked with r x - x' opened. An error of
//!    z modulo 2^104 passes for one r.
//!
//! A mask that is no bit lets its maker add something to x that was chosen before; so does an error of the product that gave x.
//! Neither makes an unknown x with forty random bits zero but with probability 2^-40.
//!
//! Sources: Abspoel, Dalskov, Escudero, Nof, "An efficient passive-to-active compiler for honest-majority MPC over rings" (ePrint
//! 2019/1298), for the check of MACs that needs this; what is sent is what the reference system MP-SPDZ sends
//! (`SpdzWiseRing::zero_check`). Its own test passes always; this one is the one described here.

use super::replicated::Replicated;
use super::three_parties::{ThreeParties, contents};
use crate::protocol::{Components, Message};
use crate::ring::{Extended, RingVector, StreamKey, Wide};

type Z = Wide<104>;

/// Bits of a tested element.
const BITS: usize = Z::BITS as usize;
/// Bytes of the public numbers.
const RING_COIN_BYTES: u64 = 13;
const SACRIFICE_COIN_BYTES: u64 = 5;
/// Bits of the public number that the products are checked with.
const SACRIFICE_BITS: u32 = 40;

/// x (y + y') + x' y.
pub(in crate::protocol) fn cross(x: &Replicated<Z>, y: &Replicated<Z>) -> Z {
    Z::cross_terms([&x.own, &x.next], [&y.own, &y.next])
}

fn cross_extended(x: &Replicated<Extended>, y: &Replicated<Extended>) -> Extended {
    x.own.mul(&y.own.add(&y.next)).add(&x.next.mul(&y.own))
}

/// The products of a level and what checks them.
struct Checked {
    x: Replicated<Extended>,
    y: Replicated<Extended>,
    z: Replicated<Extended>,
    other_x: Replicated<Extended>,
    other_z: Replicated<Extended>,
}

impl ThreeParties {
    /// A public element, the same for all places.
    fn public_element(&self, key: &StreamKey, len: usize, of: impl Fn(u128) -> u128) -> Z {
        let element = Z::random(key, self.content, 1).integers().map_or(0, |x| of(x[0]));
        Z::constant(self.content, len, element.cast_signed())
    }

    /// `len` times the same in component 0.
    fn constant(&self, len: usize, value: i128) -> Replicated<Z> {
        self.held(|component| Z::constant(self.content, len, if component == 0 { value } else { 0 }))
    }

    /// The check of products u = alpha w for shared sums w and u, of which each party has a part `[w_i, u_i]`.
    ///
    /// 18 rounds. 2 13 + 13 for t = u - alpha w; 104 13 for bits by the parties 0 and 1; 3 104 13 and 13 by each; 103 18 3
    /// by each; coins, hashes: 11,394 by the parties 0 and 1, 10,042 by party 2.
    pub async fn check_product(&self, [w, u]: [&Z; 2], alpha: &Replicated<Z>, name: &'static str) {
        let _span = self.party.span("zero_test");
        let (bits, f) = (self.input_bits(), self.random(|key| Z::random(key, self.content, BITS)));
        let square = self.masked(&cross(&f, &f));
        let mine = [self.masked(w), self.masked(u), square].map(|part| self.shared(part));
        self.send(self.previous(), mine.iter().cloned().map(Message::Wide).collect());
        let came = contents::<Z>(self.receive(self.next()).await);
        let mut shares = mine.into_iter().zip(came).map(|(own, next)| Replicated { own, next });
        let mut share = || shares.next().expect("three shares");
        let (w, u, square) = (share(), share(), share());
        let [b_0, b_1] = bits.received(self).await;
        let products = vec![self.masked(&cross(alpha, &w)), self.masked(&cross(&b_0, &b_1))];
        let mut products = self.reshare(products).await.into_iter();
        let (alpha_w, both) = (products.next().expect("two"), products.next().expect("two"));
        let t = Replicated::combine([&u, &alpha_w], |[u, v]| u.sub(v));
        let a = Replicated::combine([&b_0, &b_1, &both], |[x, y, both]| x.add(y).sub(&both.scale(2)));
        self.check_bits(&a, [&f, &square]).await;
        let opened = self.open(&self.under_bits(&t, &a)).await;
        let product_is_one = self.all_equal(&opened, &a, name).await;
        self.compare(product_is_one).await;
    }

    /// The parties 0 and 1 input random bits. Begins round 1.
    fn input_bits(&self) -> InputBits {
        let (id, secret, mask) = (self.id(), self.draw(), self.draw());
        let mask_of = |owner: usize| Z::random(&self.stream(owner, mask), self.content, BITS);
        let sent = (id < 2).then(|| {
            let bits = self.own_stream(secret).vector(self.content, BITS).shift_right(63);
            let rest = self.shared(Z::from_unsigned(&bits).sub(&mask_of(id)));
            self.send(self.next(), vec![Message::Wide(rest.clone())]);
            rest
        });
        InputBits { sent, masks: self.held(mask_of) }
    }

    /// x + sum 2^j a_j.
    fn under_bits(&self, x: &Replicated<Z>, a: &Replicated<Z>) -> Replicated<Z> {
        let powers = Z::build(self.content, BITS, || (0..BITS).map(|j| 1 << j).collect());
        Replicated::combine([x, a], |[x, a]| x.add(&a.mul(&powers).row_sums(BITS)))
    }

    /// Step 1: coin, opening, hash. 4 rounds.
    async fn check_bits(&self, a: &Replicated<Z>, [f, square]: [&Replicated<Z>; 2]) {
        let t = self.public_element(&self.coin(RING_COIN_BYTES).await, BITS, |x| x | 1);
        let ta = Replicated::combine([a], |[a]| a.mul(&t));
        let difference = self.open(&Replicated::combine([&ta, f], |[ta, f]| ta.sub(f))).await;
        let zero = Replicated::combine([&ta, f, square], |[ta, f, h]| {
            ta.mul(&t).sub(h).sub(&ta.add(f).mul(&difference))
        });
        self.compare(vec![(self.zero(&zero), "random bits of the MAC check")]).await;
    }

    /// Steps 2 and 3: what is to be compared at the end. 7 levels, a coin, an opening.
    async fn all_equal(
        &self,
        opened: &Z,
        a: &Replicated<Z>,
        name: &'static str,
    ) -> Vec<(Vec<Message>, &'static str)> {
        let signs = Z::build(self.content, BITS, || {
            let c = opened.integers().expect("values")[0];
            (0..BITS).map(|j| if c >> j & 1 == 1 { 1 } else { u128::MAX }).collect()
        });
        // e_j = a_j where c_j is set, 1 - a_j elsewhere.
        let e = self.held(|component| {
            let part = if component == self.id() { &a.own } else { &a.next };
            let constant = Z::build(self.content, BITS, || {
                let c = opened.integers().expect("values")[0];
                (0..BITS).map(|j| u128::from(component == 0 && c >> j & 1 == 0)).collect()
            });
            part.mul(&signs).add(&constant)
        });
        let mut level = Replicated::combine_extended(&e);
        let mut checked = Vec::new();
        while level.elements() > 1 {
            let (len, half) = (level.elements(), level.elements() / 2);
            let part = |start, end| Replicated {
                own: level.own.slice(start, end),
                next: level.next.slice(start, end),
            };
            let (x, y, rest) = (part(0, half), part(half, 2 * half), part(2 * half, len));
            let other_x = self.random(|key| Extended::random(key, self.content, half));
            let mine = [&x, &other_x].map(|x| self.masked_extended(&cross_extended(x, &y)));
            let mut products = self.reshare(mine.into()).await.into_iter();
            let (z, other_z) = (products.next().expect("two"), products.next().expect("two"));
            level = Replicated {
                own: Extended::concat(&[&z.own, &rest.own]),
                next: Extended::concat(&[&z.next, &rest.next]),
            };
            checked.push(Checked { x, y, z, other_x, other_z });
        }
        let product = Replicated { own: level.own.to_wide::<104>(), next: level.next.to_wide() };
        let one = self.constant(1, 1);
        let is_one = Replicated::combine([&product, &one], |[product, one]| product.sub(one));
        vec![(self.sacrifice(&checked).await, "products of the MAC check"), (self.zero(&is_one), name)]
    }

    /// Step 3: what is zero if all products are right. Coin and opening, 3 rounds.
    async fn sacrifice(&self, checked: &[Checked]) -> Vec<Message> {
        let joined = |of: fn(&Checked) -> &Replicated<Extended>| Replicated {
            own: Extended::concat(&checked.iter().map(|c| &of(c).own).collect::<Vec<_>>()),
            next: Extended::concat(&checked.iter().map(|c| &of(c).next).collect::<Vec<_>>()),
        };
        let x = joined(|c| &c.x);
        let (y, z, other_x, other_z) =
            (joined(|c| &c.y), joined(|c| &c.z), joined(|c| &c.other_x), joined(|c| &c.other_z));
        let len = x.elements();
        let key = self.coin(SACRIFICE_COIN_BYTES).await;
        let r = self.public_element(&key, len, |x| x & ((1 << SACRIFICE_BITS) - 1));
        let r = Extended::from_wide(&r);
        let difference =
            self.open(&Replicated::combine([&x, &other_x], |[x, other]| x.mul(&r).sub(other))).await;
        let zero = Replicated::combine([&z, &other_z, &y], |[z, other, y]| {
            z.mul(&r).sub(other).sub(&y.mul(&difference))
        });
        self.zero(&zero)
    }
}

impl Replicated<Z> {
    /// The same modulo 2^104, over Z_2^144.
    fn combine_extended(x: &Replicated<Z>) -> Replicated<Extended> {
        Replicated { own: Extended::from_wide(&x.own), next: Extended::from_wide(&x.next) }
    }
}

/// Bits of the parties 0 and 1 on their way.
struct InputBits {
    /// What this party sent to the next.
    sent: Option<Z>,
    masks: Replicated<Z>,
}

impl InputBits {
    /// The bits of party 0 and of party 1: component o of owner o is its mask, component o + 1 what it sent.
    async fn received(self, parties: &ThreeParties) -> [Replicated<Z>; 2] {
        let id = parties.id();
        let came = match parties.previous() {
            owner @ (0 | 1) => Some(contents::<Z>(parties.receive(owner).await).remove(0)),
            _ => None,
        };
        let zero = Z::constant(parties.content, BITS, 0);
        [0, 1].map(|owner| {
            parties.held(|component| match (component + 3 - owner) % 3 {
                0 if component == id => self.masks.own.clone(),
                0 => self.masks.next.clone(),
                1 if component == id => came.clone().expect("the bits of the party before"),
                1 => self.sent.clone().expect("bits of this party"),
                _ => zero.clone(),
            })
        })
    }
}
