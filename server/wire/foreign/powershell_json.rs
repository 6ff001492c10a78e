//! JSON files as PowerShell and command windows leave them: what stands in front of the JSON, and what became of it.

use super::Unreadable;

/// Where a JSON text begins, behind blanks.
///
/// # Errors
/// Something else stands in front: warnings and prompts come with it when streams are joined.
pub(super) fn begins(text: &str) -> Result<&str, Unreadable> {
    const SHOWN: usize = 80;
    let json = text.trim_start();
    match json.chars().next() {
        Some('{' | '[') => Ok(json),
        None => Err(Unreadable("The file is empty.".to_owned())),
        Some(_) => {
            let line = json.lines().next().unwrap_or_default();
            let seen: String = line
                .chars()
                .filter(|c| !c.is_control())
                .take(SHOWN)
                .collect();
            Err(Unreadable(format!(
                "Text stands in front of the JSON: \"{seen}\". Send the program's output alone, without warnings: do not join the streams (2>&1, *>), or let the program write the file itself."
            )))
        }
    }
}

/// Whether a file, by its beginning, is JSON, text in front of it aside.
pub(super) fn looks_like(head: &str) -> bool {
    head.lines().take(50).any(|line| {
        let line = line.trim_start();
        line.starts_with('{') || line.starts_with('[')
    })
}
