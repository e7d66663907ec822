//! A party that cheats consistently, see [`super::cheater`]: nobody sees it in a message, since all that it sends fits together.

use std::rc::Rc;

use mpcsim::protocol::erased::Erased;
use mpcsim::protocol::registry::ProtocolName;
use mpcsim::protocol::{Components, FalconMalicious, Protocol, Rep3, Rep4, Start, SyRep3};
use mpcsim::ring::{Content, RingVector};
use mpcsim::secure::Rounding;
use mpcsim::sim::SimError;

use super::cheater::{Cheat, Cheater, Target};
use super::function::Function;
use super::harness::{Cheated, Demands, Dice, Setting, cheated, demands, seed};

/// Products, truncations and all that there is in a division.
const PROGRAMS: [(Function, Rounding); 5] = [
    (Function::MatrixProduct { left_transposed: false, right_transposed: false }, Rounding::Probabilistic),
    (Function::Relu, Rounding::Probabilistic),
    (Function::Truncate { bits: 47, shift: 16 }, Rounding::Nearest),
    (Function::Exp2, Rounding::Nearest),
    (Function::Divide, Rounding::Probabilistic),
];
/// What is added, in turns: the last unit, 2^8, half of the ring, and something beyond the bits of a value too.
const DELTAS: [u128; 4] = [1, 1 << 40, 1 << 63, 1 << 100 | 1 << 20];

/// A program in which a party cheats.
struct Attack {
    function: Function,
    inputs: Vec<Vec<i64>>,
    seed: u64,
    setting: Setting,
    demands: Demands,
}

impl Attack {
    fn new(function: Function, protocol: ProtocolName, rounding: Rounding, seed: u64) -> Attack {
        let setting = Setting::of(protocol, rounding);
        let inputs = function.random(&mut Dice::new(seed, 510), 2);
        let demands = demands(&function, &inputs, seed, setting);
        Attack { function, inputs, seed, setting, demands }
    }

    fn run<P>(&self, cheat: &Rc<Cheat>) -> Cheated
    where
        P: Start + Protocol<Share: Components<Part: RingVector>>,
    {
        let start = |party: mpcsim::sim::Party<_>| {
            let own = (party.id() == cheat.party).then(|| Rc::clone(cheat));
            Erased::new(Cheater::new(P::start(party, self.seed, Content::Values), own))
        };
        let setting = (self.seed, self.setting);
        cheated(&self.function, &self.inputs, setting, &self.demands, start, cheat.interceptor())
    }
}

/// What a share keeps of a product: the place in the message, and the component.
#[derive(Clone, Copy)]
struct Kept {
    what: &'static str,
    step: &'static str,
    part: usize,
    component: usize,
}

/// What became of the runs.
#[derive(Debug, Default)]
struct Counts {
    aborted: u64,
    right: u64,
    wrong: Vec<String>,
}

/// Cheats in the `every`-th steps of a program, once for each thing that is kept of a step.
fn cheat<P>(attack: &Attack, party: usize, kept: &[Kept], every: usize, check: &str, counts: &mut Counts)
where
    P: Start + Protocol<Share: Components<Part: RingVector>>,
{
    let honest = Cheat::new(party, None);
    let expected = attack.run::<P>(&honest);
    let opened = expected.opened.expect("an honest run");
    let steps = honest.steps.borrow().clone();
    let mut turn = party;
    for (step, name) in steps.iter().enumerate().skip(party % every).step_by(every) {
        for Kept { what, part, component, .. } in kept.iter().copied().filter(|kept| kept.step == *name) {
            turn += 1;
            let delta = DELTAS[turn % DELTAS.len()];
            let own = Cheat::new(party, Some(Target { step, part, component, delta }));
            let outcome = attack.run::<P>(&own);
            let told = format!("{:?}, {what} of step {step}, {delta:#x}", attack.function);
            assert!(own.done.get(), "{told}: nothing was altered");
            assert!(outcome.agree, "{told}: the parties do not agree, so it was not consistent");
            assert!(outcome.end_ps <= 2 * expected.end_ps, "{told}: {} ps", outcome.end_ps);
            match outcome.opened {
                Err(SimError::Aborted { check: failed, .. }) => {
                    assert!(failed.starts_with(check), "{told}: {failed}");
                    counts.aborted += 1;
                }
                Err(other) => counts.wrong.push(format!("{told}: {other}")),
                Ok(result) if result == opened => counts.right += 1,
                Ok(_) => counts.wrong.push(format!("{told}: a wrong result")),
            }
        }
    }
}

