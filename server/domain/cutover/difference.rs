//! What moved between two moments: who is not safe now and was before, and the other way round.

/// A client that moved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Who {
    /// Our id.
    pub id: String,
    /// Name.
    pub name: String,
    /// Site code; empty: not known.
    pub site: String,
}

/// What moved: who came and who went, each with its whole number and the first names.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Difference {
    /// Not safe now, and not among the others before.
    pub more: Vec<Who>,
    /// How many of these there are.
    pub more_count: usize,
    /// Among them before, and safe or gone now.
    pub fewer: Vec<Who>,
    /// How many of these there are.
    pub fewer_count: usize,
}
