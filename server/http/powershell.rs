//! Text from outside as PowerShell takes it: a literal that means those letters and nothing else.

/// The characters that PowerShell takes for a single quote.
const QUOTES: [char; 5] = ['\'', '\u{2018}', '\u{2019}', '\u{201A}', '\u{201B}'];

/// A text as a single-quoted literal on one line. Every kind of quote is doubled, which means the quote itself; what would
/// break the line, or show a reader another order of letters than the program reads, becomes a question mark.
pub fn literal(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('\'');
    for letter in text.chars() {
        if QUOTES.contains(&letter) {
            out.push(letter);
        }
        out.push(if is_plain(letter) { letter } else { '?' });
    }
    out.push('\'');
    out
}

/// Whether a letter stands on its line and where it is read.
fn is_plain(letter: char) -> bool {
    !(letter.is_control()
        || matches!(letter, '\u{2028}' | '\u{2029}' | '\u{FEFF}')
        || matches!(letter, '\u{200E}' | '\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_quote_is_doubled_and_no_line_is_broken() {
        for (text, wanted) in [
            ("PC-1", "'PC-1'"),
            ("", "''"),
            ("it's", "'it''s'"),
            (
                "a\u{2019};b\u{201A}\u{201B}\u{2018}",
                "'a\u{2019}\u{2019};b\u{201A}\u{201A}\u{201B}\u{201B}\u{2018}\u{2018}'",
            ),
            ("a\r\nb\tc\u{85}\u{2028}", "'a??b?c??'"),
            ("$(calc) `n \"x\"", "'$(calc) `n \"x\"'"),
            ("\u{202E}cba", "'?cba'"),
            ("B\u{fc}ro-7", "'B\u{fc}ro-7'"),
        ] {
            assert_eq!(literal(text), wanted);
        }
    }
}
