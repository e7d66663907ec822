//! Trainings on data of every format: the same bits as on the same data in IDX files.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use mpcsim::data::{self, Dataset};
use mpcsim::nn::encode_images;
use mpcsim::run::{Values, fingerprint_of_plan, run};
use mpcsim::scenario::{Plan, Scenario};
use tempfile::TempDir;

use super::command::{SMALL, read, scenario};
use crate::data::cifar10::rows;
use crate::data::idx::{gzip, idx};
use crate::data::written::{Packing, cifar10, csv, npy, zip};
use crate::data::{bytes, rewrite};

/// A scenario in this folder.
fn text(data: &str, more: &str) -> String {
    format!(
        "(name: \"own\", protocol: rep3, model: dense(hidden: [5]), softmax: exact, loss: true, data: {data}, \
         training: (iterations: 4, batch: 32), network: preset(\"lan\"), {more})"
    )
}

fn plan(folder: &Path, data: &str, more: &str) -> Plan {
    Scenario::parse(&text(data, more), "own.ron", folder, &[])
        .unwrap_or_else(|errors| panic!("{}", errors.render(false)))
}

/// What goes into the network, and everything that a training comes to.
fn trained(plan: &Plan) -> (Vec<u64>, String) {
    let data = data::load(&plan.data).unwrap();
    let inputs = |data: &Dataset| encode_images(data, 0..data.rows, 0..data.width, plan.fixed_point);
    let outcome = run(plan, Values::Split, &()).unwrap();
    ([inputs(&data.train), inputs(&data.test)].concat(), format!("{:?} {:?}", outcome.epochs, outcome.setup))
}

/// The shipped bars in IDX files, as a table and as an archive.
fn bars(folder: &Path) -> [&'static str; 4] {
    let source = Scenario::load(&scenario(SMALL), &[]).unwrap().data;
    let data = data::load(&source).unwrap();
    let mut entries = Vec::new();
    for (part, name) in [(&data.train, "train"), (&data.test, "test")] {
        let rows = part.rows as u32;
        rewrite(&folder.join(format!("{name}-images")), &idx(&[rows, 8, 8], bytes(part)));
        rewrite(&folder.join(format!("{name}-labels")), &idx(&[rows], &part.labels));
        let lines = |label: &dyn Fn(u8) -> String| {
            let rows =
                (0..part.rows).map(|row| (bytes(part)[row * 64..][..64].to_vec(), label(part.labels[row])));
            csv(None, 64, rows.collect::<Vec<_>>().into_iter())
        };
        rewrite(&folder.join(format!("{name}.csv")), lines(&|label| label.to_string()).as_bytes());
        let kind = |label: u8| ["left", "middle", "right", "top"][usize::from(label)].to_string();
        rewrite(&folder.join(format!("{name}.csv.gz")), &gzip(lines(&kind).as_bytes()));
        let floats: Vec<u8> = bytes(part).iter().flat_map(|&pixel| f32::from(pixel).to_le_bytes()).collect();
        let labels: Vec<u8> =
            part.labels.iter().flat_map(|&label| (i64::from(label) + 3).to_le_bytes()).collect();
        entries.push((format!("x_{name}.npy"), npy("<f4", &format!("({rows}, 8, 8)"), &floats)));
        entries.push((format!("y_{name}.npy"), npy("<i8", &format!("({rows},)"), &labels)));
    }
    let entries: Vec<_> = entries.iter().map(|(name, bytes)| (name.as_str(), bytes.clone())).collect();
    rewrite(&folder.join("bars.npz"), &zip(&entries, Packing::Deflated));
    [
        "idx(train_images: \"train-images\", train_labels: \"train-labels\", test_images: \"test-images\", test_labels: \
         \"test-labels\")",
        "csv(train_file: \"train.csv\", test_file: \"test.csv\", label: 64, header: false, scale: divide_by(256.0))",
        "csv(train_file: \"train.csv.gz\", test_file: \"test.csv.gz\", label: 64, header: false, scale: divide_by(256))",
        "npz(file: \"bars.npz\", scale: divide_by(256))",
    ]
}

