//! Systems of which only the family is known: consoles and device lists often say `10.0` and no build.

/// Family, whether it is a server, and what it is called.
const FAMILIES: &[((u32, u32), bool, &str)] = &[
    ((5, 1), false, "Windows XP"),
    ((5, 2), false, "Windows XP x64"),
    ((5, 2), true, "Windows Server 2003"),
    ((6, 0), false, "Windows Vista"),
    ((6, 0), true, "Windows Server 2008"),
    ((6, 1), false, "Windows 7"),
    ((6, 1), true, "Windows Server 2008 R2"),
    ((6, 2), false, "Windows 8"),
    ((6, 2), true, "Windows Server 2012"),
    ((6, 3), false, "Windows 8.1"),
    ((6, 3), true, "Windows Server 2012 R2"),
    ((10, 0), false, "Windows 10 or 11"),
    ((10, 0), true, "Windows Server 2016 or later"),
];

/// Key of a system whose build nobody said, such as `10.0-client`; `None`: no such family.
pub fn os_family_key(major: u32, minor: u32, server: bool) -> Option<String> {
    let known = FAMILIES
        .iter()
        .any(|(family, of_servers, _)| *family == (major, minor) && *of_servers == server);
    known.then(|| {
        format!(
            "{major}.{minor}-{}",
            if server { "server" } else { "client" }
        )
    })
}

/// The label of such a key; `None`: it is none.
pub(super) fn label(key: &str) -> Option<String> {
    FAMILIES
        .iter()
        .find(|((major, minor), server, _)| {
            os_family_key(*major, *minor, *server).is_some_and(|known| known == key)
        })
        .map(|(.., name)| format!("{name}, build not known"))
}
