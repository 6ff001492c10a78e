//! Why a server was not reached, in a sentence that says what to do.

use super::sender::told;

/// What to say when nothing came back because of the server's certificate: it does not get better by asking again.
pub fn distrust(why: &str) -> Option<String> {
    // The words of rustls.
    if !why.contains("invalid peer certificate") {
        return None;
    }
    Some(
        if why.contains("not valid for name") || why.contains("NotValidForName") {
            format!(
                "the server's certificate is not for this address; use the name that the certificate has, or a certificate \
             for this name ({why})"
            )
        } else if why.contains("Expired") || why.contains("expired") {
            format!("the server's certificate has expired; renew it on the server ({why})")
        } else {
            format!(
                "the server's certificate is not trusted; give it with --ca FILE (a server that made its own keeps it as \
             cert.pem in its data directory), or use --insecure for a server on this machine ({why})"
            )
        },
    )
}

/// Why a request got no answer, with what to look at.
pub fn unreached(error: &reqwest::Error) -> String {
    let why = told(error);
    if let Some(words) = distrust(&why) {
        return words;
    }
    let place = error.url().map_or_else(
        || "the address".to_owned(),
        |url| {
            let host = url.host_str().unwrap_or_default();
            match url.port_or_known_default() {
                Some(port) => format!("{host}:{port}"),
                None => host.to_owned(),
            }
        },
    );
    let lower = why.to_ascii_lowercase();
    if lower.contains("connection refused") {
        format!("nothing listens at {place}; check the port, and that the server runs")
    } else if lower.contains("dns") || lower.contains("lookup") {
        format!("the name of {place} is not known here; check the address")
    } else if lower.contains("corrupt message") || lower.contains("invalidmessage") {
        format!(
            "{place} does not speak TLS; check the port, or write http:// if the server does so"
        )
    } else if error.is_timeout() {
        format!(
            "{place} did not answer in time; check the address, and that no firewall is between"
        )
    } else {
        format!("{place} cannot be reached: {why}")
    }
}
