//! Tables in columns of fixed width, as `wmic` and PowerShell print them: the heading says where columns begin.

/// Where columns begin, in characters.
#[derive(Debug, Default)]
pub(super) struct Columns<'t> {
    starts: Vec<(usize, &'t str)>,
}

impl<'t> Columns<'t> {
    /// The columns of a heading; names hold no blanks.
    pub(super) fn of(heading: &'t str) -> Self {
        let mut starts = Vec::new();
        let mut inside: Option<(usize, usize)> = None;
        for (position, (byte, c)) in heading.char_indices().enumerate() {
            match (inside, c.is_whitespace()) {
                (None, false) => inside = Some((position, byte)),
                (Some((start, from)), true) => {
                    starts.push((start, heading.get(from..byte).unwrap_or_default()));
                    inside = None;
                }
                _ => {}
            }
        }
        if let Some((start, from)) = inside {
            starts.push((start, heading.get(from..).unwrap_or_default()));
        }
        Self { starts }
    }

    /// Whether there is a column of this name.
    pub(super) fn has(&self, name: &str) -> bool {
        self.starts
            .iter()
            .any(|(_, known)| known.eq_ignore_ascii_case(name))
    }

    /// What a row says in a column. `None`: no such column, or the row does not keep to the columns there, as when
    /// an earlier cell was counted in other units than the heading.
    pub(super) fn cell<'r>(&self, row: &'r str, name: &str) -> Option<&'r str> {
        let at = self
            .starts
            .iter()
            .position(|(_, known)| known.eq_ignore_ascii_case(name))?;
        let (start, _) = *self.starts.get(at)?;
        let end = self.starts.get(at + 1).map(|(next, _)| *next);
        let byte = |position: usize| row.char_indices().nth(position).map(|(byte, _)| byte);
        let Some(from) = byte(start) else {
            return Some("");
        };
        let to = end.and_then(byte).unwrap_or(row.len());
        let begins = row
            .get(..from)?
            .chars()
            .next_back()
            .is_none_or(char::is_whitespace);
        let ends = to == row.len()
            || row
                .get(..to)?
                .chars()
                .next_back()
                .is_some_and(char::is_whitespace);
        (begins && ends).then(|| row.get(from..to).unwrap_or_default().trim())
    }
}
