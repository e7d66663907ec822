//! A scenario from a text, run and read: `cargo run --release --example scenario`.

use std::error::Error;
use std::path::Path;

use mpcsim::run::{Values, run};
use mpcsim::scenario::Scenario;

const TEXT: &str = r#"(
    name: "example",
    protocol: rep3,
    model: dense(hidden: [64]),
    softmax: relu_gradient,
    data: mnist(train: 6400, test: 1000),
    training: (epochs: 2, batch: 128),
    network: preset("wan"),
)"#;

fn main() -> Result<(), Box<dyn Error>> {
    for change in ["softmax=relu_gradient", "softmax=exact"] {
        let plan = Scenario::parse(TEXT, "example.ron", Path::new(""), &[change.to_string()])?;
        // Trains on plain numbers with the same arithmetic, and counts what the parties would send.
        let outcome = run(&plan, Values::Split, &())?;
        let last = outcome.epochs.last().ok_or("a training has an epoch")?;
        println!(
            "{change}: {} of 1000 test rows, {} rounds, {} bytes, {} ms of modelled time",
            last.correct,
            outcome.training.rounds,
            outcome.training.payload_bytes,
            outcome.training.modelled_ps / 1_000_000_000,
        );
    }
    Ok(())
}
