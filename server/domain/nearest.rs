//! Which of some known words was probably meant.

/// Letters of a word that are compared at most.
const LONGEST: usize = 64;

/// The known words that are nearest to a given one, the nearest first; those that have nothing in common with it are left
/// out.
pub fn nearest<'k>(given: &str, known: &'k [String], most: usize) -> Vec<&'k str> {
    let given = letters(given);
    let mut found: Vec<(usize, &str)> = known
        .iter()
        .filter(|word| !word.is_empty())
        .filter_map(|word| {
            let other = letters(word);
            let apart = apart(&given, &other);
            let longer = given.len().max(other.len());
            // A part of a word is near to it, whatever its length.
            let part = !given.is_empty() && (is_in(&given, &other) || is_in(&other, &given));
            (part || apart * 2 <= longer).then_some((if part { 0 } else { apart }, word.as_str()))
        })
        .collect();
    found.sort_unstable();
    found.into_iter().take(most).map(|(_, word)| word).collect()
}

fn letters(word: &str) -> Vec<char> {
    let lower = word.chars().flat_map(char::to_lowercase);
    lower.take(LONGEST).collect()
}

fn is_in(part: &[char], whole: &[char]) -> bool {
    !part.is_empty() && whole.windows(part.len()).any(|some| some == part)
}

/// How many letters have to be put in, taken out or changed to make one of the other.
fn apart(one: &[char], other: &[char]) -> usize {
    let mut before: Vec<usize> = (0..=other.len()).collect();
    for (row, letter) in one.iter().enumerate() {
        let mut line = Vec::with_capacity(before.len());
        line.push(row + 1);
        for ((wanted, above), diagonal) in other.iter().zip(before.iter().skip(1)).zip(&before) {
            let left = line.last().copied().unwrap_or_default();
            let changed = diagonal + usize::from(letter != wanted);
            line.push(changed.min(above + 1).min(left + 1));
        }
        before = line;
    }
    before.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_word_comes_first_and_strangers_do_not_come() {
        let known =
            ["10.0.19045-client", "6.1.7601-client", "10.0.20348-server"].map(str::to_owned);
        assert_eq!(
            nearest("10.0.19044-client", &known, 3).first(),
            Some(&"10.0.19045-client")
        );
        assert_eq!(nearest("7601", &known, 3), ["6.1.7601-client"]);
        assert_eq!(nearest("zzz", &known, 3), Vec::<&str>::new());
        let owners = ["Finance".to_owned(), "Lab".to_owned(), String::new()];
        assert_eq!(nearest("finanse", &owners, 3), ["Finance"]);
        assert_eq!(nearest("", &owners, 3), Vec::<&str>::new());
        assert_eq!(apart(&letters("kitten"), &letters("sitting")), 3);
    }
}
