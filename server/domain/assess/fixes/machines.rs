//! Fixes of a machine as a whole.

use super::{super::sources, FixFile, FixText};

pub(super) const ALL: &[FixText] = &[
    FixText {
        code: "replace-machine",
        does: "Replaces the machine, or its operating system by one that has TLS 1.2. No value and no update brings TLS 1.2 to this one.",
        systems: "Windows XP, Vista, Server 2003 and 2008 without SP2; devices that no Windows client runs on; Windows 8 where .NET Framework is too old, because it takes 4.6.1 at most.",
        steps: &[
            "Name an owner and a date for each machine in the list.",
            "Until then: keep one site system with the old protocols for them, or take them out of Configuration Manager and manage them otherwise.",
            "Remove the old record when the machine is gone, and upload the expected list again. A client that is only switched off stays silent, and counts.",
        ],
        meanings: &[],
        beware: &[
            "A device that only loses its channel is not repaired through it any more: decide before the cutover, not after.",
        ],
        restart: "None.",
        undo: "Keep the old machine until the new one has reported.",
        proof: "The new machine reports and is ready, and the old one is out of the expected list.",
        checks: &["os"],
        files: &[],
        sources: &[sources::PROTOCOLS, sources::SOLVING, sources::TROUBLE],
    },
    FixText {
        code: "restart-computer",
        does: "Restarts the computer, so that values which are already right take effect.",
        systems: "Every client whose deciding keys were written after its last start.",
        steps: &[
            "Restart, in a window that the people at the machine know of.",
            "Report again after the start; the last start is part of the report.",
        ],
        meanings: &[],
        beware: &[
            "Fast start-up of Windows 8 and later makes shutting down and starting again no full restart. Use restart.",
        ],
        restart: "This is it.",
        undo: "Nothing to take back.",
        proof: "After the restart and a new report, the client is ready instead of restart pending.",
        checks: &["restart"],
        files: &[FixFile {
            name: "restart-computer.ps1",
            title: "Restarts in five minutes, with a word to whoever is signed in",
            systems: "PowerShell 2.0 or later",
            text: include_str!("files/restart.ps1"),
        }],
        sources: &[sources::CLIENTS, sources::TLS_REGISTRY],
    },
    FixText {
        code: "fix-cipher-suites",
        does: "Gives the client a cipher suite for TLS 1.2 that the site servers accept. Two machines that both speak TLS 1.2 still fail when they share no suite.",
        systems: "Clients whose suite order was cut down by policy, and old ones that the servers' list leaves nothing.",
        steps: &[
            "Look at what the client offers (the script below) and at what the servers accept.",
            "If a policy cut the list down: add a suite to it, such as TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256, in Group Policy, Computer Configuration, Administrative Templates, Network, SSL Configuration Settings, SSL Cipher Suite Order.",
            "If the client is Windows 8.1, Server 2012 R2 or older: it has no ECDHE-RSA suite with GCM. Give the servers an ECDSA certificate, or let them accept a suite that the client has, such as TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256.",
            "Restart the computer and report again.",
        ],
        meanings: &[],
        beware: &[
            "A suite order is a whole list: a policy with one entry takes every other suite away. Never write one entry alone.",
            "\"Disable Legacy TLS\" on a server's binding drops all CBC suites, and with them the older Windows where the certificate is RSA.",
        ],
        restart: "Restart the computer; the order is read at the start.",
        undo: "Put the old list back in the policy, or set the policy to Not Configured for the default of Windows.",
        proof: "After the restart and a new report with the list of suites, the check on cipher suites passes.",
        checks: &["cipher_suites"],
        files: &[FixFile {
            name: "cipher-suites.ps1",
            title: "Shows the list by policy and the one in force; changes nothing",
            systems: "PowerShell 2.0 or later",
            text: include_str!("files/ciphers-check.ps1"),
        }],
        sources: &[sources::SUITES, sources::LEGACY_SWITCH],
    },
];
