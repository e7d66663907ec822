//! Triples (a, b, a b) of residues modulo 67 among three parties, one malicious, from cut and choose: as
//! [`super::bit_triples`] makes those of bits, one by one instead of 64 in a word.
//!
//! All triples of a batch are shuffled by public randomness; the last three are opened and looked at; the others fall into buckets of B, in
//! each of which the first is checked by the B - 1 others, which are used up: with (f, g, h), for r = a - f and s = b - g opened,
//! c - h - f s - r b = 0. It holds for a bad triple only if the other is off by as much; a bad one is used only if all of its bucket are. B = 5
//! for at least 1,024 buckets, 4 for at least 10,368: for 2^-40.
//!
//! Source: Furukawa, Lindell, Nof, Weinstein, "High-throughput secure three-party computation for malicious adversaries and an honest
//! majority" (EUROCRYPT 2017, ePrint 2016/944), whose argument does not depend on what is multiplied.

use super::bit_triples::{BUCKETS, COIN_BYTES, OPENED, shuffled};
use super::replicated::Replicated;
use super::residue_shares::{Residue, cross};
use super::three_parties::{ThreeParties, contents};
use crate::protocol::{Components, Message, RingShare};
use crate::ring::{Content, RingVector};

/// Buckets that are made at once at most.
const BATCH_BUCKETS: usize = 1 << 16;

/// Triples: a, b, a b.
pub(in crate::protocol) type ResidueTriples = [Replicated<Residue>; 3];

/// Size and number of the buckets for so many triples.
fn buckets(triples: usize) -> (usize, usize) {
    let [(large, enough), (small, least)] = BUCKETS;
    if triples >= enough { (large, triples) } else { (small, triples.max(least)) }
}

fn part(x: &Replicated<Residue>, start: usize, end: usize) -> Replicated<Residue> {
    Replicated::combine([x], |[x]| x.slice(start, end))
}

/// Several, one after the other. Local.
pub(in crate::protocol) fn concat(parts: &[&Replicated<Residue>]) -> Replicated<Residue> {
    Replicated::combine_all(parts, |parts| vec![Residue::concat(parts)]).remove(0)
}

/// What is zero if z = x y, for r = x - a and s = y - b opened: z - a b - a s - r y. Local.
pub(in crate::protocol) fn off<V: RingVector>(
    [y, z]: [&Replicated<V>; 2],
    [a, c]: [&Replicated<V>; 2],
    [r, s]: [&V; 2],
) -> Replicated<V>
where
    Replicated<V>: Components<Part = V>,
{
    Replicated::combine([y, z, a, c], |[y, z, a, c]| z.sub(c).sub(&a.mul(s)).sub(&r.mul(y)))
}

impl ThreeParties {
    /// A product that is shared again and not checked. 1 round; 1, 1, 1.
    pub async fn unchecked_residue_product(
        &self,
        x: &Replicated<Residue>,
        y: &Replicated<Residue>,
    ) -> Replicated<Residue> {
        self.reshare(vec![self.masked(&cross(x, y))]).await.remove(0)
    }

    /// At least so many triples. For each batch 6 rounds; B + 2 (B - 1) bytes a triple by each.
    pub async fn residue_triples(&self, triples: usize) -> ResidueTriples {
        let (size, number) = buckets(triples);
        let batches = number.div_ceil(BATCH_BUCKETS);
        let mut made = [const { Vec::new() }; 3];
        for batch in 0..batches {
            let (start, end) = (batch * number / batches, (batch + 1) * number / batches);
            made.iter_mut()
                .zip(self.residue_batch(size, end - start).await)
                .for_each(|(made, batch)| made.push(batch));
        }
        made.map(|batches| concat(&batches.iter().collect::<Vec<_>>()))
    }

    /// One batch: `number` buckets of `size` triples.
    async fn residue_batch(&self, size: usize, number: usize) -> ResidueTriples {
        let _span = self.party.span("residue_triples");
        let all = size * number + OPENED;
        let [a, b] = [(); 2].map(|()| self.random(|key| Residue::random(key, self.content, all)));
        let c = self.unchecked_residue_product(&a, &b).await;
        let key = self.coin(COIN_BYTES).await;
        let order: Vec<usize> = match self.content {
            Content::Values => shuffled(&key, all).into_iter().map(|place| place as usize).collect(),
            Content::Shape => vec![0; all],
        };
        let (first, others) = order.split_at(number);
        let [first, others] = [first, others]
            .map(|numbers| [&a, &b, &c].map(|x| Replicated::combine([x], |[x]| x.gather_rows(numbers, 1))));
        self.check_residue_buckets(first, others, size).await
    }

    /// Opens the last triples and compares the others of each bucket with its first one, which are left: those are in memory of their own,
    /// since the others are not kept.
    async fn check_residue_buckets(
        &self,
        first: ResidueTriples,
        others: ResidueTriples,
        size: usize,
    ) -> ResidueTriples {
        let number = (size - 1) * first[0].elements();
        let [a, b, c] = first.each_ref().map(|x| Replicated::combine([x], |[x]| x.tile(size - 1)));
        let [f, g, h] = others.each_ref().map(|x| part(x, 0, number));
        let last = others.each_ref().map(|x| part(x, number, number + OPENED));
        let masked = concat(&[&a.sub(&f), &b.sub(&g), &last[0], &last[1], &last[2]]);
        self.send(self.next(), vec![Message::Residues(masked.own.clone())]);
        let missing = contents::<Residue>(self.receive(self.previous()).await).remove(0);
        let opened = masked.own.add(&masked.next).add(&missing);
        let [r, s] = [0, 1].map(|i| opened.slice(i * number, (i + 1) * number));
        let [x, y, xy] =
            [0, 1, 2].map(|i| opened.slice(2 * number + i * OPENED, 2 * number + (i + 1) * OPENED));
        if x.mul(&y) != xy {
            self.party.abort("triples of residues: one that was opened is wrong").await;
        }
        let mut hashed = self.zero(&off([&b, &c], [&f, &h], [&r, &s]));
        hashed.push(Message::Residues(opened));
        self.compare(vec![(hashed, "triples of residues")]).await;
        first
    }
}
