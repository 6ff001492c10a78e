//! A site system on which the way of a site's clients hangs.

use super::super::verdict::Standing;

/// One that does not count as ready.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Carrier {
    /// Our id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Its roles, by reports and by lists.
    pub roles: Vec<String>,
    /// How it stands.
    pub standing: Standing,
    /// It was judged with the roles that it has.
    pub asked: bool,
}
