//! Cipher suites by their numbers: those that Windows offers, and those that this server takes.

/// By what kind of certificate a suite of TLS 1.2 is signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Auth {
    /// ECDSA.
    Ecdsa,
    /// RSA.
    Rsa,
}

/// A cipher suite.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Suite {
    /// Its number.
    pub id: u16,
    /// Its name.
    pub name: &'static str,
    /// By which kind of certificate; `None`: by any (TLS 1.3), or by none that a server of ours can have (DSS).
    pub auth: Option<Auth>,
}

const fn of(id: u16, name: &'static str, auth: Option<Auth>) -> Suite {
    Suite { id, name, auth }
}

const E: Option<Auth> = Some(Auth::Ecdsa);
const R: Option<Auth> = Some(Auth::Rsa);

/// In the order of their numbers, so that one is found by halving.
const SUITES: &[Suite] = &[
    of(0x0004, "TLS_RSA_WITH_RC4_128_MD5", R),
    of(0x0005, "TLS_RSA_WITH_RC4_128_SHA", R),
    of(0x000A, "TLS_RSA_WITH_3DES_EDE_CBC_SHA", R),
    of(0x0013, "TLS_DHE_DSS_WITH_3DES_EDE_CBC_SHA", None),
    of(0x002F, "TLS_RSA_WITH_AES_128_CBC_SHA", R),
    of(0x0032, "TLS_DHE_DSS_WITH_AES_128_CBC_SHA", None),
    of(0x0033, "TLS_DHE_RSA_WITH_AES_128_CBC_SHA", R),
    of(0x0035, "TLS_RSA_WITH_AES_256_CBC_SHA", R),
    of(0x0038, "TLS_DHE_DSS_WITH_AES_256_CBC_SHA", None),
    of(0x0039, "TLS_DHE_RSA_WITH_AES_256_CBC_SHA", R),
    of(0x003C, "TLS_RSA_WITH_AES_128_CBC_SHA256", R),
    of(0x003D, "TLS_RSA_WITH_AES_256_CBC_SHA256", R),
    of(0x0040, "TLS_DHE_DSS_WITH_AES_128_CBC_SHA256", None),
    of(0x006A, "TLS_DHE_DSS_WITH_AES_256_CBC_SHA256", None),
    of(0x009C, "TLS_RSA_WITH_AES_128_GCM_SHA256", R),
    of(0x009D, "TLS_RSA_WITH_AES_256_GCM_SHA384", R),
    of(0x009E, "TLS_DHE_RSA_WITH_AES_128_GCM_SHA256", R),
    of(0x009F, "TLS_DHE_RSA_WITH_AES_256_GCM_SHA384", R),
    of(0x1301, "TLS_AES_128_GCM_SHA256", None),
    of(0x1302, "TLS_AES_256_GCM_SHA384", None),
    of(0x1303, "TLS_CHACHA20_POLY1305_SHA256", None),
    of(0xC009, "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA", E),
    of(0xC00A, "TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA", E),
    of(0xC013, "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA", R),
    of(0xC014, "TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA", R),
    of(0xC023, "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256", E),
    of(0xC024, "TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA384", E),
    of(0xC027, "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256", R),
    of(0xC028, "TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA384", R),
    of(0xC02B, "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256", E),
    of(0xC02C, "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384", E),
    of(0xC02F, "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256", R),
    of(0xC030, "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384", R),
    of(0xCCA8, "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256", R),
    of(0xCCA9, "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256", E),
];

/// The suite of this number, if it is one that matters here.
pub fn suite(id: u16) -> Option<&'static Suite> {
    SUITES
        .binary_search_by_key(&id, |suite| suite.id)
        .ok()
        .and_then(|at| SUITES.get(at))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn they_are_in_order() {
        assert!(SUITES.is_sorted_by_key(|suite| suite.id));
        for known in SUITES {
            assert_eq!(suite(known.id), Some(known));
        }
        assert_eq!(suite(0x5600), None);
    }
}
