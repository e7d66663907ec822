//! Killed at any moment, a sweep goes on where it was.

use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use super::{Place, command, contents, good_sweep, sweep, sweep_text};

/// Starts a sweep again and again, kills it each time a sixth later, until it ends by itself. Returns how often it was
/// killed.
fn kill_until_done(file: &Path, out: &Path, jobs: &str, mut delay: Duration) -> u32 {
    let journal = out.join("trainings.journal");
    let mut trainings = Vec::new();
    for attempt in 0..200 {
        let mut child = command(file, out, &["--resume", "--jobs", jobs])
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        std::thread::sleep(delay);
        delay += delay / 6;
        if let Some(status) = child.try_wait().unwrap() {
            let output = child.wait_with_output().unwrap();
            assert!(status.success(), "{}", String::from_utf8_lossy(&output.stderr));
            return attempt;
        }
        child.kill().unwrap();
        child.wait().unwrap();
        let unfinished = out.join("progress.json").exists();
        assert!(!unfinished || out.join("sweep.json").exists() || !out.join("results.csv").exists());
        // No finished training is lost, and none is there twice.
        if let Ok(now) = std::fs::read(&journal) {
            assert!(now.starts_with(&trainings), "a finished training was lost");
            let whole = now.iter().rposition(|&byte| byte == b'\n').map_or(0, |end| end + 1);
            trainings = now[..whole].to_vec();
            let text = String::from_utf8(trainings.clone()).unwrap();
            let mut numbers: Vec<&str> = text.lines().map(|line| line.split(',').next().unwrap()).collect();
            let count = numbers.len();
            numbers.sort_unstable();
            numbers.dedup();
            assert_eq!(numbers.len(), count, "a training ran twice");
        }
    }
    panic!("never done");
}

fn check(text: &str, least: u32) {
    let place = Place::new();
    let file = place.file("sweep.ron", text);
    good_sweep(&file, &place.path("whole"), &[]);
    let mut kills = 0;
    for (start, jobs) in [(2000, "1"), (2170, "2")] {
        let out = place.path(jobs);
        kills += kill_until_done(&file, &out, jobs, Duration::from_micros(start));
        assert!(contents(&out) == contents(&place.path("whole")), "other bytes with {jobs} threads");
        let told = good_sweep(&file, &out, &["--resume"]);
        assert!(told.contains("finished before"), "{told}");
    }
    assert!(kills >= least, "only {kills} kills");
}

#[test]
fn killed_while_it_trains() {
    let axes = r#"axes: [
        (field: "seed", values: linear(from: 1, to: 8, steps: 8)),
        (field: "network.latency_ms", values: [1, 10, 100]),
    ]"#;
    check(&sweep_text("epochs: 4, batch: 32", axes), 30);
}

#[test]
fn killed_while_it_writes_rows() {
    let axes = r#"axes: [
        (field: "seed", values: [1, 2]),
        (field: "network.latency_ms", values: linear(from: 0, to: 99.5, steps: 200)),
        (field: "network.bandwidth_mbps", values: linear(from: 1, to: 100, steps: 100)),
    ]"#;
    check(&sweep_text("iterations: 2", axes), 30);
}

/// What was on the disk when the machine stopped may end in the middle of anything.
#[test]
fn torn_files_are_mended() {
    let place = Place::new();
    let axes = r#"axes: [(field: "seed", values: [1, 2, 3]), (field: "network.latency_ms", values: [1, 2])]"#;
    let file = place.file("sweep.ron", &sweep_text("iterations: 2", axes));
    let out = place.path("out");
    good_sweep(&file, &place.path("whole"), &[]);
    let whole = contents(&place.path("whole"));
    let file_of = |name: &str| &whole.iter().find(|(file, _)| file == name).expect("a result").1;
    let (csv, summary) = (file_of("results.csv"), String::from_utf8(file_of("sweep.json").clone()).unwrap());
    let fingerprint = summary.lines().find(|line| line.contains("fingerprint")).unwrap().trim();
    let program = summary.lines().find(|line| line.contains("program")).unwrap().trim();
    let header = csv.iter().position(|&byte| byte == b'\n').unwrap() + 1;
    let row = header + csv[header..].iter().position(|&byte| byte == b'\n').unwrap() + 1;
    for (bytes, rows, there) in [(0, 0, 0), (header, 0, header + 7), (row, 1, row), (row, 1, csv.len())] {
        for journal in ["", "{\"training\":0,\"cor", "nonsense\n\n"] {
            let _ = std::fs::remove_dir_all(&out);
            std::fs::create_dir(&out).unwrap();
            let progress = format!(
                "{{\"schema\": 1, {program} {fingerprint} \"shard\": \"1/1\", \"rows\": {rows}, \"bytes\": {bytes}, \
                 \"overflowed\": 0}}"
            );
            std::fs::write(out.join("progress.json"), progress).unwrap();
            std::fs::write(out.join("progress.json.next"), "{").unwrap();
            std::fs::write(out.join("trainings.journal"), journal).unwrap();
            std::fs::write(out.join("results.csv.partial"), &csv[..there]).unwrap();
            good_sweep(&file, &out, &["--resume"]);
            let mut left = contents(&out);
            left.retain(|(name, _)| name != "progress.json.next");
            assert!(left == whole, "{rows} rows, {there} bytes, journal {journal:?}");
        }
    }
    // Killed on its very last step: finished, with a journal that nobody needs.
    std::fs::write(out.join("trainings.journal"), "").unwrap();
    assert!(good_sweep(&file, &out, &["--resume"]).contains("finished before"));
    assert!(contents(&out).iter().all(|(name, _)| name != "trainings.journal"));
    let output = sweep(&file, &out, &[]);
    assert!(output.status.success(), "a finished sweep is replaced");
}
