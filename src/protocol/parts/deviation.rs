//! A party that cheats consistently, in unit tests: where it is about to share something again, it changes a bit of it, or all, and goes on with
//! what it sent. So a sharing comes of it, of something else, and no message contradicts another.
//!
//! Parties call [`Deviation::applied`] wherever a value of theirs becomes a sharing: sums that are shared again, joint inputs, random bits,
//! in the offline phase too. Outside of unit tests there is none of this.

use std::cell::Cell;
use std::rc::Rc;

use crate::protocol::Message;

/// What a party does to what it shares, and how much it has shared.
#[derive(Clone, Default)]
pub struct Deviation(Rc<State>);

#[derive(Default)]
struct State {
    /// Which of all that it shares is changed, from 0; which bit follows from the second number.
    target: Cell<Option<(usize, u64)>>,
    shared: Cell<usize>,
    changed: Cell<bool>,
}

/// In place of a bit: all that is shared is something else.
const ALL: u64 = u64::MAX;

impl Deviation {
    /// What is shared in place of this.
    pub fn applied(&self, message: Message) -> Message {
        let State { target, shared, changed } = &*self.0;
        let number = shared.replace(shared.get() + 1);
        let choice = target.get().filter(|(at, _)| *at == number).map(|(_, choice)| choice);
        let altered = choice.and_then(|choice| match choice {
            ALL => message.with_random_content(choice),
            _ => message.with_bit_flipped(0, choice),
        });
        changed.set(changed.get() || altered.is_some());
        altered.unwrap_or(message)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::future::Future;
    use std::pin::Pin;

    use super::*;
    use crate::protocol::{Bit, Demand, FalconMalicious, Protocol, Rep4, RingShare, Start, SyRep3, Wraps};
    use crate::ring::{Content, MatMul, Vector};
    use crate::sim::{Link, Network, Party, SimError, Simulation, World};

    /// Which bits are changed: the last one, one in the middle, a high one of what has more than 64; or all.
    const CHOICES: [u64; 4] = [0, 41 + 128 * 977, 103, ALL];

    type Task<'a, T> = Pin<Box<dyn Future<Output = T> + 'a>>;

    /// Every operation that shares something again, a comparison where the protocol has one of its own, on numbers of 31 bits; what is opened at the end.
    async fn program<P: Protocol>(p: &P, demand: &Demand) -> Vector {
        p.set_up().await;
        p.prepare(demand).await;
        let secret = |numbers: &[u64]| Vector::build(p.content(), numbers.len(), || numbers.to_vec());
        let x = p.input(0, 3, Some(&secret(&[70_000, 5, 1 << 29]))).await;
        let y = p.input(1, 3, Some(&secret(&[3, 99_999, 12]))).await;
        let product = p.mul(&x, &y).await;
        let dot = p.dot(&x, &y, 3).await;
        let matrix = p.matmul(&x, &y, MatMul::new(3, 1, 3)).await;
        let (_, cut) = p.cut(&x, 48, 16, Wraps::Counted).await;
        let (shifted, rest) = (p.shifted(&x, 16, &cut).await, p.remainder(&x, 16, &cut).await);
        let truncated = [p.truncate(&product, 47, 16).await, p.truncate(&x, 24, 8).await];
        let (random, _) = p.random(3, 31).await;
        let bits: Vec<P::Bits> = p
            .summands(&y, 3)
            .await
            .into_iter()
            .flatten()
            .filter_map(|bit| if let Bit::Shared(bit) = bit { Some(bit) } else { None })
            .collect();
        let and = p.and(&[[&bits[0], &bits[3]], [&bits[1], &bits[4]]]).await;
        let ring = p.bits_to_ring(&[bits[0].clone(), and[0].clone()]).await;
        let last = p.and_to_ring(&bits[2], &and[1], &bits[5]).await;
        let sign = p.own_less_than_zero(&x, 31).await;
        p.check().await;
        let all = [&product, &dot, &matrix, &shifted, &rest, &truncated[0], &truncated[1], &random];
        let all: Vec<&P::Share> = all.into_iter().chain(&ring).chain([&last]).chain(&sign).collect();
        let opened = p.open(&P::Share::concat(&all)).await;
        p.check().await;
        opened
    }

    /// Runs it: what each party opens, and what the program took.
    fn run<P: Protocol>(
        parties: usize,
        start: impl Fn(Party<Message>) -> P,
        demand: &Demand,
    ) -> (Result<Vec<Vector>, SimError>, Demand) {
        let mut simulation = Simulation::new(World::new(Network::uniform(parties, Link::INSTANT)));
        let all: Vec<P> = (0..parties).map(|i| start(simulation.party(i))).collect();
        let tasks = all.iter().map(|party| -> Task<'_, Vector> { Box::pin(program(party, demand)) });
        let outputs = simulation.run(tasks.collect()).map(|run| run.outputs);
        (outputs, all[0].demand())
    }

    /// What became of the runs.
    #[derive(Debug, Default)]
    struct Counts {
        /// By the check that failed.
        aborted: BTreeMap<String, u64>,
        right: u64,
    }

    /// Every party deviates in all that it shares, in several bits of each.
    fn deviate<P: Protocol>(
        parties: usize,
        start: impl Fn(Party<Message>, Content, Deviation) -> P,
    ) -> Counts {
        let shape = |party| start(party, Content::Shape, Deviation::default());
        let (shapes, demand) = run(parties, shape, &Demand::default());
        shapes.expect("the program runs");
        let mut counts = Counts::default();
        for cheat in 0..parties {
            let deviating = |target: Option<(usize, u64)>| {
                let own = Deviation::default();
                own.0.target.set(target);
                let honest_or_not = |party: Party<Message>| {
                    let deviation = if party.id() == cheat { own.clone() } else { Deviation::default() };
                    start(party, Content::Values, deviation)
                };
                (run(parties, honest_or_not, &demand).0, own)
            };
            let (honest, own) = deviating(None);
            let honest = honest.expect("an honest run").swap_remove(0);
            let number = own.0.shared.get();
            assert!(number > 10, "party {cheat} shares {number} times");
            for (at, choice) in (0..number).flat_map(|at| CHOICES.map(|choice| (at, choice))) {
                let told = format!("party {cheat}, number {at}, {choice}");
                let (outputs, own) = deviating(Some((at, choice)));
                assert!(own.0.changed.get(), "{told}: nothing was changed");
                match outputs {
                    Err(SimError::Aborted { check, .. }) => {
                        let check = check.split(':').next().unwrap_or_default().to_string();
                        *counts.aborted.entry(check).or_default() += 1;
                    }
                    Err(other) => panic!("{told}: {other}"),
                    Ok(opened) => {
                        let others = opened.iter().enumerate().filter(|(i, _)| *i != cheat);
                        others
                            .for_each(|(i, own)| assert!(*own == honest, "{told}: party {i} opens another"));
                        counts.right += 1;
                    }
                }
            }
        }
        counts
    }

    #[test]
    fn sy_rep3_notices_or_opens_what_is_right() {
        let start = |party, content, deviation| {
            let mut protocol = SyRep3::start(party, 7, content);
            protocol.deviate(deviation);
            protocol
        };
        let counts = deviate(SyRep3::PARTIES, start);
        println!("sy_rep3: {counts:?}");
        for check in [
            "MAC check",
            "random bits",
            "triples of bits",
            "random bits of the MAC check",
            "products of the MAC check",
        ] {
            assert!(counts.aborted.contains_key(check), "{check} never failed: {counts:?}");
        }
    }

    #[test]
    fn falcon_malicious_notices_or_opens_what_is_right() {
        let start = |party, content, deviation| {
            let mut protocol = FalconMalicious::start(party, 7, content);
            protocol.parties.deviation = deviation;
            protocol
        };
        let counts = deviate(FalconMalicious::PARTIES, start);
        println!("falcon_malicious: {counts:?}");
        for check in ["MAC check", "products", "triples of bits", "triples of residues", "opened values"] {
            assert!(counts.aborted.contains_key(check), "{check} never failed: {counts:?}");
        }
    }

    #[test]
    fn rep4_notices_all() {
        let start = |party, content, deviation| {
            let mut protocol = Rep4::start(party, 7, content);
            protocol.deviation = deviation;
            protocol
        };
        let counts = deviate(Rep4::PARTIES, start);
        println!("rep4: {counts:?}");
        assert!(counts.aborted.keys().all(|check| check.starts_with("hash mismatch")), "{counts:?}");
        assert_eq!(counts.right, 0, "each value has two sources");
    }
}
