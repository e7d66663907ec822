//! `compare`, `plot`, `completions` and `man`, as the shell calls them.

use std::path::Path;
use std::process::{Command, Output};

use super::support::{short_run, sweep_csv};

fn mpcsim(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_mpcsim")).args(arguments).output().expect("it starts")
}

fn printed(arguments: &[&str]) -> String {
    let output = mpcsim(arguments);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("text")
}

fn mistake(arguments: &[&str]) -> String {
    let output = mpcsim(arguments);
    assert_eq!(output.status.code(), Some(2), "{arguments:?}");
    String::from_utf8(output.stderr).expect("text")
}

fn text(path: &Path) -> &str {
    path.to_str().expect("a path of letters")
}

#[test]
fn compare_gives_ratios_to_the_first() {
    let folder = tempfile::tempdir().expect("a folder");
    let [exact, relu] = ["exact", "relu_gradient"].map(|softmax| {
        let path = folder.path().join(softmax);
        std::fs::create_dir(&path).expect("made");
        let files = short_run("01_first_run.ron", &["training.iterations=2", &format!("softmax={softmax}")]);
        let (name, summary) = &files[0];
        std::fs::write(path.join(name), summary).expect("written");
        path
    });
    let table = printed(&["compare", text(&exact), text(&relu)]);
    assert!(table.contains("relu_gradient") && table.contains("(x 0."), "{table}");
    let json = printed(&["compare", "--json", text(&exact), text(&relu)]);
    let rows: serde_json::Value = serde_json::from_str(&json).expect("JSON");
    let rounds = |row: usize| rows[row]["figures"]["iteration.rounds"].as_f64().expect("a number");
    assert_eq!(rows[1]["ratios_to_first"]["iteration.rounds"].as_f64(), Some(rounds(1) / rounds(0)));

    let missing = folder.path().join("missing");
    assert!(mistake(&["compare", text(&exact), text(&missing)]).contains("is not a folder"));
    std::fs::create_dir(&missing).expect("made");
    assert!(mistake(&["compare", text(&exact), text(&missing)]).contains("summary.json"));
    std::fs::write(missing.join("summary.json"), r#"{"schema": 99}"#).expect("written");
    assert!(mistake(&["compare", text(&exact), text(&missing)]).contains("schema 99"));
    std::fs::write(missing.join("summary.json"), r#"{"schema": 1}"#).expect("written");
    assert!(
        mistake(&["compare", text(&exact), text(&missing)]).contains("no number at /final_test_accuracy")
    );
}

#[test]
fn plot_draws_the_same_bytes_every_time() {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("results.csv"), sweep_csv(8, 5)).expect("written");
    let columns = ["--x", "network.latency_ms", "--y", "modelled_seconds", "--by", "softmax"];
    let only = ["--only", "network.bandwidth_mbps=90", "--only", "model=dense(hidden:[128])", "--log", "xy"];
    let arguments = [&["plot", text(folder.path())], &columns[..], &only[..]].concat();
    let svg = printed(&arguments);
    assert_eq!(svg, printed(&arguments));
    for word in [
        "latency (ms), logarithmic",
        "modelled time (s), logarithmic",
        "relu_probability",
        "<polyline",
        "<text",
    ] {
        assert!(svg.contains(word), "{word} is missing");
    }
    let png = folder.path().join("figure.png");
    let write = [&arguments[..], &["-o", text(&png)]].concat();
    printed(&write);
    let first = std::fs::read(&png).expect("written");
    assert!(first.starts_with(b"\x89PNG"));
    // What is there is replaced on request only.
    std::fs::write(&png, "mine").expect("written");
    let told = mistake(&write);
    assert!(
        told.contains("is there already: choose another file with --out, or replace it with --force"),
        "{told}"
    );
    assert_eq!(std::fs::read(&png).expect("still there"), b"mine");
    printed(&[&write[..], &["--force"]].concat());
    assert_eq!(std::fs::read(&png).expect("written"), first);

    let wrong = |x: &str| mistake(&["plot", text(folder.path()), "--x", x, "--y", "accuracy"]);
    let told = wrong("network.latencyms");
    assert!(told.contains("did you mean network.latency_ms?"), "{told}");
    assert!(told.lines().count() > 3 && told.lines().all(|line| line.chars().count() <= 100), "{told}");
    assert!(wrong("softmax").contains("not a number"));
    let gif = folder.path().join("figure.gif");
    assert!(mistake(&[&arguments[..], &["-o", text(&gif)]].concat()).contains(".svg, .png or .pdf"));
}

/// A page of PDF whose table of objects is right, with what the SVG shows.
#[test]
fn plot_draws_several_columns_with_marks_and_pdf() {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("results.csv"), sweep_csv(8, 5)).expect("written");
    let columns =
        ["--x", "network.latency_ms", "--y", "modelled_seconds", "--by", "softmax", "--by", "model"];
    let arguments =
        [&["plot", text(folder.path())], &columns[..], &["--only", "network.bandwidth_mbps=90"]].concat();
    let svg = printed(&arguments);
    let name = "relu_gradient, dense(hidden:[128])";
    assert!(svg.contains(name), "{svg}");
    // Nine lines of eight points: a mark at each, and one in the legend. The shapes are drawn in turn.
    let shapes = |tag: &str| svg.matches(tag).count();
    assert_eq!(shapes("<circle"), 3 * 9, "lines 0, 4 and 5 of five shapes in turn, two of them circles");
    let pdf = folder.path().join("figure.pdf");
    printed(&[&arguments[..], &["-o", text(&pdf)]].concat());
    let bytes = std::fs::read(&pdf).expect("written");
    assert!(bytes.starts_with(b"%PDF-1.4\n") && bytes.ends_with(b"%%EOF\n"));
    let string = String::from_utf8_lossy(&bytes);
    let start: usize = string.lines().rev().nth(1).expect("a line").parse().expect("a number");
    assert!(bytes[start..].starts_with(b"xref\n0 5\n"));
    let table = String::from_utf8_lossy(&bytes[start..]).into_owned();
    for (n, entry) in table.lines().skip(3).take(4).enumerate() {
        let place: usize = entry[..10].parse().expect("a place");
        assert!(bytes[place..].starts_with(format!("{} 0 obj\n", n + 1).as_bytes()), "object {}", n + 1);
    }
}

