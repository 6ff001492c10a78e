//! What each Windows offers out of the box, in its order, and where that is written.
//!
//! A Group Policy can replace the order of suites, and switches can take versions away; whoever did that knows it. Old
//! lists name a curve with each suite, and the suite goes with that curve only: that is why AES-256-GCM, which names P-384
//! alone, is never counted for a handshake over P-256.

use super::{Offer, P256, P384, TLS10, TLS11, TLS12, TLS13, X25519};

/// Where something is written.
#[derive(Clone, Copy, Debug)]
pub struct Source {
    /// What it is called.
    pub title: &'static str,
    /// Where it is.
    pub url: &'static str,
}

/// Everything that the table rests on.
pub const SOURCES: &[Source] = &[
    Source {
        title: "Microsoft Learn: TLS cipher suites in Windows 7",
        url: "https://learn.microsoft.com/windows/win32/secauthn/tls-cipher-suites-in-windows-7",
    },
    Source {
        title: "Microsoft Learn: TLS cipher suites in Windows 8.1",
        url: "https://learn.microsoft.com/windows/win32/secauthn/tls-cipher-suites-in-windows-8-1",
    },
    Source {
        title: "Microsoft Learn: TLS cipher suites in Windows 10 v1607",
        url: "https://learn.microsoft.com/windows/win32/secauthn/tls-cipher-suites-in-windows-10-v1607",
    },
    Source {
        title: "Microsoft Learn: TLS cipher suites in Windows Server 2022 and later",
        url: "https://learn.microsoft.com/windows/win32/secauthn/tls-cipher-suites-in-windows-server-2022",
    },
    Source {
        title: "Microsoft Learn: Protocols in TLS/SSL (Schannel SSP)",
        url: "https://learn.microsoft.com/windows/win32/secauthn/protocols-in-tls-ssl--schannel-ssp-",
    },
    Source {
        title: "Microsoft Support: update to enable TLS 1.1 and TLS 1.2 as default secure protocols in WinHTTP (KB3140245)",
        url: "https://support.microsoft.com/kb/3140245",
    },
];

/// A Windows, as it comes to us.
#[derive(Clone, Copy, Debug)]
pub struct Windows {
    /// Which.
    pub name: &'static str,
    /// In which state, where that makes a difference; empty: as it is.
    pub state: &'static str,
    /// What it offers.
    pub offer: Offer<'static>,
    /// Whether it can be brought to offer TLS 1.2, and how.
    pub remedy: Option<&'static str>,
    /// Where its suites are written: places in [`SOURCES`].
    pub sources: &'static [usize],
}

const ANY: &[u16] = &[];
const BOTH: &[u16] = &[P256, P384];
const ONLY384: &[u16] = &[P384];

/// Windows 7 and 8 before the order of their suites was changed by KB3042058.
const FIRST: &[(u16, &[u16])] = &[
    (0x003C, ANY),
    (0x002F, ANY),
    (0x003D, ANY),
    (0x0035, ANY),
    (0x0005, ANY),
    (0x000A, ANY),
    (0xC027, BOTH),
    (0xC013, BOTH),
    (0xC014, BOTH),
    (0xC02B, BOTH),
    (0xC023, BOTH),
    (0xC02C, ONLY384),
    (0xC024, ONLY384),
    (0xC009, BOTH),
    (0xC00A, BOTH),
    (0x0040, ANY),
    (0x0032, ANY),
    (0x006A, ANY),
    (0x0038, ANY),
    (0x0013, ANY),
    (0x0004, ANY),
];
/// Windows 7, 8 and 8.1 after their updates.
const UPDATED: &[(u16, &[u16])] = &[
    (0xC028, BOTH),
    (0xC027, BOTH),
    (0xC014, BOTH),
    (0xC013, BOTH),
    (0x009F, ANY),
    (0x009E, ANY),
    (0x0039, ANY),
    (0x0033, ANY),
    (0x009D, ANY),
    (0x009C, ANY),
    (0x003D, ANY),
    (0x003C, ANY),
    (0x0035, ANY),
    (0x002F, ANY),
    (0xC02C, ONLY384),
    (0xC02B, BOTH),
    (0xC024, ONLY384),
    (0xC023, BOTH),
    (0xC00A, BOTH),
    (0xC009, BOTH),
    (0x006A, ANY),
    (0x0040, ANY),
    (0x0038, ANY),
    (0x0032, ANY),
    (0x000A, ANY),
    (0x0013, ANY),
    (0x0005, ANY),
    (0x0004, ANY),
];
/// What TLS 1.0 alone can use of it.
const ONLY_TLS10: &[(u16, &[u16])] = &[
    (0x002F, ANY),
    (0x0035, ANY),
    (0x0005, ANY),
    (0x000A, ANY),
    (0xC013, BOTH),
    (0xC014, BOTH),
    (0xC009, BOTH),
    (0xC00A, BOTH),
    (0x0032, ANY),
    (0x0038, ANY),
    (0x0013, ANY),
    (0x0004, ANY),
];
/// Windows 10 and Server 2016, 2019.
const TEN: &[(u16, &[u16])] = &[
    (0xC02C, ANY),
    (0xC02B, ANY),
    (0xC030, ANY),
    (0xC02F, ANY),
    (0x009F, ANY),
    (0x009E, ANY),
    (0xC024, ANY),
    (0xC023, ANY),
    (0xC028, ANY),
    (0xC027, ANY),
    (0xC00A, ANY),
    (0xC009, ANY),
    (0xC014, ANY),
    (0xC013, ANY),
    (0x009D, ANY),
    (0x009C, ANY),
    (0x003D, ANY),
    (0x003C, ANY),
    (0x0035, ANY),
    (0x002F, ANY),
    (0x000A, ANY),
];
/// Windows 11 and Server 2022 on.
const ELEVEN: &[(u16, &[u16])] = &[
    (0x1302, ANY),
    (0x1301, ANY),
    (0xC02C, ANY),
    (0xC02B, ANY),
    (0xC030, ANY),
    (0xC02F, ANY),
    (0x009F, ANY),
    (0x009E, ANY),
    (0xC024, ANY),
    (0xC023, ANY),
    (0xC028, ANY),
    (0xC027, ANY),
    (0xC00A, ANY),
    (0xC009, ANY),
    (0xC014, ANY),
    (0xC013, ANY),
    (0x009D, ANY),
    (0x009C, ANY),
    (0x003D, ANY),
    (0x003C, ANY),
    (0x0035, ANY),
    (0x002F, ANY),
    (0x000A, ANY),
];

