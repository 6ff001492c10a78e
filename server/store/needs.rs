//! Which needs the clients of a filter have, by the maintained counts: so that a list of what few clients need does not
//! walk through all the others.

use std::collections::BTreeMap;

use super::{
    counting,
    db::Tx,
    error::{Error, Result},
    model::Filter,
};
use crate::domain::verdict::Standing;

/// Up to so many clients of a standing are looked up by what they need, and then put in order. Where there are more, the
/// walk in order meets enough of them soon.
const FEW: i64 = 5_000;
/// Masks in one statement; fewer are filled up with the last one, so that there is one text to prepare.
const TOGETHER: usize = 32;

#[derive(Debug, sqlx::FromRow)]
struct Signature {
    standing: String,
    reasons: i64,
    n: i64,
}

/// How a standing's clients are to be found.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Found {
    /// By a walk through all of the standing.
    Walking,
    /// By these masks of reasons, so many of them at once; there may be none.
    ByMask(Vec<Vec<i64>>),
}

/// What is known of a filter's needs.
#[derive(Debug, Default)]
pub(super) struct Needs(Option<BTreeMap<Standing, Vec<Signature>>>);

impl Needs {
    /// Reads them; nothing is known of a filter that asks for no need.
    pub(super) async fn read(tx: &mut Tx, filter: &Filter) -> Result<Self> {
        let Some(growing) = counting::signatures(filter) else {
            return Ok(Self::default());
        };
        let mut by_standing: BTreeMap<Standing, Vec<Signature>> = BTreeMap::new();
        for row in growing.statement(tx).all::<Signature>().await? {
            let standing =
                Standing::from_code(&row.standing).ok_or_else(|| Error::Inconsistent {
                    table: "counts",
                    detail: format!("the standing {:?}", row.standing),
                })?;
            by_standing.entry(standing).or_default().push(row);
        }
        Ok(Self(Some(by_standing)))
    }

    /// How to find those of a standing.
    pub(super) fn of(&self, standing: Option<Standing>) -> Found {
        let (Some(known), Some(standing)) = (&self.0, standing) else {
            return Found::Walking;
        };
        let Some(signatures) = known.get(&standing) else {
            return Found::ByMask(Vec::new());
        };
        if signatures.iter().map(|signature| signature.n).sum::<i64>() > FEW {
            return Found::Walking;
        }
        let masks: Vec<i64> = signatures
            .iter()
            .map(|signature| signature.reasons)
            .collect();
        let chunks = masks.chunks(TOGETHER).map(|chunk| {
            let mut chunk = chunk.to_vec();
            if let Some(&last) = chunk.last() {
                chunk.resize(TOGETHER, last);
            }
            chunk
        });
        Found::ByMask(chunks.collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn needs(rows: &[(i64, i64)]) -> Needs {
        let signatures = rows.iter().map(|&(reasons, n)| Signature {
            standing: Standing::Blocking.code().to_owned(),
            reasons,
            n,
        });
        Needs(Some(BTreeMap::from([(
            Standing::Blocking,
            signatures.collect(),
        )])))
    }

    #[test]
    fn few_are_looked_up_and_many_are_walked_to() {
        assert_eq!(
            Needs::default().of(Some(Standing::Blocking)),
            Found::Walking
        );
        assert_eq!(needs(&[(1, 5)]).of(None), Found::Walking);
        assert_eq!(
            needs(&[(1, FEW), (2, 1)]).of(Some(Standing::Blocking)),
            Found::Walking
        );
        assert_eq!(
            needs(&[(1, 5)]).of(Some(Standing::Stale)),
            Found::ByMask(Vec::new())
        );
        let many: Vec<(i64, i64)> = (1..=40).map(|mask| (mask, 1)).collect();
        let Found::ByMask(chunks) = needs(&many).of(Some(Standing::Blocking)) else {
            panic!("few are looked up");
        };
        assert!(chunks.iter().all(|chunk| chunk.len() == TOGETHER));
        let all: std::collections::BTreeSet<i64> = chunks.concat().into_iter().collect();
        assert_eq!(all, (1..=40).collect());
    }
}
