//! One bit of one message altered on its way: malicious protocols abort or open the right result.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;

use mpcsim::protocol::Message;
use mpcsim::protocol::registry::ProtocolName;
use mpcsim::secure::Rounding;
use mpcsim::sim::{Interceptor, SimError};

use super::function::Function;
use super::harness::{Demands, Dice, Setting, demands, seed, tampered};
use super::{EXACT, RELU_GRADIENT, RELU_PROBABILITY};

/// What a message is for: the span it is sent in, its link, what kind of content, which part of it.
type Kind = (String, usize, usize, &'static str, usize);

/// A program whose messages are altered.
struct Target {
    function: Function,
    inputs: Vec<Vec<i64>>,
    seed: u64,
    setting: Setting,
    demands: Demands,
}

impl Target {
    fn new(function: Function, protocol: ProtocolName, seed: u64) -> Target {
        let setting = Setting::of(protocol, Rounding::Probabilistic);
        let inputs = function.random(&mut Dice::new(seed, 500), 2);
        let demands = demands(&function, &inputs, seed, setting);
        Target { function, inputs, seed, setting, demands }
    }

    fn run(&self, interceptor: Interceptor<Message>) -> Result<Vec<i64>, SimError> {
        tampered(&self.function, &self.inputs, (self.seed, self.setting), &self.demands, interceptor)
    }

    /// All parts of all messages: how many there are of each kind. And the right result.
    fn kinds(&self) -> (BTreeMap<Kind, u64>, Vec<i64>) {
        let found: Rc<RefCell<BTreeMap<Kind, u64>>> = Rc::default();
        let into = Rc::clone(&found);
        let honest = self.run(Box::new(move |outgoing, message| {
            for (part, what) in message.parts().into_iter().enumerate() {
                let kind = (outgoing.span.to_string(), outgoing.from, outgoing.to, what, part);
                *into.borrow_mut().entry(kind).or_default() += 1;
            }
            Some(message)
        }));
        (found.take(), honest.expect("an honest run"))
    }

    /// Alters one bit of the `which`-th message of a kind; says whether there was a bit to alter.
    fn altered(&self, kind: &Kind, which: u64, choice: u64) -> (bool, Result<Vec<i64>, SimError>) {
        let (wanted, done) = (kind.clone(), Rc::new(Cell::new(false)));
        let (flag, mut seen) = (Rc::clone(&done), 0);
        let result = self.run(Box::new(move |outgoing, message| {
            let (span, from, to, what, part) = &wanted;
            let same = outgoing.span == span && outgoing.from == *from && outgoing.to == *to;
            if !same || message.parts().get(*part) != Some(what) {
                return Some(message);
            }
            seen += 1;
            if seen != which + 1 {
                return Some(message);
            }
            let flipped = message.with_bit_flipped(*part, choice);
            flag.set(flipped.is_some());
            Some(flipped.unwrap_or(message))
        }));
        (done.get(), result)
    }
}

/// What became of altered messages.
#[derive(Debug, Default)]
struct Counts {
    aborted: u64,
    right: u64,
    wrong: Vec<String>,
}

/// Alters a message of each kind of a program.
fn alter_each_kind(function: Function, protocol: ProtocolName, seed: u64, counts: &mut Counts) {
    let target = Target::new(function, protocol, seed);
    let mut dice = Dice::new(seed, 501);
    let (kinds, honest) = target.kinds();
    assert!(!kinds.is_empty(), "{function:?} sends something");
    for (kind, count) in &kinds {
        let (changed, result) = target.altered(kind, dice.word() % count, dice.word());
        match result {
            _ if !changed => assert_eq!(kind.3, "keys", "{kind:?}: nothing to alter"),
            Err(SimError::Aborted { check, .. }) => {
                assert!(!check.is_empty());
                counts.aborted += 1;
            }
            Err(other) => counts.wrong.push(format!("{function:?}, {kind:?}: {other}")),
            Ok(opened) if opened == honest => counts.right += 1,
            Ok(_) => counts.wrong.push(format!("{function:?}, {kind:?}: a wrong result")),
        }
    }
}

fn alter_all(programs: &[Function]) {
    let seed = seed();
    for protocol in ProtocolName::ALL.into_iter().filter(|protocol| protocol.is_malicious()) {
        let mut counts = Counts::default();
        programs.iter().for_each(|&function| alter_each_kind(function, protocol, seed, &mut counts));
        let Counts { aborted, right, wrong } = &counts;
        println!("{}: {aborted} aborted, {right} right, {} undetected", protocol.name(), wrong.len());
        assert!(wrong.is_empty(), "{}, undetected:\n{}", protocol.name(), wrong.join("\n"));
        assert!(*aborted > 100, "{}: {aborted} aborted", protocol.name());
    }
}

#[test]
fn malicious_protocols_abort_or_open_the_right_result() {
    let product = Function::MatrixProduct { left_transposed: false, right_transposed: false };
    alter_all(&[product, Function::Relu, Function::Truncate { bits: 24, shift: 16 }]);
}

#[test]
#[ignore = "minutes: every kind of message of whole output layers"]
fn malicious_protocols_abort_or_open_the_right_result_in_output_layers() {
    alter_all(&[
        Function::GradientAndLoss(EXACT),
        Function::GradientAndLoss(RELU_PROBABILITY),
        Function::Gradient(RELU_GRADIENT),
    ]);
}

/// Under a semi-honest protocol nothing is checked.
#[test]
fn semi_honest_protocols_open_wrong_results() {
    let mut counts = Counts::default();
    alter_each_kind(Function::Relu, ProtocolName::Rep3, seed(), &mut counts);
    assert_eq!(counts.aborted, 0);
    assert!(counts.wrong.len() > 5, "{counts:?}");
}
