//! What parties receive in the three systems: every number that is sent is uniform, and so are the sums of what a receiver gets over the
//! links of [`TOGETHER`], but where the protocol tells something on purpose.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use mpcsim::protocol::registry::ProtocolName;
use mpcsim::protocol::{Message, Protocol, Truncation};
use mpcsim::ring::{Plane, RingVector};
use mpcsim::secure::{FixedPoint, Numerator, Rounding, Secure};

use super::harness::{Program, Setting, demands, seed, tampered};

/// Elements of each vector.
const N: usize = 1024;

/// Elements of one place in a message, `size` values each; 0 is 2^64.
#[derive(Clone, Debug, PartialEq)]
struct Column {
    size: u64,
    values: Vec<u64>,
}

/// The columns of a message. Eight words for each element with 64 residues modulo 67 are those of a comparison with a helper.
fn columns(message: &Message) -> Vec<Column> {
    let of = |size: u64, values: &[u64]| -> Vec<Column> {
        let length = if values.len().is_multiple_of(N) { N } else { values.len() };
        values.chunks(length.max(1)).map(|values| Column { size, values: values.to_vec() }).collect()
    };
    match message {
        Message::Ring(vector) => {
            let words = vector.expect_values();
            let (first, rest) = words.split_at(if words.len() < 8 * N { 0 } else { 8 * N });
            if first.iter().any(|word| word.to_le_bytes().iter().any(|&byte| byte >= 67)) {
                return of(0, words);
            }
            let place =
                |i: usize| first.chunks_exact(8).map(|words| words[i / 8] >> (8 * (i % 8)) & 255).collect();
            let places = if first.is_empty() { 0 } else { 64 };
            let residues = (0..places).map(|i| Column { size: 67, values: place(i) });
            residues.chain(of(0, rest)).collect()
        }
        Message::Residues(residues) => of(67, residues.low_words().expect_values()),
        Message::Bits(planes) | Message::Bytes(planes) => planes
            .iter()
            .flat_map(|plane| of(2, Plane::to_ring(std::slice::from_ref(plane)).expect_values()))
            .collect(),
        Message::Many(parts) => parts.iter().flat_map(columns).collect(),
        _ => Vec::new(),
    }
}

/// Fails unless a count among n is as for a probability.
fn expect_share(count: usize, n: usize, p: f64, what: &str) {
    let (mean, sigma) = (p * n as f64, (p * (1.0 - p) * n as f64).sqrt());
    assert!((count as f64 - mean).abs() <= 7.0 * sigma, "{what}: {count} of {n}, expected {mean}");
}

/// Fails unless the values from `low` on are uniform.
fn expect_uniform(size: u64, low: u64, values: &[u64], what: &str) {
    if size == 0 {
        // What is opened modulo a smaller power of two stands at the top.
        let all = values.iter().fold(0, |all, value| all | value);
        for bit in all.trailing_zeros().min(40)..64 {
            let ones = values.iter().filter(|&value| value >> bit & 1 == 1).count();
            expect_share(ones, values.len(), 0.5, &format!("{what}, bit {bit}"));
        }
        return;
    }
    for value in low..size {
        let count = values.iter().filter(|&other| *other == value).count();
        expect_share(count, values.len(), 1.0 / (size - low) as f64, &format!("{what}, value {value}"));
    }
}

/// The sum of what somebody gets together.
fn sum(parts: &[&Column], is_odd: bool) -> Column {
    let size = parts[0].size;
    let add = |x: u64, y: u64| match size {
        0 if is_odd => ((u128::from(x) + u128::from(y)) % u128::from(u64::MAX)) as u64,
        0 => x.wrapping_add(y),
        size => (x + y) % size,
    };
    let element = |i: usize| parts.iter().map(|part| part.values[i]).fold(0, add);
    Column { size, values: (0..parts[0].values.len()).map(element).collect() }
}

/// Whether sums may be zero more often than others, and how often they are: where two numbers are compared the first place in which they
/// differ is told, hidden by a random bit.
fn expect_compared(sums: &[Column], what: &str) {
    let zeros = |sum: &Column| sum.values.iter().filter(|&&value| value == 0).count();
    let all: usize = sums.iter().map(zeros).sum();
    expect_share(all, N, 0.5, &format!("{what}, what is told"));
    for (place, sum) in sums.iter().enumerate() {
        expect_share(zeros(sum), N, 0.5 / sums.len() as f64, &format!("{what}, zeros of place {place}"));
        let others: Vec<u64> = sum.values.iter().copied().filter(|&value| value != 0).collect();
        expect_uniform(67, 1, &others, &format!("{what}, place {place}"));
    }
}

