//! The lines that a mistake stands in, as they are shown: few and short, however long the file and its lines are.

use std::ops::Range;

use miette::{MietteError, MietteSpanContents, SourceCode, SourceSpan, SpanContents};

use super::signs::harmless;

/// Characters of the longest line that is shown whole.
const WIDEST: usize = 160;
/// Characters that are shown before the place where a longer line is cut.
const BEFORE: usize = 50;
/// A place of more lines is shown by its first.
const MOST_LINES: usize = 8;

/// Some lines of a text around a place.
#[derive(Debug)]
pub struct Excerpt {
    name: String,
    text: String,
    label: Range<usize>,
    /// Lines of the file before the first one shown.
    lines_before: usize,
    /// Line and column of the place in the file, both from 0.
    position: (usize, usize),
}

/// What is shown of a line, and of a part of it.
struct Window {
    text: String,
    part: Range<usize>,
}

impl Excerpt {
    /// The lines around a place of the text `name`.
    pub fn new(name: &str, text: &str, place: &Range<usize>) -> Excerpt {
        let start = place.start.min(text.len());
        let first = text[..start].rfind('\n').map_or(0, |at| at + 1);
        let first_end = line_end(text, start);
        let mut end = place.end.min(text.len()).max(start);
        if text[start..end].lines().count() > MOST_LINES || text[first..end].lines().any(is_wide) {
            end = end.min(first_end);
        }
        let lines_before = text[..first].matches('\n').count();
        let position = (lines_before, text[first..start].chars().count());
        let mut excerpt = Excerpt {
            name: name.chars().map(|c| if c == '\n' { ' ' } else { harmless(c) }).collect(),
            text: String::new(),
            label: 0..0,
            lines_before,
            position,
        };
        if first > 0 {
            let before = text[..first - 1].rfind('\n').map_or(0, |at| at + 1);
            excerpt.push(&text[before..first - 1], 0..0);
            excerpt.lines_before -= 1;
        }
        let mut at = first;
        loop {
            let line = &text[at..line_end(text, at)];
            let part = start.max(at) - at..end.min(at + line.len()) - at;
            let shown = excerpt.push(line, part);
            let label_start = if at == first { shown.start } else { excerpt.label.start };
            excerpt.label = label_start..shown.end;
            at += line.len() + 1;
            if at > end {
                break;
            }
        }
        if at <= text.len() && !text[at..].is_empty() {
            excerpt.push(&text[at..line_end(text, at)], 0..0);
        }
        excerpt
    }

    /// The part that is to be pointed at.
    pub fn label(&self) -> Range<usize> {
        self.label.clone()
    }

    /// Adds a line; where its part is.
    fn push(&mut self, line: &str, part: Range<usize>) -> Range<usize> {
        if !self.text.is_empty() || self.lines_before < self.position.0 {
            self.text.push('\n');
        }
        let window = window(line.trim_end_matches('\r'), part);
        let begin = self.text.len();
        self.text += &window.text;
        begin + window.part.start..begin + window.part.end
    }
}

fn line_end(text: &str, from: usize) -> usize {
    text[from..].find('\n').map_or(text.len(), |at| from + at)
}

fn is_wide(line: &str) -> bool {
    line.chars().nth(WIDEST).is_some()
}

/// Cuts a line to what is shown around a part of it. Control characters become a sign that can be printed.
fn window(line: &str, part: Range<usize>) -> Window {
    let skipped = if is_wide(line) {
        line[..part.start.min(line.len())].chars().count().saturating_sub(BEFORE)
    } else {
        0
    };
    let mut text = String::new();
    if skipped > 0 {
        text.push('…');
    }
    let mut shown = text.len()..text.len();
    let mut found = false;
    let mut rest = line.char_indices().skip(skipped);
    for (at, c) in rest.by_ref().take(WIDEST) {
        if at >= part.start && !found {
            (shown, found) = (text.len()..text.len(), true);
        }
        text.push(harmless(c));
        if at < part.end && found {
            shown.end = text.len();
        }
    }
    if !found {
        shown = text.len()..text.len();
    }
    if rest.next().is_some() {
        text.push('…');
    }
    Window { text, part: shown }
}

impl SourceCode for Excerpt {
    fn read_span<'a>(
        &'a self,
        span: &SourceSpan,
        lines_before: usize,
        lines_after: usize,
    ) -> Result<Box<dyn SpanContents<'a> + 'a>, MietteError> {
        let contents = self.text.read_span(span, lines_before, lines_after)?;
        // Without lines around it, it is asked for its position in the file.
        let (line, column) = match (lines_before, lines_after) {
            (0, 0) => self.position,
            _ => (self.lines_before + contents.line(), contents.column()),
        };
        let (data, span) = (contents.data(), *contents.span());
        let lines = contents.line_count();
        Ok(Box::new(MietteSpanContents::new_named(self.name.clone(), data, span, line, column, lines)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_shown_with_its_neighbours() {
        let text = "one\ntwo 2\nthree\nfour";
        let excerpt = Excerpt::new("x", text, &(8..9));
        assert_eq!(
            (excerpt.text.as_str(), excerpt.label(), excerpt.position),
            ("one\ntwo 2\nthree", 8..9, (1, 4))
        );
        let last = Excerpt::new("x", text, &(16..20));
        assert_eq!(
            (last.text.as_str(), &last.text[last.label()], last.lines_before),
            ("three\nfour", "four", 2)
        );
        let several = Excerpt::new("x", text, &(4..13));
        assert_eq!(&several.text[several.label()], "two 2\nthr");
        assert_eq!(Excerpt::new("x", "", &(0..0)).label(), 0..0);
        assert_eq!(Excerpt::new("x", "\n\na", &(2..3)).text, "\na");
    }

    #[test]
    fn long_lines_are_cut_around_the_place() {
        let text = format!("{}wrong{}\n{}", "ä".repeat(70_000), "b".repeat(70_000), "c".repeat(70_000));
        let excerpt = Excerpt::new("x", &text, &(140_000..140_005));
        assert_eq!((&excerpt.text[excerpt.label()], excerpt.position), ("wrong", (0, 70_000)));
        assert!(excerpt.text.lines().all(|line| line.chars().count() <= WIDEST + 2), "{}", excerpt.text);
        let long = Excerpt::new("x", &text, &(140_000..text.len()));
        assert!(long.text[long.label()].starts_with("wrongb") && long.label().len() < WIDEST);
    }
}
