//! JSON text laid out for people, token by token.
//!
//! The text is never turned into values and back: a number, an escape or a repeated key is shown as
//! it was written, so what stands on the screen is what would be sent. The input must be JSON; of
//! what is not, the layout is unspecified, but nothing is lost and nothing panics.

use std::iter::Peekable;
use std::str::Chars;

use anstyle::Style;

use super::{DIM, GOOD, NAME, WARN};

/// The text over several lines, two spaces to a level.
pub(crate) fn pretty(text: &str) -> String {
    lay_out(text, None)
}

/// As [`pretty`], in colour, its control characters spelt out.
pub(crate) fn coloured(text: &str) -> String {
    lay_out(&super::plain(text), Some(Palette { key: NAME, string: GOOD, other: WARN, mark: DIM }))
}

#[derive(Clone, Copy)]
struct Palette {
    key: Style,
    string: Style,
    other: Style,
    mark: Style,
}

fn lay_out(text: &str, palette: Option<Palette>) -> String {
    let mut page = Page { out: String::with_capacity(text.len() * 2), depth: 0, palette };
    // For each open container, whether it is an object; the next string in one may be a key.
    let mut open: Vec<bool> = Vec::new();
    let mut key_next = false;
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        match c {
            '{' | '[' => {
                let close = if c == '{' { '}' } else { ']' };
                skip_space(&mut rest);
                if rest.next_if_eq(&close).is_some() {
                    page.token(&format!("{c}{close}"), |palette| palette.mark);
                } else {
                    page.token(&c.to_string(), |palette| palette.mark);
                    open.push(c == '{');
                    key_next = c == '{';
                    page.depth += 1;
                    page.line_end();
                }
            }
            '}' | ']' => {
                open.pop();
                page.depth = page.depth.saturating_sub(1);
                page.line_end();
                page.token(&c.to_string(), |palette| palette.mark);
            }
            ',' => {
                page.token(",", |palette| palette.mark);
                key_next = open.last() == Some(&true);
                page.line_end();
            }
            ':' => {
                page.token(": ", |palette| palette.mark);
                key_next = false;
            }
            '"' => {
                let string = string(&mut rest);
                if key_next {
                    page.token(&string, |palette| palette.key);
                } else {
                    page.token(&string, |palette| palette.string);
                }
            }
            c if c.is_ascii_whitespace() => {}
            c => {
                let mut word = String::from(c);
                while let Some(c) = rest.next_if(|c| !is_mark(*c)) {
                    word.push(c);
                }
                page.token(&word, |palette| palette.other);
            }
        }
    }
    page.out
}

struct Page {
    out: String,
    depth: usize,
    palette: Option<Palette>,
}

impl Page {
    fn token(&mut self, text: &str, style: impl Fn(&Palette) -> Style) {
        match &self.palette {
            Some(palette) => self.out.push_str(&super::paint(style(palette), text)),
            None => self.out.push_str(text),
        }
    }

    fn line_end(&mut self) {
        self.out.push('\n');
        self.out.extend(std::iter::repeat_n("  ", self.depth));
    }
}

fn string(rest: &mut Peekable<Chars<'_>>) -> String {
    let mut out = String::from('"');
    let mut escaped = false;
    for c in rest.by_ref() {
        out.push(c);
        match c {
            '"' if !escaped => break,
            '\\' => escaped = !escaped,
            _ => escaped = false,
        }
    }
    out
}

fn skip_space(rest: &mut Peekable<Chars<'_>>) {
    while rest.next_if(char::is_ascii_whitespace).is_some() {}
}

fn is_mark(c: char) -> bool {
    c.is_ascii_whitespace() || matches!(c, '{' | '}' | '[' | ']' | ',' | ':' | '"')
}

#[cfg(test)]
mod tests {
    use super::*;

    const CASES: [&str; 8] = [
        "null",
        "{}",
        "[ ]",
        r#"{"a":[1,{"b":"c"}],"d":{},"e":[],"f":-1.5e3}"#,
        r#"{"quote\"colon":"brace } \\","{":"[,]"}"#,
        r#"[[[]],[[1,2],[true,false,null]]]"#,
        r#" { "space" : [ 1 , 2 ] } "#,
        r#"{"aç":"São \u00e3 🐟"}"#,
    ];

    #[test]
    fn the_layout_is_the_one_everybody_knows() {
        for text in CASES {
            let value: serde_json::Value = serde_json::from_str(text).unwrap();
            let known = serde_json::to_string_pretty(&value).unwrap();
            let text = serde_json::to_string(&value).unwrap();
            assert_eq!(pretty(&text), known);
        }
    }

    #[test]
    fn colour_adds_nothing_but_colour() {
        for text in CASES {
            let coloured = coloured(text);
            assert_eq!(anstream::adapter::strip_str(&coloured).to_string(), pretty(text));
        }
    }

    #[test]
    fn numbers_and_escapes_stay_as_they_were_written() {
        assert_eq!(
            pretty(r#"[1.10,123456789012345678901234,"\u00e3"]"#).lines().nth(1),
            Some("  1.10,")
        );
        assert!(pretty(r#"[123456789012345678901234]"#).contains("123456789012345678901234"));
        assert!(pretty(r#"["\u00e3"]"#).contains(r"\u00e3"));
    }
}
