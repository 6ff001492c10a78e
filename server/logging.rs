//! The log: one line for each event, whatever is in it.
//!
//! What others sent can stand in it, such as an address or the words of a failure. A line feed there would make a second line
//! that looks like one of ours, and an escape sequence would tell the terminal of whoever reads it what to do.

use std::{
    fmt::Write as _,
    io::{self, IsTerminal as _, Write},
};

use tracing_subscriber::{EnvFilter, fmt::MakeWriter};

/// Logs go to standard error; `RUST_LOG` changes how much. Colours only where somebody looks.
pub fn start(json: bool) {
    let filter = EnvFilter::try_from_default_env()
        .unwrap_or_else(|_| EnvFilter::new("info,sqlx=warn,tower_http=warn"));
    let colours = io::stderr().is_terminal();
    let shown = match (json, colours) {
        (true, _) => Shown::Json,
        (false, true) => Shown::Colours,
        (false, false) => Shown::Plain,
    };
    let builder = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(colours)
        .with_writer(Lines(shown));
    if json {
        builder.json().init();
    } else {
        builder.init();
    }
}

/// How hidden signs are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Shown {
    /// As a programmer writes them.
    Plain,
    /// The same, except that what changes the colour of a terminal stays.
    Colours,
    /// As JSON has them, because they stand in its texts.
    Json,
}

/// Makes the writer of each event.
#[derive(Clone, Copy, Debug)]
struct Lines(Shown);

impl<'a> MakeWriter<'a> for Lines {
    type Writer = Line;

    fn make_writer(&'a self) -> Self::Writer {
        Line(self.0)
    }
}

/// Writes one event, which comes at once and ends with a line feed.
#[derive(Clone, Copy, Debug)]
struct Line(Shown);

impl Write for Line {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let text = String::from_utf8_lossy(bytes);
        io::stderr()
            .lock()
            .write_all(one_line(&text, self.0).as_bytes())?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        io::stderr().lock().flush()
    }
}

/// Signs that change how what stands around them is read: what nobody sees, or what turns the direction.
fn is_hidden(sign: char) -> bool {
    sign.is_control()
        || matches!(sign, '\u{2028}' | '\u{2029}' | '\u{200E}' | '\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}')
}

/// The same text in one line, with hidden signs shown.
fn one_line(text: &str, shown: Shown) -> String {
    let (text, end) = text
        .strip_suffix('\n')
        .map_or((text, ""), |text| (text, "\n"));
    let mut line = String::with_capacity(text.len() + 1);
    let mut rest = text;
    while let Some(sign) = rest.chars().next() {
        if let Some(colour) = colour(rest).filter(|_| shown == Shown::Colours) {
            line.push_str(colour);
            rest = rest.get(colour.len()..).unwrap_or_default();
            continue;
        }
        // Writing to a string does not fail.
        let _ = match (is_hidden(sign), shown) {
            (false, _) => line.write_char(sign),
            (true, Shown::Json) => write!(line, "\\u{:04x}", u32::from(sign)),
            (true, _) => write!(line, "{}", sign.escape_default()),
        };
        rest = rest.get(sign.len_utf8()..).unwrap_or_default();
    }
    line.push_str(end);
    line
}

/// The sequence that a text begins with, if it changes the colour.
fn colour(text: &str) -> Option<&str> {
    let inside = text.strip_prefix("\u{1b}[")?;
    let end = inside.find(|sign: char| !sign.is_ascii_digit() && sign != ';')?;
    inside.get(end..)?.starts_with('m').then_some(())?;
    text.get(..end + 3)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_is_one_line_without_hidden_signs() {
        for (text, plain) in [
            ("all is well\n", "all is well\n"),
            ("a\nb\n", "a\\nb\n"),
            ("a\r\nb", "a\\r\\nb"),
            ("a\tb\0\n", "a\\tb\\u{0}\n"),
            ("\u{1b}[2Jx\u{9b}2J\n", "\\u{1b}[2Jx\\u{9b}2J\n"),
            ("x\u{202e}y\u{2028}z\n", "x\\u{202e}y\\u{2028}z\n"),
            ("\n\n", "\\n\n"),
            ("", ""),
            ("Zürich 🙂\n", "Zürich 🙂\n"),
        ] {
            assert_eq!(one_line(text, Shown::Plain), plain, "{text:?}");
        }
        assert_eq!(
            one_line("\u{1b}[31mred\u{1b}[0m\n", Shown::Plain),
            "\\u{1b}[31mred\\u{1b}[0m\n"
        );
        assert_eq!(
            one_line(
                "\u{1b}[1;31mred\u{1b}[0m\u{1b}[2J\u{1b}]0;x\u{7}\u{1b}[\n",
                Shown::Colours
            ),
            "\u{1b}[1;31mred\u{1b}[0m\\u{1b}[2J\\u{1b}]0;x\\u{7}\\u{1b}[\n"
        );
        let json = "{\"message\":\"a\\nb\u{9b}\u{202e}\"}\n";
        let line = one_line(json, Shown::Json);
        assert_eq!(line, "{\"message\":\"a\\nb\\u009b\\u202e\"}\n");
        let read: serde_json::Value = serde_json::from_str(&line).expect("JSON still");
        assert_eq!(read["message"], "a\nb\u{9b}\u{202e}");
    }
}
