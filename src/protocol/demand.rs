//! What a program takes from the offline phase: correlated randomness, prepared before the values are there.
//!
//! A program is first run on shapes without anything prepared; [`Supply`] writes down what it takes, where. What is
//! written down is then prepared in one go, before each run on values or on shapes.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;

use crate::ring::MatMul;

/// Correlated randomness of one kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Request {
    /// Triples (a, b, a b) of ring elements.
    Triples {
        /// How many.
        len: usize,
    },
    /// Triples for dot products: two vectors of `results` times `width` elements and `results` dot products.
    Dots {
        /// Number of dot products.
        results: usize,
        /// Length of each.
        width: usize,
    },
    /// A matrix triple.
    Matrices {
        /// Shape of the product.
        shape: MatMul,
    },
    /// Masks of numbers that are fixed, see [`super::Protocol::fix`].
    FixedMasks {
        /// How many.
        len: usize,
    },
    /// For products with a left factor that is fixed: random right factors, and the products of its masks with them. The masks are
    /// those of [`Demand::rows`].
    FixedProducts {
        /// Shape of the product.
        shape: MatMul,
        /// Whether each product of two entries has a right factor of its own, and is not added up.
        each: bool,
    },
    /// Triples of bits, packed; one plane of each length.
    BitTriples {
        /// Bits of each plane.
        lens: Vec<usize>,
    },
    /// Triples of residues modulo 67.
    ResidueTriples {
        /// How many.
        len: usize,
    },
    /// Random bits, each as a ring element and as a shared bit.
    Bits {
        /// How many.
        len: usize,
    },
    /// Random numbers, each as a ring element and as shared bits.
    Masks {
        /// How many.
        len: usize,
        /// Bits of each.
        bits: u32,
    },
    /// What a truncation takes besides: random numbers, what they are above a bit, and their top bits.
    Truncations {
        /// How many.
        len: usize,
        /// Bits of the numbers that are truncated.
        bits: u32,
        /// By how many bits.
        shift: u32,
    },
    /// What a comparison takes: random ring elements with their bits modulo 67, how often their shares wrap, random bits
    /// and factors.
    Comparisons {
        /// How many.
        len: usize,
    },
}

/// Where in a program something is taken.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The forks that lead to the sub-program: which one, which child.
    strand: Vec<(usize, usize)>,
    /// How much it had taken before.
    ordinal: usize,
}

/// All that a program takes, by place.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Demand {
    /// In the order of places, which is the same for all parties.
    pub requests: BTreeMap<Place, Request>,
    /// The rows of what is fixed that are taken; none if nobody knows yet.
    pub rows: Vec<usize>,
}

impl Demand {
    /// Whether nothing is taken.
    pub fn is_empty(&self) -> bool {
        self.requests.is_empty()
    }

    /// The same for these rows.
    pub fn of_rows(&self, rows: &[usize]) -> Demand {
        Demand { rows: rows.to_vec(), ..self.clone() }
    }
}

struct Store<T> {
    demand: Demand,
    ready: BTreeMap<Place, (Request, T)>,
}

/// What was prepared for one party, as one of its sub-programs sees it.
pub struct Supply<T> {
    strand: Vec<(usize, usize)>,
    forks: Cell<usize>,
    taken: Cell<usize>,
    store: Rc<RefCell<Store<T>>>,
}

impl<T> Default for Supply<T> {
    fn default() -> Self {
        let store = Rc::new(RefCell::new(Store { demand: Demand::default(), ready: BTreeMap::new() }));
        Supply { strand: Vec::new(), forks: Cell::new(0), taken: Cell::new(0), store }
    }
}

impl<T> Supply<T> {
    /// The forks that lead to this sub-program: which one, which child.
    pub fn strand(&self) -> &[(usize, usize)] {
        &self.strand
    }

    /// For sub-programs that run side by side.
    pub fn fork(&self, n: usize) -> Vec<Supply<T>> {
        let fork = self.forks.replace(self.forks.get() + 1);
        let child = |i: usize| Supply {
            strand: [&self.strand[..], &[(fork, i)]].concat(),
            forks: Cell::new(0),
            taken: Cell::new(0),
            store: Rc::clone(&self.store),
        };
        (0..n).map(child).collect()
    }

    /// Begins a program: only what is put in from now on can be taken. For the handle of the whole program.
    pub fn begin(&self) {
        self.forks.set(0);
        self.taken.set(0);
        *self.store.borrow_mut() = Store { demand: Demand::default(), ready: BTreeMap::new() };
    }

    /// Adds what was prepared for a place.
    pub fn put(&self, place: Place, request: Request, material: T) {
        self.store.borrow_mut().ready.insert(place, (request, material));
    }

    /// Adds what the next [`Supply::take`] of this strand takes, or, of several, the one after `ahead` others.
    pub fn put_ahead(&self, ahead: usize, request: Request, material: T) {
        let place = Place { strand: self.strand.clone(), ordinal: self.taken.get() + ahead };
        self.put(place, request, material);
    }

    /// What was prepared for this place of the program. `None` if nothing was: then it is written down.
    ///
    /// # Panics
    /// If something else was prepared.
    pub fn take(&self, request: Request) -> Option<T> {
        let ordinal = self.taken.replace(self.taken.get() + 1);
        let place = Place { strand: self.strand.clone(), ordinal };
        let mut store = self.store.borrow_mut();
        let material = store.ready.remove(&place).map(|(prepared, material)| {
            assert_eq!(prepared, request, "prepared for another program");
            material
        });
        store.demand.requests.insert(place, request);
        material
    }

    /// What was taken since the program began.
    pub fn demand(&self) -> Demand {
        self.store.borrow().demand.clone()
    }
}
