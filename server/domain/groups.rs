//! What groups of a directory may do here: which role each has, and at which sites.

use super::access::{Role, Sites, rights};

/// What a group may do.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Grant {
    group: String,
    role: Role,
    sites: Sites,
}

/// Groups and their roles.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GroupRoles(Vec<Grant>);

/// Which of two roles counts for somebody who has both: the one that changes more.
const fn rank(role: Role) -> u8 {
    match role {
        Role::Viewer => 0,
        Role::Auditor => 1,
        Role::Operator => 2,
        Role::Approver => 3,
        Role::Administrator => 4,
    }
}

impl GroupRoles {
    /// Reads `GROUP=ROLE[:P01+P02],…`. Where a semicolon stands in it, that separates instead of the comma: names of groups
    /// may have commas.
    ///
    /// # Errors
    /// One sentence that says what is wrong.
    pub fn parse(text: &str) -> Result<Self, String> {
        let separator = if text.contains(';') { ';' } else { ',' };
        let mut grants = Vec::new();
        for piece in text.split(separator).map(str::trim) {
            if piece.is_empty() {
                continue;
            }
            let wrong = |why: &str| format!("{piece:?}: {why}");
            // A name of a directory has equals signs of its own.
            let (group, right) = piece.rsplit_once('=').ok_or_else(|| {
                wrong("write it like GROUP=viewer, or GROUP=operator:P01+P02 for some sites only")
            })?;
            let group = group.trim();
            if group.is_empty() {
                return Err(wrong("it names no group"));
            }
            let (role, sites) = match right.trim().split_once(':') {
                None => (right.trim(), String::new()),
                Some((_, sites)) if sites.trim().is_empty() => {
                    return Err(wrong("no site is named after the colon"));
                }
                Some((role, sites)) => (role.trim(), sites.replace('+', ",")),
            };
            let (role, sites) = rights(role, &sites).map_err(|why| wrong(&why))?;
            grants.push(Grant {
                group: group.to_owned(),
                role,
                sites,
            });
        }
        if grants.is_empty() {
            return Err("it names no group; write it like GROUP=viewer".to_owned());
        }
        Ok(Self(grants))
    }

    /// What somebody in these groups may do: the role that changes most among theirs, at the sites of all groups that give it.
    /// Sites of a lesser role never widen a greater one. `None`: nothing.
    pub fn settle(&self, groups: &[String]) -> Option<(Role, Sites)> {
        let of_theirs = || self.0.iter().filter(|grant| groups.contains(&grant.group));
        let best = of_theirs().max_by_key(|grant| rank(grant.role))?.role;
        let mut codes = Vec::new();
        for grant in of_theirs().filter(|grant| grant.role == best) {
            match grant.sites.limit() {
                None => return Some((best, Sites::all())),
                Some(more) => codes.extend_from_slice(more),
            }
        }
        Some((best, Sites::only(codes)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settled(text: &str, groups: &[&str]) -> Option<(Role, Sites)> {
        let groups: Vec<String> = groups.iter().map(|group| (*group).to_owned()).collect();
        GroupRoles::parse(text).expect("it fits").settle(&groups)
    }

    fn only(codes: &[&str]) -> Sites {
        Sites::only(codes.iter().map(|code| (*code).to_owned()))
    }

    #[test]
    fn the_role_that_changes_most_counts_at_its_own_sites() {
        let text = "all=viewer, north=operator:P01, south = operator:p02+P03 ,audit=auditor, boss=administrator";
        for (groups, right) in [
            (&["none"][..], None),
            (&[][..], None),
            (&["All"], None),
            (&["all"], Some((Role::Viewer, Sites::all()))),
            (&["all", "north"], Some((Role::Operator, only(&["P01"])))),
            (
                &["south", "north"],
                Some((Role::Operator, only(&["P01", "P02", "P03"]))),
            ),
            (&["audit", "all"], Some((Role::Auditor, Sites::all()))),
            (
                &["north", "boss", "all"],
                Some((Role::Administrator, Sites::all())),
            ),
        ] {
            assert_eq!(settled(text, groups), right, "{groups:?}");
        }
        // One group without a limit is enough.
        let text = "a=operator:P01,b=operator";
        assert_eq!(
            settled(text, &["a", "b"]),
            Some((Role::Operator, Sites::all()))
        );
    }

    #[test]
    fn names_of_directories_have_commas_and_equals_signs() {
        let text = "CN=TLS Admins,OU=Groups=administrator;/cutover/read=viewer";
        assert_eq!(
            settled(text, &["CN=TLS Admins,OU=Groups"]),
            Some((Role::Administrator, Sites::all()))
        );
        assert_eq!(
            settled(text, &["/cutover/read"]),
            Some((Role::Viewer, Sites::all()))
        );
    }

    #[test]
    fn what_cannot_be_meant_is_refused() {
        for text in [
            "",
            " , ",
            "group",
            "=viewer",
            "group=owner",
            "group=operator:",
            "group=operator:P1",
            "group=administrator:P01",
            "group=viewer:P01 P02=x",
            "CN=A,OU=B=viewer",
        ] {
            assert!(GroupRoles::parse(text).is_err(), "{text}");
        }
    }
}
