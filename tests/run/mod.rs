//! Whole runs: the command, its files, trainings on shares and in the clear, the payload of the issue, golden results.

mod command;
mod files;
mod golden;
mod live;
mod payload;
mod training;
