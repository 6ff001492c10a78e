//! Fixes that install something.

use super::{super::sources, FixFile, FixText};

const INSTALL: FixFile = FixFile {
    name: "install-update.ps1",
    title: "Installs a package that you downloaded, without a restart",
    systems: "PowerShell 2.0 or later",
    text: include_str!("files/update.ps1"),
};
const FILES: FixFile = FixFile {
    name: "winhttp-files.ps1",
    title: "Shows the file versions; changes nothing",
    systems: "PowerShell 2.0 or later",
    text: include_str!("files/winhttp-check.ps1"),
};
const DOTNET: FixFile = FixFile {
    name: "dotnet-release.ps1",
    title: "Shows the version that is there; changes nothing",
    systems: "PowerShell 2.0 or later",
    text: include_str!("files/dotnet-check.ps1"),
};
const AFTER: &str = "Restart the computer. The new files are in use from the next start on.";
const SEVEN: (&str, &str) = (
    "6.1.7601.23375",
    "Least version of winhttp.dll and webio.dll on Windows 7 SP1 and Server 2008 R2 SP1.",
);
const EIGHT: (&str, &str) = (
    "6.2.9200.21797",
    "Least version of both on Windows 8 and Server 2012.",
);

pub(super) const ALL: &[FixText] = &[
    FixText {
        code: "install-kb3140245",
        does: "Teaches WinHTTP to read DefaultSecureProtocols with the bits for TLS 1.1 and 1.2. It does not set the value: that is a fix of its own.",
        systems: "Windows 7 SP1, Server 2008 R2 SP1 and Server 2012. Microsoft's page names no package for Windows 8, which is judged by the file versions alone. Later systems do not need it.",
        steps: &[
            "Get the package for this Windows and this width from the Microsoft Update Catalog, or approve it in WSUS. It was offered as optional, so security updates alone may never have brought it.",
            "Install it; a later monthly rollup that carries the files does as well.",
            "Restart, then set DefaultSecureProtocols if it is not there yet.",
        ],
        meanings: &[SEVEN, EIGHT],
        beware: &[
            "There is no official list of the rollups that supersede it. Go by the file versions: new files prove it although the number is not in the list, and old files disprove it although it is.",
            "Install it again after adding a language pack.",
            "The thresholds come from several public scripts that agree; Microsoft publishes no table.",
        ],
        restart: AFTER,
        undo: "Run wusa.exe /uninstall /kb:3140245 and a restart. With the files gone, WinHTTP ignores the value and stays at TLS 1.0.",
        proof: "After the restart and a new report with file versions, the check on the WinHTTP update passes.",
        checks: &["winhttp.update"],
        files: &[FILES, INSTALL],
        sources: &[sources::KB3140245, sources::DLL_SCRIPTS],
    },
    FixText {
        code: "install-service-pack",
        does: "Brings Service Pack 1, without which KB3140245 cannot be installed, and then KB3140245.",
        systems: "Windows 7 and Server 2008 R2 without service pack (build 7600).",
        steps: &[
            "Install Service Pack 1 (KB976932) and restart; the build is then 7601.",
            "Install KB3140245, or a later rollup with its files, and restart.",
            "Set the WinHTTP, SChannel and .NET values that the client's page asks for.",
        ],
        meanings: &[
            ("7600", "Build without service pack."),
            ("7601", "Build with Service Pack 1."),
            SEVEN,
        ],
        beware: &[
            "Configuration Manager no longer supports these systems. Replacing the machine may cost less than this way.",
        ],
        restart: AFTER,
        undo: "Service Pack 1 can be taken away only while its backup files are there; plan as if it could not.",
        proof: "After the restart and a new report, the check on the WinHTTP update passes.",
        checks: &["winhttp.update"],
        files: &[FILES, INSTALL],
        sources: &[sources::KB3140245, sources::CLIENT_SYSTEMS],
    },
    FixText {
        code: "install-kb4019276",
        does: "Brings TLS 1.1 and 1.2 to SChannel, switched off. The SChannel values and KB4467770 have to follow.",
        systems: "Server 2008 SP2, Windows Embedded Standard 2009 and POSReady 2009. Nothing like it exists for Vista, XP and Server 2003.",
        steps: &[
            "Install KB4019276 and restart.",
            "Switch TLS 1.2 on in SChannel and set DefaultSecureProtocols.",
            "Install KB4467770, restart, and prove TLS 1.2 by a handshake; the rules leave such a machine undetermined.",
            "Better: replace the machine. It stays undetermined here, and Configuration Manager no longer supports it.",
        ],
        meanings: &[(
            "6.0.6002.24129",
            "Least version of schannel.dll on Server 2008 SP2, by public scripts.",
        )],
        beware: &[
            "Which systems KB4467770 works on is not documented where we could read it. Do not plan the cutover on it without a handshake.",
        ],
        restart: AFTER,
        undo: "Run wusa.exe /uninstall /kb:4019276 and a restart.",
        proof: "After the restart and a new report, the check on the Windows version no longer fails, and those on WinHTTP and SChannel begin to speak.",
        checks: &["os"],
        files: &[INSTALL],
        sources: &[sources::SOLVING, sources::KB4019276, sources::DLL_SCRIPTS],
    },
    FixText {
        code: "install-kb4467770",
        does: "Teaches WinHTTP of the oldest systems the bits for TLS 1.1 and 1.2.",
        systems: "Server 2008 SP2, Windows Embedded Standard 2009 and POSReady 2009, as far as is known; the list of systems was not to be found.",
        steps: &[
            "Install KB4467770 and restart.",
            "Set DefaultSecureProtocols and the SChannel values.",
            "Prove TLS 1.2 by a handshake from this machine, or replace it.",
        ],
        meanings: &[],
        beware: &[
            "The only text we have is a third party's copy. The rules leave such a machine undetermined, with the update and without a handshake.",
        ],
        restart: AFTER,
        undo: "Run wusa.exe /uninstall /kb:4467770 and a restart; on Embedded 2009, through Add or Remove Programs.",
        proof: "After the restart and a new report, the check on the WinHTTP update says undetermined instead of failed.",
        checks: &["winhttp.update"],
        files: &[INSTALL],
        sources: &[sources::KB4467770, sources::KB4019276],
    },
    FixText {
        code: "install-dotnet-48",
        does: "Brings a .NET Framework that can do TLS 1.2. Configuration Manager asks for 4.6.2 from version 2107 on and recommends 4.8.",
        systems: "4.8: Windows 7 SP1, 8.1, Windows 10 1607 and later; Server 2008 R2 SP1, 2012, 2012 R2, 2016 and later. 4.6.2 at most: Windows 10 1507 and 1511, Server 2008 SP2. Windows 8 takes 4.6.1 at most, which is not enough: move it to 8.1 or later, or replace it.",
        steps: &[
            "Install .NET Framework 4.8 (4.6.2 where 4.8 is not taken) with the offline installer, which needs no TLS 1.2 to download: ndp48-x86-x64-allos-enu.exe /q /norestart.",
            "Restart.",
            "Set the .NET TLS values where the client's page asks for them.",
        ],
        meanings: &[
            ("394802", "Release of 4.6.2, the least that passes."),
            ("528040", "Release of 4.8. Higher numbers are later."),
        ],
        beware: &[
            "The setup of the Configuration Manager client can bring 4.6.2 by itself, but only over a connection that still works.",
            "On a site system a pending restart after this shows as status message 4979.",
            "On Windows 7 and Server 2008 R2 the new version alone does not make .NET use TLS 1.2: the SChannel values have to be there.",
        ],
        restart: AFTER,
        undo: "Take it away in Programs and Features, Installed Updates. Programs made for it stop working.",
        proof: "After the restart and a new report, the check on the .NET Framework version passes.",
        checks: &["dotnet.version"],
        files: &[DOTNET],
        sources: &[
            sources::CLIENTS,
            sources::DOTNET_RELEASES,
            sources::PREREQUISITES,
        ],
    },
    FixText {
        code: "update-sql-server",
        does: "Brings the SQL Server engine to a build that can do TLS 1.2. Configuration Manager always encrypts its SQL connections.",
        systems: "Machines with a site database. SQL Server 2016 and later have TLS 1.2 in every build; 2005 and older never.",
        steps: &[
            "Ask the engine for its build: SELECT SERVERPROPERTY('ProductVersion').",
            "Back the database up.",
            "Install the last service pack and the last cumulative update of this version, in a maintenance window: SQL Server 2014 SP3, 2012 SP4, 2008 R2 SP3 with 10.50.6542, 2008 SP4 with 10.0.6547. Better, move to a version in support.",
            "Restart the service and the site server's services.",
        ],
        meanings: &[
            (
                "12.0.4439",
                "SQL Server 2014 SP1, first cumulative build; 12.0.4219 is the first of the security branch.",
            ),
            ("11.0.7001", "SQL Server 2012 SP4."),
            (
                "13.0.5026",
                "SQL Server Express 2016 SP2, for secondary sites. A document says 13.2.50.26, which is no build of SQL Server.",
            ),
        ],
        beware: &[
            "A service pack has a security branch with low numbers and a cumulative branch with high ones. A higher number is not always the better one; compare within the branch.",
            "10.50.6537, 10.50.4046, 10.50.4343, 10.0.6543, 10.0.5544 and 10.0.5894 stop the service at the first TLS 1.2 connection. Do not stay on them.",
        ],
        restart: "The setup restarts the SQL Server service; restart the computer when it asks for that.",
        undo: "Take the update away in Programs and Features, or restore the backup on the old build. Try it beforehand.",
        proof: "After a new report with the installed software, the check on SQL Server passes.",
        checks: &["sql.engine"],
        files: &[],
        sources: &[
            sources::SQL_ENGINE,
            sources::SERVERS,
            sources::PREREQUISITES,
        ],
    },
    FixText {
        code: "update-sql-client",
        does: "Brings the part with which site system roles talk to SQL Server to a version that can do TLS 1.2 and works with Configuration Manager.",
        systems: "Site systems whose role talks to SQL Server: site servers, SMS Provider, management points, software update points, reporting points and others. Setup's own check looks at the site server only.",
        steps: &[
            "Install SQL Server Native Client 11.0.7001.0 or later (SQL Server 2012 SP4) where it is used.",
            "Where Configuration Manager asks for ODBC driver 18, install a good build of it.",
            "Restart the server in a maintenance window.",
        ],
        meanings: &[
            ("11.0.7001.0", "Least SQL Server Native Client."),
            (
                "18.6.1.1",
                "ODBC driver that breaks Configuration Manager. Take 18.5.2.1, 18.4.1.1 or 18.6.2.1.",
            ),
        ],
        beware: &[
            "SQL Server 2022 and later bring no Native Client; a role that still needs it gets it separately.",
        ],
        restart: "Restart the computer, so that every role loads the new part.",
        undo: "Install the version that was there before. Keep its setup file.",
        proof: "After a new report with the installed software, the check on SQL client drivers passes.",
        checks: &["sql.client"],
        files: &[],
        sources: &[sources::PREREQUISITES, sources::ODBC, sources::SQL_ENGINE],
    },
    FixText {
        code: "update-wsus",
        does: "Lets WSUS on a software update point talk TLS 1.2, to clients and to Microsoft.",
        systems: "Server 2012 and 2012 R2 with a software update point. It is built in from Server 2016 on. For older ones move the role to a newer server.",
        steps: &[
            "Server 2012: install KB4022721 or a later monthly rollup. Server 2012 R2: KB4022720 or a later monthly rollup.",
            "Restart, and run a synchronisation.",
        ],
        meanings: &[
            (
                "6.2.9200.22167",
                "Least version of WsusService.exe on Server 2012, by public scripts.",
            ),
            ("6.3.9600.18694", "The same on Server 2012 R2."),
        ],
        beware: &[
            "A rollup that is not in the list may have been replaced by a later one: go by the file version.",
        ],
        restart: AFTER,
        undo: "Run wusa.exe /uninstall with the number of the update, and a restart.",
        proof: "After the restart and a new report with file versions, the check on WSUS passes.",
        checks: &["wsus"],
        files: &[
            FixFile {
                name: "wsus-file.ps1",
                title: "Shows the file version; changes nothing",
                systems: "PowerShell 2.0 or later",
                text: include_str!("files/wsus-check.ps1"),
            },
            INSTALL,
        ],
        sources: &[sources::SERVERS, sources::DLL_SCRIPTS],
    },
];
