//! What is sent, when, how much work is done and how it is called follow from lengths alone.

use std::cell::RefCell;

use mpcsim::protocol::registry::ProtocolName;
use mpcsim::protocol::{Bit, Protocol};
use mpcsim::ring::{Content, Plane};
use mpcsim::secure::{Rounding, Secure};

use super::function::Function;
use super::harness::{Dice, Outcome, Program, Setting, on_shapes, on_shares, seed};
use super::numbers::Numbers;

/// Runs a program on shapes, on the given data, on zeros, on other data and with another seed. The traces hold messages,
/// bytes, spans and work.
pub fn oblivious<G: Program>(
    program: &G,
    data: [&[Vec<i64>]; 2],
    seed: u64,
    setting: Setting,
) -> Result<(), &'static str> {
    let [data, other] = data;
    let zeros: Vec<Vec<i64>> = data.iter().map(|x| vec![0; x.len()]).collect();
    let shape = on_shapes(program, data, seed, setting);
    let runs = [
        ("values", on_shares(program, data, seed, setting)),
        ("another seed", on_shares(program, data, seed ^ 0x5eed, setting)),
        ("other data", on_shares(program, other, seed, setting)),
        ("zeros", on_shares(program, &zeros, seed, setting)),
    ];
    let differs = |o: &Outcome| o.trace != shape.trace || o.offline != shape.offline;
    match runs.into_iter().find(|(_, outcome)| differs(outcome)) {
        Some((what, _)) => Err(what),
        None => Ok(()),
    }
}

#[test]
fn every_function_is_oblivious() {
    let seed = seed();
    for function in Function::all() {
        // Who makes triples has no say in how functions round.
        let others = ProtocolName::IN_OTHER_WAYS.map(|way| Setting::of(way, Rounding::Probabilistic));
        for setting in Setting::all().chain(others).filter(|setting| function.has_place(setting.protocol)) {
            let numbers = Numbers::of(setting.fixed_point);
            let counts: &[usize] = if setting.protocol == ProtocolName::Rep3 { &[1, 65] } else { &[65] };
            for &n in counts {
                let data = [1, 2]
                    .map(|purpose| function.random_in(&numbers, &mut Dice::new(seed, 300 + purpose), n));
                if let Err(what) = oblivious(&function, [&data[0], &data[1]], seed, setting) {
                    panic!("{function:?}, {setting:?}, {n} rows: the trace depends on {what}");
                }
            }
        }
    }
}

/// Programs that look at a secret.
#[derive(Clone, Copy, Debug)]
enum Leak {
    /// None: the program that the others spoil.
    Nothing,
    /// An extra message.
    Message,
    /// A message of another length.
    Length,
    /// Extra work, nothing sent.
    Work,
    /// The same under another name.
    Name,
}

impl Program for Leak {
    async fn run<P: Protocol>(&self, s: &Secure<P>, inputs: &[P::Share]) -> Vec<P::Share> {
        let x = &inputs[0];
        let opened = s.protocol.open(x).await;
        let secret = opened.values().is_some_and(|values| values.iter().any(|&v| v as i64 > 1 << 16));
        match self {
            Leak::Nothing => {}
            Leak::Message if secret => drop(s.protocol.mul(x, x).await),
            Leak::Length if secret => drop(s.protocol.open(x).await),
            Leak::Length => {
                use mpcsim::protocol::RingShare;
                s.protocol.open(&x.slice(0, 1)).await;
            }
            Leak::Work if secret => drop(opened.add(&opened)),
            Leak::Name => {
                let _span = s.span(if secret { "large" } else { "small" });
                s.protocol.mul(x, x).await;
            }
            _ => {}
        }
        vec![x.clone()]
    }
}

#[test]
fn a_program_that_depends_on_data_is_caught() {
    let (large, small) = ([vec![3 << 16, 1]], [vec![-5, 7]]);
    let setting = Setting::of(ProtocolName::Rep3, Rounding::Probabilistic);
    let check = |leak| oblivious(&leak, [&large, &small], 3, setting);
    assert_eq!(check(Leak::Nothing), Ok(()));
    for leak in [Leak::Message, Leak::Length, Leak::Work, Leak::Name] {
        assert_eq!(check(leak), Err("values"), "{leak:?}");
    }
}

/// The bits of summands that all parties know.
#[derive(Default)]
struct OpenSummands(RefCell<Vec<Plane>>);

impl Program for OpenSummands {
    async fn run<P: Protocol>(&self, s: &Secure<P>, inputs: &[P::Share]) -> Vec<P::Share> {
        for bit in s.protocol.summands(&inputs[0], 32).await.into_iter().flatten() {
            if let Bit::Public(plane) = bit {
                self.0.borrow_mut().push(plane);
            }
        }
        inputs.to_vec()
    }
}

/// What a protocol opens to take a value apart is masked: each bit is set half of the time, whatever the value.
#[test]
fn summands_that_are_known_say_nothing() {
    let (seed, n) = (seed(), 4096);
    for protocol in ProtocolName::ALL {
        for x in [0, -1, 1 << 20] {
            let program = OpenSummands::default();
            on_shares(&program, &[vec![x; n]], seed, Setting::of(protocol, Rounding::Nearest));
            let planes = program.0.into_inner();
            assert!(protocol != ProtocolName::Beaver2 || !planes.is_empty());
            for plane in planes.iter().filter(|plane| plane.content() == Content::Values) {
                let ones: u32 = plane.expect_words().iter().map(|word| word.count_ones()).sum();
                let distance = f64::from(ones) - n as f64 / 2.0;
                assert!(distance.abs() < 5.0 * (n as f64).sqrt() / 2.0, "{}: {ones} ones", protocol.name());
            }
        }
    }
}
