//! `mpcsim new`.

use std::path::{Path, PathBuf};

use clap::Args;

use super::failure::mistake;
use super::{Failure, print, unwritable};
use crate::report::NewFile;
use crate::scenario::{Scenario, template};

/// Arguments of `mpcsim new`.
#[derive(Args)]
#[command(after_help = "Examples:\n  \
    mpcsim new mine.ron\n  \
    mpcsim new two.ron --set protocol=semi2k --set training.epochs=5 --set 'network=preset(\"wan\")'")]
pub(crate) struct NewArgs {
    /// The file to write, which must not be there; the scenario has its name.
    file: PathBuf,
    /// What a field is to be, in place of its default: a field of the scenario, or one of `training`, `fixed_point` or `faults`.
    #[arg(long = "set", value_name = "PATH=VALUE")]
    sets: Vec<String>,
}

/// The name of a scenario in a file.
fn name_of(file: &Path) -> Option<&str> {
    file.file_stem().and_then(|stem| stem.to_str()).filter(|name| !name.is_empty())
}

/// Writes a scenario with all fields and what each is.
pub(crate) fn new(args: &NewArgs) -> Result<(), Failure> {
    let shown = args.file.display().to_string();
    let name = name_of(&args.file).ok_or_else(|| mistake(format!("{shown} is no name of a file")))?;
    if args.file.exists() {
        return Err(mistake(format!("{shown} is there already: name another file")));
    }
    let mut values = vec![("name".to_string(), format!("{name:?}"))];
    for set in &args.sets {
        let Some((path, value)) = set.split_once('=') else {
            return Err(mistake(format!("--set {set}: it needs a field, an equals sign and a value")));
        };
        values.push((path.trim().to_string(), value.trim().to_string()));
    }
    let text = template(&values).map_err(|path| {
        let what = "no field of a scenario, of `training`, `fixed_point` or `faults`";
        mistake(format!("--set {path}: that is {what}; of other fields, the whole value is given, as in --set 'data=mnist(train: 600, test: 100)'"))
    })?;
    // A value that cannot be is a mistake now, not when the file is used.
    Scenario::parse(&text, &shown, args.file.parent().unwrap_or(Path::new("")), &[])?;
    let file = NewFile::begin(&args.file).map_err(|error| unwritable(&shown, error))?;
    file.write(|place| place.write_all(text.as_bytes()))
        .map_err(|error: std::io::Error| unwritable(&shown, error))?;
    print(&format!("{shown} is a scenario with all fields and what each is: mpcsim run {shown}\n"))
}
