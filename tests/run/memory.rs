//! Memory is estimated first, and what is not needed is not kept.

use std::path::Path;

use mpcsim::data::idx::{Content, read_file};
#[cfg(target_os = "linux")]
use mpcsim::data::{MNIST_CLASSES, MNIST_IMAGE};
use mpcsim::nn::dense_layers;
use mpcsim::run::estimated_bytes;
use mpcsim::scenario::Scenario;
use tempfile::TempDir;

use super::command::{BRIEF, SMALL, mpcsim, scenario};
use crate::data::idx::{gzip, idx};

/// What is measured: protocol, rounding, where values come from, the width of two hidden layers, and the optimiser.
#[cfg(target_os = "linux")]
const CASES: [(&str, &str, &str, usize, &str); 6] = [
    ("rep3", "probabilistic", "split", 1024, "sgd"),
    ("rep3", "nearest", "shares", 512, "sgd"),
    ("rep4", "probabilistic", "split", 256, "sgd"),
    ("beaver2", "probabilistic", "split", 512, "sgd"),
    ("rep3", "probabilistic", "split", 192, "amsgrad"),
    ("falcon_malicious", "probabilistic", "shares", 32, "sgd"),
];

#[test]
fn a_training_beyond_memory_is_refused_with_the_figure() {
    let folder = TempDir::new().unwrap();
    let out = folder.path().join("out");
    let refused = |sets: &[&str], limit: Option<&str>, said: &str| {
        let output = mpcsim(&scenario(SMALL), &out, sets, |command| {
            limit.map(|limit| command.args(["--memory-limit", limit]));
        });
        let told = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(2), "{told}");
        assert!(told.contains(said), "{told}");
        assert!(!out.exists(), "nothing is written");
    };
    // 64 x 65,536 + 65,536 x 65,536 + 65,536 x 4 weights and the biases: 1.2 TB with `rep3`.
    let wide = ["model=dense(hidden: [65536, 65536])", "training.batch=1"];
    let estimate = "this takes about 1161.1 GB of memory, and ";
    refused(&wide, Some("1160"), &format!("{estimate}--memory-limit allows 1160.0 GB"));
    refused(&wide, None, &format!("{estimate}this machine has "));
    refused(&["model=dense(hidden: [4096, 4096])"], Some("1"), "--memory-limit allows 1.0 GB");
    let output = mpcsim(&scenario(SMALL), &out, &BRIEF, |command| {
        command.args(["--memory-limit", "1"]);
    });
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn rows_that_are_not_wanted_are_not_read() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("many");
    let content: Vec<u8> = (0..5_000_000u32).map(|i| (i % 251) as u8).collect();
    let whole = idx(&[50_000, 100], &content);
    for bytes in [whole.clone(), gzip(&whole)] {
        std::fs::write(&path, &bytes).unwrap();
        let read = read_file(&path, "many", Content::Images, 10).unwrap();
        assert_eq!((read.rows, read.width, &read.bytes[..]), (50_000, 100, &content[..1000]));
        assert!(read.bytes.capacity() < 1 << 17, "{} bytes", read.bytes.capacity());
        // Where all rows are wanted, the end is looked at.
        std::fs::write(&path, &bytes[..bytes.len() - 3]).unwrap();
        assert!(read_file(&path, "many", Content::Images, 50_000).is_err());
    }
    // The length of a file that is not packed says whether its end is there.
    for (length, said) in
        [(whole.len() - 3, "4999997 are there"), (whole.len() + 1, "longer than its header")]
    {
        let mut bytes = whole.clone();
        bytes.resize(length, 0);
        std::fs::write(&path, &bytes).unwrap();
        let told = read_file(&path, "many", Content::Images, 10).unwrap_err().to_string();
        assert!(told.contains(said), "{told}");
    }
    // A packed one that announces 10 GB, of which no more than the beginning is there.
    std::fs::write(&path, gzip(&idx(&[10_000_000, 1000], &content))).unwrap();
    let read = read_file(&path, "many", Content::Images, 10).unwrap();
    assert_eq!((read.rows, read.width, &read.bytes[..]), (10_000_000, 1000, &content[..10_000]));
    assert!(read_file(&path, "many", Content::Images, 5001).is_err());
}

#[test]
fn labels_are_counted_and_not_kept() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("labels");
    let content: Vec<u8> =
        (0..3_000_000u32).map(|i| if i == 2_999_999 { 9 } else { (i % 3) as u8 }).collect();
    std::fs::write(&path, gzip(&idx(&[3_000_000], &content))).unwrap();
    let read = read_file(&path, "labels", Content::Labels, 10).unwrap();
    assert_eq!((read.rows, &read.bytes[..]), (3_000_000, &content[..10]));
    assert!(read.bytes.capacity() < 1 << 17, "{} bytes", read.bytes.capacity());
    let values: Vec<_> = read.values.iter().collect();
    assert_eq!(values, [(0, 1_000_000, 0), (1, 1_000_000, 1), (2, 999_999, 2), (9, 1, 2_999_999)]);
}

