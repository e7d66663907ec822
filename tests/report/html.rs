//! `report.html` of a run.

use super::support::{embedded, file, short_run};

const SHORT: [&str; 1] = ["training.iterations=3"];

/// Attributes and rules that make a browser ask for something.
fn asks_for_nothing(page: &str) {
    let before_library = page.split("<script>").next().expect("a page");
    for asking in ["src=", "href=\"http", "url(", "@import", "srcset=", "action=", "<iframe", "<object"] {
        assert!(!before_library.contains(asking), "the page has {asking}");
    }
    assert_eq!(page.matches(" href=").count(), 1, "only the empty icon");
    assert_eq!(page.matches("<script>").count(), 2);
    assert!(page.contains("default-src 'none'"));
    for asking in ["fetch(", "XMLHttpRequest", "new WebSocket", "sendBeacon", "importScripts"] {
        assert!(!page.contains(asking), "the page calls {asking}");
    }
}

#[test]
fn same_bytes_every_time() {
    let page = |_| short_run("01_first_run.ron", &SHORT).pop().expect("files");
    let [first, second] = [0, 1].map(page);
    assert_eq!(first.0, "report.html");
    assert!(first.1 == second.1, "two runs of one scenario wrote different pages");
    assert!(first.1.len() < 1_000_000, "{} bytes", first.1.len());
}

#[test]
fn figures_are_those_of_the_files() {
    let files = short_run("01_first_run.ron", &SHORT);
    let page = file(&files, "report.html");
    asks_for_nothing(page);
    let data = embedded(page);
    for (field, name) in [
        ("epochs", "epochs.csv"),
        ("evaluations", "evaluations.csv"),
        ("spans", "spans.csv"),
        ("links", "links.csv"),
        ("scenario", "scenario.ron"),
    ] {
        assert_eq!(data[field].as_str(), Some(file(&files, name)), "{name}");
    }
    let summary: serde_json::Value = serde_json::from_str(file(&files, "summary.json")).expect("JSON");
    assert_eq!(data["summary"], summary);
    assert!(data.get("bars").is_none(), "there is no jitter");
}

#[test]
fn the_timeline_adds_up_to_the_iteration() {
    let files = short_run("01_first_run.ron", &SHORT);
    let data = embedded(file(&files, "report.html"));
    let activity = &data["activity"];
    let end_ps = activity["end_ps"].as_u64().expect("a number");
    let seconds = data["summary"]["iteration"]["modelled_seconds"].as_f64().expect("a number");
    assert!((end_ps as f64 * 1e-12 - seconds).abs() < 1e-11);
    assert_eq!(activity["all_messages"], data["summary"]["iteration"]["messages"]);
    let mut last = 0;
    for line in activity["parties"].as_array().expect("parties") {
        let mut at = 0;
        for stretch in line.as_array().expect("stretches") {
            assert_eq!(stretch[0].as_u64(), Some(at), "no gaps");
            at = stretch[1].as_u64().expect("a number");
        }
        last = last.max(at);
    }
    assert_eq!(last, end_ps);
}

#[test]
fn jitter_has_a_histogram_of_all_iterations() {
    let files = short_run("04_asymmetric_links.ron", &["training.iterations=30"]);
    let data = embedded(file(&files, "report.html"));
    let counts = data["bars"]["counts"].as_array().expect("bars");
    assert_eq!(counts.iter().map(|n| n.as_u64().expect("a count")).sum::<u64>(), 30);
}
