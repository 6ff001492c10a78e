//! Fixes that write registry values.

use super::{super::sources, FixFile, FixText, RESTART};

const WINHTTP_OLD: &str =
    "Windows 7 SP1, Windows 8, Server 2008 SP2, Server 2008 R2 SP1, Server 2012";
const WINHTTP_NEW: &str = "Windows 8.1, Server 2012 R2 and later";
const DOTNET_OLD: &str = "Windows 7 SP1, Server 2008 SP2, Server 2008 R2 SP1";
const DOTNET_NEW: &str = "Windows 8, Server 2012 and later";
const ANY_TLS12: &str = "Windows 7 and Server 2008 R2 and later; Server 2008 SP2 with KB4019276";
const PS1: &str = "PowerShell 2.0 or later; finds out by itself which Windows this is";

pub(super) const ALL: &[FixText] = &[
    FixText {
        code: "set-default-secure-protocols",
        does: "Makes WinHTTP, which carries the Configuration Manager client, offer TLS 1.2. On older Windows the value DefaultSecureProtocols is set to 0xA00; from Windows 8.1 on it is deleted, because the default of Windows has TLS 1.2 and a value takes the default's place.",
        systems: "Windows 7 SP1, Windows 8, Server 2008 SP2, 2008 R2 SP1 and 2012 need the value. Later systems need it gone, where somebody set it without TLS 1.2.",
        steps: &[
            "On Windows 7 SP1, Windows 8, Server 2008 R2 SP1 and Server 2012: see that KB3140245 or its files are there first. Without them WinHTTP ignores the value.",
            "Import the file for this Windows and this width, or run the script, in both registry views on 64-bit Windows. Group Policy preferences can carry the same values.",
            "Restart the computer and report again.",
        ],
        meanings: &[
            (
                "0x800",
                "TLS 1.2 alone. It passes too; take it where every server already speaks TLS 1.2.",
            ),
            (
                "0xA00",
                "TLS 1.1 and 1.2: what the files here set, and what Microsoft names for Configuration Manager beside 0xAA0. It takes SSL 3.0 and TLS 1.0 out of the default, and the highest protocol that both sides have is used, so TLS 1.1 stays unused wherever 1.2 is there.",
            ),
            (
                "0xAA0",
                "SSL 3.0 to TLS 1.2: Microsoft's example, and the one that keeps the old default alive beside 1.2. It passes. The files here do not set it, because it keeps protocols that the cutover ends; it is for a client that must still reach a server with nothing but TLS 1.0, and only until that server can do more.",
            ),
            (
                "0x0A0",
                "SSL 3.0 and TLS 1.0: the default of the older systems, without TLS 1.2.",
            ),
            (
                "absent",
                "From Windows 8.1 on: right. Windows 10 and later have TLS 1.2 in their default, Windows 11 also 1.3, which a value of 0xA00 would take away.",
            ),
        ],
        beware: &[
            "0xA00 takes TLS 1.0 from every program that leaves the choice to WinHTTP. A client whose site servers cannot do TLS 1.2 yet loses them: give the servers TLS 1.2 beside the old protocols first, or take 0xAA0 for the time between.",
            "The number is hexadecimal: 0xA00 is 2560. Typed as the decimal 800 or the hexadecimal 2560 it means something else.",
            "On 32-bit Windows there is one view; a Wow6432Node key there means nothing. A 32-bit program on 64-bit Windows writes to the 32-bit view whatever path it names.",
            "The value must be a REG_DWORD.",
        ],
        restart: RESTART,
        undo: "Delete DefaultSecureProtocols in both keys and restart. On the older systems that takes TLS 1.2 away again.",
        proof: "After the restart and a new report, both WinHTTP checks pass. The value alone passes before the restart as restart pending.",
        checks: &[
            "winhttp.default_secure_protocols.native",
            "winhttp.default_secure_protocols.wow64",
        ],
        files: &[
            FixFile {
                name: "winhttp-windows-7-64-bit.reg",
                title: "Sets 0xA00 in both views",
                systems: WINHTTP_OLD,
                text: include_str!("files/winhttp-old-64-bit.reg"),
            },
            FixFile {
                name: "winhttp-windows-7-32-bit.reg",
                title: "Sets 0xA00 in the one view of 32-bit Windows",
                systems: WINHTTP_OLD,
                text: include_str!("files/winhttp-old-32-bit.reg"),
            },
            FixFile {
                name: "winhttp-windows-8.1-64-bit.reg",
                title: "Deletes the value in both views",
                systems: WINHTTP_NEW,
                text: include_str!("files/winhttp-new-64-bit.reg"),
            },
            FixFile {
                name: "winhttp-windows-8.1-32-bit.reg",
                title: "Deletes the value in the one view of 32-bit Windows",
                systems: WINHTTP_NEW,
                text: include_str!("files/winhttp-new-32-bit.reg"),
            },
            FixFile {
                name: "set-default-secure-protocols.ps1",
                title: "The same as a script; leaves a value alone that has TLS 1.2",
                systems: PS1,
                text: include_str!("files/winhttp.ps1"),
            },
        ],
        sources: &[
            sources::CLIENTS,
            sources::OPTIONS,
            sources::SERVER_WINHTTP,
            sources::KB3140245,
        ],
    },
    FixText {
        code: "enable-schannel-tls12-client",
        does: "Switches TLS 1.2 on for the connections that this machine opens, in SChannel, below WinHTTP and .NET. Other protocols are not touched.",
        systems: "Windows 7, Server 2008 R2 and Server 2008 SP2 (with KB4019276) have TLS 1.2 off until these values are there. From Windows 8 and Server 2012 on it is on by default, and the values only take back a switch-off.",
        steps: &[
            "Import the file or run the script. HKLM\\SYSTEM has one view, so 32-bit and 64-bit Windows take the same file.",
            "Restart the computer and report again.",
        ],
        meanings: &[
            (
                "Enabled = 1",
                "The protocol may be used. 0 forbids it, whatever a program asks for.",
            ),
            (
                "DisabledByDefault = 0",
                "The protocol is offered to programs that leave the choice to Windows. Enabled alone is not enough on Windows 7 and Server 2008.",
            ),
        ],
        beware: &[
            "If a Group Policy or a hardening tool wrote the old values, it will write them again: change it there.",
            "The key is TLS 1.2 with a blank. Windows does not read TLS1.2.",
        ],
        restart: RESTART,
        undo: "Delete both values (there is a file for it) and restart. From Windows 8 on that leaves TLS 1.2 on; on Windows 7 and Server 2008 it takes it away again.",
        proof: "After the restart and a new report, the check on TLS 1.2 for outgoing connections passes, and with it .NET programs that leave the choice to Windows.",
        checks: &["schannel.tls12_client"],
        files: &[
            FixFile {
                name: "schannel-tls12-client.reg",
                title: "Switches TLS 1.2 on",
                systems: ANY_TLS12,
                text: include_str!("files/schannel-client.reg"),
            },
            FixFile {
                name: "enable-schannel-tls12-client.ps1",
                title: "The same as a script",
                systems: PS1,
                text: include_str!("files/schannel-client.ps1"),
            },
            FixFile {
                name: "schannel-tls12-client-undo.reg",
                title: "Takes both values away again",
                systems: ANY_TLS12,
                text: include_str!("files/schannel-client-undo.reg"),
            },
        ],
        sources: &[
            sources::TLS_REGISTRY,
            sources::RESTRICT,
            sources::PROTOCOLS,
            sources::KB3140245,
            sources::ENABLED_ALONE,
        ],
    },
    FixText {
        code: "enable-schannel-tls12-server",
        does: "Switches TLS 1.2 on for the connections that a site system accepts. Other protocols are not touched; when the old ones go is the cutover itself.",
        systems: "Site systems. Server 2008 R2 and 2008 SP2 have TLS 1.2 off until these values are there; later ones have it on unless somebody switched it off.",
        steps: &[
            "Do the clients first, then this, and only then switch the old protocols off.",
            "Import the file or run the script on the site system.",
            "Restart the server in a maintenance window and report again.",
        ],
        meanings: &[
            ("Enabled = 1", "The protocol may be used. 0 forbids it."),
            (
                "DisabledByDefault = 0",
                "The protocol is offered without being asked for by name.",
            ),
        ],
        beware: &[
            "A site system opens connections as well: it needs the values for outgoing connections too.",
        ],
        restart: RESTART,
        undo: "Delete both values (there is a file for it) and restart.",
        proof: "After the restart and a new report, the check on TLS 1.2 for incoming connections passes. A handshake from another machine proves it for the certificate and the suites as well.",
        checks: &["schannel.tls12_server"],
        files: &[
            FixFile {
                name: "schannel-tls12-server.reg",
                title: "Switches TLS 1.2 on",
                systems: "Server 2008 R2 and later; Server 2008 SP2 with KB4019276",
                text: include_str!("files/schannel-server.reg"),
            },
            FixFile {
                name: "enable-schannel-tls12-server.ps1",
                title: "The same as a script",
                systems: PS1,
                text: include_str!("files/schannel-server.ps1"),
            },
            FixFile {
                name: "schannel-tls12-server-undo.reg",
                title: "Takes both values away again",
                systems: "Server 2008 R2 and later",
                text: include_str!("files/schannel-server-undo.reg"),
            },
        ],
        sources: &[
            sources::SERVERS,
            sources::TLS_REGISTRY,
            sources::RESTRICT,
            sources::SQL_ENGINE,
        ],
    },
    FixText {
        code: "set-dotnet-tls-values",
        does: "Lets .NET Framework programs, such as Software Center and the console, leave the choice of protocols to Windows, and refuses weak ones.",
        systems: "Every Windows with .NET Framework 4.6.2 or later. On Windows 7, Server 2008 R2 and 2008 SP2 the files set the SChannel values as well, because there Windows itself offers TLS 1.0 only.",
        steps: &[
            "See that .NET Framework is 4.6.2 or later; the values do not make up for an older one.",
            "Import the file for this Windows and this width, or run the script.",
            "Restart the computer and report again.",
        ],
        meanings: &[
            (
                "SystemDefaultTlsVersions = 1",
                "The program leaves the choice to Windows.",
            ),
            (
                "SchUseStrongCrypto = 1",
                "TLS 1.0 to 1.2 may be used and RC4 may not. 0 sends programs back to SSL 3.0 and TLS 1.0.",
            ),
            (
                "v4.0.30319",
                "The name of the key for every .NET Framework 4, whatever its version.",
            ),
            (
                "v2.0.50727",
                "For programs made for .NET 2.0 to 3.5. It decides nothing in the verdict; Microsoft asks for it all the same. There, Windows 7 and Server 2008 R2 need KB3154518, Windows 8 and Server 2012 KB3154519, Windows 8.1 and Server 2012 R2 KB3154520, Server 2008 SP2 KB3154517, Windows 10 1511 KB3156421, or a rollup of autumn 2017 or later.",
            ),
        ],
        beware: &[
            "A program for .NET that must still reach a server with weak ciphers only will not reach it any more. Try it on a few machines.",
        ],
        restart: RESTART,
        undo: "Delete both values in the same keys and restart. Programs made for .NET 4.7 or later then still leave the choice to Windows; older ones may fall back to TLS 1.0.",
        proof: "After the restart and a new report, both checks on .NET Framework 4 settings pass.",
        checks: &["dotnet.v4.native", "dotnet.v4.wow64"],
        files: &[
            FixFile {
                name: "dotnet-windows-8-64-bit.reg",
                title: "Sets both values in both views",
                systems: DOTNET_NEW,
                text: include_str!("files/dotnet-new-64-bit.reg"),
            },
            FixFile {
                name: "dotnet-windows-8-32-bit.reg",
                title: "Sets both values in the one view of 32-bit Windows",
                systems: DOTNET_NEW,
                text: include_str!("files/dotnet-new-32-bit.reg"),
            },
            FixFile {
                name: "dotnet-windows-7-64-bit.reg",
                title: "Sets both values in both views, and TLS 1.2 in SChannel",
                systems: DOTNET_OLD,
                text: include_str!("files/dotnet-old-64-bit.reg"),
            },
            FixFile {
                name: "dotnet-windows-7-32-bit.reg",
                title: "Sets both values in the one view of 32-bit Windows, and TLS 1.2 in SChannel",
                systems: DOTNET_OLD,
                text: include_str!("files/dotnet-old-32-bit.reg"),
            },
            FixFile {
                name: "set-dotnet-tls-values.ps1",
                title: "The same as a script",
                systems: PS1,
                text: include_str!("files/dotnet.ps1"),
            },
        ],
        sources: &[sources::CLIENTS, sources::SERVERS, sources::DOTNET_TLS],
    },
    FixText {
        code: "rewrite-as-dword",
        does: "Writes a value again that is there with the wrong type, most often as text. What Windows makes of such a value is not documented, so it counts neither as set nor as absent.",
        systems: "Every Windows. From Windows 8.1 on a DefaultSecureProtocols of the wrong type is deleted instead.",
        steps: &[
            "The client's page says which value it is and what was found.",
            "Run the script: it touches only values that are there with the wrong type. Importing the file of the fix that the value belongs to does the same for that value.",
            "Look for what wrote it: a PowerShell line without -PropertyType DWord makes a text.",
            "Restart the computer and report again.",
        ],
        meanings: &[(
            "REG_DWORD",
            "The one type that the documents name for all of these values.",
        )],
        beware: &[
            "Do not turn the old text into a number as it stands: \"2720\" and 0x2720 are different numbers.",
        ],
        restart: RESTART,
        undo: "Nothing to take back: what was there had no documented meaning. Note the old value before, if a program of yours put it there.",
        proof: "After the restart and a new report, the check that named the value passes.",
        checks: &[
            "winhttp.default_secure_protocols.native",
            "winhttp.default_secure_protocols.wow64",
            "schannel.tls12_client",
            "schannel.tls12_server",
            "dotnet.v4.native",
            "dotnet.v4.wow64",
        ],
        files: &[FixFile {
            name: "rewrite-as-dword.ps1",
            title: "Writes again what is there with the wrong type",
            systems: PS1,
            text: include_str!("files/rewrite.ps1"),
        }],
        sources: &[
            sources::SERVER_WINHTTP,
            sources::TLS_REGISTRY,
            sources::OWN_RULE,
        ],
    },
];
