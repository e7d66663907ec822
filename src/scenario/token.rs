//! Words of RON: names, numbers, texts and signs, each with the bytes it takes.

use std::ops::Range;

/// One word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Token {
    /// `rep3`, `true`, and by mistake `images.gz`.
    Name,
    /// `1`, `-0.5e3`, `0x1f`.
    Number,
    /// `"text"` or `r#"text"#`, quotes included.
    Text,
    /// One of `( ) [ ] { } : ,`.
    Sign(char),
    /// Behind the last word.
    End,
}

/// What stops the tokenizer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenError {
    /// What is wrong.
    pub message: &'static str,
    /// What to do about it.
    pub help: Option<&'static str>,
    /// Where.
    pub span: Range<usize>,
}

/// Cuts a text into words; comments and blanks vanish. The last word is always `End`.
pub fn tokens(text: &str) -> Result<Vec<(Token, Range<usize>)>, TokenError> {
    let mut found = Vec::new();
    let mut at = 0;
    loop {
        at = skip_blanks(text, at)?;
        let Some(first) = text[at..].chars().next() else { break };
        let (token, end) = match first {
            '(' | ')' | '[' | ']' | '{' | '}' | ':' | ',' => (Token::Sign(first), at + 1),
            '"' => (Token::Text, quoted_end(text, at)?),
            'r' if raw_hashes(&text[at..]).is_some() => (Token::Text, raw_end(text, at)?),
            _ if first.is_alphabetic() || first == '_' => (Token::Name, name_end(text, at)),
            _ if first.is_ascii_digit() || matches!(first, '+' | '-' | '.') => {
                (Token::Number, number_end(text, at))
            }
            _ => return Err(stray_sign(first, at)),
        };
        found.push((token, at..end));
        at = end;
    }
    found.push((Token::End, text.len()..text.len()));
    Ok(found)
}

fn stray_sign(sign: char, at: usize) -> TokenError {
    let help = match sign {
        '=' => Some("a field and its value are separated by a colon: `seed: 1`"),
        ';' => Some("fields are separated by commas"),
        '\'' | '“' | '”' | '„' => Some("text stands between straight double quotes: \"first run\""),
        '#' => Some("a comment begins with two slashes: // like this"),
        _ => None,
    };
    TokenError { message: "this sign has no meaning here", help, span: at..at + sign.len_utf8() }
}

/// Bytes at the start of `text` whose characters all satisfy `keep`.
fn run(text: &str, keep: impl Fn(char) -> bool) -> usize {
    text.find(|c| !keep(c)).unwrap_or(text.len())
}

/// A name goes on over `.`, `-` and `/` if letters follow at once: `images.gz` is a text whose quotes were forgotten,
/// and is told as such, or taken as such behind `--set`.
fn name_end(text: &str, start: usize) -> usize {
    let is_name = |c: char| c.is_alphanumeric() || c == '_';
    let mut end = start + run(&text[start..], is_name);
    while text[end..].starts_with(['.', '-', '/']) && text[end + 1..].starts_with(is_name) {
        end += 1 + run(&text[end + 1..], is_name);
    }
    end
}

fn skip_blanks(text: &str, mut at: usize) -> Result<usize, TokenError> {
    loop {
        let rest = &text[at..];
        let blanks = run(rest, |c| c.is_whitespace() || c == '\u{feff}');
        if blanks > 0 {
            at += blanks;
        } else if rest.starts_with("//") {
            at += rest.find('\n').unwrap_or(rest.len());
        } else if rest.starts_with("/*") {
            at = comment_end(text, at)?;
        } else if rest.starts_with("#![") {
            // `#![enable(...)]`: RON's extensions, none of which changes how a scenario is read.
            at += rest.find(']').map_or(rest.len(), |end| end + 1);
        } else {
            return Ok(at);
        }
    }
}

/// Comments of this kind nest.
fn comment_end(text: &str, start: usize) -> Result<usize, TokenError> {
    let mut depth = 0;
    let mut at = start;
    while at < text.len() {
        if text[at..].starts_with("/*") {
            depth += 1;
            at += 2;
        } else if text[at..].starts_with("*/") {
            depth -= 1;
            at += 2;
            if depth == 0 {
                return Ok(at);
            }
        } else {
            at += text[at..].chars().next().map_or(1, char::len_utf8);
        }
    }
    Err(TokenError {
        message: "this comment never ends",
        help: Some("a comment that begins with `/*` ends with `*/`"),
        span: start..start + 2,
    })
}

fn quoted_end(text: &str, start: usize) -> Result<usize, TokenError> {
    let mut escaped = false;
    for (offset, c) in text[start + 1..].char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => return Ok(start + 1 + offset + 1),
            '\n' => break,
            _ => {}
        }
    }
    Err(TokenError {
        message: "this text never ends",
        help: Some("close it with a double quote on the same line"),
        span: start..start + 1,
    })
}

/// The number of hashes of a raw text that starts here.
fn raw_hashes(text: &str) -> Option<usize> {
    let hashes = run(&text[1..], |c| c == '#');
    text[1 + hashes..].starts_with('"').then_some(hashes)
}

fn raw_end(text: &str, start: usize) -> Result<usize, TokenError> {
    let hashes = raw_hashes(&text[start..]).expect("only called at a raw text");
    let inside = start + 1 + hashes + 1;
    let close = format!("\"{}", "#".repeat(hashes));
    let end = text[inside..].find(&close).map(|offset| inside + offset + close.len());
    end.ok_or(TokenError {
        message: "this text never ends",
        help: Some("close it with a double quote and as many # as stand before it"),
        span: start..inside,
    })
}

/// A number goes on as long as it could: what it is worth is found out by whoever needs it.
fn number_end(text: &str, start: usize) -> usize {
    let bytes = text.as_bytes();
    let hexadecimal = text[start..].trim_start_matches(['+', '-']).starts_with("0x");
    let mut end = start + 1;
    while end < bytes.len() {
        let exponent_sign = matches!(bytes[end], b'+' | b'-')
            && matches!(bytes[end - 1], b'e' | b'E')
            && !hexadecimal
            && bytes[start..end - 1].iter().any(u8::is_ascii_digit);
        if !(bytes[end].is_ascii_alphanumeric() || matches!(bytes[end], b'.' | b'_') || exponent_sign) {
            break;
        }
        end += 1;
    }
    end
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<&str> {
        tokens(text).unwrap().into_iter().map(|(_, span)| &text[span]).collect()
    }

    #[test]
    fn comments_texts_and_numbers_are_told_apart() {
        assert_eq!(words("( a: 1, // b: 2\n /* c /* d */ : */ e )"), ["(", "a", ":", "1", ",", "e", ")", ""]);
        assert_eq!(
            words(r###"["a // \" b", r#"c " d"#, r"e\"]"###)[1..],
            [r#""a // \" b""#, ",", r###"r#"c " d"#"###, ",", r#"r"e\""#, "]", ""]
        );
        assert_eq!(words("-1.5e-3,0x1f,1_000,rest"), ["-1.5e-3", ",", "0x1f", ",", "1_000", ",", "rest", ""]);
    }

    #[test]
    fn what_has_no_end_is_shown_where_it_begins() {
        assert_eq!(tokens("a \"b\nc\"").unwrap_err().span, 2..3);
        assert_eq!(tokens("a /* b").unwrap_err().span, 2..4);
        assert_eq!(tokens("a = b").unwrap_err().span, 2..3);
    }
}
