//! `mpcsim plot`.

use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};

use super::{Failure, print};
use crate::report::{Logs, PlotError, Request, plot_png, plot_svg, select};

/// Arguments of `mpcsim plot`.
#[derive(Args)]
#[command(after_help = "Examples:\n  \
    mpcsim plot output/sweep --x network.latency_ms --y modelled_seconds --by softmax --log xy -o time.svg\n  \
    mpcsim plot output/sweep --x modelled_seconds --y accuracy --by softmax --only network.latency_ms=10 -o trade.png\n  \
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
    /// The column that tells lines apart.
    #[arg(long, value_name = "COLUMN")]
    by: Option<String>,
    /// Draw only rows that have this value in that column; may be given several times.
    #[arg(long, value_name = "COLUMN=VALUE")]
    only: Vec<String>,
    /// Axes that are logarithmic.
    #[arg(long, value_enum)]
    log: Option<LogArg>,
    /// The file to write, .svg or .png; SVG to standard output if left out.
    #[arg(short, long, value_name = "FILE")]
    out: Option<PathBuf>,
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

fn mistake(text: String) -> Failure {
    Failure::Mistake(format!("error: {text}"))
}

/// The table that is meant.
fn table(path: &Path) -> Result<String, Failure> {
    let file = match path.is_dir() {
        true => {
            ["results.csv", "epochs.csv"].map(|name| path.join(name)).into_iter().find(|file| file.is_file())
        }
        false => Some(path.to_path_buf()),
    };
    let file =
        file.ok_or_else(|| mistake(format!("{} holds neither results.csv nor epochs.csv", path.display())))?;
    std::fs::read_to_string(&file).map_err(|e| mistake(format!("{} cannot be read: {e}", file.display())))
}

/// Writes a file.
fn write(path: &Path, content: &[u8]) -> Result<(), Failure> {
    std::fs::write(path, content).map_err(|e| mistake(format!("{} cannot be written: {e}", path.display())))
}

/// Draws a figure.
pub(crate) fn plot(args: &PlotArgs) -> Result<(), Failure> {
    let png = match args.out.as_deref().map(|out| out.extension().and_then(|e| e.to_str())) {
        None | Some(Some("svg")) => false,
        Some(Some("png")) => true,
        Some(_) => return Err(mistake("the file must end in .svg or .png".to_string())),
    };
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
    let svg = plot_svg(&select(&table(&args.results)?, &request)?, &request);
    match &args.out {
        None => print(&svg),
        Some(out) if png => write(out, &plot_png(&svg))?,
        Some(out) => write(out, svg.as_bytes())?,
    }
    Ok(())
}
