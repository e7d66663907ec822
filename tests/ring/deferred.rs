//! Formulas that are computed together when somebody asks, against the same ones computed at once.

use super::{Source, with_threads};
use mpcsim::ring::{Content, Ops, Purpose, StreamKey, Vector, shift_right_signed};
use std::num::Wrapping;

/// Vectors and what they must hold.
struct Program {
    source: Source,
    made: Vec<(Vector, Vec<u64>)>,
}

impl Program {
    fn new(seed: u64) -> Self {
        Program { source: Source::new(seed), made: Vec::new() }
    }

    /// Words in memory, random numbers that are not, or the same number throughout.
    fn fresh(&mut self, len: usize) {
        let vector = match self.source.below(3) {
            0 => Vector::from(self.source.extreme_words(len)),
            1 => Vector::constant(Content::Values, len, self.source.word()),
            _ => {
                // Few streams, so that several formulas draw from the same one.
                let counter = self.source.word() % 3;
                let key = StreamKey { seed: 1, purpose: Purpose::Shared, parties: 3, strand: 0, counter };
                // Whoever looks at a vector has its elements put into memory, so another one is looked at.
                let words = key.vector(Content::Values, len).expect_values().to_vec();
                return self.made.push((key.vector(Content::Values, len), words));
            }
        };
        let words = vector.expect_values().to_vec();
        self.made.push((vector, words));
    }

    fn any(&mut self) -> usize {
        self.source.below(self.made.len())
    }

    /// Two vectors of the same length.
    fn pair(&mut self) -> (usize, usize) {
        let i = self.any();
        let len = self.made[i].0.len();
        let same: Vec<usize> = (0..self.made.len()).filter(|&j| self.made[j].0.len() == len).collect();
        (i, self.source.pick(&same))
    }

    fn step(&mut self) {
        let choice = self.source.below(14);
        let (i, j) = self.pair();
        let ((x, a), (y, b)) = (&self.made[i], &self.made[j]);
        let map = |f: fn(u64) -> u64| a.iter().map(|&a| f(a)).collect::<Vec<_>>();
        let zip = |f: fn(u64, u64) -> u64| a.iter().zip(b).map(|(&a, &b)| f(a, b)).collect::<Vec<_>>();
        let made = match choice {
            0 => vec![(x.add(y), zip(u64::wrapping_add))],
            1 => vec![(x.sub(y), zip(u64::wrapping_sub))],
            2 => vec![(x.mul(y), zip(u64::wrapping_mul))],
            3 => vec![(x.neg(), map(u64::wrapping_neg))],
            4 => {
                let factor = self.source.pick(&[3, 13]);
                vec![(x.scale(factor), a.iter().map(|a| a.wrapping_mul(factor)).collect())]
            }
            5 => vec![(x.shift_right_signed(7), map(|a| (a.cast_signed() >> 7).cast_unsigned()))],
            6 | 7 => {
                let ops = Ops::additions(3);
                let [low, high] = Vector::fused(ops, [x, y, x], |[x, y, z]| {
                    [x * y - z, shift_right_signed(x + y, 3) + Wrapping(1)]
                });
                let low_words = zip(|a, b| a.wrapping_mul(b).wrapping_sub(a));
                let high_words =
                    zip(|a, b| (a.wrapping_add(b).cast_signed() >> 3).cast_unsigned().wrapping_add(1));
                vec![(low, low_words), (high, high_words)]
            }
            8 => vec![(Vector::concat(&[x, y]), [&a[..], b].concat())],
            9 => {
                let middle = self.source.below(x.len() + 1);
                vec![
                    (x.slice(0, middle), a[..middle].to_vec()),
                    (x.slice(middle, x.len()), a[middle..].to_vec()),
                ]
            }
            10 => {
                // Somebody asks for the elements, perhaps in another thread.
                let x = x.clone();
                let found = if self.source.below(2) == 0 {
                    x.expect_values().to_vec()
                } else {
                    std::thread::spawn(move || x.expect_values().to_vec()).join().expect("no panic")
                };
                assert!(found == *a, "elements that were asked for");
                vec![]
            }
            11 | 12 => {
                if self.made.len() > 3 {
                    self.made.swap_remove(i);
                }
                return;
            }
            _ => {
                let len = x.len();
                return self.fresh(len);
            }
        };
        // Lengths stay in bounds.
        self.made.extend(made.into_iter().filter(|(x, _)| (1..200_000).contains(&x.len())));
    }

    fn check(&self, what: &str) {
        for (i, (vector, words)) in self.made.iter().enumerate() {
            assert!(vector.expect_values() == words, "{what}, vector {i} of {} elements", vector.len());
        }
    }
}

#[test]
fn deferred_formulas_give_what_they_would_have_given_at_once() {
    for seed in 0..40 {
        let run = || {
            let mut program = Program::new(seed);
            let len = program.source.pick(&[16_383, 16_384, 16_385, 20_000, 33_000]);
            (0..3).for_each(|_| program.fresh(len));
            (0..60).for_each(|_| program.step());
            program.check(&format!("seed {seed}"));
        };
        with_threads(1 + seed as usize % 3, run);
    }
}

#[test]
fn any_number_of_formulas_may_wait() {
    let len = 20_000;
    let one = Vector::constant(Content::Values, len, 1);
    let mut sum = Vector::from((0..len as u64).collect::<Vec<_>>());
    let mut held = Vec::new();
    for i in 0..2000 {
        sum = sum.add(&one);
        if i % 100 == 0 {
            held.push((i + 1, sum.clone()));
        }
    }
    assert_eq!(sum.expect_values()[7], 2007);
    for (added, sum) in held {
        assert!(sum.expect_values().iter().enumerate().all(|(i, &x)| x == i as u64 + added), "after {added}");
    }
}

