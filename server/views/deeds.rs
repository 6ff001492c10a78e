//! The words for every deed of the audit log. A deed that is not here is shown by its code.

/// Code and words, in the order in which they are offered.
pub const DEEDS: &[(&str, &str)] = &[
    ("list.replace", "Put an expected list in force"),
    ("list.withdraw", "Took an expected list out of force"),
    ("upload.add", "Sent files"),
    ("upload.again", "Had files read in another way"),
    ("upload.vouch", "Vouched for files"),
    ("upload.store", "Had files stored"),
    ("upload.discard", "Discarded files"),
    ("observations.add", "Brought in what was seen on the wire"),
    ("addresses.add", "Brought in who had which address"),
    ("mapping.save", "Kept what columns mean"),
    ("client.two-machines", "Said that records are two machines"),
    ("exception.request", "Asked for an exception"),
    ("exception.approve", "Approved an exception"),
    ("exception.reject", "Rejected an exception"),
    ("exception.withdraw", "Took an exception back"),
    ("exception.expire", "Ended an exception whose time was over"),
    ("exception.lapse", "Ended an exception whose client changed"),
    ("view.save", "Saved a view"),
    ("view.delete", "Deleted a view"),
    ("webhook.add", "Added a webhook"),
    ("webhook.rotate", "Changed the secret of a webhook"),
    ("webhook.test", "Tried a webhook"),
    ("webhook.remove", "Removed a webhook"),
    ("token.create", "Made a token"),
    ("token.revoke", "Revoked a token"),
    ("token.quarantine", "Set aside what a token sent"),
    ("token.quarantine.lift", "Had what a token sent count again"),
    ("machine.enrol", "Gave a machine a key to sign with"),
    ("machine.revoke", "Made the key of a machine void"),
    ("account.add", "Made an account"),
    ("account.role", "Changed a role or its sites"),
    ("account.password", "Set a password"),
    ("account.disable", "Closed an account"),
    ("account.enable", "Opened an account again"),
    ("account.remove", "Removed an account"),
    ("session.start", "Signed in"),
    ("session.end", "Signed out"),
    ("session.revoke", "Ended sessions"),
    ("session.refused", "Failed to sign in"),
    ("certificate.replace", "Replaced the certificate"),
    ("setting.freshness", "Changed the freshness limit"),
    ("setting.ruleset", "Changed the rules"),
    ("database.backup", "Copied the database"),
    ("database.migrate", "Brought the database up to date"),
    ("audit.tidy", "Let go of old entries of this log"),
];

/// The words for a deed.
pub fn words(code: &str) -> &str {
    let known = DEEDS.iter().find(|(known, _)| *known == code);
    known.map_or(code, |(_, words)| words)
}
