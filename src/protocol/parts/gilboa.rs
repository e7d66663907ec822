//! Correlated randomness of two parties from oblivious transfers: what is asked for, one request at a time.
//!
//! * A product of a number x of the sender and a number y of the receiver, shared: Gilboa, "Two party RSA key generation"
//!   (CRYPTO 1999). One transfer for each bit y_j, about 2^j x, of which the lowest j bits need not be sent. A triple takes one
//!   such product in each direction, since a b = a_0 b_0 + a_1 b_0 + a_0 b_1 + a_1 b_1.
//! * A matrix triple takes a transfer for each bit of the factor with fewer entries, about the whole row or column of the
//!   other factor that the entry is multiplied by: Mohassel and Zhang, "SecureML" (S&P 2017).
//! * A triple of bits takes a random transfer in each direction, with nothing to correct.
//! * A random bit is b_0 xor b_1 = b_0 + b_1 - 2 b_0 b_1, a transfer about b_0 in one direction; a mask of n bits is made of
//!   n such bits.

use super::material::{Layout, Material};
use super::oblivious_transfer::{Extension, Receiver, Sender, Transfers};
use super::packed::{Packed, Unpacked, bits_of};
use crate::protocol::demand::Request;
use crate::ring::meter::Work;
use crate::ring::{Content, MatMul, Plane, StreamKey, Vector};

/// Bits of a ring element.
const RING_BITS: usize = 64;

/// How one request is made.
pub struct Making<'a> {
    /// What is asked for.
    pub request: &'a Request,
    /// Its parts.
    pub layout: Layout,
    /// The transfers in each direction that is used.
    pub transfers: Transfers,
    extension: Extension,
}

/// What a party has of a request in one direction: numbers or bits of its own, and shares of their products with those of
/// the other party.
#[derive(Default)]
pub struct Half {
    own: Material,
    products: Material,
}

/// Which factor of a matrix product is chosen bit by bit, the one with fewer entries, and where its products belong.
struct Crossing {
    shape: MatMul,
    right_is_chosen: bool,
}

impl Crossing {
    fn of(shape: MatMul) -> Crossing {
        Crossing { shape, right_is_chosen: shape.columns <= shape.rows }
    }

    /// Entries of the chosen factor, and elements of the other that each is multiplied by.
    fn sizes(&self) -> (usize, usize) {
        let MatMul { rows, inner, columns, .. } = self.shape;
        if self.right_is_chosen { (inner * columns, rows) } else { (rows * inner, columns) }
    }

    /// Entries of the other factor.
    fn other_len(&self) -> usize {
        let MatMul { rows, inner, columns, .. } = self.shape;
        if self.right_is_chosen { rows * inner } else { inner * columns }
    }

    /// Row and column of a place of a matrix that is stored with so many columns, or transposed with so many.
    fn split(place: usize, transposed: bool, rows: usize, columns: usize) -> (usize, usize) {
        if transposed { (place % rows, place / rows) } else { (place / columns, place % columns) }
    }

    /// For an entry of the chosen factor and a number of its products: the place of the other entry, that of the result.
    fn places(&self, entry: usize, element: usize) -> (usize, usize) {
        let MatMul { rows, inner, columns, transpose_left, transpose_right } = self.shape;
        let left = |i: usize, j: usize| if transpose_left { j * rows + i } else { i * inner + j };
        let right = |j: usize, k: usize| if transpose_right { k * inner + j } else { j * columns + k };
        if self.right_is_chosen {
            let (j, k) = Self::split(entry, transpose_right, inner, columns);
            (left(element, j), element * columns + k)
        } else {
            let (i, j) = Self::split(entry, transpose_left, rows, inner);
            (right(j, element), i * columns + element)
        }
    }

    /// The sums of the products that belong to each entry of the result.
    fn sums(&self, products: &[u64]) -> Vec<u64> {
        let (entries, len) = self.sizes();
        let mut sums = vec![0u64; self.shape.rows * self.shape.columns];
        for (entry, element) in (0..entries).flat_map(|entry| (0..len).map(move |element| (entry, element))) {
            let sum = &mut sums[self.places(entry, element).1];
            *sum = sum.wrapping_add(products[entry * len + element]);
        }
        sums
    }
}

impl<'a> Making<'a> {
    /// Of a request, by transfers that are extended in this way.
    pub fn of(request: &'a Request, extension: Extension) -> Self {
        let transfers = Transfers { is_cut: extension.is_chosen(), ..Self::transfers(request) };
        Making { request, layout: Layout::of(request), transfers, extension }
    }

    /// Whether transfers in one direction are enough.
    pub fn is_one_sided(&self) -> bool {
        matches!(self.request, Request::Bits { .. } | Request::Masks { .. })
    }

