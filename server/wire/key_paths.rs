//! How senders spell registry paths, and which of them are probably meant to be one that the rules read.

/// PowerShell writes `Microsoft.PowerShell.Core\Registry::HKEY_LOCAL_MACHINE\…`, regedit `Computer\…`.
pub(super) fn without_provider(path: &str) -> &str {
    const COMPUTER: &str = r"Computer\";
    let path = path.trim();
    if let Some((provider, rest)) = path.split_once("::")
        && provider.len() >= 8
        && provider.is_char_boundary(provider.len() - 8)
        && provider[provider.len() - 8..].eq_ignore_ascii_case("registry")
    {
        return rest;
    }
    match path.split_at_checked(COMPUTER.len()) {
        Some((head, rest)) if head.eq_ignore_ascii_case(COMPUTER) => rest,
        _ => path,
    }
}

/// Whether an unknown key is probably meant to be one that the rules read.
pub(super) fn looks_misspelt(path: &str) -> bool {
    const PROTOCOLS: &[&str] = &[
        "TLS 1.0",
        "TLS 1.1",
        "TLS 1.2",
        "TLS 1.3",
        "SSL 2.0",
        "SSL 3.0",
        "PCT 1.0",
        "DTLS 1.0",
        "DTLS 1.2",
        "DTLS 1.3",
        "Multi-Protocol Unified Hello",
    ];
    const RUNTIMES: &[&str] = &[
        "v1.0.3705",
        "v1.1.4322",
        "v2.0.50727",
        "v3.0",
        "v3.5",
        "v4.0",
        "v4.0.30319",
    ];
    let known = |list: &[&str], name: &str| list.iter().any(|k| k.eq_ignore_ascii_case(name));
    let parts: Vec<&str> = path.trim_end_matches('\\').split('\\').skip(1).collect();
    let at = |index: usize| parts.get(index).copied().unwrap_or_default();
    if at(0).eq_ignore_ascii_case("SYSTEM") && at(1).eq_ignore_ascii_case("CurrentControlSet") {
        let schannel = parts
            .iter()
            .position(|part| part.eq_ignore_ascii_case("SCHANNEL"));
        let Some(schannel) = schannel else {
            return false;
        };
        let (folder, protocol, side) = (at(schannel + 1), at(schannel + 2), at(schannel + 3));
        if folder.eq_ignore_ascii_case("Protocol") {
            return !protocol.is_empty();
        }
        return folder.eq_ignore_ascii_case("Protocols")
            && !protocol.is_empty()
            && !(known(PROTOCOLS, protocol) && known(&["", "Client", "Server"], side));
    }
    if !at(0).eq_ignore_ascii_case("SOFTWARE") {
        return false;
    }
    let vendor = if at(1).eq_ignore_ascii_case("Wow6432Node") {
        2
    } else {
        1
    };
    let (product, version) = (at(vendor + 1), at(vendor + 2));
    let runtime = product
        .replace([' ', '.'], "")
        .eq_ignore_ascii_case("NETFramework");
    let numbered = version
        .trim_start_matches(['v', 'V'])
        .starts_with(|c: char| c.is_ascii_digit());
    at(vendor).eq_ignore_ascii_case("Microsoft")
        && runtime
        && numbered
        && !(product.eq_ignore_ascii_case(".NETFramework") && known(RUNTIMES, version))
}
