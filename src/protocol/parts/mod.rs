//! What several protocols share.

pub mod additive;
pub mod bit_triples;
pub(in crate::protocol) mod dealing;
#[cfg(test)]
pub(in crate::protocol) mod deviation;
pub mod encrypted;
pub(in crate::protocol) mod falcon_checked;
pub mod falcon_offline;
pub mod falcon_parties;
mod falcon_private_compare;
pub mod garbled;
pub mod garbling;
pub mod gilboa;
pub mod helped;
pub(in crate::protocol) mod helped_comparison;
pub(in crate::protocol) mod helped_places;
pub mod joint_inputs;
mod joint_truncation;
pub mod local_truncation;
pub mod material;
pub mod oblivious_transfer;
pub(in crate::protocol) mod odd_ring;
pub mod overflows;
pub mod packed;
pub(in crate::protocol) mod private_compare;
pub mod replicated;
pub mod residue_shares;
pub(in crate::protocol) mod residue_triples;
pub mod spdz_wise;
pub mod three_parties;
pub mod transferred;
pub mod two_party;
pub mod zero_test;