#[test]
fn the_same_data_train_the_same_in_every_format() {
    let folder = TempDir::new().unwrap();
    let ways = bars(folder.path());
    for more in ["", "owners: [0.5, 0.3, 0.2]", "owners: columns(parts: [30, 4, 30], labels: 2)"] {
        let wanted = trained(&plan(folder.path(), ways[0], more));
        for way in &ways[1..] {
            assert!(trained(&plan(folder.path(), way, more)) == wanted, "{way}, {more}");
        }
    }
}

#[test]
fn cifar_10_trains_as_the_same_images_in_idx() {
    let folder = TempDir::new().unwrap();
    let all = rows(0, 60);
    for (batch, rows) in (1..).zip(all.chunks(10)) {
        let name = if batch == 6 { "test_batch.bin".to_string() } else { format!("data_batch_{batch}.bin") };
        rewrite(&folder.path().join(name), &cifar10(rows));
    }
    for (name, rows) in [("train", &all[..50]), ("test", &all[50..])] {
        let count = rows.len() as u32;
        let pixels: Vec<u8> = rows.iter().flat_map(|(_, pixels)| pixels.clone()).collect();
        let labels: Vec<u8> = rows.iter().map(|(label, _)| *label).collect();
        rewrite(&folder.path().join(format!("{name}-images")), &idx(&[count, 32, 32, 3], &pixels));
        rewrite(&folder.path().join(format!("{name}-labels")), &idx(&[count], &labels));
    }
    let images = "idx(train_images: \"train-images\", train_labels: \"train-labels\", test_images: \"test-images\", \
                  test_labels: \"test-labels\")";
    let more = "owners: [20, 20, 10]";
    let network = |data: &str| {
        let text =
            text(data, more).replace("dense(hidden: [5])", "[conv(kernel: 5, channels: 2, stride: 3), relu]");
        Scenario::parse(&text, "own.ron", folder.path(), &[]).unwrap()
    };
    assert!(trained(&network("cifar10(folder: \".\")")) == trained(&network(images)));
}

fn command(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_mpcsim")).args(arguments).output().unwrap()
}

#[test]
fn results_say_where_data_are_and_what_they_were() {
    let folder = TempDir::new().unwrap();
    let ways = bars(folder.path());
    for way in &ways[1..] {
        let own = folder.path().join("own.ron");
        fs::write(&own, text(way, "")).unwrap();
        let (first, second) = (folder.path().join("out/first"), folder.path().join("out/second"));
        let ran = command(&["run", own.to_str().unwrap(), "--out", first.to_str().unwrap()]);
        assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
        // The scenario of the results, run again, gives them again.
        let again = first.join("scenario.ron");
        let ran = command(&["run", again.to_str().unwrap(), "--out", second.to_str().unwrap()]);
        assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
        assert!(read(&first) == read(&second), "{way}");
        let checked = command(&["check", own.to_str().unwrap()]);
        let said = String::from_utf8_lossy(&checked.stdout).into_owned();
        let sizes = "// 512 rows to train on and 128 to test on, ";
        assert!(
            said.contains(sizes) && said.contains("in 4 classes; a run takes at most about 0."),
            "{said}"
        );
        fs::remove_dir_all(folder.path().join("out")).unwrap();
    }
}

#[test]
fn the_fingerprint_is_of_what_is_used() {
    let folder = TempDir::new().unwrap();
    let ways = bars(folder.path());
    let fingerprint = |way: &str| fingerprint_of_plan(&plan(folder.path(), way, ""), Values::Split).unwrap();
    let csv = ways[1];
    let before = fingerprint(csv);
    let few = "train: 32, test: 1, scale: divide_by(256.0)";
    let of_few = fingerprint(&csv.replace("scale: divide_by(256.0)", few));
    let table = folder.path().join("train.csv");
    let text = fs::read_to_string(&table).unwrap();
    // The label of a row that a few rows are without; then a value of the first one.
    let last = text.trim_end().rsplit(',').next().unwrap();
    let other = if last == "0" { "1" } else { "0" };
    rewrite(&table, (text.trim_end().strip_suffix(last).unwrap().to_string() + other + "\n").as_bytes());
    assert_ne!(fingerprint(csv), before);
    assert_eq!(fingerprint(&csv.replace("scale: divide_by(256.0)", few)), of_few);
    rewrite(&table, format!("0.5{}", &text[text.find(',').unwrap()..]).as_bytes());
    assert_ne!(fingerprint(csv), before);
    assert_ne!(fingerprint(&csv.replace("scale: divide_by(256.0)", few)), of_few);
    rewrite(&table, text.as_bytes());
    assert_eq!(fingerprint(csv), before);
    let scales = ["none", "divide_by(256.0)", "min_max", "standard"];
    let prints = scales.map(|scale| fingerprint(&csv.replace("divide_by(256.0)", scale)));
    assert!((0..4).all(|i| prints[i + 1..].iter().all(|other| *other != prints[i])), "{prints:?}");
}

