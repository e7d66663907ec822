//! What several protocols share.

pub mod additive;
pub mod joint_inputs;
pub mod material;
pub mod two_party;
