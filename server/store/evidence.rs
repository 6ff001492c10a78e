//! Raw reports as they are kept: zstd, bounded when they are unpacked.

use std::cell::RefCell;

use super::error::{Error, Result};

/// The largest report that is accepted, and so the most that unpacking may give.
const LARGEST: usize = 1 << 20;
/// Fast, and small enough with a dictionary.
const LEVEL: i32 = 1;

/// Compresses a report. Answers the dictionary's number (0: none) and the bytes.
pub fn packed(report: &[u8]) -> (i64, Vec<u8>) {
    thread_local! {
        static PACKER: RefCell<Option<zstd::bulk::Compressor<'static>>> = RefCell::new(
            zstd::bulk::Compressor::with_dictionary(LEVEL, DICTIONARY).ok()
        );
    }
    PACKER.with_borrow_mut(|packer| {
        packer
            .as_mut()
            .and_then(|packer| packer.compress(report).ok())
            .map_or_else(|| (RAW, report.to_vec()), |packed| (CURRENT, packed))
    })
}

/// Kept as it came, should compression ever fail.
const RAW: i64 = -1;
/// zstd without a dictionary.
const PLAIN: i64 = 0;
/// The dictionary new reports are compressed with. A new one gets a new number; old ones stay for ever.
const CURRENT: i64 = 1;
/// Trained on simulated reports with `cutover loadgen --train-dictionary`.
const DICTIONARY: &[u8] = include_bytes!("report-1.dict");

/// The report as it came.
pub fn unpacked(packed: &[u8], dictionary: i64) -> Result<Vec<u8>> {
    let broken = |detail: String| Error::Inconsistent {
        table: "history",
        detail,
    };
    let result = match dictionary {
        RAW => return Ok(packed.to_vec()),
        PLAIN => zstd::bulk::decompress(packed, LARGEST),
        CURRENT => zstd::bulk::Decompressor::with_dictionary(DICTIONARY)
            .and_then(|mut unpacker| unpacker.decompress(packed, LARGEST)),
        other => {
            return Err(broken(format!(
                "a report packed with the unknown dictionary {other}"
            )));
        }
    };
    result.map_err(|error| broken(format!("a raw report: {error}")))
}
