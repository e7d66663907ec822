//! Garbled circuits: `cargo bench --bench garbling`. The figures are and gates a second; on one thread with `RAYON_NUM_THREADS=1`.

use divan::Bencher;
use divan::counter::ItemsCount;
use mpcsim::protocol::parts::garbling::arithmetic::{Quotients, quotients, sign};
use mpcsim::protocol::parts::garbling::circuit::Circuit;
use mpcsim::protocol::parts::garbling::{evaluate, garble};

fn main() {
    divan::main();
}

/// The signs of a layer, and the quotients of an output layer.
fn programs() -> [(Circuit, usize); 2] {
    let kind = Quotients { fraction_bits: 13, signed: false, has_numerator: true };
    [(sign(), 16_384), (quotients(kind), 1_280)]
}

fn labels(circuit: &Circuit, instances: usize) -> Vec<u128> {
    let inputs: usize = circuit.inputs().iter().sum();
    (0..(inputs * instances) as u128)
        .map(|i| i.wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835))
        .collect()
}

#[divan::bench(args = [0, 1])]
fn garbling(bencher: Bencher<'_, '_>, which: usize) {
    let [signs, divisions] = programs();
    let (circuit, n) = [signs, divisions].into_iter().nth(which).expect("a program");
    let zeros = labels(&circuit, n);
    bencher
        .counter(ItemsCount::new(circuit.ands() * n))
        .bench(|| garble(&circuit, &zeros, n, (0x1234_5678_9abc_def1, 0)));
}

#[divan::bench(args = [0, 1])]
fn evaluating(bencher: Bencher<'_, '_>, which: usize) {
    let [signs, divisions] = programs();
    let (circuit, n) = [signs, divisions].into_iter().nth(which).expect("a program");
    let zeros = labels(&circuit, n);
    let rows = garble(&circuit, &zeros, n, (0x1234_5678_9abc_def1, 0)).0;
    bencher.counter(ItemsCount::new(circuit.ands() * n)).bench(|| evaluate(&circuit, &zeros, n, &rows, 0));
}
