//! Who asked, as the columns of a line tell it.

use std::net::IpAddr;

use ipnet::IpNet;

use crate::domain::observed::{Protocol, Via};

/// The protocol of a value as IIS writes it: the constants `SP_PROT_*`, in hexadecimal without `0x`. `100` is TLS 1.1 and
/// `1000` is TLS 1.3; read as decimal they would be something else. `None`: plain HTTP, or nothing known. The flag says that
/// it is the client's half, which a server does not write.
pub(super) fn protocol(value: &[u8]) -> Option<(Protocol, bool)> {
    if matches!(value, b"-" | b"") {
        return None;
    }
    let text = std::str::from_utf8(value).unwrap_or_default();
    let digits = text.strip_prefix("0x").unwrap_or(text);
    let plain = digits.len() <= 8 && digits.bytes().all(|digit| digit.is_ascii_hexdigit());
    let bits = u32::from_str_radix(digits, 16).ok().filter(|_| plain);
    Some(match bits {
        Some(0x10) => (Protocol::Ssl3, false),
        Some(0x20) => (Protocol::Ssl3, true),
        Some(0x40) => (Protocol::Tls10, false),
        Some(0x80) => (Protocol::Tls10, true),
        Some(0x100) => (Protocol::Tls11, false),
        Some(0x200) => (Protocol::Tls11, true),
        Some(0x400) => (Protocol::Tls12, false),
        Some(0x800) => (Protocol::Tls12, true),
        Some(0x1000) => (Protocol::Tls13, false),
        Some(0x2000) => (Protocol::Tls13, true),
        _ => (Protocol::Unknown, false),
    })
}

/// The protocol as load balancers write it: `TLSv1.2`, `TLS 1.2`, `tls1_2`, `TLSv1`. `None`: none was used.
pub(super) fn protocol_named(value: &str) -> Option<Protocol> {
    let plain: String = value
        .chars()
        .filter(char::is_ascii_alphanumeric)
        .take(16)
        .collect();
    Some(match plain.to_ascii_lowercase().as_str() {
        "" | "none" | "http" => return None,
        "sslv3" | "ssl3" | "ssl30" | "sslv30" => Protocol::Ssl3,
        "tlsv1" | "tls1" | "tlsv10" | "tls10" => Protocol::Tls10,
        "tlsv11" | "tls11" => Protocol::Tls11,
        "tlsv12" | "tls12" => Protocol::Tls12,
        "tlsv13" | "tls13" => Protocol::Tls13,
        _ => Protocol::Unknown,
    })
}

/// An address, alone or with a port, zone or brackets; an IPv4 address in the dress of IPv6 is that IPv4 address.
pub(super) fn address(text: &[u8]) -> Option<IpAddr> {
    let text = std::str::from_utf8(text).ok()?.trim();
    let parsed = text.parse::<IpAddr>().ok().or_else(|| {
        if let Some(rest) = text.strip_prefix('[') {
            return rest.split(']').next()?.parse().ok();
        }
        if let Some((bare, _zone)) = text.split_once('%') {
            return bare.parse().ok();
        }
        let (bare, port) = text.rsplit_once(':')?;
        port.parse::<u16>().ok()?;
        bare.parse::<std::net::Ipv4Addr>().ok().map(IpAddr::V4)
    })?;
    Some(parsed.to_canonical())
}

/// The name of the machine account `DOMAIN\HOST$`, in lower case.
pub(super) fn machine(user: &[u8]) -> Option<Box<str>> {
    let account = user.strip_suffix(b"$")?;
    let host = account.rsplit(|byte| *byte == b'\\').next()?;
    let host = std::str::from_utf8(host).ok()?;
    let fits = (1..=64).contains(&host.len())
        && host
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte));
    fits.then(|| host.to_ascii_lowercase().into())
}

/// From which address a request comes, and how: the peer, and whom it says it asks for. Each proxy adds the address that it
/// saw at the end, so the last one that is no named proxy is meant; what stands before it anybody may have written.
pub(super) fn origin(peer: IpAddr, forwarded: Option<&[u8]>, proxies: &[IpNet]) -> (IpAddr, Via) {
    let named = |address: &IpAddr| proxies.iter().any(|net| net.contains(address));
    let forwarded = forwarded.filter(|text| !matches!(*text, b"-" | b""));
    match (named(&peer), forwarded) {
        (false, None) => (peer, Via::Direct),
        (false, Some(_)) => (peer, Via::Unnamed),
        (true, None) => (peer, Via::Hidden),
        (true, Some(text)) => {
            for word in text.rsplit(|byte| *byte == b',') {
                // Blanks are written as `+`.
                let word = word.trim_ascii();
                let word = word.strip_prefix(b"+").unwrap_or(word);
                match address(word) {
                    Some(found) if named(&found) => {}
                    Some(found) => return (found, Via::Proxy),
                    None => break,
                }
            }
            (peer, Via::Hidden)
        }
    }
}
