//! The page of `mpcsim paper`: what it says follows from its tables.

use mpcsim::memory::MemoryLimit;
use mpcsim::report::{Part, PartResults, paper_files};
use mpcsim::scenario::Plan;
use mpcsim::sweep::{Sweep, SweepPlan};

const LAYERS: [&str; 3] = ["[]", "[128]", "[128, 128]"];
const USES: [&str; 3] = ["exact", "relu_probability", "relu_gradient"];

/// The first point of the sweep of a part.
fn first(part: Part) -> Plan {
    let path =
        std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("scenarios/paper/{}.ron", part.name()));
    let text = std::fs::read_to_string(path).expect("a sweep of the page");
    let folder = std::path::Path::new("");
    let sweep = Sweep::from_text(&text, "paper.ron", folder, MemoryLimit::of_machine()).expect("a sweep");
    SweepPlan::new(sweep).expect("points").plan(0)
}

/// A figure of a page of one part.
fn figure(part: Part, results: String, evaluations: &str, name: &str) -> String {
    let first = first(part);
    let parts = [PartResults { part, first, results, evaluations: evaluations.to_string() }];
    let files = paper_files(&parts, "how").expect("whole tables");
    let (_, svg) = files.into_iter().find(|(known, _)| known == name).expect("a figure");
    String::from_utf8(svg).expect("text")
}

/// The Markdown of a page of one part.
fn page(part: Part, results: String, evaluations: &str) -> String {
    let first = first(part);
    let parts = [PartResults { part, first, results, evaluations: evaluations.to_string() }];
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

/// What is found, which stands in short at the beginning too.
fn finding(page: &str) -> &str {
    let finding = page.lines().find_map(|line| line.strip_prefix("> **Found: ")).expect("a verdict");
    let (_, short) =
        page.lines().find_map(|line| line.strip_prefix("* ")?.split_once(" **Found: ")).expect("in short");
    assert_eq!(finding, short);
    finding
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
        // Of floating point, the values out of range are not known.
        let [first, second] = if line.contains("float64") { ["", ""] } else { ["4000", "0"] };
        format!("{index},469,0.15,{first},6000\n{index},938,0.9,{second},3000\n")
    });
    "index,iterations,test_accuracy,out_of_range,rows_beyond_domain\n".to_string() + &rows.collect::<String>()
}

#[test]
fn the_verdict_on_accuracy_follows_from_the_means() {
    let results = accuracy(None);
    let evaluated = evaluations(&results);
    let told = page(Part::Accuracy, results, &evaluated);
    assert!(finding(&told).starts_with("supported.** "), "{told}");
    let costs = "`relu_probability` costs, in points, 1.0 with one layer, 1.0 with two layers and 1.0 with three layers; \
                 `relu_gradient` costs, in points, 2.0 with one layer";
    assert!(finding(&told).contains(costs), "{told}");
    // The mean of two seeds; the variant costs two points, fixed point 0.2 of one.
    let row = "| one layer, relu_gradient | 87.8 | 87.9 | 88.0 | 2.0 | 0.2 |";
    assert!(told.contains(row), "{told}");
    assert!(told.contains("| two layers, exact | 15.0 | 92.5 | 90.0 | 93.7 |"), "{told}");
    // All of ours are 15.0, then 90.0.
    assert!(told.contains("Of the 18 figures of the emulation, 0 are within the range of ours."), "{told}");
    assert!(told.contains("probability of 1 in 3 (that it is neither the least nor the greatest of all), and 6 would be expected."), "{told}");
    // With 90.9 in the second epoch, one layer with `exact` is where it is.
    let told_of_others = page(Part::Accuracy, accuracy(None), &evaluated.replace(",0.9,", ",0.909,"));
    assert!(told_of_others.contains("Of the 18 figures of the emulation, 1 are within"), "{told_of_others}");
    // Two seeds, two evaluations each, of which one is near chance.
    assert!(
        told.contains("| one layer, relu_gradient, float64 | 2 | 4 | 2 |  |  | 0 | 4,000 |  |"),
        "{told}"
    );
    assert!(
        told.contains("| one layer, exact, fixed point, nearest | 2 | 4 | 2 | 2 | 0 | 0 | 0 | 9,000 |"),
        "{told}"
    );
    assert!(!told.contains("-0"), "no zero has a sign: {told}");
    // 6,000 and 3,000 of 60,000 rows: the axis ends at a tenth.
    let figure = figure(Part::Accuracy, accuracy(None), &evaluated, "zero-sums-one-layer.svg");
    assert!(figure.contains("\n0.1\n") && figure.contains("\n0.05\n"), "{figure}");

    let results = accuracy(Some("[128]"));
    let evaluated = evaluations(&results);
    let told = page(Part::Accuracy, results, &evaluated);
    assert!(finding(&told).starts_with("not supported in every case.** "), "{told}");
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
    assert!(finding(&told).starts_with("supported.** "), "{told}");
    let ranges = "an epoch with `exact` takes, against one with `relu_gradient`, 4.00 to 4.00 times as long with one layer, 2.00 to 2.00 times as long \
                  with two layers and 1.50 to 1.50 times as long with three layers; against one with `relu_probability`, 2.00 to 2.00 times as long with one \
                  layer, 1.00 to 1.00 times as long with two layers and 0.75 to 0.75 times as long with three layers. Under each protocol and over each \
                  network by itself, it saves most with one layer.";
    assert!(finding(&told).contains(ranges), "{told}");
    assert!(told.contains("| rep3, one layer | 3752.0 | 4,690 | 1.000 MB | 1876.0 |"), "{told}");
    assert!(told.contains("| rep4, two layers | 2.00 | 2.00 | 2.00 | 1.00 |"), "the loss: {told}");
    let told = page(Part::Cost, cost([8, 9, 3]), "");
    assert!(finding(&told).starts_with("supported in part.** "), "{told}");
    assert!(!finding(&told).contains("by itself, it saves most"), "{told}");
}

