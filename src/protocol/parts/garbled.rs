//! Comparison and division of two parties with additive shares by garbled circuits, as in SecureML (S&P 2017): party 0 garbles,
//! party 1 evaluates.
//!
//! A circuit first adds both shares. Labels of party 0's share are sent; those of party 1's share it gets by correlated oblivious
//! transfer, whose correlation is the secret D of free xor: 16 bytes a bit to choose where transfers are extended as published, 16 bytes back. What the circuit gives is
//! shared without a message, since party 0 knows the colours of the labels for zero and party 1 those of the labels that it
//! has. A shared bit times a shared number takes a transfer in each direction.
//!
//! All is computed for real on values: transfers, hashes, rows. On shapes the same messages go out, and the same work is charged.

use std::num::Wrapping;

use super::additive::Additive;
use super::garbling::arithmetic::{Quotients, quotient, quotients, sign};
use super::garbling::circuit::Circuit;
use super::garbling::{
    Hasher, LABEL_WORDS, evaluate, evaluator_work, garble, garbler_work, label, table_words, words,
};
use super::oblivious_transfer::{ALL_SEEDS, Receiver, Sender, Transfers};
use super::packed::{Packed, Unpacked};
use super::two_party::{Offline, TwoParty};
use crate::protocol::{Division, Message, receive_bits, send};
use crate::ring::meter::{Work, charged};
use crate::ring::{Content, Ops, Plane, StreamKey, Vector};

/// Who garbles.
const GARBLER: usize = 0;
/// Who evaluates.
const EVALUATOR: usize = 1;
/// Both draw from such a stream.
const BOTH: u64 = 0b11;
/// Numbers of hashes of an operation: those of rows of transfers come behind those of gates.
const NUMBERS: u32 = 40;

/// Transfers of an operation, all in one direction.
#[derive(Clone, Copy)]
struct Begun {
    /// Number of the first seed.
    draw: u64,
    count: usize,
}

/// Transfers about `len` elements for each of `entries` bits.
fn for_bits(entries: usize, len: usize, shift: u32) -> Transfers {
    Transfers { planes: 1, entries, len, shift: Some(shift), is_cut: false }
}

/// What hashing pads and correcting takes.
fn products_work(transfers: Transfers, is_receiver: bool) -> Work {
    let pads = transfers.pads() as u64;
    let hashes = if is_receiver { pads } else { 2 * pads };
    Work { random_bytes: 8 * hashes, additions: hashes + pads, ..Work::default() }
}

/// The first bits of all instances, then the next, and so on.
fn joined(planes: &[Plane]) -> Plane {
    let mut packed = Packed::default();
    planes.iter().for_each(|plane| packed.push_plane(plane));
    packed.into_plane()
}

fn bit(plane: &Plane, i: usize) -> u64 {
    plane.expect_words()[i / 64] >> (i % 64) & 1
}

/// The planes of ring elements.
fn bits_of(x: &Vector) -> Vec<Plane> {
    Plane::split(x, 64)
}

impl<O: Offline> TwoParty<O> {
    /// Numbers for transfers: the same for both parties.
    fn begin(&self, count: usize) -> Begun {
        Begun { draw: self.draw(ALL_SEEDS as u64), count }
    }

    fn seeds(&self, begun: Begun) -> impl Fn(usize) -> StreamKey {
        move |seed| self.stream(BOTH, begun.draw + seed as u64)
    }

    /// A number that no other hash under the same secret has, nor the next 2^39.
    fn first_number(&self, begun: Begun) -> u128 {
        u128::from(self.party.strand()) << 64 | u128::from(begun.draw) << NUMBERS
    }

    /// The same for the pads of products, which are hashed in another way.
    fn first_pad(&self, begun: Begun) -> u64 {
        crate::ring::mix(self.party.strand() ^ crate::ring::mix(begun.draw)) >> 1
    }

    fn is_real(&self) -> bool {
        self.content == Content::Values
    }

