//! Columns of a device list by the many names that Configuration Manager, Active Directory and people give them.

use crate::domain::lists::ListOrigin;

/// A column that is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Column {
    ResourceId,
    Name,
    SmsGuid,
    SiteCode,
    Fqdn,
    Domain,
    Os,
    OsVersion,
    OsBuild,
    LastContact,
    Obsolete,
    Decommissioned,
    Owner,
    SmbiosGuid,
    SerialNumber,
    Roles,
    /// Of an account in Active Directory.
    Enabled,
    /// Only says that the list comes from Active Directory.
    AdMark,
}

/// Names without case, spaces and punctuation, and without the final 0 of ConfigMgr's views.
const NAMES: &[(Column, &[&str])] = &[
    (Column::ResourceId, &["resourceid", "itemkey", "machineid"]),
    (
        Column::Name,
        &[
            "name",
            "netbiosname",
            "devicename",
            "device",
            "computername",
            "computer",
            "clientname",
            "hostname",
            "machinename",
        ],
    ),
    (
        Column::SmsGuid,
        &[
            "smsguid",
            "smsuniqueidentifier",
            "smsid",
            "clientguid",
            "smsclientguid",
            "configmgrguid",
            "guid",
        ],
    ),
    (
        Column::SiteCode,
        &[
            "sitecode",
            "site",
            "smsassignedsites",
            "assignedsite",
            "assignedsitecode",
            "smssitecode",
        ],
    ),
    (
        Column::Fqdn,
        &[
            "fqdn",
            "resourcenames",
            "dnshostname",
            "fullyqualifieddomainname",
            "dnsname",
            "fullname",
        ],
    ),
    (
        Column::Domain,
        &[
            "domain",
            "resourcedomainorworkgr",
            "fulldomainname",
            "domainname",
            "addomain",
        ],
    ),
    (
        Column::Os,
        &[
            "os",
            "operatingsystem",
            "operatingsystemnameand",
            "operatingsystemnameandversion",
            "caption",
            "osname",
            "oscaption",
        ],
    ),
    (
        Column::OsVersion,
        &[
            "osversion",
            "build01",
            "version",
            "operatingsystemversion",
            "deviceosbuild",
        ],
    ),
    (Column::OsBuild, &["buildnumber", "osbuild", "build"]),
    (
        Column::LastContact,
        &[
            "lastcontact",
            "lastactivetime",
            "lasthwscan",
            "lastseen",
            "lastonline",
            "lastonlinetime",
            "lastpolicyrequest",
            "agenttime",
            "lastlogondate",
        ],
    ),
    (Column::Obsolete, &["obsolete", "isobsolete"]),
    (
        Column::Decommissioned,
        &["decommissioned", "isdecommissioned", "retired"],
    ),
    (
        Column::Owner,
        &[
            "owner",
            "primaryuser",
            "assignedto",
            "lastlogonusername",
            "username",
            "user",
        ],
    ),
    (
        Column::SmbiosGuid,
        &["smbios", "smbiosguid", "smbiosuuid", "uuid"],
    ),
    (Column::SerialNumber, &["serialnumber", "serial"]),
    (Column::Roles, &["roles", "role", "systemroles"]),
    (Column::Enabled, &["enabled"]),
    (Column::AdMark, &["objectguid", "distinguishedname"]),
];

/// The column a heading names.
pub(super) fn recognise(heading: &str) -> Option<Column> {
    let plain: String = heading
        .chars()
        .filter(|c| c.is_alphanumeric())
        .flat_map(char::to_lowercase)
        .collect();
    let without_zero = plain.strip_suffix('0').unwrap_or(&plain);
    NAMES.iter().find_map(|(column, names)| {
        names
            .iter()
            .any(|name| *name == plain || *name == without_zero)
            .then_some(*column)
    })
}

/// Whether rows with these columns can name a client.
pub(super) fn can_identify(columns: &[Column]) -> bool {
    let has = |column| columns.contains(&column);
    has(Column::SmsGuid)
        || has(Column::Fqdn)
        || has(Column::Name)
        || (has(Column::ResourceId) && has(Column::SiteCode))
}

/// What a list with these columns is. A ConfigMgr id says that it is not Active Directory's, whatever else it holds.
pub(super) fn kind_of(columns: &[Column]) -> ListOrigin {
    let has = |column| columns.contains(&column);
    if has(Column::AdMark) && !has(Column::SmsGuid) && !has(Column::ResourceId) {
        ListOrigin::AdComputers
    } else {
        ListOrigin::Devices
    }
}

/// The sentence for a list in which no client can be named.
pub(super) fn no_id_column(seen: &[String]) -> String {
    const SHOWN: usize = 30;
    let mut names: Vec<&str> = seen.iter().take(SHOWN).map(String::as_str).collect();
    if seen.len() > SHOWN {
        names.push("…");
    }
    let seen = if names.is_empty() {
        "no columns".to_owned()
    } else {
        format!("the columns {}", names.join(", "))
    };
    format!(
        "no column says which client a row means: the list has {seen}; wanted is at least one of Name, FQDN, SMS_Unique_Identifier0 (the client GUID), or ResourceID together with SiteCode"
    )
}
