//! What to do for each fix that the reasons name: words, files to run, and how to see that it helped.
//!
//! The texts stand here, beside the reasons, so that a rule and its remedy change together. A wrong one breaks real
//! machines, so `tests/it/fixes.rs` applies every `.reg` file to the facts of untouched machines of the systems it says
//! it is for, judges them, and sees the check pass; and it looks that no file of these can be taken for a report of a
//! machine. `registry`: values; `updates`: what is installed; `facts`: what is collected; `machines`: the rest.

mod facts;
mod machines;
mod registry;
mod updates;

/// What one fix is and how it is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FixText {
    /// Code, as the reasons have it.
    pub code: &'static str,
    /// What it does.
    pub does: &'static str,
    /// Which systems it is for.
    pub systems: &'static str,
    /// How it is done, step by step.
    pub steps: &'static [&'static str],
    /// Values and numbers with their meaning.
    pub meanings: &'static [(&'static str, &'static str)],
    /// What to know before.
    pub beware: &'static [&'static str],
    /// When it takes effect.
    pub restart: &'static str,
    /// How to take it back.
    pub undo: &'static str,
    /// How to see that it helped.
    pub proof: &'static str,
    /// Checks that will pass.
    pub checks: &'static [&'static str],
    /// Files to run.
    pub files: &'static [FixFile],
    /// Where it is from.
    pub sources: &'static [&'static str],
}

/// A file to run or to import.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FixFile {
    /// Its name when it is saved.
    pub name: &'static str,
    /// What it does, in a few words.
    pub title: &'static str,
    /// Which systems it is for.
    pub systems: &'static str,
    /// Its content, with Windows line ends.
    pub text: &'static str,
}

impl FixFile {
    /// Whether it is a registry file; the others are PowerShell.
    pub fn is_registry(&self) -> bool {
        self.text.starts_with("Windows Registry Editor")
    }
}

/// Every fix, in no special order.
pub fn fix_texts() -> impl Iterator<Item = &'static FixText> {
    [registry::ALL, updates::ALL, facts::ALL, machines::ALL]
        .into_iter()
        .flatten()
}

/// The fix a code names.
pub fn fix_text(code: &str) -> Option<&'static FixText> {
    fix_texts().find(|text| text.code == code)
}

const RESTART: &str = "Restart the computer; the change counts from the next start on. A newer Microsoft text says that restarting the services may do; the rules wait for the computer.";