fn product(what: &'static str, part: usize, component: usize) -> Kept {
    Kept { what, step: "product", part, component }
}

/// A value that differs has a MAC that does not fit, and the other way round; a product with the key tells.
#[test]
fn sy_rep3_checks_macs_of_all_that_is_shared_again() {
    let (seed, mut counts) = (seed(), Counts::default());
    // A share has the own and the next component of the value, then those of the MAC.
    let kept = [
        product("the value", 0, 0),
        product("the MAC", 1, 2),
        Kept { what: "the MAC", step: "authenticated", part: 0, component: 2 },
    ];
    for (number, (function, rounding)) in PROGRAMS.into_iter().enumerate() {
        let attack = Attack::new(function, ProtocolName::SyRep3, rounding, seed);
        let every = if function == Function::Exp2 { 4 } else { 1 };
        cheat::<SyRep3>(&attack, number % 3, &kept, every, "MAC check", &mut counts);
    }
    let Counts { aborted, right, wrong } = &counts;
    println!("sy_rep3: {aborted} aborted, {right} right, {} undetected", wrong.len());
    assert!(wrong.is_empty(), "undetected:\n{}", wrong.join("\n"));
    assert!(*aborted > 30, "{counts:?}");
}

/// What a party inputs jointly with another is told by both.
#[test]
fn rep4_has_two_sources_of_all_that_is_shared_again() {
    let (seed, mut counts) = (seed(), Counts::default());
    for (number, (function, rounding)) in PROGRAMS.into_iter().enumerate() {
        let attack = Attack::new(function, ProtocolName::Rep4, rounding, seed);
        let party = number % 4;
        // The component that the receiver of the first message gets, which the outsider does not hold.
        let component = [1, 2, 1, 1][party];
        let every = if function == Function::Exp2 { 4 } else { 1 };
        let kept = [product("the value", 0, component)];
        cheat::<Rep4>(&attack, party, &kept, every, "hash mismatch", &mut counts);
    }
    let Counts { aborted, right, wrong } = &counts;
    println!("rep4: {aborted} aborted, {right} right, {} undetected", wrong.len());
    assert!(wrong.is_empty(), "undetected:\n{}", wrong.join("\n"));
    assert!(*aborted > 15, "{counts:?}");
}

/// Each product is checked by a triple.
#[test]
fn falcon_malicious_checks_all_that_is_shared_again() {
    let (seed, mut counts) = (seed(), Counts::default());
    for (number, (function, rounding)) in PROGRAMS.into_iter().enumerate() {
        let attack = Attack::new(function, ProtocolName::FalconMalicious, rounding, seed);
        let every = if function == Function::Exp2 { 4 } else { 1 };
        cheat::<FalconMalicious>(
            &attack,
            number % 3,
            &[product("the value", 0, 0)],
            every,
            "products",
            &mut counts,
        );
    }
    let Counts { aborted, right, wrong } = &counts;
    println!("falcon_malicious: {aborted} aborted, {right} right, {} undetected", wrong.len());
    assert!(wrong.is_empty(), "undetected:\n{}", wrong.join("\n"));
    assert!(*aborted > 15, "{counts:?}");
}

/// Under a semi-honest protocol the same opens a wrong result, on which all agree.
#[test]
fn rep3_opens_what_the_cheater_wants() {
    let mut counts = Counts::default();
    let attack = Attack::new(PROGRAMS[0].0, ProtocolName::Rep3, Rounding::Probabilistic, seed());
    for party in 0..3 {
        cheat::<Rep3>(&attack, party, &[product("the value", 0, 0)], 1, "none", &mut counts);
    }
    assert_eq!((counts.aborted, counts.right, counts.wrong.len()), (0, 0, 3), "{counts:?}");
}