    /// Begins transfers that this party receives, with its choices: what it keeps, and what it sends.
    fn choose(&self, begun: Begun, choices: impl FnOnce() -> Plane) -> (Option<Receiver>, Message) {
        let numbers = (begun.count, self.first_pad(begun));
        let receiver = charged(O::LABELS.receiver_work(begun.count), || {
            self.is_real().then(|| Receiver::extend(O::LABELS, Some(choices()), numbers, self.seeds(begun)))
        });
        match receiver {
            Some((receiver, planes)) => (Some(receiver), Message::Bits(planes)),
            None => (None, Message::Opaque((O::LABELS.bits(begun.count) as u64).div_ceil(8))),
        }
    }

    /// The other end, from what was received.
    fn offer(&self, begun: Begun, received: Option<Vec<Plane>>) -> Option<Sender> {
        let numbers = (begun.count, self.first_pad(begun));
        charged(O::LABELS.sender_work(begun.count), || {
            received.map(|planes| {
                Sender::extend(O::LABELS, self.transfer_secret(), numbers, &planes, self.seeds(begun))
            })
        })
    }

    /// The secret D of free xor.
    fn delta(&self) -> u128 {
        let words = self.whole_run_stream(u64::MAX - 1).vector(Content::Values, 2);
        label(words.expect_values()) | 1
    }

    /// The labels for zero of the evaluator's inputs, with the corrections for it.
    fn labels_to_offer(&self, begun: Begun, sender: Sender) -> [Vec<u128>; 2] {
        let first = self.first_number(begun) + (1 << (NUMBERS - 1));
        let (mut zeros, secret) = sender.into_rows();
        let mut ones: Vec<u128> = zeros.iter().map(|row| row ^ secret).collect();
        let mut hasher = Hasher::default();
        hasher.hash(&mut zeros, (0..).map(|i| first + i));
        hasher.hash(&mut ones, (0..).map(|i| first + i));
        let delta = self.delta();
        let corrections = zeros.iter().zip(ones).map(|(zero, one)| zero ^ one ^ delta).collect();
        [zeros, corrections]
    }

    /// The labels of the evaluator's own inputs.
    fn chosen_labels(
        &self,
        begun: Begun,
        receiver: Receiver,
        choices: &Plane,
        corrections: &[u64],
    ) -> Vec<u128> {
        let first = self.first_number(begun) + (1 << (NUMBERS - 1));
        let mut labels = receiver.into_rows();
        Hasher::default().hash(&mut labels, (0..).map(|i| first + i));
        for (i, label_of) in labels.iter_mut().enumerate() {
            let correction = label(&corrections[LABEL_WORDS * i..]);
            *label_of ^= correction & 0u128.wrapping_sub(bit(choices, i).into());
        }
        labels
    }

    /// Bytes of all labels and rows.
    fn garbled_bytes(circuit: &Circuit, n: usize) -> u64 {
        let labels = circuit.inputs().iter().sum::<usize>() * n;
        8 * (LABEL_WORDS * labels + table_words(circuit, n)) as u64
    }

    /// Garbles n instances of a circuit for the evaluator, who has sent its choices: what to send it, and the colours of the
    /// labels for zero of the outputs. To be sent: 16 bytes an input bit, 32 an and.
    fn garbled(
        &self,
        circuit: &Circuit,
        begun: Begun,
        inputs: &[Plane],
        sender: Option<Sender>,
        n: usize,
    ) -> (Message, Vec<Plane>) {
        let [own, other] = circuit.inputs();
        assert_eq!((inputs.len(), begun.count), (own, other * n), "a plane for each input");
        let mut work = garbler_work(circuit, n);
        work += Work { random_bytes: (16 * (own + 2 * other) * n) as u64, ..Work::default() };
        charged(work, || {
            let Some(sender) = sender else {
                let colours = vec![Plane::shape(n); circuit.outputs().len()];
                return (Message::Opaque(Self::garbled_bytes(circuit, n)), colours);
            };
            let drawn = self.stream(1 << GARBLER, begun.draw).vector(Content::Values, LABEL_WORDS * own * n);
            let mut zeros: Vec<u128> = drawn.expect_values().chunks(LABEL_WORDS).map(label).collect();
            let delta = self.delta();
            let value = |i: usize| bit(&inputs[i / n], i % n);
            let held: Vec<u128> = zeros
                .iter()
                .enumerate()
                .map(|(i, zero)| zero ^ (delta & 0u128.wrapping_sub(value(i).into())))
                .collect();
            let [offered, corrections] = self.labels_to_offer(begun, sender);
            zeros.extend(offered);
            let (rows, colours) = garble(circuit, &zeros, n, (delta, self.first_number(begun)));
            let parts = [words(&corrections), words(&held), rows];
            (Message::Many(parts.map(|part| Message::Ring(part.into())).into()), colours)
        })
    }

