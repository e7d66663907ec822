//! The page of `mpcsim paper`: what it says follows from its tables.

use mpcsim::report::{Part, PartResults, paper_files};

const LAYERS: [&str; 3] = ["[]", "[128]", "[128, 128]"];
const USES: [&str; 3] = ["exact", "relu_probability", "relu_gradient"];

/// The Markdown of a page of one part.
fn page(part: Part, results: String, evaluations: &str) -> String {
    let parts = [PartResults { part, results, evaluations: evaluations.to_string() }];
    let files = paper_files(&parts, "how").expect("whole tables");
    let file = |name: &str| {
        let content = &files.iter().find(|(known, _)| known == name).expect("a file").1;
        String::from_utf8(content.clone()).expect("text")
    };
    assert!(file("paper.html").contains("<p>how</p>"));
    let page = file("paper.md");
    for figure in page.lines().filter_map(|line| line.strip_prefix("![")?.split("](").nth(1)) {
        assert!(file(figure.strip_suffix(')').expect("a link")).starts_with("<svg"), "{figure}");
    }
    page
}

fn finding(page: &str) -> &str {
    page.lines().find_map(|line| line.strip_prefix("> **Found.** ")).expect("a verdict")
}

/// Accuracies by use, the same for all networks but `better`, where the last use is better than `exact`.
fn accuracy(better: Option<&str>) -> String {
    let mut results =
        "index,seed,hidden,softmax,rounding,numbers,accuracy,restarts,out_of_range,rows_beyond_domain\n"
            .to_string();
    let mut index = 0;
    for seed in [1, 2] {
        for hidden in LAYERS {
            for (at, softmax) in USES.into_iter().enumerate() {
                for (rounding, numbers, lost) in [
                    ("probabilistic", "fixed_point", 2),
                    ("nearest", "fixed_point", 1),
                    ("nearest", "float64", 0),
                ] {
                    let gain = if better == Some(hidden) && at == 2 { 500 } else { 0 };
                    let correct = 9000 - 100 * at + gain - 10 * lost + seed;
                    // Floating point has no range.
                    let beyond = if numbers == "float64" { "" } else { "4500" };
                    results += &format!(
                        "{index},{seed},\"{hidden}\",{softmax},{rounding},{numbers},0.{correct},0,{beyond},{}\n",
                        1000 * at
                    );
                    index += 1;
                }
            }
        }
    }
    results
}

fn evaluations(results: &str) -> String {
    let rows = results.lines().skip(1).map(|line| {
        let index = line.split(',').next().expect("an index");
        format!("{index},469,0.15\n{index},938,0.9\n")
    });
    "index,iterations,test_accuracy\n".to_string() + &rows.collect::<String>()
}

#[test]
fn the_verdict_on_accuracy_follows_from_the_means() {
    let results = accuracy(None);
    let evaluated = evaluations(&results);
    let told = page(Part::Accuracy, results, &evaluated);
    assert!(finding(&told).starts_with("Supported: "), "{told}");
    let costs = "`relu_probability` costs, in points, 1.0 with one layer, 1.0 with two layers and 1.0 with three layers; \
                 `relu_gradient` costs, in points, 2.0 with one layer";
    assert!(finding(&told).contains(costs), "{told}");
    // The mean of two seeds; the variant costs two points, fixed point 0.2 of one.
    let row = "| one layer, relu_gradient | 87.8 | 87.9 | 88.0 | 2.0 | 0.2 |";
    assert!(told.contains(row), "{told}");
    assert!(told.contains("| two layers, exact | 15.0 | 92.5 | 90.0 | 93.7 |"), "{told}");
    // All of ours are 15.0, then 90.0.
    assert!(told.contains("Of the 18 figures of the emulation, 0 are within the range of ours."), "{told}");
    assert!(told.contains("probability of 1 in 3, and 6 would be expected."), "{told}");
    // With 90.9 in the second epoch, one layer with `exact` is where it is.
    let told_of_others = page(Part::Accuracy, accuracy(None), &evaluated.replace(",0.9\n", ",0.909\n"));
    assert!(told_of_others.contains("Of the 18 figures of the emulation, 1 are within"), "{told_of_others}");
    // Two seeds, two evaluations each, of which one is near chance.
    assert!(told.contains("| one layer, relu_gradient, float64 | 2 | 4 | 2 | 0 | 4,000 |  |"), "{told}");
    assert!(
        told.contains("| one layer, exact, fixed point, nearest | 2 | 4 | 2 | 0 | 0 | 9,000 |"),
        "{told}"
    );
    assert!(!told.contains("-0"), "no zero has a sign: {told}");

    let results = accuracy(Some("[128]"));
    let evaluated = evaluations(&results);
    let told = page(Part::Accuracy, results, &evaluated);
    assert!(finding(&told).starts_with("Not supported in every case: "), "{told}");
    assert!(finding(&told).contains("-3.0 with two layers"), "{told}");
}

