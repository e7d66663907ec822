//! A small run and a made-up sweep.

use std::path::Path;

use mpcsim::report::{run_files, sweep_report};
use mpcsim::run::{Values, run};
use mpcsim::scenario::Scenario;

/// The files of a short run of a shipped scenario.
pub fn short_run(scenario: &str, sets: &[&str]) -> Vec<(&'static str, Vec<u8>)> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios").join(scenario);
    let sets: Vec<String> = sets.iter().map(|set| set.to_string()).collect();
    let plan = Scenario::load(&path, &sets).expect("a shipped scenario");
    let outcome = run(&plan, Values::Split, &()).expect("it runs");
    run_files(&plan, Values::Split, &outcome)
}

/// A file of a run.
pub fn file<'a>(files: &'a [(&'static str, Vec<u8>)], name: &str) -> &'a str {
    let (_, content) = files.iter().find(|(file, _)| *file == name).expect("a file of every run");
    std::str::from_utf8(content).expect("text")
}

/// The data that a page embeds.
pub fn embedded(page: &str) -> serde_json::Value {
    let (_, rest) = page.split_once("<script type=\"application/json\" id=\"data\">").expect("embedded data");
    let (json, _) = rest.split_once("</script>").expect("the end of the data");
    serde_json::from_str(json).expect("JSON")
}

/// The page of a sweep whose results are in memory.
pub fn sweep_page(title: &str, seeds: &[&str], csv: &str) -> std::io::Result<String> {
    let seeds: Vec<String> = seeds.iter().map(|seed| seed.to_string()).collect();
    let page =
        sweep_report(
            title,
            &[],
            &mpcsim::sweep::result_columns(&[0.9, 0.95]),
            &seeds,
            || Ok(csv.as_bytes()),
        )?;
    Ok(String::from_utf8(page).expect("text"))
}

/// A made-up results.csv: three variants, 1-3 layers, a grid of networks with so many latencies and bandwidths.
pub fn sweep_csv(latencies: u32, bandwidths: u32) -> String {
    let mut csv = String::from(
        "index,softmax,model,network.latency_ms,network.bandwidth_mbps,accuracy,rounds,exchanges,messages,payload_bytes,\
         wire_bytes,modelled_seconds,compute_seconds,latency_seconds,serialisation_seconds,queueing_seconds,window_seconds,\
         iteration_modelled_seconds\n",
    );
    let mut index = 0;
    for (v, softmax) in ["exact", "relu_probability", "relu_gradient"].iter().enumerate() {
        for layers in 1..=3u64 {
            let hidden = vec!["128"; layers as usize - 1].join(",");
            let quote = if hidden.contains(',') { "\"" } else { "" };
            for l in 0..latencies {
                for b in 0..bandwidths {
                    let latency = 0.05 * f64::from(l + 1) * f64::from(l + 1);
                    let bandwidth = 10.0 * f64::from(b + 1) * f64::from(b + 1);
                    let rounds = [112, 71, 58][v] + 19 * layers;
                    let payload =
                        [2_320_000, 1_100_000, 2_900_000][v] + 15_000_000 * (layers - 1) + 1_000_000;
                    let parts = [
                        0.002 * layers as f64,
                        rounds as f64 * latency * 1e-3,
                        payload as f64 * 8.0 / 3.0 / (bandwidth * 1e6),
                        0.0001,
                    ];
                    let iteration: f64 = parts.iter().sum();
                    let accuracy = 0.9 + 0.02 * layers as f64 - [0.0, 0.004, 0.011][v];
                    let [compute, late, serial, queue] = parts.map(|part| part * 1000.0);
                    csv += &format!(
                        "{index},{softmax},{quote}dense(hidden:[{hidden}]){quote},{latency:.4},{bandwidth},{accuracy:.4},\
                         {},{},{},{},{},{:.6},{compute:.6},{late:.6},{serial:.6},{queue:.6},0.000000,{iteration:.9}\n",
                        rounds * 1000,
                        rounds * 970,
                        rounds * 3300,
                        payload * 1000,
                        payload * 1010,
                        iteration * 1000.0,
                    );
                    index += 1;
                }
            }
        }
    }
    csv
}
