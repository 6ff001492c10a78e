//! JSON laid out for people without changing a byte of any value.

/// The text, indented. Numbers, strings, the order of fields and repeated fields stay as they came,
/// which a parser and a printer would not promise. What is not JSON comes out readable, too.
pub fn pretty(raw: &[u8]) -> String {
    let text = String::from_utf8_lossy(raw);
    let mut out = String::with_capacity(text.len() * 2);
    let mut depth = 0_usize;
    let mut in_string = false;
    let mut escaped = false;
    let mut chars = text.trim_start_matches('\u{feff}').chars().peekable();
    while let Some(c) = chars.next() {
        if in_string {
            out.push(c);
            in_string = escaped || c != '"';
            escaped = c == '\\' && !escaped;
            continue;
        }
        match c {
            '"' => {
                in_string = true;
                out.push(c);
            }
            '{' | '[' => {
                out.push(c);
                while chars.next_if(char::is_ascii_whitespace).is_some() {}
                if let Some(close) = chars.next_if(|next| matches!(next, '}' | ']')) {
                    out.push(close);
                } else {
                    depth += 1;
                    new_line(&mut out, depth);
                }
            }
            '}' | ']' => {
                depth = depth.saturating_sub(1);
                new_line(&mut out, depth);
                out.push(c);
            }
            ',' => {
                out.push(c);
                new_line(&mut out, depth);
            }
            ':' => out.push_str(": "),
            c if c.is_ascii_whitespace() => {}
            c => out.push(c),
        }
    }
    out
}

/// The text at a JSON pointer.
pub fn text_at(raw: &[u8], pointer: &str) -> Option<String> {
    let value: serde_json::Value = serde_json::from_slice(raw).ok()?;
    Some(value.pointer(pointer)?.as_str()?.to_owned())
}

fn new_line(out: &mut String, depth: usize) {
    out.push('\n');
    // Nobody nests this deep on purpose; whoever does gets no wall of spaces.
    for _ in 0..depth.min(40) {
        out.push_str("  ");
    }
}

/// The first part of a text, cut between two characters, and whether anything was cut.
pub fn cut(text: &str, most: usize) -> (&str, bool) {
    if text.len() <= most {
        return (text, false);
    }
    (&text[..text.floor_char_boundary(most)], true)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_stay_as_they_came() {
        let raw =
            br#"{"b":1.0,"a":[ ],"a":{"x":18446744073709551616,"s":"a,\"b\": {}\\"}, "n":[1,2]}"#;
        assert_eq!(
            pretty(raw),
            "{\n  \"b\": 1.0,\n  \"a\": [],\n  \"a\": {\n    \"x\": 18446744073709551616,\n    \"s\": \"a,\\\"b\\\": {}\\\\\"\n  },\n  \"n\": [\n    1,\n    2\n  ]\n}"
        );
    }

    #[test]
    fn what_is_no_json_neither_fails_nor_explodes() {
        assert_eq!(pretty(b"\xff]]]}"), "\u{fffd}\n]\n]\n]\n}");
        assert!(pretty(&b"[".repeat(10_000)).len() < 10_000 * 90);
        assert_eq!(cut("äöü", 3), ("ä", true));
    }
}