    /// Evaluates what was garbled: the colours of the labels of the outputs.
    fn evaluated(
        &self,
        circuit: &Circuit,
        begun: Begun,
        received: Message,
        receiver: Option<Receiver>,
        choices: &[Plane],
        n: usize,
    ) -> Vec<Plane> {
        let [_, other] = circuit.inputs();
        let mut work = evaluator_work(circuit, n);
        work += Work { random_bytes: (16 * other * n) as u64, ..Work::default() };
        charged(work, || {
            let Some(receiver) = receiver else { return vec![Plane::shape(n); circuit.outputs().len()] };
            let Message::Many(parts) = received else {
                panic!("a garbled circuit expected, not {received:?}")
            };
            let part = |i: usize| match &parts[i] {
                Message::Ring(vector) => vector.expect_values(),
                other => panic!("labels expected, not {other:?}"),
            };
            let mut labels: Vec<u128> = part(1).chunks(LABEL_WORDS).map(label).collect();
            labels.extend(self.chosen_labels(begun, receiver, &joined(choices), part(0)));
            evaluate(circuit, &labels, n, part(2), self.first_number(begun))
        })
    }

    /// What the other party sent to choose.
    async fn received_choices(&self) -> Option<Vec<Plane>> {
        if self.is_real() {
            return Some(receive_bits(&self.party, 1 - self.party.id()).await);
        }
        self.party.recv(1 - self.party.id()).await;
        None
    }

    /// Shares of choice bits times factors, as the one who offers; with the corrections to be sent.
    fn offered_products(
        &self,
        transfers: Transfers,
        sender: Option<Sender>,
        factors: &[&Vector],
    ) -> (Vector, Message) {
        let bits = transfers.correction_bits() as u64;
        charged(products_work(transfers, false), || match sender {
            None => (Vector::shape(transfers.entries * transfers.len), Message::Opaque(bits.div_ceil(8))),
            Some(mut sender) => {
                let mut corrections = Packed::default();
                let factor = |_, entry: usize, element: usize| factors[element].expect_values()[entry];
                let shares = sender.products(&transfers, &mut corrections, factor);
                (shares.into(), Message::Bits(vec![corrections.into_plane()]))
            }
        })
    }

    /// The same as the one who has chosen, from the corrections.
    fn chosen_products(
        &self,
        transfers: Transfers,
        receiver: Option<Receiver>,
        corrections: Option<Vec<Plane>>,
    ) -> Vector {
        charged(products_work(transfers, true), || match receiver.zip(corrections) {
            None => Vector::shape(transfers.entries * transfers.len),
            Some((mut receiver, corrections)) => {
                receiver.products(&transfers, &mut Unpacked::new(corrections[0].expect_words())).into()
            }
        })
    }

