//! The calls that change something, and those about uploads.

use super::{
    super::{ingest::ReportsAnswer, media, observed},
    call::{Call, Content, Tag, Who},
    params,
    said::{ListAnswer, RowList, Upload, UploadList, WithdrawnAnswer},
};

/// Calls about reports and expected lists.
fn feeding() -> Vec<Call> {
    vec![
        Call::change("post", "/api/v1/reports", "sendReports", "Send reports")
            .says("One report object, an array of them, or one object a line. The answer comes after they are durable. Each record is judged by itself: what cannot be read is refused with its place, and the others are stored. A record that says nothing new is `unchanged`, so sending twice is harmless.")
            .of(Tag::Reports, Who::Ingest)
            .body(
                "UTF-8, with or without byte-order mark, or UTF-16 with one; plain, or compressed with `Content-Encoding: gzip` or `zstd`. 1 MiB a report, 64 MiB a request after decompression.",
                vec![
                    Content::Named(media::JSON, "Reports"),
                    Content::Text(media::NDJSON, "One `Report` as JSON on each line."),
                ],
            )
            .json::<ReportsAnswer>(200, "What became of each report. It is 200 even when some were rejected.")
            .error(422, "The one report of the request is not taken; each error names its place."),
        Call::change("put", "/api/v1/population", "replaceList", "Replace an expected list")
            .says("Puts a list in force in place of the earlier one of the same name, in one step; lists of other names stay. A list that would hide blockers (clients that are not ready, or were not when they were heard last, and those that are ready only by a report about which a suspicion is open) needs `confirm=1`. One after which more than a twentieth of the clients, of all or of one site, would no longer be counted there (those along that went in the last 30 days unasked, whoever came in their place), or blockers would be counted at another site, or be given their first by somebody who is limited to sites, needs `confirm_shrink` with the number of clients that go, and `why`. Rows that are not understood are told and do not sink the others.")
            .of(Tag::Lists, Who::Population)
            .takes([params::LIST_NAME, params::CONFIRM, params::CONFIRM_SHRINK, params::WHY])
            .body(
                "A device list of Configuration Manager or computers of Active Directory as CSV (comma, semicolon or tab), plain names, one a line, or a JSON array of objects with the ids that reports have. What it is is told by its content. It may be compressed with `Content-Encoding: gzip` or `zstd`; 64 MiB at most after decompression.",
                vec![
                    Content::Text(media::CSV, "A table with a heading, or one name a line."),
                    Content::Named(media::JSON, "ExpectedDevices"),
                ],
            )
            .json::<ListAnswer>(200, "The list is in force.")
            .error(409, "Clients would be counted no more; nothing was changed. The sentence says how many, and with which parameters to send it again."),
        Call::change("delete", "/api/v1/population", "withdrawList", "Take an expected list out of force")
            .says("What hides blockers, or leaves no list at all, needs `confirm=1`; what takes more than a twentieth of the clients, of all or of one site, out of the count needs `confirm_shrink` with the number of clients that go, and `why`.")
            .of(Tag::Lists, Who::Population)
            .takes([params::LIST_NAME_NEEDED, params::CONFIRM, params::CONFIRM_SHRINK, params::WHY])
            .json::<WithdrawnAnswer>(200, "The list is out of force.")
            .error(404, "There is no list of this name.")
            .error(409, "Clients would be counted no more; nothing was changed. The sentence says how many, and with which parameters to ask again."),
    ]
}

/// Calls about uploads.
fn uploads() -> Vec<Call> {
    let of = |call: Call| call.of(Tag::Uploads, Who::Import);
    vec![
        of(Call::change("post", "/api/v1/uploads", "addUpload", "Send files"))
            .says("The files are kept, and the answer comes before they are read. Ask for the upload with `wait` until its state is `preview`, look at its rows, then store or cancel it; with `commit=1` it is stored at once. What may be said in the address may also be said in fields of a form.")
            .takes(params::FILES)
            .takes([params::UPLOAD_WAY])
            .body(
                "One file as the body, whatever it is; or a form with up to 5,000 files. Files may be compressed with gzip or zstd, or packed into a zip archive; 64 MiB at most after decompression.",
                vec![
                    Content::Bytes("application/octet-stream", "One file."),
                    Content::Named("multipart/form-data", "UploadForm"),
                ],
            )
            .json::<Upload>(202, "The files are kept and will be read.")
            .header("Location", "Path of the upload."),
        of(Call::get("/api/v1/uploads", "listUploads", "Uploads"))
            .says("The newest first. A person sees all of them, a program those that came with its own token.")
            .takes([params::CURSOR, params::LIMIT])
            .json::<UploadList>(200, "A page of the list."),
        of(Call::get("/api/v1/uploads/{id}", "getUpload", "One upload"))
            .named(params::UPLOAD)
            .takes([params::WAIT])
            .json::<Upload>(200, "The upload."),
        of(Call::get("/api/v1/uploads/{id}/rows", "listUploadRows", "Rows of an upload"))
            .says("Each row with whom it is about, and what storing it would do or did. Rows are kept for a week after the end of the upload, refused ones for a month.")
            .named(params::UPLOAD)
            .takes([params::ROWS, params::BY_ITSELF, params::LACKS, params::CURSOR, params::LIMIT])
            .json::<RowList>(200, "A page of the rows."),
        of(Call::change("post", "/api/v1/uploads/{id}/commit", "storeUpload", "Store an upload"))
            .says("Has a preview stored. Asked twice it is the same.")
            .named(params::UPLOAD)
            .json::<Upload>(202, "It is being stored.")
            .error(409, "It is still being read, or it is over."),
        of(Call::change("post", "/api/v1/uploads/{id}/cancel", "cancelUpload", "Discard an upload"))
            .says("Nothing more of it is stored. Asked twice it is the same.")
            .named(params::UPLOAD)
            .json::<Upload>(200, "It is cancelled.")
            .error(409, "It is over already; what was stored of it stays."),
        of(Call::get("/api/v1/uploads/{id}/rejected", "getRejectedRows", "What was not taken, as a table"))
            .named(params::UPLOAD)
            .answers(
                200,
                "The rows that were not taken.",
                vec![Content::Text(media::CSV, "A line for each row, with a heading: `file`, `place`, `problem`, and `raw`, what stood there.")],
            )
            .header("Content-Disposition", "Names the file."),
    ]
}

/// Calls about what was seen on the wire.
fn observing() -> Vec<Call> {
    vec![
        Call::change("post", "/api/v1/observations", "addObservations", "Send what was seen on the wire")
            .says("What logs of a site system say, added up by UTC day; `cutover observe` makes it. With `file` the same portion once more changes nothing. It is all taken, or nothing of it.")
            .of(Tag::Uploads, Who::Import)
            .body(
                "20,000 rows of each kind at most. It may be compressed with `Content-Encoding: gzip` or `zstd`.",
                vec![Content::Named(media::JSON, "Observations")],
            )
            .json::<observed::Taken>(200, "It is durable.")
            .error(409, "Portions of this file that come before this one are missing.")
            .error(422, "Something in it is wrong; each error names its place."),
    ]
}

/// What programs send.
pub(super) fn calls() -> Vec<Call> {
    [feeding(), uploads(), observing()].concat()
}
