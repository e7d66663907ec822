//! Killed at any moment, a sweep goes on where it was.

use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use super::{
    NAMES, Place, bad, command, contents, first_rows, good_sweep, sha256, sweep, sweep_text, unfinished, work,
};

/// Starts a sweep again and again, kills it each time a sixth later, until it ends by itself. Returns how often it was
/// killed.
fn kill_until_done(file: &Path, out: &Path, jobs: &str, mut delay: Duration) -> u32 {
    let journal = work(out).join("trainings.journal");
    let mut trainings = Vec::new();
    for attempt in 0..200 {
        let mut child = command(file, out, &["--resume", "--quiet", "--jobs", jobs])
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
        let whole = ["results.csv", "sweep.json", "report.html"].map(|name| out.join(name).exists());
        let finished = work(out).join("new/SHA256SUMS").exists() || out.join("SHA256SUMS").exists();
        assert!(finished || whole == [false; 3], "results that are not complete");
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
    let csv = first_rows(&place.path("whole"), 6);
    let [none, header, row] =
        [Vec::new(), first_rows(&place.path("whole"), 0), first_rows(&place.path("whole"), 1)];
    for (known, rows, there) in
        [(&none, 0, 0), (&header, 0, header.len() + 7), (&row, 1, row.len()), (&row, 1, csv.len())]
    {
        for journal in ["", "{\"training\":0,\"cor", "nonsense\n\n"] {
            let _ = std::fs::remove_dir_all(&out);
            unfinished(&place.path("whole"), &out, known, rows);
            std::fs::write(work(&out).join("progress.next"), "{").unwrap();
            std::fs::write(work(&out).join("trainings.journal"), journal).unwrap();
            std::fs::write(work(&out).join("new/results.csv"), &csv[..there]).unwrap();
            std::fs::write(work(&out).join("new/sweep.json"), "{").unwrap();
            good_sweep(&file, &out, &["--resume"]);
            assert!(contents(&out) == whole, "{rows} rows, {there} bytes, journal {journal:?}");
        }
    }
    // Killed while files were moved: whoever comes next moves the rest.
    let old = place.path("old");
    good_sweep(
        &place.file("old.ron", &std::fs::read_to_string(&file).unwrap().replace("[1, 2, 3]", "[4, 5]")),
        &old,
        &[],
    );
    let files = NAMES;
    for moved in 0..files.len() {
        let _ = std::fs::remove_dir_all(&out);
        let new = work(&out).join("new");
        std::fs::create_dir_all(&new).unwrap();
        for (n, name) in files.iter().enumerate() {
            std::fs::copy(old.join(name), out.join(name)).unwrap();
            let to = if n > 0 && n <= moved { out.join(name) } else { new.join(name) };
            std::fs::copy(place.path("whole").join(name), to).unwrap();
        }
        std::fs::write(work(&out).join("progress"), "not looked at").unwrap();
        assert!(good_sweep(&file, &out, &["--resume"]).contains("finished before"), "{moved} moved");
        assert!(contents(&out) == whole, "{moved} moved");
    }
    let output = sweep(&file, &out, &[]);
    assert!(output.status.success(), "a finished sweep is replaced");
}

/// A sweep of these seeds under two latencies; `more` is a line that changes nothing.
fn seeds(seeds: &str, more: &str) -> String {
    let axes = format!(
        "axes: [(field: \"seed\", values: [{seeds}]), (field: \"network.latency_ms\", values: [1, 2])]"
    );
    more.to_string() + &sweep_text("epochs: 2", &axes)
}

/// A finished sweep, or one that was killed, goes on with another value of an axis, with one value less, and with a comment.
#[test]
fn a_changed_sweep_keeps_the_trainings_that_it_still_has() {
    let place = Place::new();
    let old = place.file("old.ron", &seeds("1, 2, 3", ""));
    let finished = place.path("finished");
    good_sweep(&old, &finished, &[]);
    for (number, (text, kept)) in [
        (seeds("1, 2, 3, 4", ""), "3 trainings"),
        (seeds("3, 5", ""), "1 trainings"),
        (seeds("1, 2, 3", "// A word more.\n"), "3 trainings"),
    ]
    .into_iter()
    .enumerate()
    {
        let new = place.file("new.ron", &text);
        let fresh = place.path(&format!("fresh-{number}"));
        good_sweep(&new, &fresh, &[]);
        for name in ["finished", "killed"] {
            let out = place.path(&format!("{name}-{number}"));
            if name == "finished" {
                std::fs::create_dir(&out).unwrap();
                for (file, bytes) in contents(&finished) {
                    std::fs::write(out.join(file), bytes).unwrap();
                }
            } else {
                unfinished(&finished, &out, &first_rows(&finished, 2), 2);
                std::fs::copy(finished.join("trainings.jsonl"), work(&out).join("trainings.journal"))
                    .unwrap();
            }
            bad(&sweep(&new, &out, &[]), 2);
            let told = good_sweep(&new, &out, &["--resume"]);
            assert!(told.contains(&format!("0 points and {kept} were finished before")), "{name}: {told}");
            assert!(
                contents(&out) == contents(&fresh),
                "{name}, {number}: other bytes than a sweep from its beginning"
            );
        }
    }
    // Nothing in common: nothing is replaced.
    let before = contents(&finished);
    let told = bad(&sweep(&place.file("new.ron", &seeds("4", "")), &finished, &["--resume"]), 2);
    assert!(told.contains("none of its finished trainings is one of this sweep"), "{told}");
    assert!(contents(&finished) == before);
}

/// What a finished training says is taken, and only the others are trained: seen by a count that no training gives.
#[test]
fn finished_trainings_of_another_sweep_are_not_repeated() {
    let place = Place::new();
    let old = place.file("old.ron", &seeds("1, 2, 3", ""));
    let finished = place.path("finished");
    good_sweep(&old, &finished, &[]);
    let new = place.file("new.ron", &seeds("1, 2, 3, 4", ""));
    good_sweep(&new, &place.path("fresh"), &[]);
    let out = place.path("out");
    unfinished(&finished, &out, b"", 0);
    let trainings = std::fs::read_to_string(finished.join("trainings.jsonl")).unwrap();
    let marked: String = trainings
        .lines()
        .map(|line| {
            let (entry, _) = line.rsplit_once('\t').unwrap();
            let (before, count) = entry.split_once("\"correct\":").unwrap();
            let (_, after) = count.split_once(',').unwrap();
            let entry = format!("{before}\"correct\":0,{after}");
            format!("{entry}\t{}\n", &sha256(entry.as_bytes())[..16])
        })
        .collect();
    std::fs::write(work(&out).join("trainings.journal"), marked).unwrap();
    good_sweep(&new, &out, &["--resume"]);
    let accuracies = |folder: &Path| -> Vec<(String, f64)> {
        let mut reader = csv::Reader::from_path(folder.join("results.csv")).unwrap();
        let columns = reader.headers().unwrap().clone();
        let at = |name: &str| columns.iter().position(|column| column == name).unwrap();
        let (seed, accuracy) = (at("seed"), at("accuracy"));
        reader
            .records()
            .map(|row| row.unwrap())
            .map(|row| (row[seed].to_string(), row[accuracy].parse().unwrap()))
            .collect()
    };
    for ((seed, found), (_, right)) in accuracies(&out).into_iter().zip(accuracies(&place.path("fresh"))) {
        let expected = if seed == "4" { right } else { 0.0 };
        assert!(right > 0.0 && found == expected, "seed {seed}: {found}, {right}");
    }
}
