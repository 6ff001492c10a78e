//! What surrounds the rows of a CSV file: lines before the header, the separator, line numbers.

/// Skips what PowerShell (`#TYPE …`) and Excel (`sep=;`) put before the header, and empty lines.
pub(super) fn without_preamble(mut text: &[u8]) -> (u64, &[u8]) {
    let mut skipped = 0;
    loop {
        let end = text.iter().position(|byte| *byte == b'\n');
        let line = text[..end.unwrap_or(text.len())].trim_ascii();
        let is_sep = line.len() <= 5 && line.to_ascii_lowercase().starts_with(b"sep=");
        if !(line.is_empty() || line.starts_with(b"#TYPE") || is_sep) {
            return (skipped, text);
        }
        let Some(end) = end else {
            return (skipped, &[]);
        };
        text = &text[end + 1..];
        skipped += 1;
    }
}

/// The separator that the header uses most, outside quotation marks; a comma when there is none.
pub(super) fn sniff(text: &[u8]) -> u8 {
    let mut counts = [(b',', 0_usize), (b';', 0), (b'\t', 0)];
    let mut quoted = false;
    for byte in text {
        match byte {
            b'"' => quoted = !quoted,
            b'\n' if !quoted => break,
            byte if !quoted => {
                for (separator, count) in &mut counts {
                    *count += usize::from(separator == byte);
                }
            }
            _ => {}
        }
    }
    // The first of equals wins.
    let most = counts.iter().rev().max_by_key(|(_, count)| *count);
    most.map_or(b',', |(separator, _)| *separator)
}

/// Line numbers of ever later places. (The CSV reader is one short behind CR LF and blank lines.)
#[derive(Debug)]
pub(super) struct LineCount {
    counted: usize,
    line: u64,
}

impl LineCount {
    /// Counting on from the lines that were skipped.
    pub(super) const fn after(skipped: u64) -> Self {
        Self {
            counted: 0,
            line: skipped + 1,
        }
    }

    /// The line of the first text at or behind `from`.
    pub(super) fn at(&mut self, text: &[u8], from: usize) -> u64 {
        while let Some(byte) = text.get(self.counted) {
            let line_end = *byte == b'\n';
            if self.counted >= from && !line_end && *byte != b'\r' {
                break;
            }
            self.line += u64::from(line_end);
            self.counted += 1;
        }
        self.line
    }
}
