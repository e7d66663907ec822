//! Speed of training, beside bare matrix products of the same shapes: `cargo bench --bench training`.
//!
//! Training and products take turns in short pieces, so that both meet the same disturbances; times of a piece are
//! scaled to an epoch of MNIST. Times are wall clock, since threads that wait awake use CPU time too; for one thread
//! set `RAYON_NUM_THREADS=1`. Options: `--iterations N` of a piece, `--turns N`, `--hidden 128,128`, `--batch N`,
//! `--softmax NAME`, `--only clear,shares,shape`, and `--protocols NAME,NAME`: shares of these, in turns with `rep3`.

// A benchmark is where time must be measured.
#![allow(clippy::disallowed_types)]

use std::path::Path;
use std::time::Instant;

use mpcsim::data::{MNIST_CLASSES, MNIST_IMAGE};
use mpcsim::nn::{Fans, Layer, SecretData, Secrets, TrainingProgram, fans, glorot_weights};
use mpcsim::protocol::registry::{Starter, Visitor};
use mpcsim::protocol::{Clear, Protocol, Rep3, Start};
use mpcsim::ring::gemm::{MatrixView, gemm_add};
use mpcsim::ring::{Content, Vector, with_workers};
use mpcsim::run::{Demands, Session, layers, network, record, training_program};
use mpcsim::scenario::{Plan, Protocol as ProtocolName, Scenario};
use mpcsim::sim::World;
use rayon::prelude::*;

/// Rows of MNIST: an epoch.
const EPOCH_ROWS: usize = 60_000;
/// Rows that are loaded: batches jump around among them as in a whole epoch.
const ROWS: usize = 20_000;

struct Options {
    iterations: usize,
    turns: usize,
    hidden: String,
    batch: usize,
    softmax: String,
    only: String,
    protocols: String,
}

fn options() -> Options {
    let arguments: Vec<String> = std::env::args().collect();
    let value = |name: &str, default: &str| -> String {
        let place = arguments.iter().position(|a| a == name);
        place.and_then(|i| arguments.get(i + 1)).cloned().unwrap_or_else(|| default.to_owned())
    };
    Options {
        iterations: value("--iterations", "20").parse().expect("a number of iterations"),
        turns: value("--turns", "12").parse().expect("a number of turns"),
        hidden: value("--hidden", "128,128"),
        batch: value("--batch", "128").parse().expect("a batch size"),
        softmax: value("--softmax", "exact"),
        only: value("--only", "clear,shares,shape"),
        protocols: value("--protocols", ""),
    }
}

fn plan(protocol: &str, options: &Options) -> Plan {
    let Options { hidden, batch, softmax, .. } = options;
    let text = format!(
        "(name: \"bench\", seed: 1, protocol: {protocol}, model: dense(hidden: [{hidden}]), softmax: {softmax}, \
         data: mnist(train: {ROWS}, test: 100), training: (epochs: 1, batch: {batch}), network: preset(\"lan\"))"
    );
    Scenario::parse(&text, "bench.ron", Path::new("."), &[]).expect("a good scenario")
}

/// Seconds that some work takes.
fn time(work: impl FnOnce()) -> f64 {
    let start = Instant::now();
    work();
    start.elapsed().as_secs_f64()
}

/// Best, then median.
fn best_and_median(mut times: Vec<f64>) -> (f64, f64) {
    times.sort_by(f64::total_cmp);
    (times[0], times[times.len() / 2])
}

/// A matrix product of an iteration: C = A B, with A or B stored transposed.
#[derive(Clone, Copy)]
struct Product {
    m: usize,
    k: usize,
    n: usize,
    transpose_a: bool,
    transpose_b: bool,
}

/// The products of an iteration: forward, weight gradients, input gradients.
fn products(layers: &[Layer], batch: usize) -> Vec<Product> {
    let plain = |m, k, n| Product { m, k, n, transpose_a: false, transpose_b: false };
    let mut all = Vec::new();
    for (i, Fans { inputs, outputs }) in fans(layers).into_iter().enumerate() {
        all.push(plain(batch, inputs, outputs));
        all.push(Product { transpose_a: true, ..plain(inputs, batch, outputs) });
        if i > 0 {
            all.push(Product { transpose_b: true, ..plain(batch, outputs, inputs) });
        }
    }
    all
}

fn words(n: usize) -> Vec<u64> {
    (1..=n as u64).map(|i| i.wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(29) ^ i << 40).collect()
}

