//! Mistakes of a scenario, all at once, each shown where it was made.

use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use miette::{Diagnostic, GraphicalReportHandler, GraphicalTheme, LabeledSpan, NamedSource, SourceCode};

/// Columns that a rendered message may take.
const WIDTH: usize = 100;

/// The option behind which an override stands.
const SET: &str = "--set";

/// Where a piece of text came from: the file (0), or the n-th `--set` (n).
pub type SourceId = usize;

/// A place in one of the sources: bytes from `start` up to `end`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// Which text.
    pub source: SourceId,
    /// Which bytes of it.
    pub span: Range<usize>,
}

/// The texts that mistakes point into.
#[derive(Clone, Debug)]
pub struct Sources {
    texts: Vec<Arc<NamedSource<String>>>,
}

impl Sources {
    /// The file alone.
    pub fn new(file_name: &str, text: &str) -> Self {
        Sources { texts: vec![Arc::new(NamedSource::new(file_name, text.to_string()))] }
    }

    /// Adds what stood after a `--set`.
    pub fn add_set(&mut self, text: &str) -> SourceId {
        self.add(SET, text)
    }

    /// Adds a text.
    pub fn add(&mut self, name: &str, text: &str) -> SourceId {
        self.texts.push(Arc::new(NamedSource::new(name, text.to_string())));
        self.texts.len() - 1
    }
}

/// One mistake.
#[derive(Clone, Debug)]
pub struct Mistake {
    message: String,
    label: String,
    help: Option<String>,
    place: Option<(Arc<NamedSource<String>>, Range<usize>)>,
}

impl Mistake {
    /// What is wrong, in one sentence.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// What to do about it.
    pub fn advice(&self) -> Option<&str> {
        self.help.as_deref()
    }

    /// The file's name (or `--set`), line and column, both from 1; none if no text is to blame.
    pub fn position(&self) -> Option<(String, usize, usize)> {
        let (source, span) = self.place.as_ref()?;
        let before = &source.inner()[..span.start];
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().unwrap_or("").chars().count() + 1;
        Some((source.name().to_string(), line, column))
    }
}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Mistake {}

impl Diagnostic for Mistake {
    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        self.help.as_ref().map(|help| Box::new(help) as Box<dyn fmt::Display>)
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        self.place.as_ref().map(|(source, _)| source.as_ref() as &dyn SourceCode)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        let (_, span) = self.place.as_ref()?;
        let label = LabeledSpan::new(Some(self.label.clone()), span.start, span.len());
        Some(Box::new(std::iter::once(label)))
    }
}

/// Every mistake of a scenario, in the order of the file, those of `--set` behind.
#[derive(Clone, Debug)]
pub struct ScenarioErrors {
    mistakes: Vec<Mistake>,
}

impl ScenarioErrors {
    /// A mistake that no text is to blame for, such as a file that is not there.
    pub fn without_place(message: String, help: Option<String>) -> Self {
        ScenarioErrors { mistakes: vec![Mistake { message, label: String::new(), help, place: None }] }
    }

    /// All mistakes of several plans, each once, at most so many.
    pub(crate) fn merged(all: Vec<ScenarioErrors>, most: usize) -> ScenarioErrors {
        let mut mistakes: Vec<Mistake> = Vec::new();
        for mistake in all.into_iter().flat_map(|errors| errors.mistakes) {
            let same =
                |other: &Mistake| other.message == mistake.message && other.position() == mistake.position();
            if mistakes.len() < most && !mistakes.iter().any(same) {
                mistakes.push(mistake);
            }
        }
        mistakes.sort_by_key(Mistake::position);
        ScenarioErrors { mistakes }
    }

    /// The mistakes, at least one.
    pub fn mistakes(&self) -> &[Mistake] {
        &self.mistakes
    }

    /// For a person: each mistake with the lines it stands in; in colour for a terminal.
    pub fn render(&self, colour: bool) -> String {
        let theme = if colour { GraphicalTheme::unicode() } else { GraphicalTheme::unicode_nocolor() };
        let handler = GraphicalReportHandler::new_themed(theme).with_width(WIDTH).with_links(false);
        let mut text = String::new();
        for (i, mistake) in self.mistakes.iter().enumerate() {
            if i > 0 {
                text.push('\n');
            }
            handler.render_report(&mut text, mistake).expect("writing to a string succeeds");
        }
        text
    }
}

/// One line a mistake: `file:line:column: message`, or `--set path=VALUE: message`.
impl fmt::Display for ScenarioErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, mistake) in self.mistakes.iter().enumerate() {
            if i > 0 {
                f.write_str("\n")?;
            }
            match (&mistake.place, mistake.position()) {
                (Some((source, _)), Some((name, ..))) if name == SET => {
                    write!(f, "{SET} {}: ", source.inner())?
                }
                (_, Some((name, line, column))) => write!(f, "{name}:{line}:{column}: ")?,
                _ => {}
            }
            f.write_str(&mistake.message)?;
        }
        Ok(())
    }
}

impl std::error::Error for ScenarioErrors {}

/// Collects mistakes while a scenario is read.
#[derive(Debug, Default)]
pub struct Mistakes {
    found: Vec<(Place, String, String, Option<String>)>,
}

impl Mistakes {
    /// Notes a mistake: where, what is wrong, a few words under the place, what to do about it.
    pub fn add(
        &mut self,
        place: &Place,
        message: impl Into<String>,
        label: impl Into<String>,
        help: Option<String>,
    ) {
        self.found.push((place.clone(), message.into(), label.into(), help));
    }

    /// Whether none was found.
    pub fn is_empty(&self) -> bool {
        self.found.is_empty()
    }

    /// The error to return; there must be a mistake.
    pub fn into_errors(mut self, sources: &Sources) -> ScenarioErrors {
        assert!(!self.found.is_empty(), "an error needs a mistake");
        self.found.sort_by_key(|(place, ..)| (place.source, place.span.start));
        let mistakes = self.found.into_iter().map(|(place, message, label, help)| {
            let source = Arc::clone(&sources.texts[place.source]);
            Mistake { message, label, help, place: Some((source, place.span)) }
        });
        ScenarioErrors { mistakes: mistakes.collect() }
    }
}

/// The candidate that `word` was probably meant to be.
pub fn likely<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let lower = word.to_lowercase().replace('-', "_");
    let close = |candidate: &str| {
        let similar = strsim::damerau_levenshtein(&lower, &candidate.replace('-', "_"));
        let prefix = candidate.starts_with(&lower) || lower.starts_with(candidate);
        if prefix && lower.len() >= 3 { similar.min(1) } else { similar }
    };
    let best = candidates.into_iter().map(|candidate| (close(candidate), candidate)).min_by_key(|(d, _)| *d);
    best.filter(|(distance, candidate)| *distance <= 1 + candidate.len() / 4).map(|(_, candidate)| candidate)
}

/// "`a`, `b` or `c`".
pub fn alternatives<'a>(words: impl IntoIterator<Item = &'a str>) -> String {
    let quoted: Vec<String> = words.into_iter().map(|word| format!("`{word}`")).collect();
    match quoted.split_last() {
        None => String::new(),
        Some((only, [])) => only.clone(),
        Some((last, rest)) => format!("{} or {last}", rest.join(", ")),
    }
}