#[test]
fn a_sweep_goes_over_data_of_every_format() {
    let folder = TempDir::new().unwrap();
    let ways = bars(folder.path());
    let axis = format!("(field: \"data\", values: [{}])", ways.join(", "));
    let sweep = format!("(name: \"s\", base: {}, axes: [{axis}])", text(ways[0], ""));
    let (file, out) = (folder.path().join("s.ron"), folder.path().join("out"));
    fs::write(&file, sweep).unwrap();
    let ran = command(&["sweep", file.to_str().unwrap(), "--out", out.to_str().unwrap()]);
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
    let mut reader = csv_reader(&out.join("results.csv"));
    let columns = reader.headers().unwrap().clone();
    let at = columns.iter().position(|name| name == "accuracy").unwrap();
    let found: Vec<String> = reader.records().map(|row| row.unwrap()[at].to_string()).collect();
    assert_eq!(found.len(), 4);
    assert!(found.iter().all(|accuracy| *accuracy == found[0]), "{found:?}");
}

fn csv_reader(path: &Path) -> ::csv::Reader<fs::File> {
    ::csv::Reader::from_path(path).unwrap()
}

#[test]
fn mistakes_are_shown_where_they_are() {
    let folder = TempDir::new().unwrap();
    bars(folder.path());
    rewrite(&folder.path().join("narrow.csv"), b"1,2,0\n");
    let told = |data: &str| {
        let errors = Scenario::parse(&text(data, ""), "own.ron", folder.path(), &[]).unwrap_err();
        (errors.to_string(), errors.mistakes()[0].position().unwrap().2)
    };
    let csv =
        "csv(train_file: \"train.csv\", test_file: \"test.csv\", label: 64, header: false, scale: none)";
    let npz = "npz(file: \"bars.npz\", scale: none)";
    let cases = [
        // The first rows of both are not the same names.
        (
            csv.replace("header: false", "header: true"),
            "\"test.csv\"",
            "columns must be the same, in the same order",
        ),
        (csv.replace(", header: false", ""), "\"train.csv\"", "write `header: false` if it is a row"),
        (csv.replace("64", "\"kind\""), "false", "`label` is a name, and columns have none without a header"),
        (csv.replace("64", "65"), "65", "labels are to be in column 65 (from 0), and it has 65 columns"),
        (csv.replace("64", "1.5"), "1.5", "`label` must be a whole number from 0"),
        (csv.replace(", scale: none", ""), "csv(", "`csv` needs a field `scale`"),
        (csv.replace("none", "divide_by(0)"), "0)", "`divide_by` must be a number above 0"),
        (
            csv.replace("none", "log"),
            "log",
            "`scale` must be `none`, `divide_by(256.0)`, `min_max` or `standard`",
        ),
        (csv.replace("test.csv", "narrow.csv"), "\"narrow.csv\"", "column 64 (from 0), and it has 3 columns"),
        (csv.replace("test.csv", "no.csv"), "\"no.csv\"", "cannot read `no.csv`: there is no such file"),
        (csv.replace("none", "none, train: 513"), "513", "`train` must be a whole number from 1 to 512"),
        (
            npz.replace("none", "none, x_train: \"x\""),
            "\"x\"",
            "`bars.npz` has no array `x`: it holds `x_test`",
        ),
        (
            npz.replace("none", "none, y_train: \"y_test\""),
            "\"y_test\"",
            "there are 512 images and 128 labels",
        ),
        (npz.replace("bars.npz", "train.csv"), "", "is no zip archive, which an NPZ is; this looks like CSV"),
        ("cifar10(folder: \"bars.npz\")".to_string(), "\"bars.npz\"", "`bars.npz` is no folder"),
    ];
    for (data, at, said) in cases {
        let (message, column) = told(&data);
        assert!(message.contains(said), "{data}: {message}");
        let line = text(&data, "");
        assert!(
            line[column - 1..].starts_with(at) || at.is_empty(),
            "{data}: {} is shown",
            &line[column - 1..]
        );
    }
}