/// Names and values of a table may hold anything; in a picture they are text, and what XML does not allow is left out.
#[test]
fn what_a_table_says_is_only_text_in_a_picture() {
    let folder = tempfile::tempdir().expect("a folder");
    let hostile = "<b>&\u{1b}[2J\u{1}\u{7f}\u{9b}\u{fffe}\u{202e}";
    let cell = format!("\"</text><script>\"\"{hostile}\"");
    let csv = format!("{hostile}x,y,{hostile}\n1,2,{cell}\n2,3,{cell}\n1,4,b\n");
    let table = folder.path().join("table.csv");
    std::fs::write(&table, csv).expect("written");
    let x = format!("{hostile}x");
    let arguments = ["plot", text(&table), "--x", &x, "--y", "y", "--by", hostile];
    let svg = printed(&arguments);
    let forbidden = |c: char| c.is_control() && c != '\n' || matches!(c, '\u{fffe}' | '\u{202e}');
    assert!(!svg.contains(forbidden) && !svg.contains("<b>") && !svg.contains("<script"), "{svg}");
    assert!(svg.contains("&lt;/text&gt;&lt;script&gt;&quot;&lt;b&gt;&amp;\u{fffd}[2J"), "{svg}");
    // These read the picture.
    for name in ["figure.png", "figure.pdf"] {
        let path = folder.path().join(name);
        printed(&[&arguments[..], &["-o", text(&path)]].concat());
        assert!(std::fs::metadata(&path).expect("written").len() > 1000);
    }
}

/// Epochs are whole; there are no marks between them.
#[test]
fn epochs_have_whole_ticks() {
    let folder = tempfile::tempdir().expect("a folder");
    let csv =
        "epoch,iterations,test_correct,test_accuracy,loss,restarted\n1,2,3,0.5,,false\n2,4,4,0.75,,false\n";
    std::fs::write(folder.path().join("epochs.csv"), csv).expect("written");
    let svg = printed(&["plot", text(folder.path()), "--x", "epoch", "--y", "test_accuracy"]);
    let words: Vec<&str> = svg.lines().map(str::trim).filter(|line| !line.starts_with('<')).collect();
    assert!(words.contains(&"1") && words.contains(&"2"), "{words:?}");
    assert!(!words.contains(&"1.2") && !words.contains(&"1.5"), "{words:?}");
    assert!(
        mistake(&["plot", text(folder.path()), "--x", "epoc", "--y", "loss"]).contains("did you mean epoch?")
    );
}

#[test]
fn completions_and_manual_know_every_command() {
    let manual = printed(&["man"]);
    for shell in ["bash", "zsh", "fish"] {
        let script = printed(&["completions", shell]);
        for command in ["run", "check", "list", "compare", "plot"] {
            assert!(script.contains(command), "{shell}: {command}");
            assert!(manual.contains(&format!("MPCSIM {}", command.to_uppercase())), "{command}");
        }
    }
    for command in ["run", "check", "list", "compare", "plot", "completions", "man"] {
        assert!(printed(&[command, "--help"]).contains("Example"), "{command}");
    }
}
