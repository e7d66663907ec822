//! Matrix products modulo 2^64, and modulo 2^k for k up to 128.
//!
//! One build holds kernels for several instruction sets and chooses at run time. Integer arithmetic modulo 2^64
//! is associative and commutative, so every kernel, blocking and number of threads gives the same bits.

#[cfg(target_arch = "x86_64")]
mod avx2;
#[cfg(target_arch = "x86_64")]
mod avx512dq;
mod blocked;
#[cfg(target_arch = "x86_64")]
mod ifma;
#[cfg(target_arch = "x86_64")]
mod limbs;
mod portable;
#[cfg(target_arch = "x86_64")]
mod short;
mod target;
mod view;
mod wide;

use blocked::{MicroKernel, TileOfC, gemm_tile};
pub use target::Target;
pub use view::{MatrixView, WideView};
pub use wide::{WideKernel, wide_gemm};

use super::workers::{pieces_of, spread};
use crate::ring::instructions::Instructions;

/// Multiplications that are worth a task of their own: some 10 to 50 microseconds of work.
const TASK: usize = 1 << 17;

/// An implementation of the product; all give the same bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kernel {
    /// Plain Rust, every CPU.
    Portable,
    /// 32-bit multiplications of AVX2, five instructions for four products.
    Avx2,
    /// The 64-bit multiplication of AVX-512DQ.
    Avx512Dq,
    /// The 52-bit multiplications of AVX-512 IFMA with the upper twelve bits through VNNI.
    Avx512Ifma,
}

impl Kernel {
    const ALL: [Self; 4] = [Self::Portable, Self::Avx2, Self::Avx512Dq, Self::Avx512Ifma];

    /// Whether this machine can run the kernel.
    pub fn is_available(self) -> bool {
        match self {
            Self::Portable => true,
            #[cfg(target_arch = "x86_64")]
            Self::Avx2 => avx2::Avx2::detect().is_some(),
            #[cfg(target_arch = "x86_64")]
            Self::Avx512Dq => avx512dq::Avx512Dq::detect().is_some(),
            #[cfg(target_arch = "x86_64")]
            Self::Avx512Ifma => ifma::Avx512Ifma::detect().is_some(),
            #[cfg(not(target_arch = "x86_64"))]
            _ => false,
        }
    }

    /// The kernels this machine can run, slowest first.
    pub fn available() -> Vec<Self> {
        Self::ALL.into_iter().filter(|kernel| kernel.is_available()).collect()
    }

    /// The fastest kernel this machine can run with the instructions it may use.
    pub fn best() -> Self {
        let usable = |kernel: &Self| kernel.instructions() <= Instructions::limit() && kernel.is_available();
        Self::ALL.into_iter().rev().find(usable).unwrap_or(Self::Portable)
    }

    /// What it needs.
    fn instructions(self) -> Instructions {
        match self {
            Self::Portable => Instructions::Portable,
            Self::Avx2 => Instructions::Avx2,
            Self::Avx512Dq => Instructions::Avx512,
            Self::Avx512Ifma => Instructions::Avx512Ifma,
        }
    }
}

/// `c += a * b` modulo 2^64 with the fastest kernel, where `c` is row-major and has `a.rows` x `b.cols` elements.
///
/// Large products are spread over the current rayon pool; the result does not depend on it.
///
/// # Panics
/// If the shapes do not match or a view reaches beyond its data.
pub fn gemm_add(a: MatrixView<'_>, b: MatrixView<'_>, c: &mut [u64]) {
    gemm_add_with(Kernel::best(), a, b, c);
}

/// [`gemm_add`] with a kernel of the caller's choice.
///
/// # Panics
/// As [`gemm_add`], and if this machine cannot run the kernel.
pub fn gemm_add_with(kernel: Kernel, a: MatrixView<'_>, b: MatrixView<'_>, c: &mut [u64]) {
    gemm_with(kernel, Target::Add, a, b, c);
}

/// The factors of a product.
pub(in crate::ring) type Factors<'a> = (MatrixView<'a>, MatrixView<'a>);

/// A part of a product that any thread may compute at any time.
pub(in crate::ring) type Task<'a> = Box<dyn FnOnce() + Send + 'a>;

/// [`gemm_add_with`], the result overwritten on request.
///
/// # Panics
/// As [`gemm_add_with`].
pub fn gemm_with(kernel: Kernel, target: Target, a: MatrixView<'_>, b: MatrixView<'_>, c: &mut [u64]) {
    run(tasks(kernel, target, &[(a, b)], c));
}

/// Does all tasks, spread over the current rayon pool.
pub(in crate::ring) fn run(tasks: Vec<Task<'_>>) {
    spread(tasks, |task| task());
}

/// Does all tasks of several products, given longest first. They are begun at both ends, so that each thread does its part of
/// one product after the other, and what is done last is short.
pub(in crate::ring) fn run_all(products: Vec<Vec<Task<'_>>>) {
    let (mut front, mut back) = (Vec::new(), Vec::new());
    for mut tasks in products {
        back.push(tasks.split_off(tasks.len().div_ceil(2)));
        front.extend(tasks);
    }
    front.extend(back.into_iter().rev().flatten());
    run(front);
}

