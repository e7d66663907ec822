//! Replicated shares of residues modulo 67 among three parties, a byte a residue in messages: products, openings, and how shared
//! bits become residues.
//!
//! Sources: products as in Araki et al. (CCS 2016); Wagh, Tople, Benhamouda, Kushilevitz, Mittal, Rabin, "Falcon" (PETS 2021) for the
//! modulus; bits as in `rep3`.

use super::replicated::Replicated;
use crate::protocol::message::receive_residues;
use crate::protocol::rep3::Rep3;
use crate::protocol::{Message, send};
use crate::ring::{Content, Plane, Residues, RingVector};

/// Residues modulo the prime of the comparison: more than a ring element has bits, and two.
pub(in crate::protocol) type Residue = Residues<67>;

/// Whom a party tells its part of a product, which becomes a component of both.
#[derive(Clone, Copy)]
pub enum Told {
    /// The party before it: its part becomes its own component.
    Previous,
    /// The party after it: its part becomes that party's own component.
    Next,
}

/// x_i (y_i + y_{i+1}) + x_{i+1} y_i. Local.
pub(in crate::protocol) fn cross(x: &Replicated<Residue>, y: &Replicated<Residue>) -> Residue {
    x.own.mul(&y.own.add(&y.next)).add(&x.next.mul(&y.own))
}

impl Rep3 {
    fn random_residues(&self, component: usize, counter: u64, len: usize) -> Residue {
        Residue::random(&self.stream(component, counter), self.content, len)
    }

    /// A value that everybody knows, held in component 0. Local.
    pub(in crate::protocol) fn plus_public(
        &self,
        x: &Replicated<Residue>,
        public: &Residue,
    ) -> Replicated<Residue> {
        self.mapped(x, |component, x| if component == 0 { x.add(public) } else { x.clone() })
    }

    /// Three numbers from 1 to 66, each of which two parties draw. Local.
    pub(in crate::protocol) fn drawn_factors(&self, len: usize) -> [Replicated<Residue>; 3] {
        let counter = self.draw();
        let (zeros, one) = (Residue::constant(self.content, len, 0), Residue::constant(self.content, len, 1));
        [0, 1, 2].map(|holder| {
            self.held(|component| {
                if component != holder {
                    return zeros.clone();
                }
                let below = Residues::<66>::random(&self.stream(component, counter), self.content, len);
                Residue::from_unsigned(&below.low_words()).add(&one)
            })
        })
    }

    /// This party's part of a product, masked: z_i = x_i y_i + x_i y_{i+1} + x_{i+1} y_i + zero_i. Local.
    pub(in crate::protocol) fn residue_part(
        &self,
        x: &Replicated<Residue>,
        y: &Replicated<Residue>,
    ) -> Residue {
        let counter = self.draw();
        let zero = self.held(|component| self.random_residues(component, counter, x.own.len()));
        cross(x, y).add(&zero.own).sub(&zero.next)
    }

    /// The product. 1 round; 1, 1, 1.
    pub(in crate::protocol) async fn residue_products(
        &self,
        x: &Replicated<Residue>,
        y: &Replicated<Residue>,
        told: Told,
    ) -> Replicated<Residue> {
        let _span = self.party.span("mul_residues");
        let mine = self.residue_part(x, y);
        let (to, from) = match told {
            Told::Previous => (self.previous(), self.next()),
            Told::Next => (self.next(), self.previous()),
        };
        send(&self.party, to, Message::Residues(mine.clone()));
        let received = receive_residues(&self.party, from).await;
        match told {
            Told::Previous => Replicated { own: mine, next: received },
            Told::Next => Replicated { own: received, next: mine },
        }
    }

    /// The bits as residues 0 and 1, those of one plane after the other: as [`Protocol::bits_to_ring`] of `rep3`.
    /// 2 rounds; 1, 1, 1 a bit.
    ///
    /// [`Protocol::bits_to_ring`]: crate::protocol::Protocol::bits_to_ring
    pub(in crate::protocol) async fn bits_to_residues(&self, x: &[Replicated<Plane>]) -> Replicated<Residue> {
        let _span = self.party.span("bits_to_residues");
        let len = x.iter().map(|bits| bits.own.len()).sum();
        let (draw_u, draw_g, draw_h) = (self.draw(), self.draw(), self.draw());
        let random = |component, counter| self.random_residues(component, counter, len);
        // u = b_0 xor b_1, w = b_2: u + w - 2 u w with u = u_0 + u_1. One function for each component, since two parties hold it.
        let residues = |planes: Vec<Plane>| Residue::from_bits(&planes);
        let component_0_or_1 = |u: &Residue, product: &Residue| u.sub(&product.scale(2));
        let component_2 = |w: &Residue, g: &Residue, h: &Residue| w.sub(&g.add(h).scale(2));
        match self.party.id() {
            0 => {
                let u = residues(Plane::xor_each(&x.iter().map(|b| [&b.own, &b.next]).collect::<Vec<_>>()));
                let u_0 = random(0, draw_u);
                let u_1 = u.sub(&u_0);
                send(&self.party, 1, Message::Residues(u_1.clone()));
                let h_1 = random(1, draw_h);
                let g_0 = receive_residues(&self.party, 2).await;
                Replicated { own: component_0_or_1(&u_0, &g_0), next: component_0_or_1(&u_1, &h_1) }
            }
            1 => {
                let w = residues(x.iter().map(|b| b.next.clone()).collect());
                let u_1 = receive_residues(&self.party, 0).await;
                let h_1 = random(1, draw_h);
                let h_2 = u_1.mul(&w).sub(&h_1);
                send(&self.party, 2, Message::Residues(h_2.clone()));
                let g_2 = random(2, draw_g);
                Replicated { own: component_0_or_1(&u_1, &h_1), next: component_2(&w, &g_2, &h_2) }
            }
            _ => {
                let w = residues(x.iter().map(|b| b.own.clone()).collect());
                let (u_0, g_2) = (random(0, draw_u), random(2, draw_g));
                let g_0 = u_0.mul(&w).sub(&g_2);
                send(&self.party, 0, Message::Residues(g_0.clone()));
                let h_2 = receive_residues(&self.party, 1).await;
                Replicated { own: component_2(&w, &g_2, &h_2), next: component_0_or_1(&u_0, &g_0) }
            }
        }
    }

    /// Residues without content, as a sharing.
    pub(in crate::protocol) fn residue_shapes(&self, len: usize) -> Replicated<Residue> {
        assert_eq!(self.content, Content::Shape, "correlated randomness that was not prepared");
        self.held(|_| Residue::shape(len))
    }
}
