//! The reports of the next request, written into buffers that are used again, and the ledger of what was acknowledged.

use std::{
    fs::{File, OpenOptions},
    io::{self, BufWriter, Write as _},
    path::Path,
    sync::{Mutex, PoisonError},
};

use bytes::Bytes;
use flate2::{Compression, write::GzEncoder};
use serde::Deserialize;

use super::plan::Encoding;
use crate::{domain::time::Timestamp, sim::SimClient};

/// Reports waiting to be sent together.
#[derive(Default)]
pub(super) struct Batch {
    text: Vec<u8>,
    spare: Vec<u8>,
    zstd: Option<zstd::bulk::Compressor<'static>>,
    count: u64,
    /// One ledger line for each report; empty when there is no ledger.
    lines: Vec<String>,
}

impl Batch {
    pub(super) const fn len(&self) -> u64 {
        self.count
    }

    pub(super) fn add(&mut self, client: &SimClient, at: Timestamp, round: u64, with_line: bool) {
        if self.count > 0 {
            self.text.push(b'\n');
        }
        client.write_report(at, round, &mut self.text);
        self.count += 1;
        if with_line {
            self.lines.push(format!(
                "{} {} {}\n",
                client.report_id(at, round),
                client.sms_guid(),
                client.collected_at(at)
            ));
        }
    }

    /// The body to send. Cheap to clone; give it back with [`Self::take_back`].
    pub(super) fn body(&mut self, encoding: Encoding) -> io::Result<Bytes> {
        if encoding == Encoding::Plain {
            return Ok(Bytes::from(std::mem::take(&mut self.text)));
        }
        let mut out = std::mem::take(&mut self.spare);
        out.clear();
        match encoding {
            Encoding::Gzip => {
                let mut gzip = GzEncoder::new(&mut out, Compression::fast());
                gzip.write_all(&self.text)?;
                gzip.finish()?;
            }
            Encoding::Zstd | Encoding::Plain => {
                let mut zstd = match self.zstd.take() {
                    Some(zstd) => zstd,
                    None => zstd::bulk::Compressor::new(1)?,
                };
                // zstd may grow what cannot be compressed by one part in 256.
                out.reserve(self.text.len() + self.text.len() / 256 + 1_024);
                zstd.compress_to_buffer(&self.text, &mut out)?;
                self.zstd = Some(zstd);
            }
        }
        Ok(Bytes::from(out))
    }

    /// Starts afresh, in the buffer of the last body where nobody else holds it any more.
    pub(super) fn take_back(&mut self, body: Bytes, encoding: Encoding) {
        let buffer = body.try_into_mut().map_or_else(|_| Vec::new(), Vec::from);
        if encoding == Encoding::Plain {
            self.text = buffer;
        } else {
            self.spare = buffer;
        }
        self.text.clear();
        self.lines.clear();
        self.count = 0;
    }

    pub(super) fn lines(&self) -> &[String] {
        &self.lines
    }
}

/// The file that remembers what the server has promised to keep.
#[derive(Debug)]
pub(super) struct Ledger(Mutex<BufWriter<File>>);

#[derive(Deserialize)]
struct Answer {
    #[serde(default)]
    results: Vec<Line>,
}

#[derive(Deserialize)]
struct Line {
    index: usize,
    #[serde(default)]
    status: String,
}

impl Ledger {
    pub(super) fn open(path: &Path) -> io::Result<Self> {
        let file = OpenOptions::new().create(true).append(true).open(path)?;
        Ok(Self(Mutex::new(BufWriter::new(file))))
    }

    /// Writes the lines of one answer and hands them to the system. Where something was rejected, the answer
    /// is read for which.
    pub(super) fn note(&self, lines: &[String], rejected: u64, answer: &[u8]) -> io::Result<()> {
        let mut left_out = Vec::new();
        if rejected > 0 {
            let answer: Answer = serde_json::from_slice(answer)?;
            let bad = answer
                .results
                .iter()
                .filter(|line| line.status == "rejected");
            left_out.extend(bad.map(|line| line.index));
        }
        let mut file = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for (index, line) in lines.iter().enumerate() {
            if !left_out.contains(&index) {
                file.write_all(line.as_bytes())?;
            }
        }
        file.flush()
    }
}