/// The bare ring products of an iteration under rep3: two for each of three parties.
fn bare_ring(layers: &[Layer], batch: usize) -> impl FnMut() + use<> {
    let products = products(layers, batch);
    let operand =
        |f: fn(&Product) -> usize| -> Vec<Vec<u64>> { products.iter().map(|p| words(f(p))).collect() };
    let (a, b, mut c) = (operand(|p| p.m * p.k), operand(|p| p.k * p.n), operand(|p| p.m * p.n));
    move || {
        for (((p, a), b), c) in products.iter().zip(&a).zip(&b).zip(&mut c) {
            let (mut left, mut right) =
                (MatrixView::row_major(a, p.m, p.k), MatrixView::row_major(b, p.k, p.n));
            if p.transpose_a {
                left = MatrixView::row_major(a, p.k, p.m).transposed();
            }
            if p.transpose_b {
                right = MatrixView::row_major(b, p.n, p.k).transposed();
            }
            (0..6).for_each(|_| gemm_add(left, right, c));
        }
    }
}

/// The bare floating-point products of an iteration, on all threads.
fn bare_f64(layers: &[Layer], batch: usize) -> impl FnMut() + use<> {
    let products = products(layers, batch);
    let operand = |f: fn(&Product) -> usize| -> Vec<Vec<f64>> {
        products.iter().map(|p| words(f(p)).into_iter().map(|x| (x >> 44) as f64).collect()).collect()
    };
    let (a, b, mut c) = (operand(|p| p.m * p.k), operand(|p| p.k * p.n), operand(|p| p.m * p.n));
    move || {
        for (((p, a), b), c) in products.iter().zip(&a).zip(&b).zip(&mut c) {
            let (a_row, a_col) = if p.transpose_a { (1, p.m) } else { (p.k, 1) };
            let (b_row, b_col) = if p.transpose_b { (1, p.k) } else { (p.n, 1) };
            // As many rows a thread, in whole register tiles.
            let rows = p.m.div_ceil(rayon::current_num_threads()).next_multiple_of(8);
            c.par_chunks_mut(rows * p.n).enumerate().for_each(|(i, c)| {
                let (first, rows) = (i * rows, c.len() / p.n);
                // SAFETY: rows `first..first + rows` of A exist, B is whole, and `c` is ours; no gaps anywhere.
                unsafe {
                    let a = a.as_ptr().add(first * a_row);
                    let strides = [a_row, a_col, b_row, b_col, p.n].map(|s| s as isize);
                    let [a_row, a_col, b_row, b_col, c_row] = strides;
                    let (b, c) = (b.as_ptr(), c.as_mut_ptr());
                    matrixmultiply::dgemm(
                        rows, p.k, p.n, 1.0, a, a_row, a_col, b, b_row, b_col, 0.0, c, c_row, 1,
                    );
                }
            });
        }
    }
}

/// A training that is set up.
struct Training<P: Protocol> {
    session: Session<P>,
    order: Vec<usize>,
    batch: usize,
    next: usize,
}

impl<P: Protocol> Training<P> {
    fn iterations(&mut self, n: usize) {
        for _ in 0..n {
            let batches = self.order.len() / self.batch;
            let start = self.next % batches * self.batch;
            self.next += 1;
            self.session.iteration(&self.order[start..start + self.batch]).expect("an iteration");
        }
    }
}

fn program(plan: &Plan) -> TrainingProgram {
    training_program(plan, &layers(plan, MNIST_IMAGE, MNIST_CLASSES).expect("layers that fit"), ROWS)
}

fn set_up<P: Protocol>(
    plan: &Plan,
    bench: World,
    start: impl Fn(mpcsim::sim::Party<mpcsim::protocol::Message>) -> P,
    data: impl FnOnce(&TrainingProgram) -> SecretData,
    demands: Demands,
) -> (Training<P>, TrainingProgram) {
    let program = program(plan);
    let mut weights = glorot_weights(&program.layers, plan.seed, 0, plan.fixed_point);
    let data = data(&program);
    if data.images[0].content() == Content::Shape {
        for layer in &mut weights {
            layer.weights = Vector::shape(layer.weights.len());
            layer.bias = Vector::shape(layer.bias.len());
        }
    }
    let format = (plan.fixed_point, plan.rounding);
    let (session, _) =
        Session::set_up(bench, start, format, &program, Secrets { data: &data, weights: &weights }, demands)
            .expect("a set-up");
    let batch = plan.training.batch;
    let order = mpcsim::nn::epoch_order(plan.seed, 0, ROWS, batch);
    (Training { session, order, batch, next: 0 }, program)
}

fn mnist(plan: &Plan, program: &TrainingProgram) -> SecretData {
    let data = mpcsim::data::load(&plan.data).expect("the bundled data").train;
    let rows: Vec<usize> = (0..ROWS).collect();
    SecretData::of(program, &data, &rows, plan.fixed_point)
}

fn clear(plan: &Plan) -> (Training<Clear>, TrainingProgram) {
    let link = mpcsim::sim::Link::INSTANT;
    let bench = World::new(mpcsim::sim::Network::uniform(1, link));
    set_up(
        plan,
        bench,
        |party| Clear::new(party, plan.seed),
        |program| mnist(plan, program),
        Demands::default(),
    )
}

