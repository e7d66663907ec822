//! The largest value of each window, by a tree of comparisons, as in the reference system (MP-SPDZ, MaxPool in Compiler/ml.py):
//! along with a winner goes which of the window's pixels it is, one-hot. Of equal values the later one wins. Or in a way of the protocol's
//! own ([`Protocol::own_largest`], [`Protocol::own_places`]).

use super::pool::Pool;
use crate::data::ImageSize;
use crate::protocol::{Protocol, RingShare};
use crate::secure::Secure;

/// Values that are still to be compared: of some pixels of all windows the largest, and which of these pixels it is.
struct Winners<S> {
    values: S,
    /// Of each of these pixels whether it is that; none if there is one only.
    marks: Vec<S>,
}

/// The largest value of each window; and for each pixel of a window, one after the other, whether it is that in each window, or the number
/// of that pixel.
pub(super) async fn forward<P: Protocol>(
    secure: &Secure<P>,
    pool: Pool,
    input: ImageSize,
    x: &P::Share,
) -> (P::Share, P::Share) {
    let pixels = pool.apart(input, x);
    if let Some([values, kept]) =
        secure.protocol.own_largest(&pixels, secure.fixed_point.total_bits + 1).await
    {
        return (values, kept);
    }
    let mut all: Vec<Winners<P::Share>> =
        pixels.into_iter().map(|values| Winners { values, marks: Vec::new() }).collect();
    while all.len() > 1 {
        let odd = if all.len() % 2 == 1 { all.pop() } else { None };
        all = level(secure, all).await;
        all.extend(odd);
    }
    let Winners { values, marks } = all.remove(0);
    let kept = match &marks[..] {
        // A window of one pixel.
        [] => secure.constant(values.len(), 1),
        marks => P::Share::concat(&marks.iter().collect::<Vec<_>>()),
    };
    (values, kept)
}

/// Compares neighbours. One comparison a pair; then one multiplication for the larger value, and one for each mark that is not
/// known, all side by side.
async fn level<P: Protocol>(secure: &Secure<P>, all: Vec<Winners<P::Share>>) -> Vec<Winners<P::Share>> {
    let (pairs, windows) = (all.len() / 2, all[0].values.len());
    let side = |first: usize| {
        let values: Vec<&P::Share> =
            all.iter().skip(first).step_by(2).map(|winners| &winners.values).collect();
        P::Share::concat(&values)
    };
    let (left, right) = (side(0), side(1));
    let left_wins = secure.greater(&left, &right).await;
    let bits = left_wins.chunks(pairs);
    // Factors of the multiplications: of all values, then of the marks of all pairs.
    let (mut bits_of_marks, mut all_marks) = (Vec::new(), Vec::new());
    for (bit, pair) in bits.iter().zip(all.chunks(2)) {
        let marks: Vec<&P::Share> = pair.iter().flat_map(|winners| &winners.marks).collect();
        bits_of_marks.extend(vec![bit; marks.len()]);
        all_marks.extend(marks);
    }
    let factors = P::Share::concat(&[vec![&left_wins], bits_of_marks].concat());
    let differences = left.sub(&right);
    let others = P::Share::concat(&[vec![&differences], all_marks].concat());
    let products = secure.protocol.mul(&factors, &others).await;
    let larger = products.slice(0, left.len()).add(&right).chunks(pairs);
    let mut products =
        (left.len()..products.len()).step_by(windows).map(|at| products.slice(at, at + windows));
    let mut next = Vec::new();
    for ((bit, values), pair) in bits.iter().zip(larger).zip(all.chunks(2)) {
        let mut marks = Vec::new();
        for (winners, on_the_left) in pair.iter().zip([true, false]) {
            match &winners.marks[..] {
                [] if on_the_left => marks.push(bit.clone()),
                [] => marks.push(secure.constant(windows, 1).sub(bit)),
                known => marks.extend(known.iter().map(|mark| {
                    let product = products.next().expect("a product for each mark");
                    if on_the_left { product } else { mark.sub(&product) }
                })),
            }
        }
        next.push(Winners { values, marks });
    }
    next
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
