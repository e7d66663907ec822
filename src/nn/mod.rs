//! Neural networks on shares: dense layers, ReLU, stochastic gradient descent, the training of one party.
//!
//! Written over [`crate::secure::Secure`], so the same text runs on shares, on shapes and in the clear.

mod batches;
mod dataset;
mod dense;
mod evaluate;
mod model;
mod sgd;
mod shuffle;
mod training;

pub use dataset::{encode_images, one_hot_labels};
pub use dense::{Dense, DenseLayer};
pub use evaluate::correct_predictions;
pub use model::{Model, Weights, glorot_weights};
pub use sgd::{BatchDivision, Sgd};
pub use shuffle::{batches_per_epoch, epoch_order};
pub use training::{Brought, OWNER, SecretData, Secrets, Trainer, TrainingProgram, prepare};
