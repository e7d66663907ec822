//! The shape of a RON text: records, lists and words, each with its place.
//!
//! This file knows brackets and commas, and nothing of scenarios. It goes on after a mistake where it can, so that
//! one look shows all of them.

use std::ops::Range;

use super::errors::{Mistakes, Place, SourceId};
use super::token::{Token, tokens};

/// Deeper than any sensible file; keeps a hostile one from exhausting the stack.
const DEEPEST: usize = 32;

/// A value and where it stands.
#[derive(Clone, Debug)]
pub struct Node {
    /// The bytes it takes.
    pub place: Place,
    /// What it is.
    pub kind: Kind,
}

/// What a value is.
#[derive(Clone, Debug)]
pub enum Kind {
    /// A name on its own: `rep3`, `none`, `true`.
    Word(String),
    /// A number, as written.
    Number(String),
    /// A text, as written, quotes included.
    Text(String),
    /// `(a: 1, b: 2)` or `custom(a: 1, b: 2)`; `()` and `custom()` too.
    Record(Record),
    /// `preset("lan")`, or `(1, 2)`.
    Tuple(Option<String>, Vec<Node>),
    /// `[1, 2]`.
    List(Vec<Node>),
    /// Nothing, where something should be. The mistake has been noted.
    Missing,
}

/// Named fields in parentheses.
#[derive(Clone, Debug)]
pub struct Record {
    /// What stands before the parenthesis.
    pub name: Option<String>,
    /// Where the record begins: its name and its opening parenthesis.
    pub opening: Place,
    /// The fields, in order.
    pub fields: Vec<Field>,
}

/// A named field.
#[derive(Clone, Debug)]
pub struct Field {
    /// Its name.
    pub name: String,
    /// Where the name stands.
    pub place: Place,
    /// Its value.
    pub value: Node,
}

impl Record {
    /// The value of a field.
    pub fn get(&self, name: &str) -> Option<&Node> {
        self.fields.iter().find(|field| field.name == name).map(|field| &field.value)
    }
}

impl Node {
    /// Says that the text it comes from is another of the sources.
    pub fn move_to(&mut self, source: SourceId) {
        self.place.source = source;
        match &mut self.kind {
            Kind::Tuple(_, nodes) | Kind::List(nodes) => {
                nodes.iter_mut().for_each(|node| node.move_to(source))
            }
            Kind::Record(record) => {
                record.opening.source = source;
                for field in &mut record.fields {
                    field.place.source = source;
                    field.value.move_to(source);
                }
            }
            Kind::Word(_) | Kind::Number(_) | Kind::Text(_) | Kind::Missing => {}
        }
    }

    /// The same value as if all of it stood at this place.
    pub fn at(mut self, place: &Place) -> Node {
        self.place = place.clone();
        self.kind = match self.kind {
            Kind::Tuple(name, nodes) => {
                Kind::Tuple(name, nodes.into_iter().map(|node| node.at(place)).collect())
            }
            Kind::List(nodes) => Kind::List(nodes.into_iter().map(|node| node.at(place)).collect()),
            Kind::Record(record) => {
                let at = |field: Field| Field { place: place.clone(), value: field.value.at(place), ..field };
                let fields = record.fields.into_iter().map(at).collect();
                Kind::Record(Record { opening: place.clone(), fields, ..record })
            }
            single => single,
        };
        self
    }

    /// What to call it in a message.
    pub fn describe(&self) -> String {
        /// More would be no name.
        const LONGEST: usize = 80;
        let name = self.whole_name();
        match name.char_indices().nth(LONGEST) {
            Some((cut, _)) => format!("{}…", &name[..cut]),
            None => name,
        }
    }

    fn whole_name(&self) -> String {
        match &self.kind {
            Kind::Word(word) => format!("`{word}`"),
            Kind::Number(number) => format!("the number {number}"),
            Kind::Text(text) => format!("the text {text}"),
            Kind::Record(Record { name: Some(name), .. }) | Kind::Tuple(Some(name), _) => {
                format!("`{name}(…)`")
            }
            Kind::Record(_) => "fields in parentheses".to_string(),
            Kind::Tuple(None, _) => "values in parentheses".to_string(),
            Kind::List(_) => "a list".to_string(),
            Kind::Missing => "nothing".to_string(),
        }
    }
}

