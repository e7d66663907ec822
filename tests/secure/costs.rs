//! What each operation says it costs, and what its trace says: rounds and payload bytes of each party, exactly.
//!
//! An operation is declared as a composition of parts, after the papers. Rounds are those of the message graph: what a
//! party has to send may be ready before an earlier part is over for all, so rounds of parts do not simply add up.
//! Instead each part says, for every two parties, how many messages long the longest chain from one to the other is.
//! What a protocol's own operations cost stands in its file ([`Declared`](mpcsim::protocol::Declared)): these are run for every
//! protocol. The functions built of them are composed here for rep3.

use std::collections::BTreeMap;

use mpcsim::protocol::declared::{Primitive, Sent, Steps, rounds};
use mpcsim::protocol::registry::ProtocolName;
use mpcsim::protocol::{Division, Protocol, RingShare, Truncation, Wraps};
use mpcsim::ring::{MatMul, Plane, Vector};
use mpcsim::secure::{Rounding, Secure};
use mpcsim::softmax::{ClippedLimit, QuadraticExp, Sigmoid, Softmax, SoftmaxVariant};

use super::function::{CLASSES, COLUMNS, Function, NUMERATORS};
use super::harness::{Dice, Program, Setting, Traffic, on_shapes, seed, traffic};
use super::{EXACT, RELU_PROBABILITY};

/// No chain of messages.
const NONE: i64 = i64::MIN / 4;

/// What is sent for each row.
#[derive(Clone, Debug)]
struct Cost {
    /// `chains[i][j]`: messages in the longest chain from what party j knows before to what party i knows after it.
    chains: [[i64; 3]; 3],
    /// Ring elements sent by each party.
    ring: [u64; 3],
    /// Packed bits that each party sends, message by message.
    bits: Vec<[u64; 3]>,
}

impl Default for Cost {
    /// Nothing.
    fn default() -> Cost {
        let chains = [[0, NONE, NONE], [NONE, 0, NONE], [NONE, NONE, 0]];
        Cost { chains, ring: [0; 3], bits: Vec::new() }
    }
}

/// Ring elements sent by each party, and messages (from, to) that are there before any is answered.
fn ring(elements: [u64; 3], messages: &[(usize, usize)]) -> Cost {
    let mut cost = Cost { ring: elements, ..Cost::default() };
    messages.iter().for_each(|&(from, to)| cost.chains[to][from] = 1);
    cost
}

/// What rep3 declares.
fn rep3(primitive: Primitive) -> Cost {
    let declared = ProtocolName::Rep3.costs().iter().find(|declared| declared.primitive == primitive);
    let steps = declared.expect("declared").online.iter().map(|step| {
        let links: Vec<(usize, usize)> = step.iter().map(|sent| (sent.from, sent.to)).collect();
        let each = |count: fn(&Sent) -> u64| {
            [0, 1, 2].map(|party| step.iter().filter(|sent| sent.from == party).map(count).sum())
        };
        let bits = each(|sent| sent.bits);
        let bits = if bits == [0; 3] { Vec::new() } else { vec![bits] };
        Cost { bits, ..ring(each(|sent| sent.elements), &links) }
    });
    steps.fold(Cost::default(), Cost::then)
}

fn mul() -> Cost {
    rep3(Primitive::Mul)
}

fn and(bits: u64) -> Cost {
    if bits == 0 { Cost::default() } else { rep3(Primitive::And).wide(bits) }
}

fn open_bits(bits: u64) -> Cost {
    rep3(Primitive::OpenBits).wide(bits)
}

fn bits_to_ring(bits: u64) -> Cost {
    rep3(Primitive::BitsToRing).wide(bits)
}

fn and_to_ring() -> Cost {
    rep3(Primitive::AndToRing)
}

fn ands(levels: impl IntoIterator<Item = u64>) -> Cost {
    levels.into_iter().fold(Cost::default(), |cost, level| cost.then(and(level)))
}

impl Cost {
    /// Both, whatever the order.
    fn add(mut self, other: Cost) -> Cost {
        (0..3).for_each(|party| self.ring[party] += other.ring[party]);
        self.bits.extend(other.bits);
        self
    }