/// What is to be done for the sum of products of the same shape with a kernel, cut for the current rayon pool.
///
/// # Panics
/// As [`gemm_add_with`].
pub(in crate::ring) fn tasks<'a>(
    kernel: Kernel,
    target: Target,
    terms: &[Factors<'a>],
    c: &'a mut [u64],
) -> Vec<Task<'a>> {
    match kernel {
        Kernel::Portable => cut(portable::Portable, target, terms, c),
        #[cfg(target_arch = "x86_64")]
        Kernel::Avx2 => cut(available(avx2::Avx2::detect()), target, terms, c),
        #[cfg(target_arch = "x86_64")]
        Kernel::Avx512Dq => cut(available(avx512dq::Avx512Dq::detect()), target, terms, c),
        #[cfg(target_arch = "x86_64")]
        Kernel::Avx512Ifma => cut(available(ifma::Avx512Ifma::detect()), target, terms, c),
        #[cfg(not(target_arch = "x86_64"))]
        _ => panic!("the kernel {kernel:?} is for another architecture"),
    }
}

/// What is to be done for `c = a * b` in the fastest way there is if no partial sum can reach a magnitude of 2^51, which
/// the caller vouches for; `None` if this machine does not have that way.
pub(in crate::ring) fn short_tasks<'a>(factors: Factors<'a>, c: &'a mut [u64]) -> Option<Vec<Task<'a>>> {
    #[cfg(target_arch = "x86_64")]
    return short::Short::detect().map(|kernel| cut(kernel, Target::Overwrite, &[factors], c));
    #[cfg(not(target_arch = "x86_64"))]
    {
        let _ = (factors, c);
        None
    }
}

/// Whether this machine has, and may use, the way of [`short_tasks`].
pub(in crate::ring) fn has_short() -> bool {
    #[cfg(target_arch = "x86_64")]
    return Instructions::limit() >= Instructions::Avx512Ifma && short::Short::detect().is_some();
    #[cfg(not(target_arch = "x86_64"))]
    false
}

#[cfg(target_arch = "x86_64")]
fn available<K>(kernel: Option<K>) -> K {
    kernel.expect("this CPU does not have the instructions of the kernel")
}

/// The one place where shapes and bounds of a product are checked.
pub(in crate::ring) fn check_shapes(a: MatrixView<'_>, b: MatrixView<'_>, c: &[u64]) {
    assert_eq!(a.cols, b.rows, "columns of a and rows of b");
    assert_eq!(Some(c.len()), a.rows.checked_mul(b.cols), "elements of c for {} x {}", a.rows, b.cols);
    a.check("a");
    b.check("b");
}

/// Cuts a sum of products into tasks that own disjoint tiles of C.
fn cut<'a, K: MicroKernel + Copy + Send + 'a>(
    kernel: K,
    target: Target,
    terms: &[Factors<'a>],
    c: &'a mut [u64],
) -> Vec<Task<'a>> {
    let (a, b) = *terms.first().expect("a sum of products");
    for (x, y) in terms {
        check_shapes(*x, *y, c);
        assert_eq!((x.rows, x.cols, y.cols), (a.rows, a.cols, b.cols), "products of one shape");
    }
    if a.rows == 0 || a.cols == 0 || b.cols == 0 {
        if target == Target::Overwrite {
            c.fill(0);
        }
        return Vec::new();
    }
    let whole = TileOfC { words: c.as_mut_ptr(), row_stride: b.cols, target };
    let grid = Grid::choose(a.rows, a.cols, b.cols, terms.len(), K::MR, K::NR);
    let task = |t: usize| -> Task<'a> {
        let ((row, rows, col, cols), terms) = (grid.tile(t), terms.to_vec());
        Box::new(move || {
            let mut tile = whole.at(row, col);
            for (a, b) in terms {
                let (a, b) = (a.block(row, rows, 0, a.cols), b.block(0, b.rows, col, cols));
                // SAFETY: `c` is borrowed mutably for as long as there are tasks and has `a.rows` x `b.cols` elements; the
                // tiles of the grid are disjoint parts of it, and each belongs to one task. The views have been checked.
                unsafe { gemm_tile(&kernel, a, b, tile) };
                tile.target = Target::Add;
            }
        })
    };
    (0..grid.tiles()).map(task).collect()
}

/// A division of the `m` x `n` result into equal tiles.
struct Grid {
    m: usize,
    n: usize,
    tile_rows: usize,
    tile_cols: usize,
}

impl Grid {
    /// One tile for small sums of products, else about as many as keep the pool busy, cut where it costs least:
    /// every row of tiles packs all of B again, every column of tiles reads all of A again (cheaper).
    fn choose(m: usize, k: usize, n: usize, terms: usize, mr: usize, nr: usize) -> Self {
        let products = m.saturating_mul(k).saturating_mul(n).saturating_mul(terms);
        let tasks = pieces_of(products, TASK);
        let cut = |down: usize| {
            let tile_rows = m.div_ceil(down).next_multiple_of(mr);
            let tile_cols = n.div_ceil(tasks.div_ceil(down)).next_multiple_of(nr);
            Self { m, n, tile_rows, tile_cols }
        };
        let cost = |grid: &Self| {
            let (down, right) = (m.div_ceil(grid.tile_rows), n.div_ceil(grid.tile_cols));
            let idle = tasks.saturating_sub(down * right);
            (idle, 2 * down * n + right * m)
        };
        (1..=tasks).map(cut).min_by_key(cost).expect("there is at least one task")
    }

    fn tiles(&self) -> usize {
        self.m.div_ceil(self.tile_rows) * self.n.div_ceil(self.tile_cols)
    }

    /// First row, rows, first column and columns of tile `t`.
    fn tile(&self, t: usize) -> (usize, usize, usize, usize) {
        let right = self.n.div_ceil(self.tile_cols);
        let (row, col) = (t / right * self.tile_rows, t % right * self.tile_cols);
        (row, self.tile_rows.min(self.m - row), col, self.tile_cols.min(self.n - col))
    }
}
