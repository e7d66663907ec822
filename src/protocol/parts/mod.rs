//! What several protocols share.

pub mod additive;
pub mod material;
pub mod two_party;