/// Seconds of an iteration by layers, `exact` and then both uses.
fn cost(exact: [u32; 3]) -> String {
    let mut results =
        "protocol,hidden,softmax,loss,network,rounds,payload_bytes,modelled_seconds\n".to_string();
    for protocol in ["rep3", "sy_rep3", "rep4"] {
        for (hidden, exact) in LAYERS.into_iter().zip(exact) {
            for (softmax, seconds) in USES.into_iter().zip([exact, 4, 2]) {
                for loss in ["false", "true"] {
                    let seconds = if loss == "true" { 2 * seconds } else { seconds };
                    results += &format!(
                        "{protocol},\"{hidden}\",{softmax},{loss},lan,4690,1000000,{}\n",
                        469 * seconds
                    );
                }
            }
        }
    }
    results
}

#[test]
fn the_verdict_on_cost_follows_from_the_ratios() {
    let told = page(Part::Cost, cost([8, 4, 3]), "");
    assert!(finding(&told).starts_with("Supported: "), "{told}");
    let ranges =
        "4.00 to 4.00 with one layer, 2.00 to 2.00 with two layers and 1.50 to 1.50 with three layers";
    assert!(finding(&told).contains(ranges), "{told}");
    assert!(told.contains("| rep3, one layer | 3752.0 | 4,690 | 1.000 MB | 1876.0 |"), "{told}");
    assert!(told.contains("| rep4, two layers | 2.00 | 2.00 | 2.00 |"), "the loss: {told}");
    let told = page(Part::Cost, cost([8, 9, 3]), "");
    assert!(finding(&told).starts_with("Supported only in part: "), "{told}");
}

#[test]
fn the_verdict_on_secureml_names_the_readings_that_get_there() {
    let results = |last: &str| {
        format!(
            "index,softmax,rounding,momentum,learning_rate,accuracy,restarts,rows_beyond_domain\n\
             0,exact,probabilistic,0,0.0078125,0.951,0,0\n\
             1,relu_gradient(zero_sum: uniform),probabilistic,0,0.0078125,{last},0,1700\n"
        )
    };
    let evaluations = "index,iterations,test_accuracy\n0,469,0.951\n1,469,0.9405\n";
    let told = page(Part::SecureMl, results("0.93"), evaluations);
    assert!(finding(&told).starts_with("Not reproduced: "), "{told}");
    assert!(
        finding(&told).contains("The best epoch of any is 94.0 %") || finding(&told).contains("94.1 %"),
        "{told}"
    );
    assert!(finding(&told).contains("`exact` has 95.1 %"), "{told}");
    let told = page(Part::SecureMl, results("0.934"), evaluations);
    assert!(finding(&told).starts_with("1 of the readings"), "{told}");
    assert!(
        finding(&told).contains(
            "`relu_gradient(zero_sum: uniform)` (probabilistic, momentum 0, rate 0.0078125) ends with 93.4"
        ),
        "{told}"
    );
}

/// Times to three accuracies; empty where one is not reached.
fn beyond(relu: [&str; 3]) -> String {
    let times = |[a, b, c]: [&str; 3]| format!("{a},{b},{c}");
    let row = |at: usize, softmax: &str, accuracy: &str, to: [&str; 3]| {
        format!("{at},A,{softmax},rep3,lan,{accuracy},100,{}\n", times(to))
    };
    "index,model,softmax,protocol,network,accuracy,modelled_seconds,to_0.9_modelled_seconds,to_0.95_modelled_seconds,\
     to_0.97_modelled_seconds\n"
        .to_string()
        + &row(0, "exact", "0.98", ["10", "20", "40"])
        + &row(1, "relu_gradient", "0.93", relu)
        + &row(2, "taylor", "0.975", ["9", "18", ""])
}

#[test]
fn the_verdict_beyond_counts_where_the_replacement_is_soonest() {
    let told = page(Part::Beyond, beyond(["8", "", ""]), "");
    let expected = "Of 3 settings with a variant that gets there, the replacement is soonest: `relu_gradient` in 1 (A to 0.9 under rep3 on lan \
                    (1.25 times as fast as `exact`)). In 1 of them it gets there at all.";
    assert_eq!(finding(&told), expected);
    assert!(
        told.contains(
            "| A | lan | rep3 | relu_gradient | 8.0 | 10.0 | taylor | 18.0 | 20.0 | exact | 40.0 | 40.0 |"
        ),
        "{told}"
    );
    let told = page(Part::Beyond, beyond(["12", "", ""]), "");
    assert!(
        finding(&told)
            .starts_with("Under time to accuracy the replacement wins nowhere: in none of 3 settings"),
        "{told}"
    );
}

#[test]
fn tables_of_other_versions_are_refused() {
    let parts =
        [PartResults { part: Part::Cost, results: "protocol\nrep3\n".into(), evaluations: String::new() }];
    let told = paper_files(&parts, "how").expect_err("columns are missing").to_string();
    assert_eq!(told, "results.csv has no column hidden: it is of another version of mpcsim");
}
