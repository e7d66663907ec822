//! Garbled circuits, and the oblivious transfers that go with them: `cargo bench --bench garbling`. The figures are and gates a second,
//! and transfers a second of both parties together; on one thread with `RAYON_NUM_THREADS=1`.

use divan::Bencher;
use divan::counter::ItemsCount;
use mpcsim::protocol::parts::garbling::arithmetic::{Quotients, quotients, sign};
use mpcsim::protocol::parts::garbling::circuit::Circuit;
use mpcsim::protocol::parts::garbling::{evaluate, garble};
use mpcsim::protocol::parts::oblivious_transfer::{Extension, Receiver, Sender, Transfers};
use mpcsim::protocol::parts::packed::{Packed, Unpacked};
use mpcsim::ring::{Content, Purpose, StreamKey};

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

/// Rows of transfers, of which both parties make their pads.
const TRANSFERS: usize = 1 << 18;
const SECRET: u128 = 0x0123_4567_89ab_cdef_0f1e_2d3c_4b5a_6978;

fn seed(seed: usize) -> StreamKey {
    StreamKey { seed: 5, purpose: Purpose::Offline, parties: 0b11, strand: 0, counter: seed as u64 }
}

fn extended(extension: Extension) -> (Receiver, Sender) {
    let chosen = extension.is_chosen().then(|| seed(999).planes(Content::Values, TRANSFERS, 1).remove(0));
    let (receiver, sent) = Receiver::extend(extension, chosen, (TRANSFERS, 0), seed);
    (receiver, Sender::extend(extension, SECRET, (TRANSFERS, 0), &sent, seed))
}

#[divan::bench(args = [0, 1])]
fn extending(bencher: Bencher<'_, '_>, which: usize) {
    let extension = [Extension::ISHAI, Extension::SOFT_SPOKEN][which];
    bencher.counter(ItemsCount::new(TRANSFERS)).bench(|| extended(extension));
}

/// Triples of numbers from rows: 64 transfers each.
#[divan::bench]
fn products(bencher: Bencher<'_, '_>) {
    let transfers = Transfers { planes: 64, entries: TRANSFERS / 64, len: 1, shift: Some(0), is_cut: false };
    bencher
        .counter(ItemsCount::new(TRANSFERS))
        .with_inputs(|| extended(Extension::SOFT_SPOKEN))
        .bench_values(|(mut receiver, mut sender)| {
            let mut corrections = Packed::default();
            let sent = sender.products(&transfers, &mut corrections, |_, entry, _| entry as u64);
            let corrections = corrections.into_plane();
            (sent, receiver.products(&transfers, &mut Unpacked::new(corrections.expect_words())))
        });
}
