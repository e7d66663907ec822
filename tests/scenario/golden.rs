//! Wrong scenarios and the exact text that a person sees.
//!
//! Each `golden/NAME.ron` is a scenario with mistakes; lines `// --set …` at its top are overrides. `golden/NAME.txt` is
//! what is shown. `MPCSIM_WRITE_GOLDEN=1 cargo test golden` writes the texts anew: read the difference before it stays.

use std::fs;
use std::path::Path;

use mpcsim::scenario::Scenario;

#[test]
fn mistakes_are_told_word_for_word() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/scenario/golden");
    let mut names: Vec<String> = fs::read_dir(&folder)
        .unwrap()
        .filter_map(|entry| entry.unwrap().file_name().to_str()?.strip_suffix(".ron").map(str::to_string))
        .collect();
    names.sort();
    assert!(names.len() >= 8, "the golden scenarios are there");
    let mut wrong = Vec::new();
    for name in names {
        let text = fs::read_to_string(folder.join(format!("{name}.ron"))).unwrap();
        let sets: Vec<String> =
            text.lines().filter_map(|line| line.strip_prefix("// --set ")).map(str::to_string).collect();
        let errors = Scenario::parse(&text, &format!("{name}.ron"), &folder, &sets)
            .err()
            .unwrap_or_else(|| panic!("{name}.ron has no mistake"));
        let shown = errors.render(false);
        assert!(errors.render(true).contains("\u{1b}["), "colours are there when asked for");
        let stored = folder.join(format!("{name}.txt"));
        if std::env::var_os("MPCSIM_WRITE_GOLDEN").is_some() {
            fs::write(&stored, &shown).unwrap();
        } else if fs::read_to_string(&stored).unwrap_or_default().replace("\r\n", "\n") != shown {
            wrong.push(format!("{name}:\n{shown}"));
        }
    }
    assert!(wrong.is_empty(), "shown differently from what is stored:\n{}", wrong.join("\n"));
}