#[test]
fn data_that_are_only_named_are_estimated_too() {
    let folder = TempDir::new().unwrap();
    let write = |name: &str, bytes: Vec<u8>| std::fs::write(folder.path().join(name), bytes).unwrap();
    write("images.gz", gzip(&idx(&[4_000_000, 1000], &[0; 1000])));
    write("labels.gz", gzip(&idx(&[4_000_000], &[vec![0; 2_000_000], vec![1; 2_000_000]].concat())));
    let text = "(name: \"a\", protocol: rep3, model: dense(hidden: []), softmax: exact, network: preset(\"lan\"), \
                data: idx(train_images: \"images.gz\", train_labels: \"labels.gz\", test_images: \"images.gz\", \
                test_labels: \"labels.gz\", train: 4000000, test: 10))";
    let scenario = folder.path().join("large.ron");
    std::fs::write(&scenario, text).unwrap();
    let output = std::process::Command::new(env!("CARGO_BIN_EXE_mpcsim"))
        .args(["check", "--memory-limit", "1"])
        .arg(&scenario)
        .output()
        .unwrap();
    let told = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{told}");
    assert!(
        told.contains("these data take about 8.0 GB of memory, and --memory-limit allows 1.0 GB"),
        "{told}"
    );
}

/// The largest resident memory of a run, in bytes, as the system tells it while it runs.
#[cfg(target_os = "linux")]
fn peak_bytes(sets: &[&str], more: &[&str]) -> u128 {
    let folder = TempDir::new().unwrap();
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_mpcsim"));
    command
        .arg("run")
        .arg(scenario("03_one_layer.ron"))
        .args(["--quiet", "--out"])
        .arg(folder.path().join("out"));
    for set in sets {
        command.args(["--set", set]);
    }
    let mut running = command.args(more).spawn().unwrap();
    let mut peak = 0;
    let status = loop {
        let status = std::fs::read_to_string(format!("/proc/{}/status", running.id())).unwrap_or_default();
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let read = line.and_then(|line| line.trim().strip_suffix(" kB")?.parse::<u128>().ok());
        peak = peak.max(1024 * read.unwrap_or(0));
        if let Some(status) = running.try_wait().unwrap() {
            break status;
        }
        std::thread::sleep(std::time::Duration::from_millis(5));
    };
    assert!(status.success());
    peak
}

/// The estimate is not less than what was taken, and not much more.
#[cfg(target_os = "linux")]
#[test]
fn a_training_takes_what_is_estimated() {
    let data = "data=mnist(train: 256, test: 64)";
    let text = std::fs::read_to_string(scenario("03_one_layer.ron")).unwrap();
    for (protocol, rounding, values, width, optimizer) in CASES {
        let training = &format!("training=(iterations: 2, batch: 8, optimizer: {optimizer})");
        let model = format!("model=dense(hidden: [{width}, {width}])");
        let (protocol_set, rounding_set) = (format!("protocol={protocol}"), format!("rounding={rounding}"));
        let sets = |model| [data, training, &protocol_set, &rounding_set, model];
        let all = sets(&model).map(str::to_string);
        let plan = Scenario::parse(&text, "03_one_layer.ron", Path::new(""), &all).unwrap();
        let estimate = estimated_bytes(&plan, &dense_layers(&[784, width, width, 10]));
        let peak = peak_bytes(&sets(&model), &["--values", values]);
        let what =
            format!("{protocol}, {rounding}, {values}, {optimizer}: estimated {estimate}, taken {peak}");
        assert!(peak <= estimate && estimate <= 3 * peak / 2, "{what}");
        if (protocol, rounding, optimizer) == ("rep3", "probabilistic", "sgd") {
            let without = peak_bytes(&sets("model=dense(hidden: [])"), &["--values", values]);
            let parameters = ((784 + 1) * width + (width + 1) * width + (width + 1) * 10) as u128;
            let each = (peak - without) / parameters;
            assert!(each <= 300, "{what}: {each} bytes a parameter");
        }
    }
}

/// Values of images, and of their windows.
#[cfg(target_os = "linux")]
#[test]
fn a_convolutional_network_takes_what_is_estimated() {
    let sets =
        ["model=preset(\"B\")", "data=mnist(train: 256, test: 64)", "training=(iterations: 2, batch: 64)"];
    let text = std::fs::read_to_string(scenario("03_one_layer.ron")).unwrap();
    let plan = Scenario::parse(&text, "03_one_layer.ron", Path::new(""), &sets.map(str::to_string)).unwrap();
    let layers = mpcsim::run::layers(&plan, MNIST_IMAGE, MNIST_CLASSES).unwrap();
    let (estimate, peak) = (estimated_bytes(&plan, &layers), peak_bytes(&sets, &[]));
    assert!(peak <= estimate && estimate <= 2 * peak, "estimated {estimate}, taken {peak}");
}
