//! What moved between two moments: who is not safe now and was before, the other way round, and who got worse.

use serde_json::{Value, json};

use super::whatif::Fate;

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

impl Who {
    fn read(value: &Value) -> Option<Self> {
        let text = |place: usize| value[place].as_str().map(str::to_owned);
        Some(Self {
            id: text(0)?,
            name: text(1)?,
            site: text(2)?,
        })
    }
}

/// A client that was not safe and still is not, and stands worse.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Worse {
    /// Who.
    pub who: Who,
    /// What would have happened to it.
    pub was: Fate,
    /// What would happen now, which is worse.
    pub is: Fate,
}

impl Worse {
    fn json(&self) -> Value {
        json!([
            self.who.id,
            self.who.name,
            self.who.site,
            self.was.code(),
            self.is.code()
        ])
    }

    fn read(value: &Value) -> Option<Self> {
        let fate = |place: usize| Fate::from_code(value[place].as_str()?);
        Some(Self {
            who: Who::read(value)?,
            was: fate(3)?,
            is: fate(4)?,
        })
    }
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
    /// Not safe both times, and worse now; `None`: it was kept when this was not looked at.
    pub worse: Option<Vec<Worse>>,
    /// How many of these there are.
    pub worse_count: usize,
}

impl Difference {
    /// Nothing, of two moments that are being compared.
    pub fn compared() -> Self {
        Self {
            worse: Some(Vec::new()),
            ..Self::default()
        }
    }

    /// Whether nothing moved.
    pub const fn is_nothing(&self) -> bool {
        self.more_count + self.fewer_count + self.worse_count == 0
    }

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
            "worse": self.worse.as_ref().map(|worse| worse.iter().map(Worse::json).collect::<Vec<_>>()),
            "worse_count": self.worse_count,
        })
    }

    /// From that form; `None`: it is something else.
    pub fn read(value: &Value) -> Option<Self> {
        let names = |side: &str| -> Option<Vec<Who>> {
            value[side].as_array()?.iter().map(Who::read).collect()
        };
        let count = |side: &str| usize::try_from(value[side].as_u64()?).ok();
        Some(Self {
            more: names("more")?,
            more_count: count("more_count")?,
            fewer: names("fewer")?,
            fewer_count: count("fewer_count")?,
            worse: match &value["worse"] {
                Value::Null => None,
                worse => Some(
                    worse
                        .as_array()?
                        .iter()
                        .map(Worse::read)
                        .collect::<Option<_>>()?,
                ),
            },
            worse_count: count("worse_count").unwrap_or(0),
        })
    }
}