/// Whose message goes to whom: all of these are in the hands of one party, who knows what it sent itself.
const TOGETHER: [&[(usize, usize)]; 3] = [&[(0, 2), (1, 2)], &[(0, 1), (1, 0)], &[(0, 1), (1, 2), (2, 0)]];

/// Spans, and what is sent on each link in one after the other.
type Sent = BTreeMap<String, BTreeMap<(usize, usize), Vec<Column>>>;

fn sent<G: Program>(program: &G, inputs: &[Vec<i64>], setting: Setting) -> Sent {
    let (seed, into) = (seed(), Rc::new(RefCell::new(Sent::new())));
    let demands = demands(program, inputs, seed, setting);
    let sent = Rc::clone(&into);
    let copy = Box::new(move |outgoing: &mpcsim::sim::Outgoing<'_>, message: Message| {
        let mut sent = sent.borrow_mut();
        let links = sent.entry(outgoing.span.to_string()).or_default();
        links.entry((outgoing.from, outgoing.to)).or_default().extend(columns(&message));
        Some(message)
    });
    tampered(program, inputs, (seed, setting), &demands, copy).expect("an honest run");
    into.take()
}

/// All that is sent and all that somebody can sum up.
fn expect_nothing_told<G: Program>(program: &G, inputs: &[Vec<i64>], setting: Setting) {
    for (span, links) in sent(program, inputs, setting) {
        for (link, columns) in &links {
            for (place, column) in columns.iter().enumerate() {
                let what = format!("{span}, {link:?}, place {place}");
                expect_uniform(column.size, 0, &column.values, &what);
            }
        }
        // Products are in nobody's hands, nor what is told of them; results are opened outside of the program.
        let name = span.rsplit('/').next().unwrap_or_default();
        if !span.starts_with("view") || name.starts_with("mul") || name == "and" || span.contains("garbled") {
            continue;
        }
        // Where all is told twice, two of these say the same.
        let groups = if setting.protocol.is_malicious() { &TOGETHER[2..] } else { &TOGETHER };
        let together = groups.iter().filter(|group| group.iter().all(|link| links.contains_key(link)));
        for group in together {
            let count = links[&group[0]].len();
            let sum_of = |place: usize| {
                let parts: Vec<&Column> = group.iter().map(|link| &links[link][place]).collect();
                sum(&parts, name == "compute_msb")
            };
            let sums: Vec<Column> = (0..count).map(sum_of).collect();
            let (compared, rest): (Vec<_>, Vec<_>) = sums.into_iter().partition(|sum| sum.size == 67);
            let each = if setting.protocol == ProtocolName::SecureNn { 64 } else { 1 };
            compared.chunks(each).for_each(|sums| expect_compared(sums, &span));
            for (place, sum) in rest.iter().enumerate() {
                expect_uniform(sum.size, 0, &sum.values, &format!("{span}, sum {place}"));
            }
        }
    }
}

/// What the systems have ways of their own for.
#[derive(Clone, Copy)]
enum Own {
    Sign,
    Relu,
    Part,
    Product,
}

impl Program for Own {
    async fn run<P: Protocol>(&self, s: &Secure<P>, x: &[P::Share]) -> Vec<P::Share> {
        let _span = s.protocol.span("view");
        match *self {
            Own::Sign => vec![s.less_than_zero(&x[0], 31).await],
            Own::Relu => <[_; 2]>::from(s.relu(&x[0]).await).into(),
            Own::Part => vec![s.divide(Numerator::Part(&x[0]), &x[1], 1).await],
            Own::Product => {
                let truncation = Truncation { bits: 44, shift: 13 };
                let product = s.protocol.own_truncated_dot(&x[0], &x[1], 1, truncation).await;
                vec![product.unwrap_or_else(|| x[0].clone()), s.protocol.truncate(&x[0], 60, 13).await]
            }
        }
    }
}

const SYSTEMS: [ProtocolName; 4] =
    [ProtocolName::SecureNn, ProtocolName::SecureMl, ProtocolName::Falcon, ProtocolName::FalconMalicious];
/// Those that have no quotients of their own for what is divided here.
const OF_FALCON: [ProtocolName; 2] = [ProtocolName::Falcon, ProtocolName::FalconMalicious];

#[test]
fn what_is_sent_tells_nothing() {
    let fixed_point = FixedPoint { fraction_bits: 4, total_bits: 16 };
    for protocol in SYSTEMS {
        for own in [Own::Sign, Own::Relu, Own::Part, Own::Product] {
            if OF_FALCON.contains(&protocol) && matches!(own, Own::Part) {
                continue;
            }
            for x in [5, -3] {
                let inputs = [vec![if matches!(own, Own::Part) { 5 } else { x }; N], vec![40; N]];
                let setting = Setting { protocol, rounding: Rounding::Probabilistic, fixed_point };
                expect_nothing_told(&own, &inputs, setting);
            }
        }
    }
}
