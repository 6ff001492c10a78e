//! Fixes that bring a fact which is missing: they make a client judgeable, and what they bring may be bad news.

use super::{super::sources, FixText};

const NO_RESTART: &str = "None: this reads and changes nothing.";
const NO_UNDO: &str = "Nothing to take back: this reads and changes nothing.";

pub(super) const ALL: &[FixText] = &[
    FixText {
        code: "collect-registry",
        does: "Reads the registry keys again, in both views, and reports them; also those that are not there, because \"looked for and not there\" is a fact and \"not looked for\" is none.",
        systems: "Every Windows.",
        steps: &[
            "Run the collector of the kit (see Feeding) on the client; it reads both views, whichever PowerShell starts it.",
            "If you use a collector of your own: report process_bits, and read with explicit views (reg query … /reg:64 and /reg:32). A 32-bit program without them is shown the 32-bit view under the native path.",
            "If a table brought the values, such as a result of CMPivot, and you know that 64-bit programs read them: upload it again and say so (Registry values were read by 64-bit programs). Do not say it on a guess: a 32-bit program is shown other values.",
            "If the .NET version could not be read, repair .NET Framework first.",
        ],
        meanings: &[
            (
                "absent",
                "The key was read and the value is not there. A fact.",
            ),
            (
                "not collected",
                "Nobody looked, or could not. No fact, and never good news.",
            ),
        ],
        beware: &[
            "Hardware inventory and configuration items often leave keys out that are not there. Such a source cannot tell the two apart.",
        ],
        restart: NO_RESTART,
        undo: NO_UNDO,
        proof: "After the new report, no check on WinHTTP, SChannel or .NET is unknown. Each then passes or fails.",
        checks: &[
            "winhttp.default_secure_protocols.native",
            "winhttp.default_secure_protocols.wow64",
            "schannel.tls12_client",
            "dotnet.version",
            "dotnet.v4.native",
            "dotnet.v4.wow64",
        ],
        files: &[],
        sources: &[sources::VIEWS, sources::OWN_RULE],
    },
    FixText {
        code: "collect-os",
        does: "Reports which Windows this is, once more and from a source that is to be believed.",
        systems: "Every client whose version, product type or width is missing or contradicts itself.",
        steps: &[
            "Report Version, ProductType and OSArchitecture of Win32_OperatingSystem, or run the collector of the kit, which does.",
            "Beside it, report CurrentBuildNumber from the registry. A program without the right manifest is told 6.2 on every later Windows.",
            "Where the build is of no known release, look at the machine: it may be a preview build.",
        ],
        meanings: &[(
            "ProductType 1",
            "Workstation. 2 is a domain controller, 3 a server.",
        )],
        beware: &["The caption is no proof: Windows 11 may call itself Windows 10."],
        restart: NO_RESTART,
        undo: NO_UNDO,
        proof: "After the new report, the check on the Windows version passes or fails.",
        checks: &["os"],
        files: &[],
        sources: &[sources::VERSIONS, sources::OWN_RULE],
    },
    FixText {
        code: "collect-updates",
        does: "Reports the versions of winhttp.dll and webio.dll and the list of updates, which together prove whether the WinHTTP update is there.",
        systems: "Windows 7 SP1, Windows 8, Server 2008 SP2, 2008 R2 SP1 and 2012.",
        steps: &[
            "Run the collector of the kit (see Feeding); it reads the file versions and the update list.",
            "If you use CMPivot: File('%windir%\\\\system32\\\\winhttp.dll') and the same for webio.dll, with the query for the operating system in the same session.",
        ],
        meanings: &[
            (
                "6.1.7601.23375",
                "Least version of both files on Windows 7 SP1 and Server 2008 R2 SP1.",
            ),
            (
                "6.2.9200.21797",
                "Least version of both files on Windows 8 and Server 2012.",
            ),
        ],
        beware: &[
            "An update that is not in the list proves nothing: a later rollup may have brought its files. That is why the file versions are asked for.",
        ],
        restart: NO_RESTART,
        undo: NO_UNDO,
        proof: "After the new report, the check on the WinHTTP update passes or fails.",
        checks: &["winhttp.update", "os"],
        files: &[],
        sources: &[sources::KB3140245, sources::DLL_SCRIPTS, sources::OWN_RULE],
    },
    FixText {
        code: "collect-software",
        does: "Reports the versions of SQL Server, its client parts and WSUS on a site system.",
        systems: "Site systems.",
        steps: &[
            "Run the collector of the kit on the site system; it lists installed software and the version of WsusService.exe.",
            "Or report software with name and full version yourself, such as SQL Server 2019 Database Engine Services 15.0.4355.3.",
        ],
        meanings: &[],
        beware: &["Setup's own prerequisite check does not look at remote site systems."],
        restart: NO_RESTART,
        undo: NO_UNDO,
        proof: "After the new report, the checks on SQL Server, SQL client drivers and WSUS pass or fail.",
        checks: &["sql.engine", "sql.client", "wsus"],
        files: &[],
        sources: &[sources::SERVERS, sources::PREREQUISITES, sources::OWN_RULE],
    },
    FixText {
        code: "collect-cipher-suites",
        does: "Reports the list of cipher suites again, after a list that is empty or cannot be read.",
        systems: "Every Windows.",
        steps: &[
            "Run the collector of the kit, or report Get-TlsCipherSuite (Windows 10 and later), or the value Functions of the policy.",
            "Or leave the list out: suites that nobody collected are no reason to hold a client back.",
        ],
        meanings: &[],
        beware: &[
            "An empty list is a failed reading: a machine without any suite could not use TLS at all.",
        ],
        restart: NO_RESTART,
        undo: NO_UNDO,
        proof: "After the new report, the check on cipher suites passes, fails, or does not apply.",
        checks: &["cipher_suites"],
        files: &[],
        sources: &[sources::SUITES, sources::OWN_RULE],
    },
    FixText {
        code: "prove-by-handshake",
        does: "Shows by a real connection what no document says: whether this machine can do TLS 1.2 over WinHTTP.",
        systems: "Server 2008 SP2, Windows Embedded Standard 2009 and POSReady 2009 with KB4019276 and KB4467770.",
        steps: &[
            "Set up a server that speaks TLS 1.2 only, with the certificate and suites that the site servers will have.",
            "Ask for a page of it from this machine through WinHTTP, not a browser, and look at the server's log for the protocol.",
            "If it fails, or nobody can do this: replace the machine.",
        ],
        meanings: &[],
        beware: &[
            "The rules have no way to take such a proof: the client stays undetermined here. Whoever switches the old protocols off decides about it by name.",
        ],
        restart: NO_RESTART,
        undo: NO_UNDO,
        proof: "No check of ours passes by it. Replacing the machine is what clears it.",
        checks: &["os", "winhttp.update"],
        files: &[],
        sources: &[sources::KB4467770, sources::OWN_RULE],
    },
];