    /// One after the other.
    fn then(self, other: Cost) -> Cost {
        let longest =
            |i: usize, j: usize| (0..3).map(|k| other.chains[i][k] + self.chains[k][j]).max().unwrap();
        let chains = [0, 1, 2].map(|i| [0, 1, 2].map(|j| longest(i, j)));
        Cost { chains, ..self.add(other) }
    }

    /// Side by side.
    fn beside(self, other: Cost) -> Cost {
        let chains = [0, 1, 2].map(|i| [0, 1, 2].map(|j| self.chains[i][j].max(other.chains[i][j])));
        Cost { chains, ..self.add(other) }
    }

    fn rounds(&self) -> u64 {
        *self.chains.iter().flatten().max().unwrap() as u64
    }

    /// The same on vectors so many times as long.
    fn wide(mut self, times: u64) -> Cost {
        self.ring.iter_mut().chain(self.bits.iter_mut().flatten()).for_each(|n| *n *= times);
        self
    }

    fn bytes(&self, party: usize, n: u64) -> u64 {
        let packed = self.bits.iter().map(|bits| (bits[party] * n).div_ceil(8)).sum::<u64>();
        8 * n * self.ring[party] + packed
    }
}

/// Levels of a binary tree over items with generate and propagate bits. If only the carry out of all is needed, the
/// group with the lowest item never propagates. The last level is left out with `but_last`.
fn tree(mut items: u64, all: bool, but_last: bool) -> Vec<u64> {
    let mut levels = Vec::new();
    while items > 1 {
        let nodes = items / 2;
        levels.push(if all { 2 * nodes } else { 2 * nodes - 1 });
        items = items.div_ceil(2);
    }
    if but_last {
        levels.pop();
    }
    levels
}

/// Nodes of each level of a Sklansky network: the items with bit `size` set.
fn sklansky(items: u64) -> Vec<u64> {
    let sizes = (0..).map(|level| 1u64 << level).take_while(|&size| size < items);
    sizes.map(|size| (0..items).filter(|item| item & size != 0).count() as u64).collect()
}

/// The same for all carries of an adder: a node whose group does not begin at item 0 propagates too.
fn sklansky_carries(items: u64) -> Vec<u64> {
    let sizes = (0..).map(|level| 1u64 << level).take_while(|&size| size < items);
    let products = |size: u64| {
        let nodes = (0..items).filter(|item| item & size != 0);
        nodes.map(|item| if item >= 2 * size { 2 } else { 1 }).sum()
    };
    sizes.map(products).collect()
}

/// Three summands to two, half adders, a tree; its last product goes along with the conversion.
fn less_than_zero(bits: u64) -> Cost {
    and(bits - 1).then(and(bits - 2)).then(ands(tree(bits - 2, false, true))).then(and_to_ring())
}

/// x > y for numbers of 31 bits.
fn greater() -> Cost {
    less_than_zero(32)
}

fn decompose(bits: u64) -> Cost {
    and(bits - 1).then(and(bits - 2)).then(ands(sklansky_carries(bits - 2)))
}

/// All carries of a Brent-Kung adder. On the way up a node whose group does not begin at item 0 propagates too.
fn brent_kung_carries(items: u64) -> Vec<u64> {
    let sizes = || (0..).map(|level| 1u64 << level).take_while(move |&size| size < items);
    let up = sizes().map(|size| items / (2 * size)).filter(|&nodes| nodes > 0).map(|nodes| 2 * nodes - 1);
    let down = |size: u64| (items + size).saturating_sub(2 * size) / (2 * size);
    let down: Vec<u64> = sizes().map(down).filter(|&nodes| nodes > 0).collect();
    up.chain(down.into_iter().rev()).collect()
}

/// Four summands (the bits and a random number's components) to two, a Brent-Kung adder whose carries are all needed, then
/// the sum is opened while three overflows are converted.
fn compose(bits: u64) -> Cost {
    let adder = and(bits - 1).then(ands(brent_kung_carries(bits - 1)));
    and(bits).then(and(bits)).then(adder).then(open_bits(bits).beside(bits_to_ring(3)))
}