/// Reads one value that takes up the whole text. None if so much is wrong that there is nothing to go on with.
pub fn parse(text: &str, source: SourceId, mistakes: &mut Mistakes) -> Option<Node> {
    let tokens = match tokens(text) {
        Ok(tokens) => tokens,
        Err(error) => {
            let place = Place { source, span: error.span };
            mistakes.add(&place, error.message, "here", error.help.map(str::to_string));
            return None;
        }
    };
    let mut parser = Parser { text, tokens, at: 0, source, mistakes, depth: 0 };
    let node = parser.value()?;
    match parser.peek() {
        Token::End => Some(node),
        // `preset` … `)` and the like: what was read makes no sense without what is too much.
        _ => {
            let place = parser.here();
            parser.mistakes.add(
                &place,
                "something stands behind the end",
                "not expected any more",
                Some("is a closing parenthesis too many, or one missing further up?".to_string()),
            );
            None
        }
    }
}

struct Parser<'a> {
    text: &'a str,
    tokens: Vec<(Token, Range<usize>)>,
    at: usize,
    source: SourceId,
    mistakes: &'a mut Mistakes,
    depth: usize,
}

/// What stands between brackets.
enum Item {
    Named(Field),
    Plain(Node),
}

impl Parser<'_> {
    fn peek(&self) -> Token {
        self.tokens[self.at].0
    }

    fn after(&self) -> Token {
        self.tokens.get(self.at + 1).map_or(Token::End, |(token, _)| *token)
    }

    fn span(&self) -> Range<usize> {
        self.tokens[self.at].1.clone()
    }

    fn place(&self, span: Range<usize>) -> Place {
        Place { source: self.source, span }
    }

    /// The next word; at the end of the text, the last sign before it, since an empty place shows nothing.
    fn here(&self) -> Place {
        let span = match self.peek() {
            Token::End if self.at > 0 => self.tokens[self.at - 1].1.clone(),
            _ => self.span(),
        };
        self.place(span)
    }

    fn word(&mut self) -> String {
        let word = self.text[self.span()].to_string();
        self.at += 1;
        word
    }

    fn value(&mut self) -> Option<Node> {
        let span = self.span();
        let kind = match self.peek() {
            Token::Number => Kind::Number(self.word()),
            Token::Text => Kind::Text(self.word()),
            Token::Name => {
                let name = self.word();
                match self.peek() {
                    Token::Sign('(' | '{') => return self.parentheses(Some(name), span.start),
                    _ => Kind::Word(name),
                }
            }
            Token::Sign('(' | '{') => return self.parentheses(None, span.start),
            Token::Sign('[') => {
                let items = self.bracket(']')?;
                Kind::List(items.into_iter().map(|item| self.plain(item)).collect())
            }
            Token::Sign(_) | Token::End => {
                let place = self.here();
                self.mistakes.add(&place, "a value is missing", "a value is needed before this", None);
                let place = self.place(span.start..span.start);
                return Some(Node { place, kind: Kind::Missing });
            }
        };
        let end = self.tokens[self.at - 1].1.end;
        Some(Node { place: self.place(span.start..end), kind })
    }

    /// A record or a tuple: which one it is, what stands inside decides.
    fn parentheses(&mut self, name: Option<String>, start: usize) -> Option<Node> {
        let opening = self.place(start..self.span().end);
        let close = if self.peek() == Token::Sign('{') {
            let help = "write ( and ) in place of { and }".to_string();
            self.mistakes.add(&opening, "fields stand in parentheses, not in braces", "here", Some(help));
            '}'
        } else {
            ')'
        };
        let items = self.bracket(close)?;
        let end = self.tokens[self.at - 1].1.end;
        let all_plain = !items.is_empty() && items.iter().all(|item| matches!(item, Item::Plain(_)));
        let kind = if all_plain {
            Kind::Tuple(name, items.into_iter().map(|item| self.plain(item)).collect())
        } else {
            let mut fields = Vec::new();
            for item in items {
                match item {
                    Item::Named(field) => fields.push(field),
                    Item::Plain(node) => self.unnamed(&node),
                }
            }
            Kind::Record(Record { name, opening, fields })
        };
        Some(Node { place: self.place(start..end), kind })
    }

    fn unnamed(&mut self, node: &Node) {
        if !matches!(node.kind, Kind::Missing) {
            let help = match &node.kind {
                Kind::Record(Record { name: Some(name), .. }) | Kind::Tuple(Some(name), _) => {
                    format!(
                        "its neighbours are written `name: value`; if it is `{name}`, a colon is missing behind it"
                    )
                }
                _ => "its neighbours are written `name: value`".to_string(),
            };
            self.mistakes.add(&node.place, "this value has no name", "which field is it?", Some(help));
        }
    }

    /// An item where only values may stand.
    fn plain(&mut self, item: Item) -> Node {
        match item {
            Item::Plain(node) => node,
            Item::Named(field) => {
                let message = format!("`{}:` has no place in a list", field.name);
                let help = "fields stand in parentheses: `(from: 0, to: 1)`".to_string();
                self.mistakes.add(&field.place, message, "here", Some(help));
                Node { place: field.value.place, kind: Kind::Missing }
            }
        }
    }

    /// From an opening bracket to its closing one.
    fn bracket(&mut self, close: char) -> Option<Vec<Item>> {
        let opening = self.place(self.span());
        self.at += 1;
        self.depth += 1;
        if self.depth > DEEPEST {
            self.mistakes.add(&opening, "brackets are nested too deeply", "this one is too many", None);
            return None;
        }
        let mut items = Vec::new();
        while self.peek() != Token::Sign(close) {
            match self.peek() {
                Token::End => {
                    let help = format!("its partner `{close}` is missing");
                    self.mistakes.add(&opening, "this bracket is never closed", "opened here", Some(help));
                    return None;
                }
                Token::Sign(other @ (')' | ']' | '}')) => {
                    let place = self.here();
                    let message = format!("`{other}` comes where `{close}` is expected");
                    let help = format!("the bracket that was opened last is closed with `{close}`");
                    self.mistakes.add(&place, message, format!("`{close}` is expected first"), Some(help));
                    return None;
                }
                _ => items.push(self.item()?),
            }
            match self.peek() {
                Token::Sign(',') => self.at += 1,
                Token::Sign(':') => self.stray_colon(),
                Token::Sign('(' | '[' | '{') | Token::Name | Token::Number | Token::Text => {
                    self.missing_comma()
                }
                Token::Sign(_) | Token::End => {}
            }
            if self.mistakes.are_too_many() {
                return None;
            }
        }
        self.at += 1;
        self.depth -= 1;
        Some(items)
    }

    fn stray_colon(&mut self) {
        let place = self.here();
        let help = "a field is written `name: value`".to_string();
        self.mistakes.add(&place, "no colon belongs here", "what does it separate?", Some(help));
        self.at += 1;
    }

    fn missing_comma(&mut self) {
        let place = self.place(self.tokens[self.at - 1].1.clone());
        self.mistakes.add(&place, "a comma is missing", "put a comma behind this", None);
    }

    fn item(&mut self) -> Option<Item> {
        if self.peek() == Token::Name && self.after() == Token::Sign(':') {
            let place = self.here();
            let name = self.word();
            self.at += 1;
            let value = self.value()?;
            return Some(Item::Named(Field { name, place, value }));
        }
        // A field without its colon: `seed 1`. Told here, since "a comma is missing" would mislead.
        let value_follows = match self.after() {
            Token::Number | Token::Text | Token::Sign('[') => true,
            Token::Name => self.tokens.get(self.at + 2).is_some_and(|(token, _)| *token != Token::Sign(':')),
            Token::Sign(_) | Token::End => false,
        };
        if self.peek() == Token::Name && value_follows {
            let place = self.here();
            let name = self.word();
            let message = format!("a colon is missing behind `{name}`");
            self.mistakes.add(&place, message, "put a colon behind this", None);
            let value = self.value()?;
            return Some(Item::Named(Field { name, place, value }));
        }
        Some(Item::Plain(self.value()?))
    }
}