const OLD_CURVES: &[u16] = &[P256, P384];
const NEW_CURVES: &[u16] = &[X25519, P256, P384];

const fn offer(
    versions: &'static [u16],
    suites: &'static [(u16, &'static [u16])],
    curves: &'static [u16],
) -> Offer<'static> {
    Offer {
        versions,
        suites,
        curves,
    }
}

const NO_TLS12: Offer<'static> = offer(&[TLS10], ONLY_TLS10, OLD_CURVES);
const UP_TO_12: &[u16] = &[TLS12, TLS11, TLS10];
const UP_TO_13: &[u16] = &[TLS13, TLS12];

/// Oldest first. XP, Server 2003 and Vista are not here: nothing brings TLS 1.2 to them.
pub const WINDOWS: &[Windows] = &[
    Windows {
        name: "Server 2008 SP2",
        state: "with KB4019276, TLS 1.2 switched on",
        // Its suites with TLS 1.2 are not written anywhere that we know; those of TLS 1.0 are.
        offer: offer(UP_TO_12, ONLY_TLS10, OLD_CURVES),
        remedy: Some(
            "Bring its report as a file: it has no suite with AES-GCM, so no certificate helps.",
        ),
        sources: &[4],
    },
    Windows {
        name: "Windows 7 SP1, Server 2008 R2 SP1",
        state: "as installed",
        offer: NO_TLS12,
        remedy: Some(
            "Install KB3140245 and switch TLS 1.2 on for WinHTTP and SChannel, which the fix plan does; until then bring its report as a file.",
        ),
        sources: &[0, 4, 5],
    },
    Windows {
        name: "Windows 7 SP1, Server 2008 R2 SP1",
        state: "TLS 1.2 switched on, without KB3042058",
        offer: offer(UP_TO_12, FIRST, OLD_CURVES),
        remedy: None,
        sources: &[0, 4],
    },
    Windows {
        name: "Windows 7 SP1, Server 2008 R2 SP1",
        state: "TLS 1.2 switched on, with KB3042058",
        offer: offer(UP_TO_12, UPDATED, OLD_CURVES),
        remedy: None,
        sources: &[0, 4],
    },
    Windows {
        name: "Windows 8, Server 2012",
        state: "WinHTTP as installed",
        offer: NO_TLS12,
        remedy: Some(
            "Install KB3140245 and set DefaultSecureProtocols, which the fix plan does; until then bring its report as a file.",
        ),
        sources: &[0, 4, 5],
    },
    Windows {
        name: "Windows 8, Server 2012",
        state: "with KB3140245 and DefaultSecureProtocols, without KB3042058",
        offer: offer(UP_TO_12, FIRST, OLD_CURVES),
        remedy: None,
        sources: &[0, 4],
    },
    Windows {
        name: "Windows 8, Server 2012",
        state: "with KB3140245 and DefaultSecureProtocols, with KB3042058",
        offer: offer(UP_TO_12, UPDATED, OLD_CURVES),
        remedy: None,
        sources: &[0, 4],
    },
    Windows {
        name: "Windows 8.1, Server 2012 R2",
        state: "without KB2919355",
        offer: offer(UP_TO_12, FIRST, OLD_CURVES),
        remedy: None,
        sources: &[1],
    },
    Windows {
        name: "Windows 8.1, Server 2012 R2",
        state: "with KB2919355",
        offer: offer(UP_TO_12, UPDATED, OLD_CURVES),
        remedy: None,
        sources: &[1],
    },
    Windows {
        name: "Windows 10 1507 and 1511",
        state: "",
        // Before 1607 there is no X25519.
        offer: offer(UP_TO_12, TEN, OLD_CURVES),
        remedy: None,
        sources: &[2],
    },
    Windows {
        name: "Windows 10 1607 to 22H2, Server 2016 and 2019",
        state: "",
        offer: offer(UP_TO_12, TEN, NEW_CURVES),
        remedy: None,
        sources: &[2],
    },
    Windows {
        name: "Windows 11, Server 2022",
        state: "",
        offer: offer(UP_TO_13, ELEVEN, NEW_CURVES),
        remedy: None,
        sources: &[3],
    },
    Windows {
        name: "Windows 11 24H2, Server 2025",
        state: "",
        offer: offer(UP_TO_13, ELEVEN, NEW_CURVES),
        remedy: None,
        sources: &[3],
    },
];
