//! Of numbers that two parties share with a helper beside them, which of a few places each is: ones and zeros, as for the derivative of a
//! maximum, of which the number is the index.
//!
//! Source: Wagh, Gupta, Chandran, "SecureNN: 3-party secure computation for neural network training" (PETS 2019), the derivative of
//! Maxpool for windows of which the size divides 2^64.

use super::dealing::DEALER as HELPER;
use crate::protocol::securenn::{SecureNn, Share};
use crate::protocol::{Message, RingShare, receive_ring, send};
use crate::ring::{Ops, Vector};

impl SecureNn {
    /// Whether each x, modulo a power of two `places`, is 0, is 1, and so on. The helper sees k = x + r for an r that both others know, and
    /// shares which place k is; turned back by r, they have that of x. 2 rounds; 8, 8, 16 a place.
    pub(in crate::protocol) async fn places(&self, x: &Share, places: usize) -> Vec<Share> {
        let _span = self.party().span("places");
        let (party, len) = (self.party(), x.len());
        let first = self.two.draw(1);
        let below = places as u64 - 1;
        if self.is_helper() {
            let (x_0, x_1) = (receive_ring(party, 0).await, receive_ring(party, 1).await);
            let drawn = self.two.stream(1 << HELPER, first).vector(self.two.content, places * len);
            let place = x_0.add(&x_1).tile(places);
            let number = Vector::build(self.two.content, places * len, || {
                (0..places as u64).flat_map(|place| std::iter::repeat_n(place, len)).collect()
            });
            let [rest] = Vector::fused_with(
                Ops::additions(3),
                [below],
                [&place, &number, &drawn],
                |[below], [place, number, drawn]| {
                    let is = u64::from(place & below == number);
                    [std::num::Wrapping(is) - drawn]
                },
            );
            [drawn, rest].into_iter().enumerate().for_each(|(to, part)| send(party, to, Message::Ring(part)));
            return vec![self.helped(len); places];
        }
        let x = x.component().0;
        let r = self.two.stream(0b11, first).vector(self.two.content, len);
        let mine = if party.id() == 0 { x.add(&r) } else { x };
        send(party, HELPER, Message::Ring(mine));
        let turned = receive_ring(party, HELPER).await;
        // Which of all the numbers received is that of each place.
        let shifts: Vec<usize> = match r.values() {
            Some(r) => r.iter().map(|r| (r & below) as usize).collect(),
            None => vec![0; len],
        };
        let place = |place: usize| {
            let at = |(i, shift): (usize, &usize)| (place + shift) % places * len + i;
            self.own(turned.gather_rows(&shifts.iter().enumerate().map(at).collect::<Vec<_>>(), 1))
        };
        (0..places).map(place).collect()
    }
}
