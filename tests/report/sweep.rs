//! The report of a sweep.

use std::path::Path;

use super::support::{embedded, sweep_csv, sweep_page};

fn page_of(title: &str, csv: &str) -> String {
    sweep_page(title, &[], csv).expect("a results.csv")
}

#[test]
fn small_sweeps_are_embedded_whole() {
    let csv = sweep_csv(12, 10);
    let page = page_of("a made-up sweep", &csv);
    // tests/browser looks at this one.
    std::fs::write(Path::new(env!("CARGO_TARGET_TMPDIR")).join("sweep.html"), &page).expect("written");
    let data = embedded(&page);
    assert_eq!(
        data["axes"],
        serde_json::json!(["softmax", "model", "network.latency_ms", "network.bandwidth_mbps"])
    );
    assert!(data["results"] == csv.as_str(), "other rows than those of the file");
    assert_eq!((data["rows_in_all"].as_u64(), data["rows_kept"].as_u64()), (Some(1080), Some(1080)));
    let reveals: Vec<&str> = data["reveals"].as_object().expect("names").keys().map(String::as_str).collect();
    assert_eq!(reveals, ["adhoc", "relu_norm"], "variants that open something are marked");
}

#[test]
fn large_sweeps_are_thinned_alike_and_say_so() {
    let csv = sweep_csv(100, 80);
    let page = page_of("a large sweep", &csv);
    std::fs::write(Path::new(env!("CARGO_TARGET_TMPDIR")).join("sweep_large.html"), &page).expect("written");
    assert_eq!(page, page_of("a large sweep", &csv));
    let data = embedded(&page);
    let kept = data["rows_kept"].as_u64().expect("a number");
    assert_eq!(data["rows_in_all"], 72_000);
    assert!((6_000..=12_000).contains(&kept), "{kept}");
    let results = data["results"].as_str().expect("rows");
    assert_eq!(results.lines().count() as u64, kept + 1);
    let all: std::collections::BTreeSet<&str> = csv.lines().collect();
    assert!(results.lines().all(|line| all.contains(line)), "rows are those of the file");
}

/// What a page offers to look at are the columns of real results, and seeds are no axis of a chart.
#[test]
fn pages_know_the_columns_of_real_results_and_which_axes_are_seeds() {
    let columns = mpcsim::sweep::result_columns(&[0.9, 0.95]);
    let real: Vec<&str> = columns.iter().map(|column| column.name.as_ref()).collect();
    let mut csv = format!("index,repetition,network.latency_ms,{}\n", real.join(","));
    for (index, (seed, latency)) in (1..=3).flat_map(|seed| [(seed, 1), (seed, 10), (seed, 100)]).enumerate()
    {
        let accuracy = 0.9 + 0.01 * f64::from(seed);
        let cells: Vec<String> = (1..real.len()).map(|n| (n as u32 * latency).to_string()).collect();
        csv += &format!("{index},{seed},{latency},{accuracy},{}\n", cells.join(","));
    }
    let page = sweep_page("seeds", &["repetition"], &csv).expect("a page");
    // tests/browser looks at these.
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
    std::fs::write(folder.join("sweep_seeds.html"), &page).expect("written");
    let data = embedded(&page);
    let told = data["columns"].as_array().expect("columns").iter().map(|column| column["name"].as_str());
    assert_eq!(told.collect::<Option<Vec<_>>>(), Some(real));
    assert_eq!(data["seeds"], serde_json::json!(["repetition"]));
    // Without training there is no accuracy, and nothing may be shown in its place.
    let head: Vec<&str> = csv.lines().next().expect("a header").split(',').collect();
    let bare: String = csv
        .lines()
        .map(|line| {
            let mut cells: Vec<&str> = line.split(',').collect();
            if cells[0] != "index" {
                let accuracies = head.iter().enumerate();
                accuracies
                    .filter(|(_, name)| name.starts_with("to_") || **name == "accuracy")
                    .for_each(|(at, _)| cells[at] = "");
            }
            cells.join(",") + "\n"
        })
        .collect();
    let page = sweep_page("no accuracy", &["repetition"], &bare).expect("a page");
    std::fs::write(folder.join("sweep_bare.html"), page).expect("written");
}

#[test]
fn what_is_no_sweep_is_refused() {
    let refused = |csv: &'static str| sweep_page("t", &[], csv).expect_err("no sweep").to_string();
    assert_eq!(refused("a,b\n1,2\n"), "there is no column accuracy");
    assert_eq!(refused(""), "there is no header");
    assert!(refused("index,a,accuracy\n0,1\n").contains("record"), "a row cut short");
}

#[test]
fn names_and_values_cannot_break_out() {
    let bad = "</script><img src=x onerror=alert(1)>&quot";
    let page = page_of(bad, &format!("index,seed,accuracy\n0,{bad},1\n"));
    assert!(!page.contains("<img"));
    assert_eq!(page.matches("</script>").count(), 3);
    let data = embedded(&page);
    assert!(data["title"] == bad && data["results"].as_str().is_some_and(|rows| rows.contains(bad)));
}

#[test]
#[ignore = "a million points; for looking at time and memory"]
fn a_million_points() {
    let csv = sweep_csv(500, 223);
    let page = page_of("a million points", &csv);
    assert!(page.len() < 6_000_000, "{} bytes", page.len());
}
