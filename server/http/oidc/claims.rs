//! What a proof says of a person beyond the standard: groups; and what the person is called.

use openidconnect::AdditionalClaims;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// Characters of a name that are kept.
const LONGEST: usize = 80;

/// Claims that every provider has of its own.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub struct MoreClaims(Map<String, Value>);

impl AdditionalClaims for MoreClaims {}

/// The groups of a person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Groups {
    /// These.
    Named(Vec<String>),
    /// More than fit into a proof: the provider leaves them out, and says where else to ask.
    TooMany,
    /// Nothing is said of groups.
    Missing,
}

impl MoreClaims {
    /// The groups, from the claim of this name: a list of texts, or one text.
    pub fn groups(&self, claim: &str) -> Groups {
        match self.0.get(claim) {
            Some(Value::Array(values)) => {
                let texts = values.iter().filter_map(Value::as_str);
                Groups::Named(texts.map(str::to_owned).collect())
            }
            Some(Value::String(text)) => Groups::Named(vec![text.clone()]),
            _ => {
                // Entra ID does this above 200 groups.
                let elsewhere = self.0.get("_claim_names").and_then(|all| all.get(claim));
                let has = self.0.get("hasgroups").and_then(Value::as_bool);
                if elsewhere.is_some() || has == Some(true) {
                    Groups::TooMany
                } else {
                    Groups::Missing
                }
            }
        }
    }
}

/// What a person is called: the name they sign in with there, or else their mail address. Only for showing: it is nothing that
/// anybody is known by.
pub fn name(user: Option<&str>, email: Option<&str>) -> Option<String> {
    let shown = |text: &str| {
        let plain: String = text
            .chars()
            // Marks that nobody sees, or that turn the direction of writing, would make two names look alike.
            .filter(|c| {
                !c.is_control()
                    && !matches!(c, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
            })
            .take(LONGEST)
            .collect();
        let plain = plain.trim();
        (!plain.is_empty()).then(|| plain.to_owned())
    };
    user.and_then(shown).or_else(|| email.and_then(shown))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn groups(claims: Value) -> Groups {
        let claims: MoreClaims = serde_json::from_value(claims).expect("claims");
        claims.groups("groups")
    }

    #[test]
    fn groups_come_in_several_shapes() {
        let named =
            |names: &[&str]| Groups::Named(names.iter().map(|name| (*name).to_owned()).collect());
        for (claims, found) in [
            (json!({"groups": ["a", "b"]}), named(&["a", "b"])),
            (json!({"groups": "a"}), named(&["a"])),
            (json!({"groups": []}), named(&[])),
            (json!({"groups": ["a", 1, null, ["b"]]}), named(&["a"])),
            (json!({}), Groups::Missing),
            (json!({"groups": null}), Groups::Missing),
            (json!({"groups": {"a": true}}), Groups::Missing),
            (
                json!({"_claim_names": {"groups": "src1"}, "_claim_sources": {"src1": {"endpoint": "https://graph"}}}),
                Groups::TooMany,
            ),
            (json!({"_claim_names": {"roles": "src1"}}), Groups::Missing),
            (json!({"hasgroups": true}), Groups::TooMany),
            (json!({"hasgroups": false}), Groups::Missing),
        ] {
            assert_eq!(groups(claims.clone()), found, "{claims}");
        }
    }

    #[test]
    fn names_can_be_seen() {
        assert_eq!(name(Some(" ada "), None).as_deref(), Some("ada"));
        assert_eq!(
            name(Some("\u{200b}\n"), Some("ada@corp.example")).as_deref(),
            Some("ada@corp.example")
        );
        assert_eq!(name(Some("a\u{202e}b\0c"), None).as_deref(), Some("abc"));
        assert_eq!(name(None, None), None);
        assert_eq!(
            name(Some(&"x".repeat(500)), None).map(|name| name.len()),
            Some(LONGEST)
        );
    }
}