/// A label that no column has is told at the label, with the column that was probably meant.
#[test]
fn a_misspelt_label_is_shown_where_it_is() {
    let folder = TempDir::new().unwrap();
    let table = b"sepal,petal,species\n1,2,x\n3,4,y\n";
    ["train.csv", "test.csv"].iter().for_each(|name| rewrite(&folder.path().join(name), table));
    rewrite(&folder.path().join("twice.csv"), b"a,species,species\n1,2,3\n");
    let told = |train: &str, label: &str| {
        let data =
            format!("csv(train_file: \"{train}\", test_file: \"test.csv\", label: {label}, scale: none)");
        let text = text(&data, "");
        let errors = Scenario::parse(&text, "own.ron", folder.path(), &[]).unwrap_err();
        let [mistake] = errors.mistakes() else { panic!("{errors}") };
        let at = mistake.position().unwrap().2;
        assert!(text[at - 1..].starts_with(label), "{label} is shown at {at}: {errors}");
        (mistake.message().to_string(), mistake.advice().map(str::to_string))
    };
    let (message, advice) = told("train.csv", "\"specis\"");
    assert_eq!(message, "`train.csv` has no column `specis`; its columns are `sepal`, `petal`, `species`");
    assert_eq!(advice.as_deref(), Some("did you mean `species`?"));
    assert_eq!(told("train.csv", "\"unlike any\"").1, None);
    assert_eq!(
        told("train.csv", "3").0,
        "line 1 of `train.csv`: labels are to be in column 3 (from 0), and it has 3 columns"
    );
    assert!(
        told("twice.csv", "\"species\"").0.contains("has columns 1 and 2 (from 0) of the name `species`")
    );
}

/// What is wrong inside a file shows only when all of it is read: exit code 2, the place in the file and where the scenario names
/// the file, before anything is said of the folder for results, and nothing written.
#[test]
fn mistakes_inside_files_are_shown_where_the_scenario_names_them() {
    let folder = TempDir::new().unwrap();
    bars(folder.path());
    let good = b"a,b,kind\n1,2,0\n3,4,1\n5,6,0\n7,8,1\n";
    rewrite(&folder.path().join("good.csv"), good);
    let occupied = folder.path().join("occupied");
    fs::create_dir(&occupied).unwrap();
    rewrite(&occupied.join("mine.txt"), b"mine");
    let table = |train: &str, test: &str| {
        format!("csv(train_file: \"{train}\", test_file: \"{test}\", label: \"kind\", scale: none)")
    };
    let cell = "1,2,0\n3,oops,1\n5,6,0\n7,8,1\n";
    let cases: [(&str, &str, &str); 6] = [
        ("train", cell, "column `b` in line 3 of `bad.csv`: `oops` is no number"),
        ("test", cell, "column `b` in line 3 of `bad.csv`: `oops` is no number"),
        (
            "train",
            "1,2,0\n3,4\n5,6,0\n7,8,1\n",
            "line 3 of `bad.csv`: it has 2 cells, and the first line has 3",
        ),
        ("train", "1,2,0\n3,4,0\n5,6,0\n7,8,0\n", "every row of `bad.csv` is labelled 0"),
        (
            "test",
            "1,2,5\n3,4,1\n",
            "line 2 of `bad.csv` is labelled 5, and the labels to train on are 0 to 1",
        ),
        (
            "train",
            "1,2,0\n3,99999999999,1\n5,6,0\n7,8,1\n",
            "column `b` in line 3 of `bad.csv`: 99999999999 stands there",
        ),
    ];
    let own = folder.path().join("own.ron");
    let (own_path, occupied_path) = (own.to_str().unwrap(), occupied.to_str().unwrap());
    for (part, rows, said) in cases {
        rewrite(&folder.path().join("bad.csv"), format!("a,b,kind\n{rows}").as_bytes());
        let data = if part == "train" { table("bad.csv", "good.csv") } else { table("good.csv", "bad.csv") };
        let written = text(&data, "").replace("batch: 32", "batch: 2");
        fs::write(&own, &written).unwrap();
        let sweep = folder.path().join("sweep.ron");
        fs::write(&sweep, "(name: \"s\", base: \"own.ron\", axes: [(field: \"seed\", values: [1, 2])])")
            .unwrap();
        let place = format!("own.ron:1:{}]", written.find("\"bad.csv\"").unwrap() + 1);
        for arguments in [
            &["check", own_path][..],
            &["run", own_path, "--out", occupied_path],
            &["advise", own_path, "--out", occupied_path],
            &["sweep", sweep.to_str().unwrap(), "--quiet", "--out", occupied_path],
        ] {
            let refused = command(arguments);
            let message = one_line(&refused.stderr);
            assert_eq!(refused.status.code(), Some(2), "{arguments:?}: {message}");
            assert!(message.contains(said), "{arguments:?}: {message}");
            assert!(message.contains(&place), "{arguments:?}, {place}: {message}");
            assert!(!message.contains("mine.txt"), "{arguments:?}: {message}");
            assert_eq!(fs::read_dir(&occupied).unwrap().count(), 1, "{arguments:?}");
        }
    }
    // With what is set in its place, the option is shown; without a mistake, the folder is told of.
    fs::write(&own, text(&table("good.csv", "good.csv"), "").replace("batch: 32", "batch: 2")).unwrap();
    let set = ["run", own_path, "--set", "data.test_file=\"bad.csv\"", "--out", occupied_path];
    let message = one_line(&command(&set).stderr);
    assert!(message.contains("[--set:1:16]") && message.contains("line 3 of `bad.csv`"), "{message}");
    let message = one_line(&command(&["run", own_path, "--out", occupied_path]).stderr);
    assert!(message.contains("occupied holds mine.txt, which is not a result of mpcsim"), "{message}");
}