/// Exact: three summands of 64 bits to two; the carry into position `shift` beside the carry out of the positions above;
/// three bits are converted beside the last product.
fn floor_truncate(shift: u64) -> Cost {
    let high = and(64 - shift).then(ands(tree(64 - shift, true, false)));
    if shift == 1 {
        return and(64).then(high).then(bits_to_ring(2).beside(bits_to_ring(1)));
    }
    let low = and(shift - 1).then(ands(tree(shift - 1, false, true))).then(and(u64::from(shift > 2)));
    and(64).then(low.beside(high)).then(bits_to_ring(3).beside(and_to_ring()))
}

/// By `shift`, of numbers that leave no big gap.
fn truncate(shift: u64, rounding: Rounding) -> Cost {
    match rounding {
        Rounding::Probabilistic => rep3(Primitive::Truncate),
        Rounding::Nearest => floor_truncate(shift),
    }
}

fn fixed_mul(rounding: Rounding) -> Cost {
    mul().then(truncate(16, rounding))
}

/// With so many numerators for each divisor; none: the reciprocal.
fn divide(numerators: Option<u64>, r: Rounding) -> Cost {
    let width = numerators.unwrap_or(1);
    let normalise = less_than_zero(31)
        .then(mul())
        .then(decompose(31))
        .then(ands(sklansky(31)))
        .then(compose(31))
        .then(mul().beside(mul()));
    let first_y = match numerators {
        Some(width) => fixed_mul(r).wide(width),
        None => truncate(16, r),
    };
    let first = normalise.then(mul()).then(truncate(30, r)).then(mul().beside(first_y));
    let next_y = || mul().then(truncate(32, r)).wide(width);
    let iteration = || mul().then(truncate(32, r)).beside(next_y());
    first.then(iteration()).then(iteration()).then(iteration()).then(next_y())
}

fn exp2(r: Rounding) -> Cost {
    // Sign and four bits above the point of 31; of the carries only those into these six positions.
    let parts = ands([30, 29, 27, 15, 9, 4, 3]).then(bits_to_ring(7));
    let power = mul().wide(2).then(mul());
    let product = || mul().then(truncate(29, r));
    let powers = sklansky(10).into_iter().fold(Cost::default(), |cost, n| cost.then(product().wide(n)));
    let fraction = powers.then(truncate(29, r));
    parts.then(power.beside(fraction)).then(mul()).then(truncate(13, r)).then(truncate(16, r)).then(mul())
}

fn exp(r: Rounding) -> Cost {
    truncate(14, r).then(exp2(r))
}

fn log(r: Rounding) -> Cost {
    let ors = sklansky(30).into_iter().fold(Cost::default(), |cost, n| cost.then(mul().wide(n)));
    let float = less_than_zero(31).then(mul()).then(decompose(30)).then(bits_to_ring(30)).then(ors);
    let float = float.then(mul()).then(floor_truncate(14).beside(mul()));
    let polynomial = || fixed_mul(r).then(fixed_mul(r)).then(truncate(16, r));
    float.then(polynomial().beside(polynomial())).then(divide(Some(1), r)).then(truncate(15, r))
}

/// The leading bit, and x moved by it; beside that, what becomes of its place.
fn by_leading_bit(root: Cost, r: Rounding) -> Cost {
    let leading = decompose(30).then(ands(sklansky(30))).then(compose(30)).then(mul());
    let power = compose(15).beside(bits_to_ring(1)).then(mul()).then(mul()).then(truncate(14, r));
    leading.then(root.beside(power)).then(mul())
}

fn sqrt(r: Rounding) -> Cost {
    let product = |shift| mul().then(truncate(shift, r));
    let newton = || product(28).then(product(31)).then(product(29));
    let root = truncate(31, r).then(product(31)).then(newton()).then(newton()).then(product(31));
    by_leading_bit(root, r).then(truncate(34, r))
}

fn inverse_sqrt(r: Rounding) -> Cost {
    let root = floor_truncate(15).then(truncate(16, r)).then(fixed_mul(r));
    by_leading_bit(root, r).then(truncate(20, r))
}

