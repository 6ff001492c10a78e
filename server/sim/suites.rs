//! The cipher suites a Windows release offers by default, most wanted first and cut to the telling ones, as JSON lists.

use super::systems::Family;

/// Windows 7 to 8.1 and their servers: ECDHE with GCM for ECDSA only, and the curve in the name.
const OLD: &str = r#"["TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA384_P256","TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256_P256","TLS_DHE_RSA_WITH_AES_256_GCM_SHA384","TLS_RSA_WITH_AES_128_GCM_SHA256","TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256_P256","TLS_RSA_WITH_AES_128_CBC_SHA","TLS_RSA_WITH_3DES_EDE_CBC_SHA"]"#;
/// Windows 10 and Server 2016, 2019.
const TEN: &str = r#"["TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384","TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256","TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384","TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256","TLS_RSA_WITH_AES_128_CBC_SHA256"]"#;
/// Windows 11 and Server 2022 on.
const ELEVEN: &str = r#"["TLS_AES_256_GCM_SHA384","TLS_AES_128_GCM_SHA256","TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384","TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256","TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384","TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256"]"#;
/// Server 2008: no GCM.
const VISTA: &str = r#"["TLS_RSA_WITH_AES_128_CBC_SHA","TLS_RSA_WITH_AES_256_CBC_SHA","TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA_P256","TLS_RSA_WITH_RC4_128_SHA","TLS_RSA_WITH_3DES_EDE_CBC_SHA"]"#;
/// XP and Server 2003.
const XP: &str =
    r#"["TLS_RSA_WITH_RC4_128_MD5","TLS_RSA_WITH_RC4_128_SHA","TLS_RSA_WITH_3DES_EDE_CBC_SHA"]"#;

/// The default list of a release.
pub(super) fn of(family: Family, build: &str) -> &'static str {
    match family {
        Family::Xp | Family::Server2003 => XP,
        Family::Server2008 => VISTA,
        Family::Windows7
        | Family::Server2008R2
        | Family::Windows81
        | Family::Server2012
        | Family::Server2012R2 => OLD,
        Family::Windows11 => ELEVEN,
        Family::ServerModern if matches!(build, "20348" | "26100") => ELEVEN,
        Family::Windows10 | Family::ServerModern => TEN,
    }
}