#[test]
fn the_verdict_on_secureml_names_the_readings_that_get_there() {
    let results = |last: &str, momentum: &str| {
        format!(
            "index,softmax,rounding,momentum,learning_rate,accuracy,restarts,rows_beyond_domain\n\
             0,exact,probabilistic,0,0.0078125,0.951,0,0\n\
             1,relu_gradient(zero_sum: uniform),probabilistic,{momentum},0.0078125,{last},0,1700\n"
        )
    };
    let evaluations =
        "index,iterations,test_accuracy,out_of_range,rows_beyond_domain\n0,469,0.951,,\n1,469,0.9405,,\n";
    let told = page(Part::SecureMl, results("0.93", "0"), evaluations);
    let expected = "supported.** 0 of 1 trainings with the replacement end at 93.4 % or above after 1 epochs, with one seed. The best epoch of \
                    any has 94.0 %, with `relu_gradient(zero_sum: uniform)` (probabilistic rounding, momentum 0, rate 0.0078125). At the published rate and without momentum \
                    the best ends at 93.0 %, and `exact` at 95.1 %, where SecureML has 94.5 %.";
    // 94.05 is rounded to even digits.
    assert_eq!(finding(&told).replace("94.1 %", "94.0 %"), expected);
    assert!(
        told.contains("| relu_gradient | uniform |  |  | probabilistic | 0 | 0.0078125 | 93.0 | 94."),
        "{told}"
    );
    let told = page(Part::SecureMl, results("0.934", "0"), evaluations);
    assert!(
        finding(&told).starts_with("not supported.** 1 of 1 trainings with the replacement ends at"),
        "{told}"
    );
    let named = ": `relu_gradient(zero_sum: uniform)` (probabilistic rounding, momentum 0, rate 0.0078125), at 93.4 %.";
    assert!(finding(&told).contains(named), "{told}");
    // Of momentum, nothing is published.
    let told = page(Part::SecureMl, results("0.934", "0.9"), evaluations);
    assert!(
        finding(&told).starts_with("supported at what is published; not at another rate with momentum.** "),
        "{told}"
    );
}

/// Times to four accuracies with one layer and with network A; empty where one is not reached.
fn beyond(one_layer: [&str; 4], of_a: [&str; 4]) -> String {
    let times = |times: [&str; 4]| times.join(",");
    let row = |(at, model): (usize, &str), softmax: &str, accuracy: &str, to: [&str; 4]| {
        format!("{at},{model},{softmax},rep3,lan,{accuracy},100,{}\n", times(to))
    };
    let mut text = "index,model,softmax,protocol,network,accuracy,modelled_seconds,to_0.85_modelled_seconds,to_0.9_modelled_seconds,\
     to_0.95_modelled_seconds,to_0.97_modelled_seconds\n"
        .to_string();
    for (model, relu) in [("dense(hidden: [])", one_layer), ("A", of_a)] {
        text += &row((0, model), "exact", "0.98", ["5", "10", "20", "40"]);
        text += &row((1, model), "relu_gradient", "0.93", relu);
        text += &row((2, model), "adhoc", "0.975", ["4.5", "9", "18", ""]);
    }
    text
}

