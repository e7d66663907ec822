//! Mistakes of a scenario, all at once, each shown where it was made.

use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use miette::{Diagnostic, GraphicalReportHandler, GraphicalTheme, LabeledSpan, SourceCode};

use super::excerpt::Excerpt;
use super::signs::{harmless, is_order};

/// The most mistakes that are told at once.
pub const MOST_MISTAKES: usize = 20;
/// Characters of the longest message, which can contain what somebody wrote.
const LONGEST_MESSAGE: usize = 500;
/// Bytes of the longest word that is looked for among known ones.
const LONGEST_WORD: usize = 60;
/// Columns that a rendered message may take.
const WIDTH: usize = 100;

/// What is said where mistakes are left out.
const MORE: &str = "There are more mistakes; these are the first.";
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

/// A text and what it is called.
#[derive(Debug)]
struct Source {
    name: String,
    text: String,
}

/// The texts that mistakes point into.
#[derive(Clone, Debug)]
pub struct Sources {
    texts: Vec<Arc<Source>>,
}

impl Sources {
    /// The file alone.
    pub fn new(file_name: &str, text: &str) -> Self {
        let mut sources = Sources { texts: Vec::new() };
        sources.add(file_name, text);
        sources
    }

    /// Adds what stood after a `--set`.
    pub fn add_set(&mut self, text: &str) -> SourceId {
        self.add(SET, text)
    }

    /// Adds a text.
    pub fn add(&mut self, name: &str, text: &str) -> SourceId {
        self.texts.push(Arc::new(Source { name: name.to_string(), text: text.to_string() }));
        self.texts.len() - 1
    }
}

/// One mistake.
#[derive(Clone, Debug)]
pub struct Mistake {
    message: String,
    label: String,
    help: Option<String>,
    place: Option<(Arc<Source>, Range<usize>)>,
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

    /// Whether it is the same mistake at the same place.
    fn is_same(&self, other: &Mistake) -> bool {
        let same_place = match (&self.place, &other.place) {
            (Some((source, span)), Some((other_source, other_span))) => {
                Arc::ptr_eq(source, other_source) && span == other_span
            }
            (own, other) => own.is_none() && other.is_none(),
        };
        same_place && self.message == other.message
    }

    /// The file's name (or `--set`), line and column, both from 1; none if no text is to blame.
    pub fn position(&self) -> Option<(String, usize, usize)> {
        let (source, span) = self.place.as_ref()?;
        let before = &source.text[..span.start];
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().unwrap_or("").chars().count() + 1;
        Some((source.name.clone(), line, column))
    }
}

/// A mistake with the lines it stands in.
#[derive(Debug)]
struct Shown<'a> {
    mistake: &'a Mistake,
    excerpt: Option<Excerpt>,
}

impl<'a> Shown<'a> {
    fn new(mistake: &'a Mistake) -> Shown<'a> {
        let place = mistake.place.as_ref();
        let excerpt = place.map(|(source, span)| Excerpt::new(&source.name, &source.text, span));
        Shown { mistake, excerpt }
    }
}

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.mistake.message)
    }
}

impl std::error::Error for Shown<'_> {}

impl Diagnostic for Shown<'_> {
    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        self.mistake.help.as_ref().map(|help| Box::new(help) as Box<dyn fmt::Display>)
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        self.excerpt.as_ref().map(|excerpt| excerpt as &dyn SourceCode)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        let span = self.excerpt.as_ref()?.label();
        let label = LabeledSpan::new(Some(self.mistake.label.clone()), span.start, span.len());
        Some(Box::new(std::iter::once(label)))
    }
}

/// The mistakes of a scenario, in the order of the file, those of `--set` behind; of very many the first that were found.
#[derive(Clone, Debug)]
pub struct ScenarioErrors {
    mistakes: Vec<Mistake>,
    /// Whether there are more.
    more: bool,
}

impl ScenarioErrors {
    /// A mistake that no text is to blame for, such as a file that is not there.
    pub fn without_place(message: String, help: Option<String>) -> Self {
        let (message, help) = (printable(message), help.map(printable));
        let mistake = Mistake { message, label: String::new(), help, place: None };
        ScenarioErrors { mistakes: vec![mistake], more: false }
    }

    /// All mistakes of several plans, each once, at most [`MOST_MISTAKES`].
    pub(crate) fn merged(all: Vec<ScenarioErrors>) -> ScenarioErrors {
        let mut mistakes: Vec<Mistake> = Vec::new();
        let mut more = false;
        for errors in all {
            more |= errors.more;
            for mistake in errors.mistakes {
                if mistakes.iter().any(|other| other.is_same(&mistake)) {
                    continue;
                }
                more |= mistakes.len() == MOST_MISTAKES;
                if mistakes.len() < MOST_MISTAKES {
                    mistakes.push(mistake);
                }
            }
        }
        mistakes.sort_by_cached_key(Mistake::position);
        ScenarioErrors { mistakes, more }
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
            let shown = Shown::new(mistake);
            handler.render_report(&mut text, &shown).expect("writing to a string succeeds");
        }
        if self.more {
            text += &format!("\n{MORE}\n");
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
                (Some((source, _)), Some((name, ..))) if name == SET => write!(f, "{SET} {}: ", source.text)?,
                (_, Some((name, line, column))) => write!(f, "{name}:{line}:{column}: ")?,
                _ => {}
            }
            f.write_str(&mistake.message)?;
        }
        if self.more { write!(f, "\n{MORE}") } else { Ok(()) }
    }
}

impl std::error::Error for ScenarioErrors {}

/// Collects mistakes while a scenario is read.
#[derive(Debug, Default)]
pub struct Mistakes {
    found: Vec<(Place, String, String, Option<String>)>,
    more: bool,
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
        if self.found.len() == MOST_MISTAKES {
            self.more = true;
            return;
        }
        self.found.push((
            place.clone(),
            printable(message.into()),
            printable(label.into()),
            help.map(printable),
        ));
    }

    /// Whether there are more than are told: whoever finds them need not go on.
    pub fn are_too_many(&self) -> bool {
        self.more
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
        ScenarioErrors { mistakes: mistakes.collect(), more: self.more }
    }
}

/// A message that fits a screen and cannot give orders to a terminal.
fn printable(text: String) -> String {
    if text.len() <= LONGEST_MESSAGE && !text.contains(is_order) {
        return text;
    }
    let mut cut: String = text.chars().take(LONGEST_MESSAGE).map(harmless).collect();
    if text.chars().nth(LONGEST_MESSAGE).is_some() {
        cut.push('…');
    }
    cut
}

/// The candidate that `word` was probably meant to be.
pub fn likely<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    if word.len() > LONGEST_WORD {
        return None;
    }
    let lower = word.to_lowercase().replace('-', "_");
    let close = |candidate: &str| {
        let similar = strsim::damerau_levenshtein(&lower, &candidate.replace('-', "_"));
        let prefix = candidate.starts_with(&lower) || lower.starts_with(candidate);
        (if prefix && lower.len() >= 3 { similar.min(1) } else { similar }, similar)
    };
    let best = candidates.into_iter().map(|candidate| (close(candidate), candidate)).min_by_key(|(d, _)| *d);
    best.filter(|((distance, _), candidate)| *distance <= 1 + candidate.len() / 4)
        .map(|(_, candidate)| candidate)
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