    /// Whether numbers are negative, as bits: 1 round from the evaluator, 1 from the garbler. 64 16 bytes; 128 16 + 63 32 bytes.
    /// The garbler may send choices of its own with it, `mine`, of its share of the bits; and gets them back from `choose`.
    async fn signs(&self, x: &Vector, mine: Option<Begun>) -> (Plane, Option<Receiver>, Option<Vec<Plane>>) {
        let (n, circuit) = (x.len(), sign());
        let begun = self.begin(circuit.inputs()[EVALUATOR] * n);
        let inputs = bits_of(x);
        if self.party.id() == GARBLER {
            let received = self.received_choices().await;
            let sender = self.offer(begun, received);
            let (message, mut colours) = self.garbled(&circuit, begun, &inputs, sender, n);
            let colours = colours.remove(0);
            let (receiver, message) = match mine {
                None => (None, message),
                Some(mine) => {
                    let (receiver, choices) = self.choose(mine, || colours.clone());
                    (receiver, Message::Many(vec![message, choices]))
                }
            };
            send(&self.party, EVALUATOR, message);
            return (colours, receiver, None);
        }
        let (receiver, choices) = self.choose(begun, || joined(&inputs));
        send(&self.party, GARBLER, choices);
        let message = self.party.recv(GARBLER).await;
        let (message, choices) = match (message, mine) {
            (Message::Many(mut parts), Some(_)) => {
                let choices = parts.pop();
                (parts.pop().expect("a garbled circuit"), choices)
            }
            (message, _) => (message, None),
        };
        let choices = choices.and_then(|choices| match choices {
            Message::Bits(planes) => Some(planes),
            _ => None,
        });
        (self.evaluated(&circuit, begun, message, receiver, &inputs, n).remove(0), None, choices)
    }

    /// [x < 0] = b_0 + b_1 - 2 b_0 b_1, the sign of x being b_0 xor b_1: a transfer for the product, from party 0 to party 1.
    /// 4 rounds; 4064 + 63/8, 1040.
    pub(super) async fn garbled_less_than_zero(&self, x: &Additive<Vector>) -> Additive<Vector> {
        let n = x.0.len();
        if n == 0 {
            return x.clone();
        }
        let _span = self.party.span("garbled_sign");
        let (own, _, _) = self.signs(&x.0, None).await;
        let (begun, transfers) = (self.begin(n), for_bits(n, 1, 1));
        let as_ring = Plane::to_ring(std::slice::from_ref(&own));
        let product = if self.party.id() == GARBLER {
            let received = self.received_choices().await;
            let sender = self.offer(begun, received);
            let (product, message) = self.offered_products(transfers, sender, &[&as_ring]);
            send(&self.party, EVALUATOR, message);
            product
        } else {
            let (receiver, message) = self.choose(begun, || own.clone());
            send(&self.party, GARBLER, message);
            let corrections = self.received_choices().await;
            self.chosen_products(transfers, receiver, corrections)
        };
        Additive::of(as_ring.sub(&product))
    }

    /// b x and b, b = b_0 xor b_1 the sign of another number: with x = x_0 + x_1,
    /// b x = b_0 x_0 + b_1 (1 - 2 b_0) x_0 + b_1 x_1 + b_0 (1 - 2 b_1) x_1, a transfer in each direction.
    /// 4 rounds; 4064 + 16 + 16, 1024 + 16 + 8.
    pub(super) async fn garbled_where_negative(
        &self,
        sign: &Additive<Vector>,
        x: &Additive<Vector>,
    ) -> [Additive<Vector>; 2] {
        let n = x.0.len();
        if n == 0 {
            return [x.clone(), sign.clone()];
        }
        let _span = self.party.span("garbled_relu");
        let (to_garbler, to_evaluator) = (self.begin(n), self.begin(n));
        let (of_garbler, of_evaluator) = (for_bits(n, 1, 0), for_bits(n, 2, 0));
        let (own, receiver, choices) = self.signs(&sign.0, Some(to_garbler)).await;
        let bits = Plane::to_ring(std::slice::from_ref(&own));
        let ops = Ops::additions(1).and_multiplications(2);
        let [kept, flipped] = Vector::fused(ops, [&bits, &x.0], |[b, x]| [b * x, x - Wrapping(2) * b * x]);
        let twice = bits.scale(2u64.wrapping_neg());
        if self.party.id() == GARBLER {
            let Message::Many(mut parts) = self.party.recv(EVALUATOR).await else {
                panic!("choices and corrections expected")
            };
            let [corrections, choices] = [parts.pop(), parts.pop()].map(planes);
            let sender = self.offer(to_evaluator, choices);
            let (products, message) = self.offered_products(of_evaluator, sender, &[&flipped, &twice]);
            send(&self.party, EVALUATOR, message);
            let received = self.chosen_products(of_garbler, receiver, corrections);
            let [first, second] = [0, 1].map(|i| products.columns(2, i, i + 1));
            return [Additive::of(kept.add(&first).add(&received)), Additive::of(bits.add(&second))];
        }
        let (receiver, message) = self.choose(to_evaluator, || own.clone());
        let sender = self.offer(to_garbler, choices);
        let (offered, corrections) = self.offered_products(of_garbler, sender, &[&flipped]);
        send(&self.party, GARBLER, Message::Many(vec![message, corrections]));
        let corrections = self.received_choices().await;
        let products = self.chosen_products(of_evaluator, receiver, corrections);
        let [first, second] = [0, 1].map(|i| products.columns(2, i, i + 1));
        [Additive::of(kept.add(&first).add(&offered)), Additive::of(bits.add(&second))]
    }