/// What a command says, on one line.
fn one_line(said: &[u8]) -> String {
    let said = String::from_utf8_lossy(said);
    said.split_whitespace().filter(|word| *word != "│").collect::<Vec<_>>().join(" ")
}

/// Archives and folders are named by what holds the array or the file.
#[test]
fn mistakes_inside_archives_are_shown_where_the_scenario_names_them() {
    let folder = TempDir::new().unwrap();
    bars(folder.path());
    let out = folder.path().join("out");
    let own = folder.path().join("own.ron");
    for (data, file) in [
        ("npz(file: \"bars.npz\", scale: none)", "\"bars.npz\""),
        (
            "csv(train_file: \"train.csv\", test_file: \"test.csv\", label: 64, header: false, scale: none)",
            "\"train.csv\"",
        ),
    ] {
        let small = "fixed_point: (fraction_bits: 16, total_bits: 24)";
        let written = text(data, "").replace("loss: true", small);
        fs::write(&own, &written).unwrap();
        let place = format!("own.ron:1:{}]", written.find(file).unwrap() + 1);
        let out = out.to_str().unwrap();
        for arguments in
            [&["check", own.to_str().unwrap()][..], &["run", own.to_str().unwrap(), "--out", out]]
        {
            let refused = command(arguments);
            let message = one_line(&refused.stderr);
            assert_eq!(refused.status.code(), Some(2), "{message}");
            assert!(message.contains("stands there, and the number format holds 127.9"), "{message}");
            assert!(message.contains(&place), "{place}: {message}");
        }
    }
    assert!(!out.exists());
}

#[test]
fn scaling_by_rows_of_several_parties_is_noted() {
    let folder = TempDir::new().unwrap();
    let ways = bars(folder.path());
    let way = ways[1].replace("divide_by(256.0)", "standard");
    for (owners, noted) in
        [("", false), ("owners: [0.5, 0.5]", true), ("owners: columns(parts: [0.5, 0.5])", false)]
    {
        let plan = plan(folder.path(), &way, owners);
        let outcome = run(&plan, Values::Split, &()).unwrap();
        let summary = mpcsim::report::summary_json(&plan, Values::Split, &outcome);
        let together = String::from_utf8(summary).unwrap().contains("scaled by the rows of all parties");
        assert_eq!(together, noted, "{owners}");
    }
}