/// Where the elements lie.
fn place(x: &Vector) -> *const u64 {
    x.expect_values().as_ptr()
}

fn difference_and_sum([x, y]: [&Vector; 2]) -> [Vector; 2] {
    Vector::fused(Ops::additions(2), [x, y], |[x, y]| [x - y, x + y])
}

#[test]
fn the_same_formula_of_the_same_operands_is_computed_once() {
    let len = 20_000;
    let words = Vector::from((0..3 * len as u64).collect::<Vec<_>>());
    let x = words.slice(0, len);
    let key = |counter| StreamKey { seed: 1, purpose: Purpose::Shared, parties: 3, strand: 0, counter };
    let drawn = |counter| key(counter).vector(Content::Values, len);
    let constant = |value| Vector::constant(Content::Values, len, value);

    // Before and after somebody has asked, and for results of results.
    let [first, second] = [x.scale(3), x.scale(3)];
    assert_eq!(place(&first), place(&second));
    let third = x.scale(3);
    assert_eq!(place(&first), place(&third));
    let chains = [first.add(&drawn(1)).sub(&constant(5)), third.add(&drawn(1)).sub(&constant(5))];
    assert_eq!(place(&chains[0]), place(&chains[1]));
    let [one, other] = [difference_and_sum([&first, &x]), difference_and_sum([&second, &x])];
    assert_eq!([&one[0], &one[1]].map(place), [&other[0], &other[1]].map(place));

    // All of these differ in something, and each must be what it says.
    let numbers = [1, 2].map(|counter| drawn(counter).expect_values().to_vec());
    let at = |from: usize| (from as u64..(from + len) as u64).collect::<Vec<u64>>();
    let map = |words: Vec<u64>, f: fn(u64) -> u64| words.into_iter().map(f).collect::<Vec<u64>>();
    let zip = |a: &[u64], b: &[u64]| a.iter().zip(b).map(|(a, b)| a.wrapping_add(*b)).collect::<Vec<u64>>();
    let made = [
        (x.scale(3), map(at(0), |x| 3 * x)),
        (x.scale(4), map(at(0), |x| 4 * x)),
        (x.add_scalar(3), map(at(0), |x| x + 3)),
        (x.shift_right(3), map(at(0), |x| x >> 3)),
        (words.slice(1, len + 1).scale(3), map(at(1), |x| 3 * x)),
        (words.slice(len, 2 * len).scale(3), map(at(len), |x| 3 * x)),
        (one[0].scale(3), map(at(0), |x| 6 * x)),
        (one[1].scale(3), map(at(0), |x| 12 * x)),
        (drawn(1).scale(3), map(numbers[0].clone(), |x| x.wrapping_mul(3))),
        (drawn(2).scale(3), map(numbers[1].clone(), |x| x.wrapping_mul(3))),
        (x.add(&drawn(1)), zip(&at(0), &numbers[0])),
        (x.add(&drawn(2)), zip(&at(0), &numbers[1])),
        (x.add(&constant(1)), map(at(0), |x| x + 1)),
        (x.add(&constant(2)), map(at(0), |x| x + 2)),
        (x.sub(&constant(2)), map(at(0), |x| x.wrapping_sub(2))),
        (constant(2).sub(&x), map(at(0), |x| 2u64.wrapping_sub(x))),
    ];
    for (i, (vector, expected)) in made.iter().enumerate() {
        assert!(vector.expect_values() == expected, "vector {i}");
    }
}

#[test]
fn what_has_taken_the_place_of_an_operand_is_another_operand() {
    let len = 20_000;
    let mut held = Vec::new();
    for i in 0..50 {
        // Memory of the one before is free again, and likely to be used for this one.
        let x = Vector::from(vec![i; len]);
        let y = x.scale(3);
        let z = y.add_scalar(1);
        assert!(z.expect_values().iter().all(|&z| z == 3 * i + 1), "{i}");
        held.push(if i % 2 == 0 { y } else { z });
    }
    for (i, vector) in (0..).zip(held) {
        assert!(vector.expect_values().iter().all(|&y| y == 3 * i + i % 2), "{i}");
    }
}

#[test]
fn threads_may_ask_for_the_same_elements_at_once() {
    let len = 50_000;
    let x = Vector::from((0..len as u64).collect::<Vec<_>>());
    for round in 0..20 {
        let y = x.scale(3).add(&x);
        let z = y.add_scalar(round);
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    assert!(z.expect_values().iter().enumerate().all(|(i, &z)| z == 4 * i as u64 + round));
                    assert!(y.expect_values().iter().enumerate().all(|(i, &y)| y == 4 * i as u64));
                });
            }
        });
    }
}

#[test]
fn what_one_thread_has_noted_may_be_an_operand_in_another() {
    let len = 20_000;
    let x = Vector::from((0..len as u64).collect::<Vec<_>>());
    let y = x.scale(3).add(&x);
    let z = std::thread::spawn({
        let y = y.clone();
        move || {
            let (first, second) = (y.add_scalar(1), y.scale(2));
            let z = first.add(&second);
            assert_eq!(z.expect_values()[5], 61);
            (second, y.sub(&first))
        }
    });
    let (second, difference) = z.join().expect("no panic");
    let sum = second.add(&difference).add(&y);
    assert!(sum.expect_values().iter().enumerate().all(|(i, &sum)| sum == (12 * i as u64).wrapping_sub(1)));
}
