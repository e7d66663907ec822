//! The largest value of each window, by a tree of comparisons, as in the reference system (MP-SPDZ, MaxPool in Compiler/ml.py):
//! along with a winner goes which of the window's pixels it is, one-hot. Of equal values the later one wins.
//!
//! Where the protocol finds the place that a number is ([`Protocol::own_places`]), the number of the pixel goes along, and becomes one-hot on the
//! way back, as in SecureNN.

use super::pool::Pool;
use crate::data::ImageSize;
use crate::protocol::{Protocol, RingShare};
use crate::secure::Secure;

/// Values that are still to be compared: of some pixels of all windows the largest, and which of these pixels it is.
struct Winners<S> {
    values: S,
    which: Which<S>,
}

/// Which pixel is the largest.
enum Which<S> {
    /// This one.
    Known(usize),
    /// Of each of some pixels whether it is that.
    Marks(Vec<S>),
    /// The number of that.
    Number(S),
}

/// The largest value of each window; and for each pixel of a window, one after the other, whether it is that in each window, or the number
/// of that pixel.
pub(super) async fn forward<P: Protocol>(
    secure: &Secure<P>,
    pool: Pool,
    input: ImageSize,
    x: &P::Share,
) -> (P::Share, P::Share) {
    let single = |(number, values)| Winners { values, which: Which::Known(number) };
    let pixels = pool.apart(input, x).into_iter().enumerate();
    let mut all: Vec<Winners<P::Share>> = pixels.map(single).collect();
    let numbered = secure.protocol.finds_places(pool.pixels());
    while all.len() > 1 {
        let odd = if all.len() % 2 == 1 { all.pop() } else { None };
        all = level(secure, all, numbered).await;
        all.extend(odd);
    }
    let Winners { values, which } = all.remove(0);
    let windows = values.len();
    let kept = match which {
        Which::Marks(marks) => P::Share::concat(&marks.iter().collect::<Vec<_>>()),
        Which::Number(number) => number,
        // A window of one pixel.
        Which::Known(number) => secure.constant(windows, if numbered { number as i64 } else { 1 }),
    };
    (values, kept)
}

/// Compares neighbours. One comparison a pair; then one multiplication for the larger value, and one for each mark or number that is not
/// known, all side by side.
async fn level<P: Protocol>(
    secure: &Secure<P>,
    all: Vec<Winners<P::Share>>,
    numbered: bool,
) -> Vec<Winners<P::Share>> {
    let (pairs, windows) = (all.len() / 2, all[0].values.len());
    let side = |first: usize| {
        let values: Vec<&P::Share> =
            all.iter().skip(first).step_by(2).map(|winners| &winners.values).collect();
        P::Share::concat(&values)
    };
    let (left, right) = (side(0), side(1));
    let left_wins = secure.greater(&left, &right).await;
    let bits = left_wins.chunks(pairs);
    // Factors of the multiplications: of all values, then of what is not known of the pixels of all pairs.
    let (mut bits_of_pixels, mut of_pixels) = (Vec::new(), Vec::new());
    for (bit, pair) in bits.iter().zip(all.chunks(2)) {
        let own = if numbered {
            number_difference(secure, pair, windows).into_iter().collect()
        } else {
            pair.iter().flat_map(|winners| winners.which.marks()).cloned().collect::<Vec<_>>()
        };
        bits_of_pixels.extend(vec![bit; own.len()]);
        of_pixels.extend(own);
    }
    let factors = P::Share::concat(&[vec![&left_wins], bits_of_pixels].concat());
    let differences = left.sub(&right);
    let others = P::Share::concat(&[vec![&differences], of_pixels.iter().collect()].concat());
    let products = secure.protocol.mul(&factors, &others).await;
    let larger = products.slice(0, left.len()).add(&right).chunks(pairs);
    let mut products =
        (left.len()..products.len()).step_by(windows).map(|at| products.slice(at, at + windows));
    let mut next = Vec::new();
    for ((bit, values), pair) in bits.iter().zip(larger).zip(all.chunks(2)) {
        if numbered {
            let number = match [&pair[0].which, &pair[1].which] {
                // right + bit (left - right).
                [&Which::Known(left), &Which::Known(right)] => {
                    secure.add_constant(&bit.scale(left as i64 - right as i64), right as i64)
                }
                [_, right] => products.next().expect("a product").add(&right.number(secure, windows)),
            };
            next.push(Winners { values, which: Which::Number(number) });
            continue;
        }
        let mut marks = Vec::new();
        for (winners, on_the_left) in pair.iter().zip([true, false]) {
            match winners.which.marks() {
                [] if on_the_left => marks.push(bit.clone()),
                [] => marks.push(secure.constant(windows, 1).sub(bit)),
                known => marks.extend(known.iter().map(|mark| {
                    let product = products.next().expect("a product for each mark");
                    if on_the_left { product } else { mark.sub(&product) }
                })),
            }
        }
        next.push(Winners { values, which: Which::Marks(marks) });
    }
    next
}

impl<S: RingShare> Which<S> {
    /// The marks; none if it is known, or a number.
    fn marks(&self) -> &[S] {
        match self {
            Which::Marks(marks) => marks,
            Which::Known(_) | Which::Number(_) => &[],
        }
    }

    /// The number of the pixel, of all windows.
    fn number<P: Protocol<Share = S>>(&self, secure: &Secure<P>, windows: usize) -> S {
        match self {
            Which::Known(number) => secure.constant(windows, *number as i64),
            Which::Number(number) => number.clone(),
            Which::Marks(_) => unreachable!("numbers or marks, not both"),
        }
    }
}

/// What the numbers of the left and the right pixel differ by; none if everybody knows it.
fn number_difference<P: Protocol>(
    secure: &Secure<P>,
    pair: &[Winners<P::Share>],
    windows: usize,
) -> Option<P::Share> {
    let [left, right] = [&pair[0].which, &pair[1].which];
    match [left, right] {
        [Which::Known(_), Which::Known(_)] => None,
        _ => Some(left.number(secure, windows).sub(&right.number(secure, windows))),
    }
}

/// The gradient of each pixel: that of its window where it was the largest, else zero.
pub(super) async fn backward<P: Protocol>(
    secure: &Secure<P>,
    pool: Pool,
    input: ImageSize,
    kept: &P::Share,
    gradient: &P::Share,
) -> P::Share {
    let places = secure.protocol.own_places(kept, pool.pixels()).await;
    let marks = places.map(|places| P::Share::concat(&places.iter().collect::<Vec<_>>()));
    let marks = marks.as_ref().unwrap_or(kept);
    let gradients = secure.protocol.mul(marks, &gradient.tile(pool.pixels())).await;
    pool.together(secure.protocol.content(), input, &gradients)
}
