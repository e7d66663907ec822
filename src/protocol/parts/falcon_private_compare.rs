//! PrivateCompare of Falcon: a number whose bits are shared modulo 67 against one that all know. What the parties learn is masked by a bit.
//!
//! Source: Wagh, Tople, Benhamouda, Kushilevitz, Mittal, Rabin, "Falcon" (PETS 2021), and the authors' program; what it does otherwise is in
//! docs/fidelity.md.

use std::num::Wrapping;

use super::falcon_offline::Signs;
use super::falcon_parties::Parties;
use super::replicated::Replicated;
use super::residue_shares::{Residue, Told};
use crate::protocol::Message;
use crate::protocol::falcon::FalconOver;
use crate::ring::{Ops, Plane, RingVector, Vector};

impl<const RING_BITS: u32, P: Parties<RING_BITS>> FalconOver<RING_BITS, P> {
    /// PrivateCompare: `[r >= t] xor flip` for r != t, known to all; t stands in the upper ends of words. With bits r_i and t_i and s = (-1)^flip,
    /// c_i = s (r_i - t_i) + 1 + (how many higher bits differ): one of them is zero if r < t without flip, or r > t with it. Their product
    /// times a random factor is opened; it goes into the c_i of the highest bit, where it costs nothing.
    /// 8 rounds; 128, 128, 128.
    pub(in crate::protocol) async fn private_compare(&self, prepared: &Signs, t: &Vector) -> Plane {
        let _span = self.rep3().party.span("private_compare");
        let (rep3, n, below) = (self.rep3(), t.len(), RING_BITS as usize - 1);
        let (content, lower) = (rep3.content, below * t.len());
        let t = if RING_BITS == u64::BITS { t.clone() } else { t.shift_right(Self::ABOVE) };
        let t = Residue::from_bits(&Plane::split(&t, RING_BITS as usize));
        let difference = rep3.plus_public(&prepared.bits, &t.neg());
        let signs = rep3.held(|component| {
            let sign = rep3.of(&prepared.sign, component).tile(below);
            Residue::concat(&[&sign, rep3.of(&prepared.signed_factor, component)])
        });
        let signed = self.parties.residue_products(&signs, &difference, Told::Previous).await;
        // r_i xor t_i = r_i (1 - 2 t_i) + t_i.
        let turned = Residue::constant(content, t.len(), 1).sub(&t.scale(2));
        let differ = rep3.plus_public(&rep3.mapped(&prepared.bits, |_, r| r.mul(&turned)), &t);
        let mut product = rep3.held(|component| {
            let one = Residue::constant(content, lower, i128::from(component == 0));
            let rest = Residue::concat(&[&one, rep3.of(&prepared.factor, component)]);
            rep3.of(&signed, component).add(&rest).add(&above_each(rep3.of(&differ, component), n))
        });
        while product.own.len() > n {
            let half = product.own.len() / 2;
            let [low, high] = [(0, half), (half, 2 * half)]
                .map(|(start, end)| rep3.mapped(&product, |_, x| x.slice(start, end)));
            product = self.parties.residue_products(&low, &high, Told::Next).await;
        }
        // A product that is wrong would tell something about the mask.
        self.parties.check().await;
        let opened = self.open_residues(&product).await.low_words();
        let [is_not_zero] =
            Vector::fused(Ops::additions(1), [&opened], |[d]| [Wrapping(u64::from(d.0 != 0))]);
        Plane::split(&is_not_zero, 1).remove(0)
    }

    async fn open_residues(&self, x: &Replicated<Residue>) -> Residue {
        let _span = self.rep3().party.span("open_residues");
        let missing = self.parties.missing(x, |x| Message::Residues(x.clone())).await;
        x.own.add(&x.next).add(&missing.into_residues())
    }
}

/// For each of several blocks of n elements the sum of the later ones.
fn above_each(x: &Residue, n: usize) -> Residue {
    let blocks = x.len().checked_div(n).unwrap_or(0);
    let mut sums = vec![Residue::constant(x.content(), n, 0)];
    for block in (1..blocks).rev() {
        sums.push(sums[sums.len() - 1].add(&x.slice(block * n, (block + 1) * n)));
    }
    sums.reverse();
    Residue::concat(&sums.iter().collect::<Vec<_>>())
}