fn row_max(width: u64) -> Cost {
    let (mut columns, mut cost) = (width, Cost::default());
    while columns > 1 {
        cost = cost.then(greater().then(mul()).wide(columns / 2));
        columns = columns.div_ceil(2);
    }
    cost
}

fn relu() -> Cost {
    greater().then(mul())
}

fn exact(r: Rounding) -> Cost {
    let classes = CLASSES as u64;
    let exponentials = greater().beside(exp(r)).then(mul()).wide(classes);
    row_max(classes).then(exponentials).then(divide(Some(classes), r))
}

fn relu_probability(r: Rounding) -> Cost {
    let classes = CLASSES as u64;
    let quotients = divide(Some(1), r).wide(classes).beside(divide(None, r));
    relu().wide(classes).then(quotients).then(mul().wide(classes))
}

fn relu_gradient(r: Rounding) -> Cost {
    let classes = CLASSES as u64;
    relu().wide(classes).then(divide(None, r)).then(fixed_mul(r).wide(classes))
}

/// x / 2^n of numbers of 32 bits, then n squarings.
fn exp_limit(squarings: u64, r: Rounding) -> Cost {
    (0..squarings).fold(truncate(squarings, r), |cost, _| cost.then(fixed_mul(r)))
}

/// CrypTen's: an exponential, ten steps of a square and a product.
fn newton_reciprocal(r: Rounding) -> Cost {
    (0..20).fold(exp_limit(8, r), |cost, _| cost.then(fixed_mul(r)))
}

/// The divisor's leading bit moved to the top, and by which power of two.
fn normalise() -> Cost {
    let power = decompose(31).then(ands(sklansky(31))).then(compose(31));
    less_than_zero(31).then(mul()).then(power).then(mul().beside(mul()))
}

/// SPU's: 15 bits are cut; a product, two side by side, one more; a product with the power, 15 bits cut.
fn spu_reciprocal(r: Rounding) -> Cost {
    let steps = fixed_mul(r).then(fixed_mul(r).wide(2)).then(fixed_mul(r));
    normalise().then(truncate(15, r)).then(steps).then(mul()).then(truncate(15, r))
}

/// Sign and so many integer bits, and the powers of two of these bits.
fn parts(integer_bits: u64) -> Cost {
    // The carries into the integer positions and into the top one, of a Sklansky network on 29 positions.
    let levels = match integer_bits {
        5 => [30, 29, 27, 17, 9, 4, 4],
        other => panic!("{other} bits"),
    };
    ands(levels).then(bits_to_ring(integer_bits + 3))
}

/// The product of five factors: two pairs, then one, then the odd one.
fn power_of_five_bits() -> Cost {
    mul().wide(2).then(mul()).then(mul())
}

/// Prefix products of so many powers, and the rounded sum.
fn polynomial(powers: u64, r: Rounding) -> Cost {
    let products =
        sklansky(powers).into_iter().fold(Cost::default(), |cost, n| cost.then(fixed_mul(r).wide(n)));
    products.then(truncate(16, r))
}

fn exp_pade(r: Rounding) -> Cost {
    let clamp = less_than_zero(32).then(mul()).wide(2);
    let exponent = clamp.then(truncate(14, r)).then(parts(5));
    let value = power_of_five_bits().beside(polynomial(5, r)).then(mul());
    exponent.then(value).then(truncate(32, r)).then(mul())
}

fn exp_quadratic(r: Rounding) -> Cost {
    let value = power_of_five_bits().beside(polynomial(2, r)).then(mul()).then(truncate(31, r));
    greater().beside(truncate(14, r).then(parts(5)).then(value)).then(mul())
}

/// 20 bits in blocks of 8, 8 and 4: the halves of a block, then all of its entries; a conversion for each bit of an entry that
/// some entry of the table has.
fn exp_lookup(r: Rounding) -> Cost {
    let block_of_8 = and(4 * 4).then(and(2 * 16)).then(and(256));
    let block_of_4 = and(2 * 4).then(and(16));
    let entries = [
        block_of_8.clone().then(bits_to_ring(17)),
        block_of_8.then(bits_to_ring(17)),
        // Of 65536 e^-b no number has bit 15 or bit 6.
        block_of_4.then(bits_to_ring(15)),
    ];
    let entries = entries.into_iter().reduce(Cost::beside).expect("three blocks");
    let product = decompose(20).then(entries).then(fixed_mul(r)).then(fixed_mul(r));
    greater().beside(product).then(mul())
}

