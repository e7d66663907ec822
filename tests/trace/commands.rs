//! What the commands write and print.

use super::{Place, SMALL, good, mistake};

#[test]
fn explain_shows_where_rounds_bytes_and_time_go() {
    for (network, softmax) in
        [("lan", "exact"), ("wan", "exact"), ("wan", "relu_gradient"), ("hpmpc-wan1", "exact")]
    {
        let place = Place::new();
        let (out, network) = (place.file("out"), format!("network=preset(\"{network}\")"));
        let softmax = format!("softmax={softmax}");
        let args =
            [&["run"], &SMALL[..], &["--set", &network, "--set", &softmax, "--out", &out, "--explain"]]
                .concat();
        let text = good(&args);
        let explained = &text[text.find("\nset-up: 1 round, ").expect("explained")..];
        let widest = explained
            .lines()
            .filter(|line| !line.starts_with("results"))
            .map(|line| line.chars().count())
            .max();
        assert!(widest <= Some(100), "{explained}");
        assert!(explained.contains("\noutput layer ("), "{explained}");
        let shares = |line: &str| -> Vec<f64> {
            let words: Vec<&str> = line.split_whitespace().collect();
            words.windows(2).filter(|pair| pair[1] == "%").map(|pair| pair[0].parse().unwrap()).collect()
        };
        // The layers add up to all.
        let rows = explained.lines().skip_while(|line| !line.trim_start().starts_with("payload")).skip(1);
        let rows: Vec<&str> =
            rows.take_while(|line| !line.is_empty()).filter(|line| !line.starts_with(' ')).collect();
        let (all, layers) = rows.split_last().expect("rows");
        assert!(all.starts_with("all") && layers.len() >= 3, "{explained}");
        assert_eq!(shares(all), [100.0; 2]);
        // Rounds along the critical path, and of one longest chain: that of the line above.
        let rounds = |line: &str| -> Vec<u64> {
            let words: Vec<&str> = line.split_whitespace().collect();
            words[words.len() - 2..]
                .iter()
                .map(|word| word.replace(',', "").parse().expect("a count"))
                .collect()
        };
        for column in 0..2 {
            let sum: u64 = layers.iter().map(|line| rounds(line)[column]).sum();
            assert_eq!(sum, rounds(all)[column], "{explained}");
        }
        assert!(rounds(all)[0] > 0 && rounds(all)[0] <= rounds(all)[1]);
        assert!(explained.contains(&format!(": {} rounds, ", rounds(all)[1])), "{explained}");
        for column in 0..2 {
            let sum: f64 = layers.iter().map(|line| shares(line)[column]).sum();
            assert!((sum - 100.0).abs() < 0.3, "{sum} in column {column}: {explained}");
        }
    }
}

#[test]
fn explain_says_nothing_when_quiet() {
    let complaint = mistake(&[&["run"], &SMALL[..], &["--explain", "--quiet"]].concat());
    assert!(complaint.contains("cannot be used with"), "{complaint}");
}

#[test]
fn files_are_the_same_each_time_and_nothing_else_is_left() {
    let place = Place::new();
    let ends = ["json", "json.gz", "jsonl", "jsonl.gz", "svg"];
    for end in ends {
        for name in ["a", "b"] {
            let file = place.file(&format!("{name}.{end}"));
            good(&[&["trace"], &SMALL[..], &["--iterations", "2", "-o", &file]].concat());
        }
        assert!(place.read(&format!("a.{end}")) == place.read(&format!("b.{end}")), "{end}");
    }
    assert_eq!(place.names().len(), 2 * ends.len(), "{:?}", place.names());
    let picture = String::from_utf8(place.read("a.svg")).expect("UTF-8");
    assert!(picture.starts_with("<svg ") && picture.ends_with("</svg>\n"));
    assert!(picture.contains(">own data: 2 iterations over lan<"));
}

/// A label may hold markup, which is text wherever it stands; what XML does not allow is no label.
#[test]
fn a_label_is_text_in_a_picture() {
    let place = Place::new();
    let network = |label: &str| format!("network=custom(base: \"lan\", label: \"{label}\")");
    let label = "</text><script>&amp; \u{ffff}";
    let told = mistake(&[&["check"], &SMALL[..], &["--set", &network(label)]].concat());
    assert!(told.contains("all of which can be printed"), "{told}");
    let file = place.file("trace.svg");
    let set = network(label.trim_end_matches('\u{ffff}'));
    good(&[&["trace"], &SMALL[..], &["--set", &set, "-o", &file]].concat());
    let picture = String::from_utf8(place.read("trace.svg")).expect("UTF-8");
    assert!(picture.contains("over &lt;/text&gt;&lt;script&gt;&amp;amp; <"), "{picture}");
    assert!(!picture.contains("<script"));
}

#[test]
fn files_that_cannot_be_written_are_refused() {
    let place = Place::new();
    let trace = |file: &str| mistake(&[&["trace"], &SMALL[..], &["-o", file]].concat());
    let complaint = trace(&place.file("trace.txt"));
    assert!(complaint.contains("must end in one of .jsonl, .jsonl.gz, .json, .json.gz, .svg"), "{complaint}");
    std::fs::create_dir(place.path().join("folder.json")).expect("made");
    let complaint = trace(&place.file("folder.json"));
    assert!(complaint.contains("it is a folder"), "{complaint}");
    place.write("file", "");
    let complaint = trace(&place.file("file/trace.json"));
    assert!(complaint.contains("cannot be written"), "{complaint}");
    assert_eq!(place.names(), ["file", "folder.json"]);
    let complaint =
        mistake(&[&["trace"], &SMALL[..], &["--setup", "--iterations", "2", "-o", "x.json"]].concat());
    assert!(complaint.contains("cannot be used with"), "{complaint}");
}
