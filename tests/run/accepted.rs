//! Whatever scenario is accepted also runs: nothing that a run asserts is left to the run.

use mpcsim::run::{RunError, Values, run};
use mpcsim::scenario::{Plan, Protocol, Rounding, Scenario, Softmax};
use mpcsim::secure::FixedPoint;

use super::command::{SMALL, scenario};
use crate::secure::harness::{Dice, seed};

/// A plan of a small training at the edges of what is accepted, if it is accepted.
fn random_plan(dice: &mut Dice, sets: &mut Vec<String>) -> Option<Plan> {
    fn pick<T: Copy>(dice: &mut Dice, values: &[T]) -> T {
        values[dice.between(0, values.len() as i64 - 1) as usize]
    }
    let formats: Vec<FixedPoint> = FixedPoint::served().collect();
    let FixedPoint { fraction_bits, total_bits } = pick(dice, &formats);
    let batch = pick(dice, &[1, 2, 3, 31, 32, 100, 255, 256, 511, 512]);
    let momentum = pick(dice, &[0.0, 1e-6, 0.03, 0.5, 0.9, 0.97, 0.999, 0.999_999]);
    let rate = f64::exp2(dice.between(-1700, 660) as f64 / 100.0);
    let division = pick(dice, &["power_of_two", "exact"]);
    let beta = pick(dice, &[0.0, 0.5, 0.9, 0.999]);
    let optimizer = match dice.between(0, 5) {
        0 => format!("optimizer: amsgrad(beta2: {beta})"),
        1 => format!("optimizer: adam(beta1: {beta}, beta2: 0.9, inverse_root: precise)"),
        _ => format!("momentum: {momentum}, division: {division}"),
    };
    let weight_decay = pick(dice, &[0.0, 0.0, 1e-4, 0.01, 0.9]);
    let rates = match dice.between(0, 3) {
        0 => format!("[(from_epoch: 1, rate: {rate}), (from_epoch: 2, rate: {})]", rate / 4.0),
        _ => rate.to_string(),
    };
    let restart = pick(dice, &["0.0", "1.0"]);
    let hidden = pick(dice, &["[]", "[1]", "[5]", "[3, 2]"]);
    let loss = pick(dice, &[false, true]);
    // An eighth of them is `secureml`, in any of its ways.
    let protocol = pick(dice, &Protocol::ALL);
    let mut ways = vec![protocol];
    ways.extend(Protocol::IN_OTHER_WAYS.into_iter().filter(|way| way.by_default() == protocol));
    let protocol = pick(dice, &ways);
    let softmax = match protocol.ring_bits() {
        32 => pick(dice, &["relu_gradient(division: quotient)", "relu_gradient(division: precise)"]),
        _ => pick(dice, &Softmax::ALL).name(),
    };
    let epochs = if batch < 100 { "iterations: 2" } else { "epochs: 2" };
    *sets = vec![
        format!("fixed_point=(fraction_bits: {fraction_bits}, total_bits: {total_bits})"),
        format!("protocol={}", protocol.name()),
        format!("triples_by={}", protocol.triples_by().name()),
        format!("ring_bits={}", protocol.ring_bits()),
        format!("rounding={}", pick(dice, &Rounding::ALL).name()),
        format!("softmax={softmax}"),
        format!("model=dense(hidden: {hidden})"),
        format!("loss={loss}"),
        format!(
            "training=({epochs}, batch: {batch}, learning_rate: {rates}, {optimizer}, weight_decay: {weight_decay}, \
             restart_below: {restart})"
        ),
    ];
    Scenario::load(&scenario(SMALL), sets).ok()
}

#[test]
fn what_is_accepted_runs() {
    run_accepted(100, 15, |_| true);
}

/// What has place in a ring of 32 bits, which is a small part of it.
#[test]
fn what_is_accepted_in_a_small_ring_runs() {
    run_accepted(4_000, 8, |plan| plan.protocol.ring_bits() == 32);
}

/// Tries so many scenarios and runs those that are accepted and wanted, which must be more than a number of them.
fn run_accepted(tried: usize, least: usize, is_wanted: impl Fn(&Plan) -> bool) {
    let seed = seed();
    let mut dice = Dice::new(seed, 400);
    let (mut accepted, mut ran) = (0, 0);
    for _ in 0..tried {
        let mut sets = Vec::new();
        let plan = random_plan(&mut dice, &mut sets).filter(&is_wanted);
        println!("{sets:?}: {}", if plan.is_some() { "accepted" } else { "refused" });
        let Some(plan) = plan else { continue };
        accepted += 1;
        let values = if dice.between(0, 3) == 0 { Values::Shares } else { Values::Split };
        match run(&plan, values, &()) {
            Ok(outcome) => {
                ran += 1;
                assert!(outcome.epochs.iter().all(|epoch| epoch.loss.is_none_or(f64::is_finite)), "{sets:?}");
                let verified = &outcome.verified;
                assert!(verified.different == 0 || !verified.out_of_range.is_empty(), "{sets:?}");
            }
            // Depends on the data.
            Err(RunError::Classes(_)) => {}
            Err(error) => panic!("{sets:?}: {error}"),
        }
    }
    assert!(accepted > least && ran > least, "{accepted} accepted, {ran} ran");
}
