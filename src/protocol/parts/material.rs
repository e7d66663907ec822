//! One party's additive shares of correlated randomness.

use crate::protocol::demand::Request;
use crate::ring::{Content, MatMul, Plane, StreamKey, Vector};

/// Shares of what a [`Request`] asks for: in the order of its formula, (a, b, a b) for triples.
#[derive(Clone, Debug, Default)]
pub struct Material {
    /// Ring elements.
    pub ring: Vec<Vector>,
    /// Bits.
    pub bits: Vec<Plane>,
}

/// Lengths of the vectors and planes of a [`Material`]. The first ones are independent and uniform, the others follow
/// from them or are no uniform ring elements.
#[derive(Clone, Debug)]
pub struct Layout {
    /// Independent vectors.
    pub free_ring: Vec<usize>,
    /// The others.
    pub ring: Vec<usize>,
    /// Independent planes.
    pub free_bits: Vec<usize>,
    /// The others.
    pub bits: Vec<usize>,
}

impl Layout {
    /// Of what is asked for.
    pub fn of(request: &Request) -> Layout {
        let elements = |free_ring: Vec<usize>, result| Layout {
            free_ring,
            ring: vec![result],
            free_bits: Vec::new(),
            bits: Vec::new(),
        };
        match *request {
            Request::Triples { len } => elements(vec![len, len], len),
            Request::Dots { results, width } => elements(vec![results * width; 2], results),
            Request::Matrices { shape } => {
                let factors = vec![shape.rows * shape.inner, shape.inner * shape.columns];
                elements(factors, shape.rows * shape.columns)
            }
            Request::FixedMasks { len } => Layout { ring: Vec::new(), ..elements(vec![len], 0) },
            Request::FixedProducts { shape, each: false } => {
                elements(vec![shape.inner * shape.columns], shape.rows * shape.columns)
            }
            Request::FixedProducts { shape, each: true } => {
                let products = shape.rows * shape.inner * shape.columns;
                elements(vec![products], products)
            }
            Request::BitTriples { ref lens } => Layout {
                free_ring: Vec::new(),
                ring: Vec::new(),
                free_bits: [&lens[..], &lens[..]].concat(),
                bits: lens.clone(),
            },
            Request::Bits { len } => elements(Vec::new(), len),
            Request::Masks { len, bits } => {
                Layout { bits: vec![len; bits as usize], ..elements(Vec::new(), len) }
            }
            ref other => panic!("two parties do not take {other:?}"),
        }
    }

    /// Number of vectors and planes.
    pub fn parts(&self) -> u64 {
        let Layout { free_ring, ring, free_bits, bits } = self;
        [free_ring, ring, free_bits, bits].map(|lens| lens.len() as u64).iter().sum()
    }

    /// Bytes of what is not independent.
    pub fn correlated_bytes(&self) -> u64 {
        8 * self.ring.iter().sum::<usize>() as u64 + (self.bits.iter().sum::<usize>() as u64).div_ceil(8)
    }
}

/// A row of the left factor for each entry of a product, one after the other. Local.
pub fn left_factors(x: &Vector, shape: MatMul) -> Vector {
    let MatMul { rows, inner, columns, transpose_left, .. } = shape;
    let each: Vec<usize> = (0..rows).flat_map(|row| std::iter::repeat_n(row, columns)).collect();
    let turned = transpose_left.then(|| x.transpose(inner, rows));
    turned.as_ref().unwrap_or(x).gather_rows(&each, inner)
}

/// A column of the right factor for each entry of a product, one after the other. Local.
pub fn right_factors(y: &Vector, shape: MatMul) -> Vector {
    let MatMul { rows, inner, columns, transpose_right, .. } = shape;
    let turned = (!transpose_right).then(|| y.transpose(inner, columns));
    turned.as_ref().unwrap_or(y).tile(rows)
}

impl Material {
    /// What has lengths and nothing else.
    pub fn shape(layout: &Layout) -> Material {
        let ring = layout.free_ring.iter().chain(&layout.ring).map(|&len| Vector::shape(len)).collect();
        let bits = layout.free_bits.iter().chain(&layout.bits).map(|&len| Plane::shape(len)).collect();
        Material { ring, bits }
    }

    /// Uniform vectors and planes of the given lengths, each from the next of the streams with a key.
    pub fn uniform(
        content: Content,
        mut next: impl FnMut() -> StreamKey,
        ring: &[usize],
        bits: &[usize],
    ) -> Material {
        let ring = ring.iter().map(|&len| next().vector(content, len)).collect();
        let runs = bits.chunk_by(|a, b| a == b);
        let bits = runs.flat_map(|run| next().planes(content, run[0], run.len())).collect();
        Material { ring, bits }
    }

    /// Further vectors and planes behind these.
    pub fn followed_by(mut self, other: Material) -> Material {
        self.ring.extend(other.ring);
        self.bits.extend(other.bits);
        self
    }

    /// The sum of two shares.
    pub fn add(&self, other: &Material) -> Material {
        self.combine(other, Vector::add)
    }

    /// What must be added to `other` to get this.
    pub fn sub(&self, other: &Material) -> Material {
        self.combine(other, Vector::sub)
    }

    fn combine(&self, other: &Material, f: impl Fn(&Vector, &Vector) -> Vector) -> Material {
        let ring = self.ring.iter().zip(&other.ring).map(|(x, y)| f(x, y)).collect();
        let pairs: Vec<_> = self.bits.iter().zip(&other.bits).map(|(x, y)| [x, y]).collect();
        Material { ring, bits: Plane::xor_each(&pairs) }
    }

    /// What follows from independent values `free` (those of all shares together), and from the masks of the left factor `fixed` where
    /// that is fixed: the products; or what is drawn from the next of the streams with a key that nobody else has.
    pub fn correlated(
        request: &Request,
        fixed: Option<&Vector>,
        free: &Material,
        content: Content,
        mut next: impl FnMut() -> StreamKey,
    ) -> Material {
        let ring = |x| Material { ring: vec![x], bits: Vec::new() };
        match *request {
            Request::Triples { .. } => ring(free.ring[0].mul(&free.ring[1])),
            Request::Dots { width, .. } => ring(free.ring[0].mul(&free.ring[1]).row_sums(width)),
            Request::Matrices { shape } => ring(free.ring[0].matmul(&free.ring[1], shape)),
            Request::FixedMasks { .. } => Material::default(),
            Request::FixedProducts { shape, each } => {
                let masks = fixed.expect("masks of what is fixed");
                ring(match each {
                    false => masks.matmul(&free.ring[0], shape),
                    true => left_factors(masks, shape).mul(&free.ring[0]),
                })
            }
            Request::BitTriples { ref lens } => {
                let (a, b) = free.bits.split_at(lens.len());
                let pairs: Vec<_> = a.iter().zip(b).map(|(a, b)| [a, b]).collect();
                Material { ring: Vec::new(), bits: Plane::fused(1, &pairs, |[a, b]| a & b) }
            }
            Request::Bits { len } => ring(next().vector(content, len).shift_right(63)),
            Request::Masks { len, bits } => {
                let mask = next().vector(content, len).shift_right(64 - bits);
                let bits = Plane::split(&mask, bits as usize);
                Material { ring: vec![mask], bits }
            }
            ref other => panic!("two parties do not take {other:?}"),
        }
    }
}
