//! Products of what two parties have by additively homomorphic encryption: what is sent for them, as in SecureML (S&P 2017).
//!
//! For the product of a matrix of one party and one of the other, who encrypts its entries, the first computes on the ciphertexts
//! and sends back one for each entry of the result, under a mask that it keeps. A triple takes such a product in each direction.
//! Nothing is encrypted here: the ciphertexts have the published size and no content, the shares come from the ideal
//! functionality, and encrypting, decrypting and computing on ciphertexts cost no time.

use crate::protocol::demand::Request;
use crate::ring::meter::Work;

/// Bytes of a ciphertext: Damgard, Geisler, Kroigard, "Homomorphic encryption and secure comparison" (2008), modulo a number of
/// 2,048 bits.
pub const CIPHERTEXT_BYTES: u64 = 256;

/// Ciphertexts that each party sends for a request: of its own entries, of the factor that has fewer, and back, of the other's
/// products. `None` if it is not for products of ring elements.
pub fn ciphertexts(request: &Request) -> Option<[u64; 2]> {
    let [own, back] = match *request {
        Request::Triples { len } => [len, len],
        Request::Dots { results, width } => [results * width, results],
        Request::Matrices { shape } | Request::FixedProducts { shape, each: false } => {
            let factors = [shape.rows * shape.inner, shape.inner * shape.columns];
            [factors[0].min(factors[1]), shape.rows * shape.columns]
        }
        _ => return None,
    };
    Some([own as u64, back as u64])
}

/// What each party computes for such a request besides: its shares of both factors and its masks, the product of its shares,
/// and the sum of the three parts.
pub fn own_work(request: &Request) -> Work {
    let (drawn, products, results) = match *request {
        Request::Triples { len } => (2 * len, Work { multiplications: len as u64, ..Work::default() }, len),
        Request::Dots { results, width } => {
            let factors = (results * width) as u64;
            let products = Work { multiplications: factors, additions: factors, ..Work::default() };
            (2 * results * width, products, results)
        }
        Request::Matrices { shape } => {
            let [rows, inner, columns] = [shape.rows, shape.inner, shape.columns];
            let products = Work { macs: (rows * inner * columns) as u64, ..Work::default() };
            (rows * inner + inner * columns, products, rows * columns)
        }
        Request::FixedProducts { shape, .. } => {
            let [rows, inner, columns] = [shape.rows, shape.inner, shape.columns];
            let products = Work { macs: (rows * inner * columns) as u64, ..Work::default() };
            (inner * columns, products, rows * columns)
        }
        ref other => panic!("{other:?} is no product of ring elements"),
    };
    let mut work = products;
    work +=
        Work { random_bytes: 8 * (drawn + results) as u64, additions: 2 * results as u64, ..Work::default() };
    work
}
