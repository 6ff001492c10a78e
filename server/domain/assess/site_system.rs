//! Which extra rules a client's site system roles bring.

/// What the roles of a site system ask for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is one independent duty"
)]
pub(super) struct Duties {
    /// Holds a site database.
    pub(super) database: bool,
    /// Is a secondary site server.
    pub(super) secondary: bool,
    /// Talks to SQL Server through the native client or ODBC.
    pub(super) sql_client: bool,
    /// Runs WSUS.
    pub(super) wsus: bool,
}

/// Role names that make no site system.
const PLAIN: &[&str] = &[
    "client",
    "console",
    "admin_console",
    "configuration_manager_console",
];

/// Words in the names of roles that need the SQL client part.
const SQL_CLIENT_ROLES: &[&str] = &[
    "site_server",
    "central_administration_site",
    "primary_site",
    "secondary",
    "database",
    "sql_server",
    "management_point",
    "state_migration_point",
    "provider",
    "software_update_point",
    "multicast",
    "asset_intelligence",
    "reporting",
    "application_catalog",
    "enrollment_point",
    "enrolment_point",
    "endpoint_protection_point",
    "service_connection_point",
    "certificate_registration_point",
    "data_warehouse",
];

/// Words in the names of roles without which the clients of a site lose their management channel: the management point itself,
/// the database that it reads, and the server that feeds both.
const CONTACT_ROLES: &[&str] = &[
    "management_point",
    "site_server",
    "central_administration_site",
    "primary_site",
    "secondary",
    "database",
    "sql_server",
];

/// Whether the management channel of a site's clients hangs on a machine with these roles.
pub fn carries_contact<'r>(roles: impl IntoIterator<Item = &'r str>) -> bool {
    roles.into_iter().any(|role| {
        let role = plain(role);
        CONTACT_ROLES.iter().any(|word| role.contains(word))
    })
}

/// Whether a machine with these roles is a site system, and not a plain client.
pub fn is_site_system<'r>(roles: impl IntoIterator<Item = &'r str>) -> bool {
    let roles: Vec<String> = roles.into_iter().map(str::to_owned).collect();
    duties(&roles).is_some()
}

/// Whether a machine is asked for less with the roles `after` than with those `before`, or its site's clients do not hang on it any
/// more.
pub fn asks_less<'r>(
    before: impl IntoIterator<Item = &'r str>,
    after: impl IntoIterator<Item = &'r str>,
) -> bool {
    let owned = |role: &'r str| role.to_owned();
    let before: Vec<String> = before.into_iter().map(owned).collect();
    let after: Vec<String> = after.into_iter().map(owned).collect();
    let contact = |roles: &[String]| carries_contact(roles.iter().map(String::as_str));
    if contact(&before) && !contact(&after) {
        return true;
    }
    match (duties(&before), duties(&after)) {
        (None, _) => false,
        (Some(_), None) => true,
        (Some(before), Some(after)) => {
            before.database && !after.database
                || before.secondary && !after.secondary
                || before.sql_client && !after.sql_client
                || before.wsus && !after.wsus
        }
    }
}

/// The name of a role in one spelling.
fn plain(role: &str) -> String {
    let signs = role.trim().chars();
    signs
        .map(|c| {
            if matches!(c, ' ' | '-') {
                '_'
            } else {
                c.to_ascii_lowercase()
            }
        })
        .collect()
}

/// The duties of a site system; `None` for a plain client. A role the rules do not know makes a site
/// system all the same: more checks, never fewer.
pub(super) fn duties(roles: &[String]) -> Option<Duties> {
    let mut duties = None;
    for role in roles {
        let role = plain(role);
        let role = role.strip_prefix("sms_").unwrap_or(&role);
        if role.is_empty() || PLAIN.contains(&role) {
            continue;
        }
        let found = duties.get_or_insert_with(Duties::default);
        let has = |words: &[&str]| words.iter().any(|word| role.contains(word));
        found.secondary |= has(&["secondary"]);
        found.database |= has(&["database", "sql_server", "secondary"]);
        found.wsus |= has(&["software_update_point", "wsus"]);
        found.sql_client |= has(SQL_CLIENT_ROLES);
    }
    duties
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(role: &str) -> Option<Duties> {
        duties(&[role.to_owned()])
    }

    #[test]
    fn role_names_are_read_in_every_spelling() {
        assert_eq!(duties(&[]), None);
        assert_eq!(of("console"), None);
        assert_eq!(of("distribution_point"), Some(Duties::default()));
        assert_eq!(of("SMS Management Point"), of("management_point"));
        assert!(of("management-point").unwrap_or_default().sql_client);
        assert!(of("SMS SQL Server").unwrap_or_default().database);
        assert!(of("secondary_site").unwrap_or_default().secondary);
        assert!(of("software_update_point").unwrap_or_default().wsus);
        assert_eq!(of("something_new"), Some(Duties::default()));
        assert!(carries_contact([
            "distribution_point",
            "SMS Management-Point"
        ]));
        assert!(carries_contact(["SMS SQL Server"]));
        assert!(!carries_contact([
            "distribution_point",
            "software_update_point"
        ]));
    }
}
