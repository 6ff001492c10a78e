//! The population as one horizontal bar: where each part begins, how wide it is, and what it says.

use std::collections::BTreeMap;

use super::{
    text::{Count, share},
    words::{self, Badge},
};
use crate::{domain::verdict::Standing, store::model::Filter};

/// Hundredths of a percent in the whole bar.
const WHOLE: i64 = 10_000;
/// No part that has anybody in it is thinner than this, so that one client in 50,000 is still seen.
const THINNEST: i64 = 70;
/// From this width on there is room for the number.
const LABELLED: i64 = 600;

/// One part of the bar.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Segment {
    /// Shape, colour class and word.
    pub badge: Badge,
    /// What the standing means.
    pub meaning: &'static str,
    /// How many, and where they are listed.
    pub count: Count,
    /// Share of the whole.
    pub share: String,
    /// Where it begins, such as `12.5%`.
    pub x: String,
    /// How wide it is.
    pub width: String,
    /// Middle of it, for the number.
    pub middle: String,
    /// Whether the number fits in.
    pub labelled: bool,
    /// What blocking clients would lose, where that is known; these add up to `count`.
    pub losses: Vec<Loss>,
}

/// Blocking clients of one impact.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Loss {
    /// The impact in short.
    pub word: &'static str,
    /// What it means.
    pub meaning: &'static str,
    /// How many, and where they are listed.
    pub count: Count,
    /// Share of the whole.
    pub share: String,
}

/// The parts of a bar, worst standing first; standings without anybody have no width.
pub fn segments(standings: &BTreeMap<Standing, i64>, filter: &Filter) -> Vec<Segment> {
    let of = |standing: Standing| standings.get(&standing).copied().unwrap_or(0).max(0);
    let counts = Standing::ALL.map(of);
    let total: i64 = counts.iter().sum();
    let widths = widths(&counts);
    let mut x = 0;
    Standing::ALL
        .into_iter()
        .zip(counts)
        .zip(widths)
        .map(|((standing, n), width)| {
            let filter = Filter {
                standings: vec![standing],
                ..filter.clone()
            };
            let segment = Segment {
                badge: words::standing(standing),
                meaning: words::standing_meaning(standing),
                count: Count::new(n, &filter),
                share: share(n, total),
                x: percent(x),
                width: percent(width),
                middle: percent(x + width / 2),
                labelled: width >= LABELLED,
                losses: Vec::new(),
            };
            x += width;
            segment
        })
        .collect()
}

/// Widths in hundredths of a percent that add up to the whole.
fn widths(counts: &[i64; 7]) -> [i64; 7] {
    let total: i64 = counts.iter().sum();
    if total == 0 {
        return [0; 7];
    }
    let is_thin = |n: i64| n > 0 && n * WHOLE < THINNEST * total;
    let thin: i64 = counts
        .iter()
        .copied()
        .filter(|n| is_thin(*n))
        .count()
        .try_into()
        .unwrap_or(0);
    let room = WHOLE - thin * THINNEST;
    let wide: i64 = counts.iter().copied().filter(|n| !is_thin(*n)).sum();
    let mut widths = counts.map(|n| {
        if is_thin(n) {
            THINNEST
        } else {
            n * room / wide.max(1)
        }
    });
    let missing = WHOLE - widths.iter().sum::<i64>();
    if let Some(widest) = widths.iter_mut().max() {
        *widest += missing;
    }
    widths
}

fn percent(hundredths: i64) -> String {
    format!("{}.{:02}%", hundredths / 100, hundredths % 100)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_fill_the_bar_and_nobody_vanishes() {
        for counts in [
            [1, 0, 0, 0, 0, 0, 0],
            [1, 1, 1, 1, 1, 1, 99_999],
            [214, 60, 2, 52, 131, 198, 7_755],
            [0, 0, 0, 0, 0, 8_412, 0],
            [3, 3, 3, 3, 3, 3, 3],
        ] {
            let widths = widths(&counts);
            assert_eq!(widths.iter().sum::<i64>(), WHOLE, "{counts:?}");
            for (n, width) in counts.into_iter().zip(widths) {
                assert_eq!(n == 0, width == 0, "{counts:?}");
                assert!(n == 0 || width >= THINNEST, "{counts:?} {widths:?}");
            }
        }
        assert_eq!(widths(&[0; 7]), [0; 7]);
    }

    #[test]
    fn each_part_leads_to_its_list() {
        let standings = BTreeMap::from([(Standing::Blocking, 1), (Standing::Ready, 3)]);
        let site = Filter {
            site: Some("P01".to_owned()),
            ..Filter::default()
        };
        let parts = segments(&standings, &site);
        assert_eq!(parts.len(), 7);
        let href = |index: usize| parts[index].count.href.as_deref();
        assert_eq!(href(0), Some("/blockers?standing=blocking&site=P01"));
        assert_eq!(href(1), None);
        assert_eq!(href(6), Some("/clients?standing=ready&site=P01"));
        assert_eq!(parts[6].x, "25.00%");
        assert_eq!(parts[6].width, "75.00%");
    }
}
