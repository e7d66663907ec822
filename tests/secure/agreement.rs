//! With nearest rounding, what the parties open on shares is what the ideal functionality computes, bit for bit.

use mpcsim::protocol::registry::ProtocolName;
use mpcsim::secure::Rounding;

use super::function::Function;
use super::harness::{Dice, Setting, in_the_clear, on_shares, row_counts, seed};
use super::numbers::Numbers;

pub(super) fn check(function: Function, inputs: &[Vec<i64>], seed: u64, protocol: ProtocolName) {
    let setting = Setting::of(protocol, Rounding::Nearest);
    let shares = on_shares(&function, inputs, seed, setting);
    let clear = in_the_clear(&function, inputs, seed + 1, setting);
    let (shares, clear) = (shares.integers(), clear.integers());
    assert_eq!(shares.len(), clear.len());
    let differ = shares.iter().zip(&clear).position(|(a, b)| a != b);
    if let Some(i) = differ {
        panic!(
            "{function:?}, {}: output {i} is {} on shares and {} in the clear",
            protocol.full_name(),
            shares[i],
            clear[i]
        );
    }
}

#[test]
fn shares_and_clear_agree_on_edges_and_random_inputs() {
    let seed = seed();
    for protocol in ProtocolName::ALL.into_iter().chain(ProtocolName::IN_OTHER_WAYS) {
        let numbers = Numbers::of(Setting::of(protocol, Rounding::Nearest).fixed_point);
        for function in Function::all().filter(|function| function.has_place(protocol)) {
            check(function, &function.edges_in(&numbers), seed, protocol);
            for (i, &n) in row_counts(protocol).iter().enumerate() {
                let inputs = function.random_in(&numbers, &mut Dice::new(seed, 100 + i as u64), n);
                check(function, &inputs, seed + i as u64, protocol);
            }
        }
    }
}

/// Even where a function is undefined, whatever ring elements go in, for a protocol that splits whole ring elements.
#[test]
fn shares_and_clear_agree_on_the_whole_ring() {
    let seed = seed();
    let mut dice = Dice::new(seed, 200);
    for function in Function::all() {
        let lens = function.input_lens(130);
        let uniform: Vec<Vec<i64>> =
            lens.iter().map(|&len| (0..len).map(|_| dice.word() as i64).collect()).collect();
        check(function, &uniform, seed, ProtocolName::Rep3);
        let sizes: Vec<Vec<i64>> =
            lens.iter().map(|&len| (0..len).map(|_| dice.signed(64)).collect()).collect();
        check(function, &sizes, seed, ProtocolName::Rep3);
        // Also where words have more bits than ring elements.
        if function.has_place(ProtocolName::Falcon32) {
            check(function, &uniform, seed, ProtocolName::Falcon32);
            check(function, &sizes, seed, ProtocolName::Falcon32);
        }
    }
}
