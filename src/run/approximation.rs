//! How far a softmax variant is from softmax, and a sigmoid from the sigmoid: its fixed-point arithmetic in the clear, on seeded rows
//! of normal logits.

use std::future::Future;
use std::pin::Pin;

use crate::protocol::{Clear, Message, Protocol, ValuesBeyond};
use crate::ring::{Content, Purpose, StreamKey, Vector};
use crate::secure::{FixedPoint, Rounding, Secure};
use crate::sim::{Link, Network, SimError, Simulation, World};
use crate::softmax::{Logits, Softmax};

/// Classes of a row.
const CLASSES: usize = 10;
/// Seed of the logits and of the rounding.
const SEED: u64 = 2011;
/// KL divergence looks at classes to which softmax gives so many units in the last place: less is noise of the rounding.
const LEAST_UNITS: f64 = 16.0;

/// How far output distributions are from those of softmax.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Approximation {
    /// Largest difference of a probability.
    pub largest: f64,
    /// Mean total variation distance: half the sum of differences of a row.
    pub total_variation: f64,
    /// Mean Kullback-Leibler divergence of the variant q from softmax p, over classes to which softmax gives 2^-12 or more;
    /// infinite where the variant gives one of them nothing. Sums of q may be off one: the sum is of p ln(p/q) - p + q.
    pub divergence: f64,
    /// Fraction of rows in which another class is the largest.
    pub changed: f64,
    /// Fraction of rows beyond the domain of the variant.
    pub beyond_domain: f64,
}

/// Independent standard normal numbers, by Box and Muller's transform.
fn normal(count: usize) -> Vec<f64> {
    let stream = StreamKey { seed: SEED, purpose: Purpose::Rounding, parties: 0, strand: 0, counter: 0 };
    let words = stream.vector(Content::Values, 2 * count);
    // In (0, 1], so that there is a logarithm.
    let uniform = |word: u64| ((word >> 11) as f64 + 1.0) / (1u64 << 53) as f64;
    let (pairs, _) = words.expect_values().as_chunks::<2>();
    let turn = 2.0 * std::f64::consts::PI;
    let number = |&[a, b]: &[u64; 2]| libm::sqrt(-2.0 * libm::log(uniform(a))) * libm::cos(turn * uniform(b));
    pairs.iter().map(number).collect()
}

/// The softmax of a row.
fn exact(logits: &[f64]) -> Vec<f64> {
    let max = logits.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let powers: Vec<f64> = logits.iter().map(|x| libm::exp(x - max)).collect();
    let sum: f64 = powers.iter().sum();
    powers.iter().map(|power| power / sum).collect()
}

/// The first of the largest.
fn largest(row: &[f64]) -> usize {
    (1..row.len()).fold(0, |best, i| if row[i] > row[best] { i } else { best })
}

impl Approximation {
    /// Over so many rows of ten independent normal logits of this standard deviation, or of one for a sigmoid, with probabilistic
    /// rounding in the default format. The distribution of a sigmoid is that of both classes.
    pub fn measured(softmax: Softmax, deviation: f64, rows: usize) -> Result<Approximation, SimError> {
        let format = FixedPoint::default();
        let width = softmax.logits(CLASSES);
        let logits: Vec<i64> =
            normal(rows * width).into_iter().map(|x| format.encode(x * deviation)).collect();
        let (gradients, beyond) = unlabelled(softmax, &logits, format)?;
        let real = |x: &i64| format.decode(*x as u64);
        let mut sum = Approximation {
            largest: 0.0,
            total_variation: 0.0,
            divergence: 0.0,
            changed: 0.0,
            beyond_domain: beyond as f64,
        };
        for (row, gradient) in logits.chunks(width).zip(gradients.chunks(width)) {
            let row: Vec<f64> = row.iter().map(real).collect();
            let gradient: Vec<f64> = gradient.iter().map(real).collect();
            let found = softmax.distribution(&row, &gradient);
            match (&row[..], &found[..]) {
                (&[x], &[p]) => sum.add_row(&exact(&[0.0, x]), &[1.0 - p, p], format),
                _ => sum.add_row(&exact(&row), &found, format),
            }
        }
        let mean = |sum: f64| sum / rows as f64;
        Ok(Approximation {
            largest: sum.largest,
            total_variation: mean(sum.total_variation),
            divergence: mean(sum.divergence),
            changed: mean(sum.changed),
            beyond_domain: mean(sum.beyond_domain),
        })
    }

    /// Adds what a row is off: softmax p, the variant q.
    fn add_row(&mut self, p: &[f64], q: &[f64], format: FixedPoint) {
        let least = LEAST_UNITS * format.decode(1);
        for (&p, &q) in p.iter().zip(q) {
            let off = (p - q).abs();
            self.largest = self.largest.max(off);
            self.total_variation += off / 2.0;
            if p >= least {
                self.divergence += if q > 0.0 { p * libm::log(p / q) - p + q } else { f64::INFINITY };
            }
        }
        self.changed += f64::from(u8::from(largest(p) != largest(q)));
    }
}

/// The gradients of rows without labels, and how many rows were beyond the domain.
fn unlabelled(softmax: Softmax, logits: &[i64], format: FixedPoint) -> Result<(Vec<i64>, u64), SimError> {
    let beyond = ValuesBeyond::default();
    let mut simulation = Simulation::<Message>::new(World::new(Network::uniform(1, Link::INSTANT)));
    let secure = Secure {
        protocol: Clear::counting(simulation.party(0), SEED, beyond.clone()),
        fixed_point: format,
        rounding: Rounding::Probabilistic,
        most_at_once: usize::MAX,
    };
    let program = async {
        let words: Vec<u64> = logits.iter().map(|&x| x as u64).collect();
        let labels = secure.constant(words.len(), 0);
        let logits = secure.protocol.public(&Vector::from(words));
        let batch = Logits { logits: &logits, labels: &labels, classes: softmax.logits(CLASSES) };
        let output = softmax.output_layer(&secure, batch, false).await;
        secure.protocol.open(&output.gradient).await
    };
    let program: Pin<Box<dyn Future<Output = Vector> + '_>> = Box::pin(program);
    let opened = simulation.run(vec![program])?.outputs.remove(0);
    let gradients = opened.expect_values().iter().map(|&x| x as i64).collect();
    Ok((gradients, beyond.take_rows()))
}
