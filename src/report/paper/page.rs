//! A page of text, tables and figures, as Markdown and as HTML.

use crate::report::html::{STYLE, escaped};

/// A piece of a page.
pub enum Block {
    /// The title of a section.
    Heading(String),
    /// A paragraph.
    Text(String),
    /// A list of paragraphs.
    List(Vec<String>),
    /// A claim of the paper, and what the figures say of it.
    Verdict {
        /// What is claimed.
        claim: String,
        /// What becomes of it, in a word or few: `supported`.
        said: String,
        /// What was found.
        finding: String,
    },
    /// A table; the first column holds names.
    Table {
        /// Names of the columns.
        header: Vec<String>,
        /// As long as the header.
        rows: Vec<Vec<String>>,
    },
    /// A figure in a file of its own.
    Figure {
        /// The file, SVG.
        file: String,
        /// The picture.
        svg: String,
        /// What it shows.
        caption: String,
    },
}

/// A page.
pub struct Page {
    /// Its title.
    pub title: String,
    /// What is on it, in order.
    pub blocks: Vec<Block>,
}

/// A cell of a table in Markdown.
fn cell(text: &str) -> String {
    text.replace('|', "\\|")
}

/// What stands between pairs of a mark, as an element of HTML, and what is outside, by another function.
fn marked(text: &str, mark: &str, element: &str, outside: impl Fn(&str) -> String) -> String {
    let inside = |part: &str| format!("<{element}>{}</{element}>", escaped(part));
    let parts = text.split(mark).enumerate();
    parts.map(|(at, part)| if at % 2 == 1 { inside(part) } else { outside(part) }).collect()
}

/// A paragraph in HTML: what stands between backquotes is code, and between two stars each strong.
fn paragraph(text: &str) -> String {
    marked(text, "`", "code", |text| marked(text, "**", "strong", escaped))
}

impl Page {
    /// Its verdicts, each in a paragraph.
    pub fn in_short(&self) -> Vec<String> {
        let verdicts = self.blocks.iter().filter_map(|block| match block {
            Block::Verdict { claim, said, finding } => Some(format!("{claim} **Found: {said}.** {finding}")),
            _ => None,
        });
        verdicts.collect()
    }

    /// As Markdown, with its figures as files beside it.
    pub fn markdown(&self) -> String {
        let mut text = format!("# {}\n", self.title);
        for block in &self.blocks {
            text.push('\n');
            text += &match block {
                Block::Heading(title) => format!("## {title}\n"),
                Block::Text(paragraph) => format!("{paragraph}\n"),
                Block::List(items) => items.iter().map(|item| format!("* {item}\n")).collect(),
                Block::Verdict { claim, said, finding } => {
                    format!("> **Claim.** {claim}\n>\n> **Found: {said}.** {finding}\n")
                }
                Block::Figure { file, caption, .. } => format!("![{caption}]({file})\n\n{caption}\n"),
                Block::Table { header, rows } => {
                    let line = |cells: &[String]| {
                        let cells: Vec<String> = cells.iter().map(|text| cell(text)).collect();
                        format!("| {} |\n", cells.join(" | "))
                    };
                    let sides = std::iter::once("---").chain(std::iter::repeat_n("---:", header.len() - 1));
                    let rule = format!("|{}|\n", sides.collect::<Vec<_>>().join("|"));
                    line(header) + &rule + &rows.iter().map(|row| line(row)).collect::<String>()
                }
            };
        }
        text
    }

    /// As one HTML file, its figures inside.
    pub fn html(&self) -> String {
        let title = escaped(&self.title);
        let mut body = String::new();
        for block in &self.blocks {
            body += &match block {
                Block::Heading(title) => format!("<h2>{}</h2>\n", escaped(title)),
                Block::Text(text) => format!("<p>{}</p>\n", paragraph(text)),
                Block::List(items) => {
                    let items = items.iter().map(|item| format!("<li>{}</li>\n", paragraph(item)));
                    format!("<ul>\n{}</ul>\n", items.collect::<String>())
                }
                Block::Verdict { claim, said, finding } => format!(
                    "<section><p><strong>Claim.</strong> {}</p>\n<p><strong>Found: {}.</strong> {}</p></section>\n",
                    paragraph(claim),
                    escaped(said),
                    paragraph(finding)
                ),
                Block::Figure { svg, caption, .. } => {
                    format!("<figure>{svg}<figcaption>{}</figcaption></figure>\n", paragraph(caption))
                }
                Block::Table { header, rows } => {
                    let cells = |tag: &str, cells: &[String]| {
                        cells
                            .iter()
                            .map(|text| format!("<{tag}>{}</{tag}>", escaped(text)))
                            .collect::<String>()
                    };
                    let rows: String =
                        rows.iter().map(|row| format!("<tr>{}</tr>\n", cells("td", row))).collect();
                    format!(
                        "<div class=\"scroll\"><table><thead><tr>{}</tr></thead>\n<tbody>{rows}</tbody></table></div>\n",
                        cells("th", header)
                    )
                }
            };
        }
        let version = env!("CARGO_PKG_VERSION");
        format!(
            "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
             <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n\
             <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
             <meta name=\"color-scheme\" content=\"light dark\">\n<title>{title} · mpcsim</title>\n<style>\n{STYLE}\
             h2 {{ margin-top: 28px; }}\nfigure svg {{ max-width: 100%; height: auto; background: #fff; border-radius: 8px; }}\n\
             td:first-child, th:first-child {{ text-align: left; }}\n</style>\n</head>\n<body>\n\
             <main id=\"report\">\n<h1>{title}</h1>\n{body}</main>\n\
             <footer><p>Written by mpcsim {version}. Times are modelled, not measured.</p></footer>\n</body>\n</html>\n"
        )
    }

    /// The figures: names of files and their contents.
    pub fn figures(&self) -> impl Iterator<Item = (&str, &str)> {
        self.blocks.iter().filter_map(|block| match block {
            Block::Figure { file, svg, .. } => Some((file.as_str(), svg.as_str())),
            _ => None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_forms_hold_the_same() {
        let page = Page {
            title: "a < b".into(),
            blocks: vec![
                Block::Heading("Cost".into()),
                Block::List(vec!["`x`: **one**".into(), "two".into()]),
                Block::Verdict {
                    claim: "It is cheap.".into(),
                    said: "not supported".into(),
                    finding: "`a < b` is not".into(),
                },
                Block::Table {
                    header: vec!["what".into(), "s".into()],
                    rows: vec![vec!["x | y".into(), "1".into()]],
                },
                Block::Figure { file: "f.svg".into(), svg: "<svg></svg>".into(), caption: "a figure".into() },
            ],
        };
        assert_eq!(
            page.markdown(),
            "# a < b\n\n## Cost\n\n* `x`: **one**\n* two\n\n> **Claim.** It is cheap.\n>\n> **Found: not supported.** `a < b` is not\n\n| what | s |\n|---|---:|\n\
             | x \\| y | 1 |\n\n![a figure](f.svg)\n\na figure\n"
        );
        let html = page.html();
        for part in [
            "<h1>a &lt; b</h1>",
            "<li><code>x</code>: <strong>one</strong></li>",
            "<td>x | y</td><td>1</td>",
            "<svg></svg>",
            "<code>a &lt; b</code> is not",
        ] {
            assert!(html.contains(part), "{part}");
        }
        assert_eq!(page.in_short(), ["It is cheap. **Found: not supported.** `a < b` is not"]);
        assert_eq!(page.figures().collect::<Vec<_>>(), [("f.svg", "<svg></svg>")]);
    }
}
