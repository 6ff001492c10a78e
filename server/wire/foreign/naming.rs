//! Whom a file is about: names that devices are called by, and what to do when a file calls none.

use std::net::IpAddr;

use super::{
    super::{document::Client, fields::check_id},
    Source,
};

/// The note on a device that only the file's own name names.
pub(super) const BY_FILE: &str =
    "The file does not say which device it is about; its own name was taken.";

/// A text that may be an id or a name; `None` for what no report may hold.
pub(super) fn plain(text: &str) -> Option<String> {
    let text = text.trim();
    (!text.is_empty() && check_id(text).is_ok()).then(|| text.to_owned())
}

/// A name by which a machine calls itself or is called by others; not an address, and not "this machine".
pub(super) fn device(text: &str) -> Option<String> {
    let name = plain(text)?;
    let name = name.trim_start_matches('\\').trim_end_matches('.');
    let whole = !name.is_empty() && !name.contains(char::is_whitespace);
    let means_itself = ["localhost", "local", "127.0.0.1", "::1"]
        .iter()
        .any(|known| known.eq_ignore_ascii_case(name));
    let address = name.parse::<IpAddr>().is_ok();
    let listed = name.contains([',', ';', '/', '\\', '"', '|', '<', '>']);
    (whole && !means_itself && !address && !listed).then(|| name.to_owned())
}

/// Whether a name is one of DNS, with a domain behind the host.
pub(super) fn is_dns(name: &str) -> bool {
    name.contains('.')
        && name.split('.').all(|label| {
            (1..=63).contains(&label.len())
                && label
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
        })
}

/// The ids of a device that is called so.
pub(super) fn client(name: &str) -> Client {
    let mut client = Client::default();
    if is_dns(name) {
        client.fqdn = Some(name.to_owned());
        client.name = name.split('.').next().map(str::to_owned);
    } else {
        client.name = Some(name.to_owned());
    }
    client
}

/// Longest NetBIOS name.
const NETBIOS: usize = 15;

/// The ids of a device that the file does not name: what somebody said, else the file's name without its ending, when a
/// computer can be called so. With a note in the latter case; without ids, when nothing can be its name.
pub(super) fn given(source: &Source<'_>) -> (Client, Option<String>) {
    if let Some(name) = source.device.and_then(device) {
        return (client(&name), None);
    }
    let file = source.name.rsplit(['/', '\\']).next().unwrap_or_default();
    let stem = match file.rsplit_once('.') {
        Some((stem, _)) if !stem.is_empty() => stem,
        _ => file,
    };
    // `pc-7.corp.example.txt` is a full name; of `PC-7.systeminfo.txt` the first part is the name.
    let host = stem.split('.').next().unwrap_or_default();
    let full = is_dns(stem) && stem.split('.').count() > 2;
    let can_be = host.chars().count() <= NETBIOS && device(host).is_some();
    let named = match (can_be, full) {
        (false, _) => Client::default(),
        (true, true) => client(stem),
        (true, false) => client(host),
    };
    (named, Some(BY_FILE.to_owned()))
}
