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
    ("mapping.save", "Kept what columns mean"),
    ("client.two-machines", "Said that records are two machines"),
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
    ("account.add", "Made an account"),
    ("account.role", "Changed a role or its sites"),
    ("account.password", "Set a password"),
    ("account.disable", "Closed an account"),
    ("account.enable", "Opened an account again"),
    ("account.remove", "Removed an account"),
    ("scope.create", "Made a scope"),
    ("scope.change", "Changed a scope"),
    ("scope.run", "Ran a what-if"),
    ("scope.limit", "Set a limit of a scope"),
    ("scope.say", "Said what holds for a scope"),
    ("scope.take_back", "Took back what was said for a scope"),
    ("decision.make", "Decided on a cutover"),
    (
        "decision.switched",
        "Said whether the old protocols are off",
    ),
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
