//! Neural networks on shares: layers, one file each, optimisers, the training of one party.
//!
//! Written over [`crate::secure::Secure`], so the same text runs on shares, on shapes and in the clear.

mod average_pool;
mod batches;
mod convolution;
mod dataset;
mod dense;
mod dropout;
mod evaluate;
pub mod floating;
mod initial;
mod layer;
mod max_pool;
mod optimizer;
mod parameters;
mod pool;
mod shuffle;
mod training;

pub use convolution::{Convolution, Padding};
pub use dataset::{encode_images, encode_labels};
pub use dropout::Dropout;
pub use evaluate::correct_predictions;
pub use initial::{glorot_weights, secret_weights};
pub(crate) use layer::parameter_spans;
pub use layer::{Layer, LayerKind, Misfit, dense_layers, fans, layers_on, sizes};
pub use optimizer::{Adam, BatchDivision, Descent, Followed, InverseRoot, Moment, Optimizer, Rate, Sgd};
pub use parameters::{Fans, Parameters, Weights};
pub use pool::Pool;
pub use shuffle::{batches_per_epoch, epoch_order};
pub use training::{Brought, OWNER, SecretData, Secrets, Trainer, TrainingProgram, prepare};
