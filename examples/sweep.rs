//! A sweep over networks, without training, and its table: `cargo run --release --example sweep`.

use std::error::Error;
use std::path::Path;

use mpcsim::memory::MemoryLimit;
use mpcsim::sweep::{self, Options, Shard, Sweep, SweepPlan};

const TEXT: &str = r#"(
    name: "example",
    train: false,
    base: (
        name: "example",
        protocol: rep3,
        model: dense(hidden: [128]),
        softmax: exact,
        data: mnist(train: 60000, test: 10000),
        training: (epochs: 1, batch: 128),
        network: custom(latency_ms: 1, bandwidth_mbps: 100),
    ),
    axes: [
        (field: "protocol", values: [rep3, semi2k]),
        (field: "network.latency_ms", name: "latency_ms", values: [1, 10, 100]),
    ],
)"#;

fn main() -> Result<(), Box<dyn Error>> {
    let sweep = Sweep::from_text(TEXT, "example.ron", Path::new(""), MemoryLimit::new(None))?;
    let plan = SweepPlan::new(sweep)?;
    let place = tempfile::tempdir()?;
    let folder = place.path().join("results");
    let options = Options { jobs: 2, shard: Shard::WHOLE, resume: false, force: false, parquet: false };
    sweep::run(&plan, &folder, options, &())?;
    let mut table = csv::Reader::from_path(folder.join("results.csv"))?;
    let columns = table.headers()?.clone();
    let wanted = ["protocol", "latency_ms", "rounds", "payload_bytes", "modelled_seconds"];
    println!("{}", wanted.join("  "));
    for row in table.records() {
        let row = row?;
        let cell = |name| columns.iter().position(|column| column == name).and_then(|at| row.get(at));
        println!("{}", wanted.map(|name| cell(name).unwrap_or("")).join("  "));
    }
    Ok(())
}
