//! Whole runs: the command, its files, trainings on shares and in the clear, the payload of the issue, golden results.

mod accepted;
mod again;
mod cheating;
pub(crate) mod command;
mod failing;
mod files;
mod fingerprint;
mod folders;
mod formats;
mod golden;
mod initial;
mod kinds;
mod labels;
mod live;
mod memory;
mod names;
mod notes;
mod numbers;
mod optimizers;
mod options;
mod owners;
mod payload;
mod printing;
mod protocols;
mod sources;
pub(crate) mod training;
mod windows;