#[test]
fn the_verdict_beyond_counts_where_the_replacement_is_soonest() {
    let told = page(Part::Beyond, beyond(["4", "9.5", "", ""], ["6", "", "", ""]), "");
    let expected = "supported in part.** With one layer, one of the replacement's two uses is sooner than `exact` in 1 of 1 to 85 %, in 1 of 1 to 90 %, \
                    in 0 of 1 to 95 % and in 0 of 1 to 97 %; with other networks in 0 of 4 settings. In all, some variant gets there in 8 settings (a network, \
                    links, a protocol, a target), one of the two uses in 3; it is the soonest of all in 1, and of those that reveal nothing in 2. Of those that \
                    reveal nothing, `exact` is soonest most often, in 6. The largest gains over `exact`: `relu_gradient`, one layer to 85 % under rep3 over \
                    lan (1.25 times as fast) and `relu_gradient`, one layer to 90 % under rep3 over lan (1.05 times as fast).";
    assert_eq!(finding(&told), expected);
    let row = "| lan | rep3 | relu_gradient, 4.000 s |  | 5.000 s | adhoc, 9.000 s | relu_gradient, 9.500 s | 10.00 s | adhoc, 18.00 s | exact, 20.00 s | \
               20.00 s | exact, 40.00 s |  | 40.00 s |";
    assert!(told.contains(row), "{told}");
    let told = page(Part::Beyond, beyond(["4", "", "", ""], ["4.9", "", "", ""]), "");
    assert!(finding(&told).starts_with("not supported in every case.** "), "{told}");
    let told = page(Part::Beyond, beyond(["5", "12", "", ""], ["", "", "", ""]), "");
    assert!(finding(&told).starts_with("it pays nowhere.** "), "{told}");
    // What a target is that nobody reaches is not told.
    let none = beyond(["", "", "", ""], ["", "", "", ""]).replace(",40\n", ",\n");
    assert!(!page(Part::Beyond, none, "").contains("97 %: soonest"), "{told}");
}

/// Names in tables are those of the registries, and their descriptions stand on the page.
#[test]
fn the_page_explains_the_names_that_it_uses() {
    let told = page(Part::Beyond, beyond(["", "", "", ""], ["", "", "", ""]), "");
    for line in [
        "* `adhoc`: d/2 + 1 in place of e^d above -2; each sum is opened. All parties learn the sum of what stands for the exponentials. Source: ",
        "* `rep3`: semi-honest replicated secret sharing, three parties, Z_2^64. Source: ",
        "* `lan`: one cloud zone: ",
        "* `A`: two dense layers of 128",
        "5 epochs of batches of 128; stochastic gradient descent with momentum 0.9, learning rate 0.01; initial weights after Glorot and Bengio; \
         numbers of 31 bits, 16 of them after the point, probabilistic rounding. An epoch that ends with a test accuracy below 12 % ",
    ] {
        assert!(told.contains(line), "{line}\n{told}");
    }
    assert!(told.ends_with("## How it was made\n\nhow\n"), "{told}");
    assert!(!told.contains("`rep4`:") && !told.contains("`zero_sum`:"), "only what is used: {told}");
    let results = "index,softmax,rounding,momentum,learning_rate,accuracy,restarts,rows_beyond_domain\n\
                   0,relu_gradient(zero_sum: first),probabilistic,0,0.0078125,0.9,0,0\n";
    let evaluations = "index,iterations,test_accuracy,out_of_range,rows_beyond_domain\n0,469,0.9,,\n";
    let told = page(Part::SecureMl, results.to_string(), evaluations);
    assert!(
        told.contains(
            "* `zero_sum`: The output distribution of a row in which no logit is above the threshold"
        ),
        "{told}"
    );
    assert!(!told.contains("* `final_relu`: "), "{told}");
    let default = "Where nothing is set, it is `relu_gradient(zero_sum: zero, threshold: 0.0, final_relu: false, division: reciprocal)`.";
    assert!(told.contains(default), "{told}");
}

#[test]
fn tables_of_other_versions_are_refused() {
    let results = "protocol\nrep3\n".into();
    let parts =
        [PartResults { part: Part::Cost, first: first(Part::Cost), results, evaluations: String::new() }];
    let told = paper_files(&parts, "how").expect_err("columns are missing").to_string();
    assert_eq!(told, "results.csv has no column hidden: it is of another version of mpcsim");
}
