//! What moved between two moments: who is not safe now and was before, and the other way round.

use serde_json::{Value, json};

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

impl Difference {
    /// In one form.
    pub fn json(&self) -> Value {
        let names = |side: &[Who]| -> Vec<Value> {
            side.iter()
                .map(|who| json!([who.id, who.name, who.site]))
                .collect()
        };
        json!({
            "more": names(&self.more),
            "more_count": self.more_count,
            "fewer": names(&self.fewer),
            "fewer_count": self.fewer_count,
        })
    }

    /// From that form; `None`: it is something else.
    pub fn read(value: &Value) -> Option<Self> {
        let names = |side: &str| -> Option<Vec<Who>> {
            let each = value[side].as_array()?.iter();
            each.map(|who| {
                let text = |place: usize| who[place].as_str().map(str::to_owned);
                Some(Who {
                    id: text(0)?,
                    name: text(1)?,
                    site: text(2)?,
                })
            })
            .collect()
        };
        let count = |side: &str| usize::try_from(value[side].as_u64()?).ok();
        Some(Self {
            more: names("more")?,
            more_count: count("more_count")?,
            fewer: names("fewer")?,
            fewer_count: count("fewer_count")?,
        })
    }
}
