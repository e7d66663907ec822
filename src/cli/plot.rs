//! `mpcsim plot`.

use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};

use super::failure::mistake;
use super::{Failure, MemoryArgs, print, unsuitable, unwritable};
use crate::memory::{MemoryLimit, read_text};
use crate::report::{Logs, NewFile, PlotError, Request, count_text, plot_pdf, plot_png, plot_svg, select};

/// Memory that a byte of a table takes: itself, and what is drawn of it. Measured: 2.9 for 221 MB.
const TABLE_BYTES: u128 = 4;

/// Arguments of `mpcsim plot`.
#[derive(Args)]
#[command(after_help = "Examples:\n  \
    mpcsim plot output/sweep --x network.latency_ms --y modelled_seconds --by softmax --log xy -o time.svg\n  \
    mpcsim plot output/sweep --x modelled_seconds --y accuracy --by softmax --only network.latency_ms=10 -o trade.pdf\n  \
    mpcsim plot output/first/epochs.csv --x epoch --y test_accuracy -o accuracy.svg")]
pub(crate) struct PlotArgs {
    /// A CSV file of results, or a folder with results.csv or epochs.csv.
    results: PathBuf,
    /// The column along the bottom.
    #[arg(long, value_name = "COLUMN")]
    x: String,
    /// The column along the side.
    #[arg(long, value_name = "COLUMN")]
    y: String,
    /// A column that tells lines apart; may be given several times. Rows that differ in nothing but their seeds make one
    /// point: their mean, with the range from least to greatest.
    #[arg(long, value_name = "COLUMN")]
    by: Vec<String>,
    /// Draw only rows that have this value in that column; may be given several times.
    #[arg(long, value_name = "COLUMN=VALUE")]
    only: Vec<String>,
    #[command(flatten)]
    memory: MemoryArgs,
    /// Axes that are logarithmic.
    #[arg(long, value_enum)]
    log: Option<LogArg>,
    /// The file to write, .svg, .png or .pdf; SVG to standard output if left out.
    #[arg(short, long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Replace the file, if it is there.
    #[arg(long, requires = "out")]
    force: bool,
}

/// [`Logs`] on the command line.
#[derive(Clone, Copy, ValueEnum)]
enum LogArg {
    /// The one along the bottom.
    X,
    /// The one along the side.
    Y,
    /// Both.
    Xy,
}

impl From<PlotError> for Failure {
    fn from(error: PlotError) -> Self {
        Failure::Mistake(format!("error: {error}"))
    }
}

/// The table that is meant.
fn table(path: &Path, limit: MemoryLimit) -> Result<String, Failure> {
    let file = match path.is_dir() {
        true => {
            ["results.csv", "epochs.csv"].map(|name| path.join(name)).into_iter().find(|file| file.is_file())
        }
        false => Some(path.to_path_buf()),
    };
    let file =
        file.ok_or_else(|| mistake(format!("{} holds neither results.csv nor epochs.csv", path.display())))?;
    let unreadable = |error| mistake(format!("{} cannot be read: {error}", file.display()));
    let bytes = std::fs::metadata(&file).map_err(unreadable)?.len();
    let what = || format!("a table of {} bytes takes", count_text(bytes));
    limit.check(u128::from(bytes) * TABLE_BYTES, what, "a table of fewer rows takes less")?;
    // What is no file has no length.
    read_text(&file, (limit.bytes() / TABLE_BYTES as u64).max(bytes)).map_err(unreadable)
}

/// Draws a figure.
pub(crate) fn plot(args: &PlotArgs) -> Result<(), Failure> {
    let content: fn(String) -> Vec<u8> =
        match args.out.as_deref().map(|out| out.extension().and_then(|e| e.to_str())) {
            None | Some(Some("svg")) => String::into_bytes,
            Some(Some("png")) => |svg| plot_png(&svg),
            Some(Some("pdf")) => |svg| plot_pdf(&svg),
            Some(_) => return Err(mistake("the file must end in .svg, .png or .pdf".to_string())),
        };
    // What is no file, such as a pipe, is not replaced.
    if let Some(out) = args.out.as_ref().filter(|out| !args.force && out.is_file()) {
        let help = "choose another file with --out, or replace it with --force";
        return Err(mistake(format!("{} is there already: {help}", out.display())));
    }
    let only = args.only.iter().map(|pair| {
        let (column, value) =
            pair.split_once('=').ok_or_else(|| mistake(format!("--only {pair} is not COLUMN=VALUE")))?;
        Ok((column.to_string(), value.to_string()))
    });
    let request = Request {
        x: args.x.clone(),
        y: args.y.clone(),
        by: args.by.clone(),
        only: only.collect::<Result<_, Failure>>()?,
        logs: Logs {
            x: matches!(args.log, Some(LogArg::X | LogArg::Xy)),
            y: matches!(args.log, Some(LogArg::Y | LogArg::Xy)),
        },
    };
    let svg = plot_svg(&select(&table(&args.results, args.memory.limit())?, &request)?, &request);
    let Some(out) = &args.out else {
        return print(&svg);
    };
    let name = out.display().to_string();
    let file = NewFile::begin(out).map_err(|error| unsuitable(&name, error))?;
    file.write(|place| place.write_all(&content(svg))).map_err(|error| unwritable(&name, error))
}