fn shares(plan: &Plan) -> (Training<Rep3>, TrainingProgram) {
    let bench = World::new(network(&plan.network, plan.seed));
    set_up(
        plan,
        bench,
        |party| Rep3::start(party, plan.seed, Content::Values),
        |program| mnist(plan, program),
        Demands::default(),
    )
}

fn shape(plan: &Plan) -> (Training<Rep3>, TrainingProgram) {
    let bench = World::new(network(&plan.network, plan.seed));
    set_up(
        plan,
        bench,
        |party| Rep3::start(party, plan.seed, Content::Shape),
        SecretData::shape,
        Demands::default(),
    )
}

/// Best and median of both, training first: seconds of an iteration.
fn in_turns(options: &Options, mut training: impl FnMut(usize), mut bare: impl FnMut()) -> [(f64, f64); 2] {
    let n = options.iterations;
    let mut times = [Vec::new(), Vec::new()];
    for _ in 0..options.turns {
        training(2);
        times[0].push(time(|| training(n)) / n as f64);
        bare();
        times[1].push(time(|| (0..n).for_each(|_| bare())) / n as f64);
    }
    times.map(best_and_median)
}

/// Trainings on shares of a protocol, in turns with those of `rep3`.
struct BesideRep3<'a> {
    name: &'a str,
    options: &'a Options,
    rep3: &'a mut Training<Rep3>,
}

impl Visitor for BesideRep3<'_> {
    type Output = ();

    fn visit<P: Protocol>(self, start: Starter<P>) {
        let plan = plan(self.name, self.options);
        let demands = record(&plan, &program(&plan)).expect("the program runs").demands;
        let world = World::new(network(&plan.network, plan.seed));
        let values = |party| start(party, plan.seed, Content::Values);
        let (mut training, _) = set_up(&plan, world, values, |program| mnist(&plan, program), demands);
        let n = self.options.iterations;
        let times = in_turns(self.options, |n| training.iterations(n), || self.rep3.iterations(1));
        let [(best, median), (rep3_best, rep3_median)] = times;
        let epoch = EPOCH_ROWS.div_ceil(self.options.batch) as f64;
        println!(
            "\nshares, {}: {:.2} ms best ({:.2} median of pieces of {n}) an iteration, {:.2} s an epoch; {:.2} times rep3 \
             ({:.2})",
            self.name,
            best * 1e3,
            median * 1e3,
            best * epoch,
            best / rep3_best,
            median / rep3_median
        );
    }
}

fn report(name: &str, bare_name: &str, options: &Options, [training, bare]: [(f64, f64); 2]) {
    let epoch = EPOCH_ROWS.div_ceil(options.batch) as f64;
    let ((best, median), (bare_best, bare_median)) = (training, bare);
    println!("\n{name}, 784-{}-10, batch {}, softmax {}", options.hidden, options.batch, options.softmax);
    println!(
        "  {:.2} ms best ({:.2} median) an iteration, {:.2} s ({:.2}) an epoch; {bare_name} {:.2} ms ({:.2}): \
         {:.0} % ({:.0} %) of bare",
        best * 1e3,
        median * 1e3,
        best * epoch,
        median * epoch,
        bare_best * 1e3,
        bare_median * 1e3,
        100.0 * bare_best / best,
        100.0 * bare_median / median
    );
}

fn main() {
    with_workers(rayon::current_num_threads(), bench).expect("threads");
}

fn bench() {
    let options = options();
    let plan = plan("rep3", &options);
    let wanted = |name: &str| options.only.split(',').any(|w| w == name);
    println!(
        "{} threads; pieces of {} iterations in {} turns",
        rayon::current_num_threads(),
        options.iterations,
        options.turns
    );
    if wanted("clear") {
        let (mut training, program) = clear(&plan);
        let bare = bare_f64(&program.layers, options.batch);
        let times = in_turns(&options, |n| training.iterations(n), bare);
        report("clear", "bare f64 products", &options, times);
    }
    if wanted("shares") {
        let (mut training, program) = shares(&plan);
        let bare = bare_ring(&program.layers, options.batch);
        let times = in_turns(&options, |n| training.iterations(n), bare);
        report("shares, rep3", "bare ring products", &options, times);
    }
    for name in options.protocols.split(',').filter(|name| !name.is_empty()) {
        let protocol = ProtocolName::ALL.into_iter().find(|protocol| protocol.name() == name);
        let (mut rep3, _) = shares(&plan);
        protocol.expect("a protocol").visit(BesideRep3 { name, options: &options, rep3: &mut rep3 });
    }
    if wanted("shape") {
        let (mut training, program) = shape(&plan);
        let bare = bare_f64(&program.layers, options.batch);
        let times = in_turns(&options, |n| training.iterations(n), bare);
        report("shape, rep3, live kernel", "bare f64 products", &options, times);
    }
}
