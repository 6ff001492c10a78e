//! What may be said of an upload in its address.

use super::params::{
    Param,
    Takes::{Flag, Id, Moment, Number, One, Plain, PlainOr},
    param,
};

/// `id` in the path of an upload.
pub const UPLOAD: Param = param("id", Id, "", "Id of the upload.");
/// `wait`
pub const WAIT: Param = param(
    "wait",
    Number(0, 30, Some(0)),
    "0",
    "Answer only when the server is no longer at work on it, or after so many seconds.",
);
/// `status`
pub const ROWS: Param = param(
    "status",
    One("RowFilter", ""),
    "new",
    "Only rows that are this, or that storing does this with.",
);

/// What may be said beside files; also as fields of a form.
pub const FILES: [Param; 12] = [
    param(
        "name",
        PlainOr("upload"),
        "two.ndjson",
        "Name of the file, where the body is one file. Its ending may help to recognise it.",
    ),
    param(
        "format",
        One("FileFormat", ""),
        "report",
        "What the files are. Without it they are recognised.",
    ),
    param(
        "collected_at",
        Moment,
        "2026-11-23T08:15:00Z",
        "When the facts were read, where the files do not say it.",
    ),
    param(
        "device",
        Plain,
        "PC-0042",
        "Whom the files are about, where they do not say it.",
    ),
    param(
        "key",
        Plain,
        "",
        "Which registry key was asked, where the files do not say it.",
    ),
    param(
        "key-0",
        Plain,
        "",
        "Which query the first file answers; `key-1` the second, and so on.",
    ),
    param(
        "dates",
        One("DateOrder", ""),
        "iso",
        "The order in which dates are written, where the files do not show it.",
    ),
    param(
        "one_run",
        Flag,
        "0",
        "The files are answers of one run, so that what one of them lacks another may prove absent.",
    ),
    param(
        "read_by_64_bit",
        Flag,
        "0",
        "You vouch that 64-bit programs read the registry values of files that do not say how they were read.",
    ),
    param(
        "asked",
        Number(1, 4_294_967_295, None),
        "5000",
        "How many devices were asked, where the files do not say it.",
    ),
    param("mapping", Plain, "", "Name of a kept meaning of columns."),
    param("commit", Flag, "0", "Store at once, without a preview."),
];
/// `by_itself`
pub const BY_ITSELF: Param = param(
    "by_itself",
    One("Standing", ""),
    "blocking",
    "Only rows that stand so by themselves. Not together with `status` or `lacks`.",
);
/// `lacks`
pub const LACKS: Param = param(
    "lacks",
    One("RowLack", ""),
    "view",
    "Only rows that cannot be judged for want of this. Not together with `status` or `by_itself`.",
);
/// `way`
pub const UPLOAD_WAY: Param = param(
    "way",
    One("UploadWay", "upload"),
    "upload",
    "By which way the files came to whoever sends them.",
);
