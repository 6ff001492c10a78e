//! The denominator in one sentence: what every number is out of. Pages and API say it with these words and no others.

use super::{
    text::{Moment, clients, counted, joined, number},
    words,
};
use crate::store::model::{ListInfo, Population};

/// No more lists than this are named one by one.
const NAMED: usize = 8;

/// What the numbers of a selection are out of.
pub fn selection(population: &Population) -> String {
    let mut sentence = format!(
        "{} of the population {} this selection",
        clients(population.total),
        if population.total == 1 { "fits" } else { "fit" }
    );
    if !population.lists.is_empty() && population.unlisted > 0 {
        sentence.push_str(&format!(
            "; {} of them on no expected list",
            number(population.unlisted)
        ));
    }
    if population.left_out > 0 {
        sentence.push_str(&format!(
            "; {} more would fit, but every list that names them marks them obsolete or decommissioned",
            number(population.left_out)
        ));
    }
    sentence.push('.');
    sentence
}

/// Which lists say who is expected, how many clients that are, and who is left out why.
pub fn denominator(population: &Population) -> String {
    let named: Vec<String> = population.lists.iter().take(NAMED).map(list).collect();
    let (expected, leave_out) = match named.as_slice() {
        [] => {
            return "No expected list yet: nothing can be called ready, because nobody knows who is missing."
                .to_owned();
        }
        [only] => (format!("on the list {only}"), "it marks them"),
        several => {
            let further = population.lists.len() - several.len();
            let further = if further > 0 {
                format!(
                    "; and {}",
                    counted(count(further), "list more", "lists more")
                )
            } else {
                String::new()
            };
            (
                format!(
                    "on at least one of {} lists: {}{further}",
                    number(count(population.lists.len())),
                    joined(several)
                ),
                "every list that names them marks them",
            )
        }
    };
    let mut sentence = format!("Expected = {} {expected}", clients(population.expected));
    if population.left_out > 0 {
        sentence.push_str(&format!(
            "; {} left out, because {leave_out} obsolete ({}) or decommissioned ({})",
            number(population.left_out),
            number(population.left_out - population.decommissioned),
            number(population.decommissioned)
        ));
    }
    if population.unlisted > 0 {
        sentence.push_str(&format!(
            "; {} without being expected, and {} too",
            counted(population.unlisted, "client reports", "clients report"),
            if population.unlisted == 1 {
                "counts"
            } else {
                "count"
            }
        ));
    }
    sentence.push('.');
    sentence
}

fn list(list: &ListInfo) -> String {
    format!(
        "“{}” ({}, {}, uploaded {} by {})",
        list.name,
        words::list_kind(list.kind),
        counted(list.rows, "row", "rows"),
        // The moment of the page is not asked: the sentence is the same in an answer that is kept.
        Moment::new(list.uploaded_at, list.uploaded_at).absolute,
        list.uploaded_by,
    )
}

fn count(n: usize) -> i64 {
    i64::try_from(n).unwrap_or(i64::MAX)
}