    fn transfers(request: &Request) -> Transfers {
        let products = |entries, len| match len {
            0 => Transfers { planes: RING_BITS, entries: 0, len: 1, shift: Some(0), is_cut: false },
            _ => Transfers { planes: RING_BITS, entries, len, shift: Some(0), is_cut: false },
        };
        // Twice the product of two bits counts: that of the highest ones does not.
        let bits = |planes: u32, len| Transfers {
            planes: (planes as usize).min(RING_BITS - 1),
            entries: len,
            len: 1,
            shift: Some(1),
            is_cut: false,
        };
        match *request {
            Request::Triples { len } => products(len, 1),
            Request::Dots { results, width } => products(results * width, 1),
            Request::Matrices { shape } | Request::FixedProducts { shape, each: false } => {
                let (entries, len) = Crossing::of(shape).sizes();
                products(entries, len)
            }
            Request::FixedMasks { .. } => products(0, 1),
            Request::BitTriples { ref lens } => {
                Transfers { planes: 1, entries: lens.iter().sum(), len: 1, shift: None, is_cut: false }
            }
            Request::Bits { len } => bits(1, len),
            Request::Masks { len, bits: planes } => bits(planes, len),
            ref other => panic!("two parties do not take {other:?}"),
        }
    }

    /// What both parties draw alone, and what is computed of it besides transfers.
    pub fn own_work(&self) -> Work {
        let elements = |lens: &[usize]| lens.iter().sum::<usize>() as u64;
        let Layout { free_ring, ring, bits, .. } = &self.layout;
        let mut work = Work::default();
        match *self.request {
            Request::Triples { .. } | Request::Dots { .. } => {
                work.random_bytes = 8 * free_ring[0] as u64;
                work.multiplications = free_ring[0] as u64;
                work.additions = 2 * free_ring[0] as u64;
            }
            Request::Matrices { shape } => {
                let [left, right] = [free_ring[0], free_ring[1]];
                work.random_bytes = 8 * left.max(right) as u64;
                work.macs = (shape.rows * shape.inner * shape.columns) as u64;
                work.additions = 2 * elements(ring);
            }
            Request::FixedMasks { len } => work.random_bytes = 8 * len as u64,
            Request::FixedProducts { shape, .. } => {
                work.random_bytes = 8 * free_ring[0] as u64;
                work.macs = (shape.rows * shape.inner * shape.columns) as u64;
                work.additions = 2 * elements(ring);
            }
            Request::BitTriples { .. } => work.bit_words = 4 * elements(bits).div_ceil(64),
            Request::Bits { .. } | Request::Masks { .. } => {
                let planes = bits.len().max(1) as u64;
                work.random_bytes = planes * elements(ring).div_ceil(8);
                work.bit_words = planes * elements(ring).div_ceil(64);
                work.additions = elements(ring);
            }
            ref other => panic!("two parties do not take {other:?}"),
        }
        work
    }

    /// What hashes and corrections take in one direction: two pads for the sender, who corrects.
    pub fn pad_work(&self, receives: bool) -> Work {
        let pads = self.transfers.pads() as u64;
        let hashes = if receives { pads } else { 2 * pads };
        let additions = if self.transfers.shift.is_none() { 0 } else { hashes + pads };
        let bit_words = if self.transfers.shift.is_none() { hashes.div_ceil(64) } else { 0 };
        Work { random_bytes: 8 * hashes, additions, bit_words, ..Work::default() }
    }

    /// The sender's half, with corrections for the receiver. `own` is a stream of the party alone; a factor that is fixed is given.
    pub fn send(
        &self,
        sender: &mut Sender,
        corrections: &mut Packed,
        own: StreamKey,
        given: Option<&Vector>,
    ) -> Half {
        let transfers = &self.transfers;
        let half = |own: Vector, products: Vec<u64>| Half {
            own: Material { ring: vec![own], bits: Vec::new() },
            products: Material { ring: vec![self.sums(products)], bits: Vec::new() },
        };
        match *self.request {
            Request::Triples { .. } | Request::Dots { .. } => {
                let x = own.vector(Content::Values, transfers.entries);
                let factor = |_, entry: usize, _| x.expect_values()[entry];
                let products = sender.products(transfers, corrections, factor);
                half(x, products)
            }
            Request::Matrices { shape } | Request::FixedProducts { shape, .. } => {
                let crossing = Crossing::of(shape);
                let x = match given {
                    Some(left) if crossing.right_is_chosen => left.clone(),
                    _ => own.vector(Content::Values, crossing.other_len()),
                };
                let factor = |_, entry, element| x.expect_values()[crossing.places(entry, element).0];
                let products = sender.products(transfers, corrections, factor);
                half(x, products)
            }
            Request::BitTriples { ref lens } => {
                let [factors, products] = sender.bit_products(transfers).map(|bits| planes(&bits, lens));
                Half {
                    own: Material { ring: Vec::new(), bits: factors },
                    products: Material { ring: Vec::new(), bits: products },
                }
            }
            Request::Bits { .. } | Request::Masks { .. } => {
                let own = own.planes(Content::Values, transfers.entries, self.planes());
                let factor =
                    |plane: usize, entry: usize, _| own[plane].expect_words()[entry / 64] >> (entry % 64) & 1;
                let products = sender.products(transfers, corrections, factor);
                Half {
                    own: Material { ring: Vec::new(), bits: own },
                    products: Material { ring: vec![products.into()], bits: Vec::new() },
                }
            }
            ref other => panic!("two parties do not take {other:?}"),
        }
    }

