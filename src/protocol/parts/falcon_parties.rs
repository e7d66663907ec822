//! What Falcon's operations are made of: what is opened and what is multiplied, by three parties who follow the protocol
//! ([`crate::protocol::falcon`]) or who check each other ([`crate::protocol::falcon_malicious`]).

use super::falcon_offline::Material;
use super::replicated::Replicated;
use super::residue_shares::{Residue, Told};
use crate::protocol::demand::Supply;
use crate::protocol::{Declared, Demand, Message, Rep3};
use crate::ring::{MatMul, Plane, Vector};

/// One of the three, with ring elements of so many bits.
#[allow(async_fn_in_trait)] // parties are tasks of one thread
pub trait Parties<const RING_BITS: u32>: Sized + 'static {
    /// What each operation costs.
    const COSTS: &'static [Declared];
    /// Whether a product is truncated before it is shared: then nobody can check it.
    const TRUNCATES_FIRST: bool;

    /// With the handle of what is local.
    fn new(rep3: Rep3) -> Self;
    /// That handle.
    fn rep3(&self) -> &Rep3;
    /// What was prepared.
    fn supply(&self) -> &Supply<Material>;
    /// Handles for `n` sub-programs that run side by side.
    fn fork(&self, n: usize) -> Vec<Self>;

    /// The component that this party lacks of what is opened to all.
    async fn missing<T>(&self, x: &Replicated<T>, message: impl Fn(&T) -> Message) -> Message;
    /// Dot products, see [`crate::protocol::Protocol::dot`].
    async fn dot(&self, x: &Replicated<Vector>, y: &Replicated<Vector>, width: usize) -> Replicated<Vector>;
    /// A matrix product.
    async fn matmul(
        &self,
        x: &Replicated<Vector>,
        y: &Replicated<Vector>,
        shape: MatMul,
    ) -> Replicated<Vector>;
    /// Products of bits.
    async fn and(&self, pairs: &[[&Replicated<Plane>; 2]]) -> Vec<Replicated<Plane>>;
    /// Products of residues.
    async fn residue_products(
        &self,
        x: &Replicated<Residue>,
        y: &Replicated<Residue>,
        told: Told,
    ) -> Replicated<Residue>;

    /// Makes what a program takes, in the order of its places.
    async fn make(&self, demand: &Demand) -> Vec<Material>;
    /// Checks what was put off, see [`crate::protocol::Protocol::check`]. Sub-programs can call it too.
    async fn check(&self);
}