/// The output layers beyond those of the paper.
fn variant(softmax: Softmax, r: Rounding) -> Cost {
    let classes = CLASSES as u64;
    let by = |reciprocal: Cost| reciprocal.then(fixed_mul(r).wide(classes));
    let max = || row_max(classes);
    match softmax {
        Softmax::Limit(_) => max().then(exp_limit(8, r).wide(classes)).then(by(newton_reciprocal(r))),
        Softmax::Taylor(_) => max().then(exp_limit(8, r).wide(classes)).then(by(spu_reciprocal(r))),
        Softmax::ClippedLimit(_) => {
            let exponentials = greater().beside(exp_limit(5, r)).then(mul()).wide(classes);
            max().then(exponentials).then(by(spu_reciprocal(r)))
        }
        Softmax::Pade(_) => max().then(exp_pade(r).wide(classes)).then(by(spu_reciprocal(r))),
        Softmax::QuadraticExp(_) => max().then(exp_quadratic(r).wide(classes)).then(divide(Some(classes), r)),
        Softmax::Lookup(_) => max().then(exp_lookup(r).wide(classes)).then(divide(Some(classes), r)),
        Softmax::Ode(_) => {
            let step = || fixed_mul(r).then(fixed_mul(r)).wide(classes);
            (0..32).fold(truncate(5, r).wide(classes), |cost, _| cost.then(step()))
        }
        Softmax::TwoQuad(_) => fixed_mul(r).wide(classes).then(divide(Some(classes), r)),
        Softmax::TwoRelu(_) => relu().wide(classes).then(divide(Some(classes), r)),
        Softmax::ReluNorm(_) => {
            let length = decompose(31).then(ands(sklansky(31))).then(open_bits(31));
            let inverse = length.then(truncate(15, r)).then(polynomial(2, r)).then(truncate(15, r));
            relu().wide(classes).then(by(inverse))
        }
        Softmax::Adhoc(_) => {
            let exponentials = greater().beside(truncate(1, r)).then(mul()).wide(classes);
            let sums = rep3(Primitive::Open);
            max().then(exponentials).then(sums).then(truncate(16, r).wide(classes))
        }
        Softmax::Sigmoid(_) => greater().wide(2).beside(exp(r)).then(mul()).then(divide(None, r)),
        Softmax::SigmoidPiecewise(_) => relu().wide(2),
        // An eighth of x, its square; -0.81562 is -13363 / 2^14.
        Softmax::SigmoidPolynomial(_) => {
            truncate(3, r).then(fixed_mul(r)).then(truncate(14, r)).then(fixed_mul(r))
        }
        Softmax::Exact(_) | Softmax::ReluProbability(_) | Softmax::ReluGradient(_) => {
            unreachable!("declared above")
        }
    }
}

/// What an operation costs for each row, with probabilistic and with nearest rounding.
fn declared(function: Function, r: Rounding) -> Cost {
    use Function::*;
    match function {
        Mul | Dot => fixed_mul(r),
        MatrixProduct { .. } => fixed_mul(r).wide(COLUMNS as u64),
        Truncate { bits: 0..=24, .. } if r == Rounding::Probabilistic => rep3(Primitive::TruncateGap),
        Truncate { shift, .. } => truncate(u64::from(shift), r),
        ScaleBy(0.0) => Cost::default(),
        // 0.9 is 29491 / 2^15, -2.5 is -5 / 2.
        ScaleBy(factor) => truncate(if factor == 0.9 { 15 } else { 1 }, r),
        Select => mul(),
        Bits => decompose(31).then(bits_to_ring(31)),
        Compose => decompose(31).then(compose(31)),
        LessThanZero { bits } => less_than_zero(u64::from(bits)),
        Greater => greater(),
        Relu | ReluAbove => relu(),
        Max { width } => row_max(width as u64),
        Divide => divide(Some(1), r),
        DivideRows => divide(Some(NUMERATORS as u64), r),
        Reciprocal => divide(None, r),
        Exp2 => exp2(r),
        Exp => exp(r),
        Log => log(r),
        Sqrt => sqrt(r),
        InverseSqrt => inverse_sqrt(r),
        Gradient(Softmax::Exact(_)) => exact(r),
        Gradient(Softmax::ReluProbability(_)) => relu_probability(r),
        Gradient(Softmax::ReluGradient(_)) => relu_gradient(r),
        Gradient(other) => variant(other, r),
        GradientAndLoss(_) => {
            unreachable!("a gradient and what it has in common with a loss is not declared")
        }
    }
}