    /// Quotients to the nearest number, halves away from zero; zero for a divisor of zero. A circuit for each, to which the
    /// garbler adds a mask; what comes out is told to the evaluator. 2 rounds; with a shared numerator 16 320 + 32 ands + 8, 2048.
    pub(super) async fn garbled_divide(&self, division: &Division<'_, Additive<Vector>>) -> Additive<Vector> {
        let kind = kind(division);
        let divisors = match division.width {
            1 => division.divisors.0.clone(),
            width => division.divisors.0.repeat_each(width),
        };
        let (n, circuit) = (divisors.len(), quotients(kind));
        if n == 0 {
            return Additive::of(divisors);
        }
        let _span = self.party.span("garbled_division");
        let mut inputs = bits_of(&divisors);
        inputs.extend(division.numerators.iter().flat_map(|numerators| bits_of(&numerators.0)));
        let begun = self.begin(circuit.inputs()[EVALUATOR] * n);
        if self.party.id() == GARBLER {
            let mask = self.stream(1 << GARBLER, begun.draw + 1).vector(self.content, n);
            inputs.extend(bits_of(&mask));
            let received = self.received_choices().await;
            let sender = self.offer(begun, received);
            let (message, colours) = self.garbled(&circuit, begun, &inputs, sender, n);
            send(&self.party, EVALUATOR, Message::Many(vec![message, Message::Bits(colours)]));
            return Additive::of(mask.neg());
        }
        let (receiver, choices) = self.choose(begun, || joined(&inputs));
        send(&self.party, GARBLER, choices);
        let Message::Many(mut parts) = self.party.recv(GARBLER).await else {
            panic!("a garbled circuit expected")
        };
        let colours = planes(parts.pop()).expect("colours");
        let message = parts.pop().expect("a garbled circuit");
        let own = self.evaluated(&circuit, begun, message, receiver, &inputs, n);
        let outputs = Plane::xor_each(&own.iter().zip(&colours).map(|(x, y)| [x, y]).collect::<Vec<_>>());
        Additive::of(Plane::compose(&outputs))
    }
}

/// The planes of a part of a message, unless it has no content.
fn planes(part: Option<Message>) -> Option<Vec<Plane>> {
    match part {
        Some(Message::Bits(planes)) => Some(planes),
        _ => None,
    }
}

fn kind<S>(division: &Division<'_, S>) -> Quotients {
    Quotients {
        fraction_bits: division.fraction_bits,
        signed: !division.at_most_one,
        has_numerator: division.numerators.is_some(),
    }
}

/// What the ideal functionality gives for it.
pub(in crate::protocol) fn ideal_quotients(division: &Division<'_, Vector>) -> Option<Vector> {
    let divisors = division.divisors.expect_values();
    let one = vec![1 << division.fraction_bits; divisors.len()];
    let numerators = division.numerators.map_or(&one[..], |numerators| numerators.expect_values());
    let quotients = numerators.iter().enumerate();
    let quotients = quotients.map(|(i, &a)| quotient(kind(division), a, divisors[i / division.width]));
    Some(quotients.collect::<Vec<u64>>().into())
}
