//! The report of a sweep.

use std::path::Path;

use mpcsim::report::{sweep_html, sweep_report};

use super::support::{embedded, sweep_csv};

fn text(page: Vec<u8>) -> String {
    String::from_utf8(page).expect("text")
}

#[test]
fn small_sweeps_are_embedded_whole() {
    let csv = sweep_csv(12, 10);
    let page = text(sweep_html("a made-up sweep", &csv));
    // tests/browser looks at this one.
    std::fs::write(Path::new(env!("CARGO_TARGET_TMPDIR")).join("sweep.html"), &page).expect("written");
    let data = embedded(&page);
    assert_eq!(
        data["axes"],
        serde_json::json!(["softmax", "model", "network.latency_ms", "network.bandwidth_mbps"])
    );
    assert!(data["results"] == csv.as_str(), "other rows than those of the file");
    assert_eq!((data["rows_in_all"].as_u64(), data["rows_kept"].as_u64()), (Some(1080), Some(1080)));
}

#[test]
fn large_sweeps_are_thinned_alike_and_say_so() {
    let csv = sweep_csv(100, 80);
    let page = text(sweep_html("a large sweep", &csv));
    std::fs::write(Path::new(env!("CARGO_TARGET_TMPDIR")).join("sweep_large.html"), &page).expect("written");
    assert_eq!(page, text(sweep_html("a large sweep", &csv)));
    let data = embedded(&page);
    let kept = data["rows_kept"].as_u64().expect("a number");
    assert_eq!(data["rows_in_all"], 72_000);
    assert!((6_000..=12_000).contains(&kept), "{kept}");
    let results = data["results"].as_str().expect("rows");
    assert_eq!(results.lines().count() as u64, kept + 1);
    let all: std::collections::BTreeSet<&str> = csv.lines().collect();
    assert!(results.lines().all(|line| all.contains(line)), "rows are those of the file");
}

#[test]
fn what_is_no_sweep_is_refused() {
    let refused =
        |csv: &'static str| sweep_report("t", || Ok(csv.as_bytes())).expect_err("no sweep").to_string();
    assert_eq!(refused("a,b\n1,2\n"), "there is no column accuracy");
    assert_eq!(refused(""), "there is no header");
    assert!(refused("index,a,accuracy\n0,1\n").contains("record"), "a row cut short");
}

#[test]
fn names_and_values_cannot_break_out() {
    let bad = "</script><img src=x onerror=alert(1)>&quot";
    let page = text(sweep_html(bad, &format!("index,seed,accuracy\n0,{bad},1\n")));
    assert!(!page.contains("<img"));
    assert_eq!(page.matches("</script>").count(), 3);
    let data = embedded(&page);
    assert!(data["title"] == bad && data["results"].as_str().is_some_and(|rows| rows.contains(bad)));
}

#[test]
#[ignore = "a million points; for looking at time and memory"]
fn a_million_points() {
    let csv = sweep_csv(500, 223);
    let page = sweep_html("a million points", &csv);
    assert!(page.len() < 6_000_000, "{} bytes", page.len());
}