/// Rounds on top of the longest chain of parts, with probabilistic rounding: sub-programs side by side that are out of
/// step with each other. A party's line is one line, so what one of them sends counts as sent after what the other has
/// received by then.
const OUT_OF_STEP: [(Function, u64); 7] = [
    (Function::Gradient(EXACT), 1),
    (Function::Gradient(RELU_PROBABILITY), 3),
    (Function::Gradient(Softmax::ClippedLimit(ClippedLimit::DEFAULT)), 2),
    (Function::Gradient(Softmax::QuadraticExp(QuadraticExp)), 1),
    (Function::Gradient(Softmax::Sigmoid(Sigmoid)), 1),
    (Function::Sqrt, 4),
    (Function::InverseSqrt, 1),
];

/// Lengths at which packing has something to round up.
const LENGTHS: [u64; 7] = [1, 7, 8, 63, 64, 65, 1000];

#[test]
fn every_function_costs_what_it_declares() {
    let seed = seed();
    let mut wrong = Vec::new();
    let layers = Softmax::ALL.into_iter().skip(3).map(Function::Gradient);
    for function in Function::ALL.into_iter().chain(layers) {
        for rounding in Rounding::ALL {
            let cost = declared(function, rounding);
            let on_top = OUT_OF_STEP.iter().find(|(name, _)| *name == function);
            let on_top =
                on_top.filter(|_| rounding == Rounding::Probabilistic).map_or(0, |(_, rounds)| *rounds);
            let least = cost.rounds();
            for n in LENGTHS {
                let inputs = function.random(&mut Dice::new(seed, 400), n as usize);
                let outcome = on_shapes(&function, &inputs, seed, Setting::of(ProtocolName::Rep3, rounding));
                let bytes: Vec<u64> = (0..3).map(|party| cost.bytes(party, n)).collect();
                let (found, sent) = (outcome.rounds, outcome.bytes());
                if found != least + on_top || bytes != sent {
                    wrong.push(format!(
                        "{function:?}, {rounding:?}, {n} rows: {found} rounds, {sent:?} bytes; \
                         declared {least} and {on_top} on top, {bytes:?}"
                    ));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// On n elements.
struct Own(Primitive);

impl Program for Own {
    async fn run<P: Protocol>(&self, s: &Secure<P>, inputs: &[P::Share]) -> Vec<P::Share> {
        let (x, p) = (&inputs[0], &s.protocol);
        let n = x.len();
        let twice = || RingShare::concat(&[x, x]);
        let bit = || p.public_plane(&Plane::zeros(p.content(), n));
        let secret = Vector::constant(p.content(), n, 3);
        // As the descriptions say.
        let cut = if p.ring_bits() == 32 { 31 } else { 48 };
        let truncation = match p.ring_bits() {
            32 => Truncation { bits: 31, shift: 13 },
            _ => Truncation { bits: 47, shift: 16 },
        };
        match self.0 {
            Primitive::Input => return vec![p.input(0, n, Some(&secret)).await],
            Primitive::Open => drop(p.open(x).await),
            Primitive::OpenBits => drop(p.open_bits(&[bit()]).await),
            Primitive::Mul => return vec![p.mul(x, x).await],
            Primitive::Dot => return vec![p.dot(&twice(), &twice(), 2).await],
            Primitive::MatMul => {
                let one = x.slice(0, 1);
                let column = RingShare::concat(&[&one, &one]);
                return vec![p.matmul(&twice(), &column, MatMul::new(n, 2, 1)).await];
            }
            Primitive::And => drop(p.and(&[[&bit(), &bit()]]).await),
            Primitive::Truncate => return vec![p.truncate(x, truncation.bits, truncation.shift).await],
            Primitive::TruncateGap => return vec![p.truncate(x, 24, 16).await],
            Primitive::Summands => drop(p.summands(x, 31).await),
            Primitive::Cut => drop(p.cut(x, cut, 16, Wraps::Counted).await),
            Primitive::Random => return vec![p.random(n, 31).await.0],
            Primitive::BitsToRing => return p.bits_to_ring(&[bit()]).await,
            Primitive::AndToRing => return vec![p.and_to_ring(&bit(), &bit(), &bit()).await],
            Primitive::LessThanZero => return vec![p.own_less_than_zero(x, 31).await.expect("its own")],
            Primitive::WhereNegative => {
                return p.own_where_negative(x, 31, x).await.expect("its own").into();
            }
            Primitive::Divide => {
                let division = Division {
                    numerators: Some(x),
                    divisors: x,
                    width: 1,
                    at_most_one: true,
                    fraction_bits: 2,
                    total_bits: 31,
                };
                return vec![p.own_divide(&division).await.expect("its own")];
            }
            Primitive::Places => return p.own_places(x, 4).await.expect("its own"),
            Primitive::Fix => drop(p.fix(x).await),
            Primitive::FixedMatMul => {
                let one = x.slice(0, 1);
                let column = RingShare::concat(&[&one, &one]);
                let rows = p.fix(&twice()).await.gather_rows(&(0..n).collect::<Vec<_>>(), 2);
                return vec![p.matmul(&rows, &column, MatMul::new(n, 2, 1)).await];
            }
            Primitive::OpenLessThanZero => drop(p.own_open_less_than_zero(x, 31).await.expect("its own")),
            Primitive::TruncatedMul => {
                return vec![p.own_truncated_dot(x, x, 1, truncation).await.expect("its own")];
            }
        }
        vec![x.clone()]
    }
}

fn declared_traffic(steps: Steps, n: u64) -> Traffic {
    let mut links = BTreeMap::new();
    for sent in steps.iter().copied().flatten() {
        *links.entry((sent.from, sent.to)).or_default() += sent.payload_bytes(n);
    }
    (rounds(steps), links)
}

#[test]
fn every_operation_costs_what_its_protocol_declares() {
    for protocol in ProtocolName::ALL.into_iter().chain(ProtocolName::IN_OTHER_WAYS) {
        let declared: Vec<Primitive> = protocol.costs().iter().map(|declared| declared.primitive).collect();
        let (all, own) = declared.split_at(Primitive::ALL.len());
        assert_eq!(all, Primitive::ALL, "{}", protocol.full_name());
        assert!(own.iter().all(|primitive| Primitive::OWN.contains(primitive)), "{}", protocol.full_name());
        for declared in protocol.costs() {
            for n in LENGTHS {
                let setting = Setting::of(protocol, Rounding::Probabilistic);
                let outcome = on_shapes(&Own(declared.primitive), &[vec![0; n as usize]], 1, setting);
                let found = [&outcome.trace, &outcome.offline].map(traffic);
                let mut expected =
                    [declared.online, declared.offline].map(|steps| declared_traffic(steps, n));
                if !declared.in_batches.is_empty() {
                    assert!(!found[1].1.is_empty(), "something is made in batches");
                    expected[1] = found[1].clone();
                }
                let name = protocol.full_name();
                assert_eq!(found, expected, "{name}: {:?}, n = {n}", declared.primitive);
            }
        }
    }
}

/// Ands for the overflow of three numbers of so many bits: a carry-save addition, half adders, a tree.
fn overflow_levels(bits: u64) -> Vec<u64> {
    [vec![bits, bits - 1], tree(bits - 1, false, false)].concat()
}

/// What each party sends in the offline phase of sy_rep3: random bits in thirds, triples in buckets of five, masks. There are as
/// many buckets as words of 64 triples are needed, at least 1,024.
fn made_by_sy_rep3(party: usize, bits: u64, triples: bool, masks: &[(u64, u64)]) -> u64 {
    const COIN: u64 = 2 * (16 + 20 + 16);
    const HASH: u64 = 2 * 32;
    let converted: u64 = masks.iter().map(|&(_, len)| 2 * len).sum();
    let random = bits + converted;
    let third = |g: usize| (random + 2 - g as u64 % 3) / 3;
    let mut bytes = 0;
    if random > 0 {
        // Two inputs, in two thirds by this party; two MACs; a product; the check that they are bits; the check of MACs.
        bytes += 13 * (third(party) + third(party + 2)) + 13 * 2 * random + 26 * random + COIN + 26 + HASH;
        bytes += if party == 2 { 10_106 } else { 11_458 };
    }
    if triples || !masks.is_empty() {
        let needed = |&(bits, len): &(u64, u64)| overflow_levels(bits).iter().sum::<u64>() * len.div_ceil(64);
        let (size, buckets) = (5, masks.iter().map(needed).sum::<u64>().max(1024));
        let (words, opened) = (size * buckets + 3, 2 * (size - 1) * buckets + 3 * 3);
        bytes += 8 * (words + opened) + COIN + HASH;
    }
    for &(number_bits, len) in masks {
        // A carry-save addition, half adders, a tree whose lowest group does not propagate; two bits a product are opened.
        let levels = overflow_levels(number_bits);
        let ands: u64 = levels.iter().map(|ands| (2 * ands * len).div_ceil(8)).sum();
        bytes += 13 * len + ands + (2 * len).div_ceil(8);
    }
    bytes
}

#[test]
fn the_offline_phase_of_sy_rep3_costs_what_its_parts_do() {
    for n in LENGTHS {
        type Takes<'a> = (Primitive, u64, bool, &'a [(u64, u64)]);
        let programs: [Takes<'_>; 5] = [
            (Primitive::And, 0, true, &[]),
            (Primitive::Truncate, n, false, &[(16, n), (31, n)]),
            (Primitive::TruncateGap, n, false, &[(16, n), (8, n)]),
            (Primitive::BitsToRing, n, false, &[]),
            (Primitive::AndToRing, n, true, &[]),
        ];
        for (primitive, bits, triples, masks) in programs {
            let setting = Setting::of(ProtocolName::SyRep3, Rounding::Probabilistic);
            let outcome = on_shapes(&Own(primitive), &[vec![0; n as usize]], 1, setting);
            let (_, links) = traffic(&outcome.offline);
            for party in 0..3 {
                let by_party = links.iter().filter(|((from, _), _)| *from == party);
                let found: u64 = by_party.map(|(_, bytes)| bytes).sum();
                let expected = made_by_sy_rep3(party, bits, triples, masks);
                assert_eq!(found, expected, "{primitive:?}, n = {n}, party {party}");
            }
        }
    }
}

#[test]
fn costs_are_shown_as_formulas() {
    let text = |protocol: ProtocolName, primitive| {
        let declared = protocol.costs().iter().find(|declared| declared.primitive == primitive);
        declared.expect("declared").text(protocol.parties())
    };
    assert_eq!(
        text(ProtocolName::Rep4, Primitive::And),
        "1 round: 2 ceil(n / 8) + 32, 2 ceil(n / 8) + 32, ceil(n / 8) + 64, ceil(n / 8) + 64 bytes"
    );
    assert_eq!(text(ProtocolName::Rep3, Primitive::Summands), "local");
    assert_eq!(
        text(ProtocolName::SyRep3, Primitive::Mul),
        "20 rounds: 26 n + 11458, 26 n + 11458, 26 n + 10106 bytes"
    );
    assert_eq!(
        text(ProtocolName::SyRep3, Primitive::And),
        "2 rounds: ceil(2 n / 8) + 64, ceil(2 n / 8) + 64, ceil(2 n / 8) + 64 bytes; offline in batches: a triple"
    );
    assert_eq!(
        text(ProtocolName::Beaver2, Primitive::Summands),
        "1 round: 8 n, 8 n, 0 bytes; offline 1 round: 0, 0, 8 n + ceil(31 n / 8) bytes"
    );
}
