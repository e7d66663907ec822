//! `semi2k` with transfers that are really run, however many: against the ideal functionality, which takes their place in
//! large programs, and against shapes.

use mpcsim::protocol::erased::Erased;
use mpcsim::protocol::parts::two_party::TwoParty;
use mpcsim::protocol::registry::ProtocolName;
use mpcsim::protocol::semi2k::Transferred;
use mpcsim::protocol::{Message, Protocol, Start};
use mpcsim::ring::{Content, MatMul};
use mpcsim::secure::{Rounding, Secure};
use mpcsim::sim::Party;

use super::function::Function;
use super::harness::{Dice, Outcome, Program, Setting, execute, in_the_clear, seed};

/// All transfers are computed.
type Real = TwoParty<Transferred<true, { usize::MAX }>>;
/// None is.
type Ideal = TwoParty<Transferred<true, 0>>;
/// Matrix products from single triples.
type Single = TwoParty<Transferred<false, { usize::MAX }>>;

fn start<P: Start>(_: ProtocolName, party: Party<Message>, seed: u64, content: Content) -> Erased {
    Erased::new(P::start(party, seed, content))
}

fn run<P: Start>(program: &impl Program, inputs: &[Vec<i64>], seed: u64, content: Content) -> Outcome {
    let setting = Setting::of(ProtocolName::Semi2k, Rounding::Nearest);
    execute(program, inputs, (seed, content), setting, start::<P>)
}

/// Nothing but content differs, and both open what the clear computes.
#[test]
fn transfers_and_the_ideal_functionality_do_the_same() {
    let seed = seed();
    for function in Function::all() {
        for n in [1, 3] {
            let inputs = function.random(&mut Dice::new(seed, 600), n);
            let setting = Setting::of(ProtocolName::Semi2k, Rounding::Nearest);
            let clear = in_the_clear(&function, &inputs, seed, setting).integers();
            let shape = run::<Real>(&function, &inputs, seed, Content::Shape);
            for outcome in [
                run::<Real>(&function, &inputs, seed, Content::Values),
                run::<Ideal>(&function, &inputs, seed, Content::Values),
            ] {
                assert_eq!(outcome.integers(), clear, "{function:?}, {n} rows");
                assert!(outcome.offline == shape.offline, "{function:?}, {n} rows: the offline phase");
                assert!(outcome.trace == shape.trace, "{function:?}, {n} rows: the online phase");
            }
        }
    }
}

/// A product of matrices of any integers.
struct Product(MatMul);

impl Program for Product {
    async fn run<P: Protocol>(&self, s: &Secure<P>, inputs: &[P::Share]) -> Vec<P::Share> {
        vec![s.protocol.matmul(&inputs[0], &inputs[1], self.0).await]
    }
}

/// What a triple takes: 64 transfers in each direction, 63 bits each, and corrections of 64, 63, ... 1 bits.
const TRIPLE_BITS: usize = 64 * 63 + 64 * 65 / 2;

#[test]
fn matrix_products_from_single_triples_are_right_and_take_more() {
    let mut dice = Dice::new(seed(), 601);
    for (rows, inner, columns) in [(1, 1, 1), (3, 5, 2), (2, 3, 4), (1, 6, 3)] {
        let shape = MatMul::new(rows, inner, columns);
        let stored = [
            shape,
            shape.left_transposed(),
            shape.right_transposed(),
            shape.left_transposed().right_transposed(),
        ];
        for shape in stored {
            let mut words = |len: usize| (0..len).map(|_| dice.word() as i64).collect();
            let inputs: [Vec<i64>; 2] = [words(rows * inner), words(inner * columns)];
            let setting = Setting::of(ProtocolName::Semi2k, Rounding::Nearest);
            let clear = in_the_clear(&Product(shape), &inputs, 1, setting).integers();
            let matrix = run::<Real>(&Product(shape), &inputs, 1, Content::Values);
            let single = run::<Single>(&Product(shape), &inputs, 1, Content::Values);
            assert_eq!(matrix.integers(), clear, "{shape:?}");
            assert_eq!(single.integers(), clear, "{shape:?}");

            let products = rows * inner * columns;
            let entries = [rows * inner, inner * columns];
            let each = |bytes: usize| vec![bytes as u64; 2];
            assert_eq!(single.bytes(), each(16 * products));
            assert_eq!(matrix.bytes(), each(8 * (entries[0] + entries[1])));
            // Of both directions, 63 bits as a receiver and the corrections as a sender: whole bytes for each.
            assert_eq!(single.offline_bytes(), each((64 * 63 * products / 8) + 260 * products));
            assert_eq!(single.offline_bytes()[0] * 8, (TRIPLE_BITS * products) as u64);
            let transfers = 64 * entries.into_iter().min().unwrap();
            assert_eq!(matrix.offline_bytes(), each(transfers * 63 / 8 + 260 * products));
        }
    }
}
