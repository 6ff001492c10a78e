//! Stub until the real one is merged.
#![allow(missing_docs)]
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Format { Report, Table }
impl Format {
    pub const ALL: [Self; 2] = [Self::Report, Self::Table];
    pub const fn code(self) -> &'static str { match self { Self::Report => "report", Self::Table => "table" } }
    pub const fn title(self) -> &'static str { match self { Self::Report => "Reports of our own", Self::Table => "Table" } }
    pub fn from_code(code: &str) -> Option<Self> { Self::ALL.into_iter().find(|f| f.code() == code) }
    pub const fn is_table(self) -> bool { matches!(self, Self::Table) }
}