    /// The receiver's choice bits for each number where it chooses them. `own` is a stream of the party alone; a factor that is fixed is
    /// given.
    pub fn chosen(&self, own: StreamKey, given: Option<&Vector>) -> Vec<Plane> {
        if let (Some(left), Request::FixedProducts { shape, .. }) = (given, self.request)
            && !Crossing::of(*shape).right_is_chosen
        {
            return Plane::split(left, self.transfers.planes);
        }
        own.planes(Content::Values, self.transfers.entries, self.transfers.planes)
    }

    /// The receiver's half.
    pub fn receive(
        &self,
        receiver: &mut Receiver,
        corrections: &mut Unpacked<'_>,
        own: StreamKey,
        given: Option<&Vector>,
    ) -> Half {
        let transfers = &self.transfers;
        let mut bits = match (self.extension.is_chosen(), self.is_one_sided()) {
            (false, _) => receiver.choices(transfers),
            // All bits of a number, of which the first are those that count in a product.
            (true, true) => own.planes(Content::Values, transfers.entries, self.planes()),
            (true, false) => self.chosen(own, given),
        };
        if let Request::BitTriples { ref lens } = *self.request {
            let products = planes(&receiver.bit_products(transfers), lens);
            return Half {
                own: Material { ring: Vec::new(), bits: planes(&bits[0], lens) },
                products: Material { ring: Vec::new(), bits: products },
            };
        }
        let products = self.sums(receiver.products(transfers, corrections));
        let own = if self.is_one_sided() {
            bits.extend(own.planes(Content::Values, transfers.entries, self.planes() - bits.len()));
            Material { ring: Vec::new(), bits }
        } else {
            Material { ring: vec![Plane::compose(&bits)], bits: Vec::new() }
        };
        Half { own, products: Material { ring: vec![products], bits: Vec::new() } }
    }

    /// The sums of products that belong together.
    fn sums(&self, products: Vec<u64>) -> Vector {
        match *self.request {
            Request::Dots { width, .. } => Vector::from(products).row_sums(width),
            Request::Matrices { shape } | Request::FixedProducts { shape, .. } => {
                Crossing::of(shape).sums(&products).into()
            }
            _ => products.into(),
        }
    }

    /// Bits of each random number.
    fn planes(&self) -> usize {
        self.layout.bits.len().max(1)
    }

    /// This party's share, from its halves: both, or the one there is.
    pub fn share(&self, sent: Option<Half>, received: Option<Half>) -> Material {
        if self.is_one_sided() {
            let Half { own, products } = sent.or(received).expect("transfers in one direction");
            let value = Plane::compose(&own.bits).sub(&products.ring[0]);
            let bits = if self.layout.bits.is_empty() { Vec::new() } else { own.bits };
            return Material { ring: vec![value], bits };
        }
        let [sent, received] = [sent, received].map(|half| half.expect("transfers in both directions"));
        let chosen_first = match *self.request {
            Request::BitTriples { .. } => true,
            Request::Matrices { shape } | Request::FixedProducts { shape, .. } => {
                !Crossing::of(shape).right_is_chosen
            }
            _ => false,
        };
        let factors = if chosen_first { [received.own, sent.own] } else { [sent.own, received.own] };
        let [first, second] = factors;
        // A factor that is fixed is known.
        let (fixed, free) = match self.request {
            Request::FixedProducts { .. } => (first.ring.into_iter().next(), second),
            _ => (None, first.followed_by(second)),
        };
        let no_stream = || -> StreamKey { unreachable!("products are not drawn") };
        let product = Material::correlated(self.request, fixed.as_ref(), &free, Content::Values, no_stream);
        free.followed_by(product.add(&sent.products).add(&received.products))
    }
}

/// Planes of the given lengths, from their bits one after the other.
fn planes(bits: &Plane, lens: &[usize]) -> Vec<Plane> {
    let mut start = 0;
    let plane = |&len: &usize| {
        start += len;
        bits_of(bits.expect_words(), start - len, len)
    };
    lens.iter().map(plane).collect()
}
