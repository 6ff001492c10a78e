//! Request bodies: read and decompressed within limits that hold for each request and for all together.

use std::{
    io::{self, Read as _},
    sync::Arc,
};

use axum::{
    body::Body,
    http::{HeaderMap, header},
};
use futures::StreamExt as _;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::error::Problem;

/// The largest request, after decompression.
pub const LARGEST: usize = 64 << 20;
/// All bodies in memory together, in units of [`UNIT`].
const ALL: usize = 2_048;
/// What is reserved at a time: 64 KiB.
const UNIT: usize = 64 << 10;
/// Bodies decompressed at a time; each may take a window besides its own room.
const UNPACKING: usize = 8;
/// zstd streams may ask for a window of this size at most (2^23 = 8 MiB); it is our memory they ask for.
const WINDOW_LOG: u32 = 23;

/// Room for the bodies of all requests together (128 MiB); when it is used up, new ones are told to come back.
#[derive(Clone, Debug)]
pub struct Budget {
    room: Arc<Semaphore>,
    unpacking: Arc<Semaphore>,
}

impl Default for Budget {
    fn default() -> Self {
        Self {
            room: Arc::new(Semaphore::new(ALL)),
            unpacking: Arc::new(Semaphore::new(UNPACKING)),
        }
    }
}

impl Budget {
    /// Decompresses when it is this body's turn.
    async fn unpack(
        &self,
        encoding: Encoding,
        packed: Vec<u8>,
        room: Room,
    ) -> Result<Held, Problem> {
        let turn = Arc::clone(&self.unpacking).acquire_owned().await;
        let turn = turn.map_err(|_| Problem::Busy)?;
        let unpacked = move || {
            let held = unpack(encoding, &packed, room);
            drop(turn);
            held
        };
        tokio::task::spawn_blocking(unpacked)
            .await
            .map_err(|_| Problem::Internal)?
    }
}

/// A body and the room it takes up.
#[derive(Debug)]
pub struct Held {
    /// The bytes, decompressed.
    pub bytes: Vec<u8>,
    room: Room,
}

impl Held {
    /// The bytes and a guard that keeps their room reserved.
    pub fn split(self) -> (Vec<u8>, impl Drop) {
        (self.bytes, self.room)
    }
}

#[derive(Debug)]
struct Room {
    budget: Arc<Semaphore>,
    held: Option<OwnedSemaphorePermit>,
    units: usize,
}

impl Drop for Room {
    fn drop(&mut self) {
        self.held = None;
    }
}

impl Room {
    fn new(budget: &Budget) -> Self {
        Self {
            budget: Arc::clone(&budget.room),
            held: None,
            units: 0,
        }
    }

    /// Makes sure there is room for this many bytes.
    fn reach(&mut self, bytes: usize) -> Result<(), Problem> {
        let wanted = bytes.div_ceil(UNIT);
        if wanted <= self.units {
            return Ok(());
        }
        let more = u32::try_from(wanted - self.units).map_err(|_| Problem::Busy)?;
        let permit = Arc::clone(&self.budget)
            .try_acquire_many_owned(more)
            .map_err(|_| Problem::Busy)?;
        match &mut self.held {
            Some(held) => held.merge(permit),
            held => *held = Some(permit),
        }
        self.units = wanted;
        Ok(())
    }
}

fn too_large() -> Problem {
    Problem::TooLarge(format!(
        "A request may have {} MiB after decompression; send the reports in several requests.",
        LARGEST >> 20
    ))
}

/// Reads a body and undoes its `Content-Encoding`.
///
/// # Errors
/// 413 over the limit, 415 for an encoding we do not take, 400 for a broken stream, 503 when there is no room.
pub async fn read(headers: &HeaderMap, body: Body, budget: &Budget) -> Result<Held, Problem> {
    let encoding = encoding(headers)?;
    let mut room = Room::new(budget);
    let mut bytes = Vec::new();
    let mut stream = body.into_data_stream();
    while let Some(chunk) = stream.next().await {
        let chunk = chunk.map_err(|_| {
            Problem::Malformed(
                "The request body broke off before its end; send it again.".to_owned(),
            )
        })?;
        if bytes.len() + chunk.len() > LARGEST {
            return Err(too_large());
        }
        room.reach(bytes.len() + chunk.len())?;
        bytes.extend_from_slice(&chunk);
    }
    if matches!(encoding, Encoding::Plain) {
        return Ok(Held { bytes, room });
    }
    budget.unpack(encoding, bytes, room).await
}

/// Reads and forgets the first 64 KiB of a body that nobody wants.
pub async fn pass_over(body: Body) {
    let mut stream = body.into_data_stream();
    let mut seen = 0;
    while let Some(Ok(chunk)) = stream.next().await {
        seen += chunk.len();
        if seen > UNIT {
            return;
        }
    }
}

/// Undoes the compression of an uploaded file, recognised by its first bytes.
///
/// # Errors
/// As [`read`].
pub async fn unpacked(bytes: Vec<u8>, budget: &Budget) -> Result<Held, Problem> {
    let encoding = match bytes.as_slice() {
        [0x1F, 0x8B, ..] => Encoding::Gzip,
        [0x28, 0xB5, 0x2F, 0xFD, ..] => Encoding::Zstd,
        _ => Encoding::Plain,
    };
    let mut room = Room::new(budget);
    room.reach(bytes.len())?;
    if matches!(encoding, Encoding::Plain) {
        return Ok(Held { bytes, room });
    }
    budget.unpack(encoding, bytes, room).await
}

#[derive(Clone, Copy)]
enum Encoding {
    Plain,
    Gzip,
    Zstd,
}

impl Encoding {
    fn name(self) -> &'static str {
        match self {
            Self::Plain => "nothing",
            Self::Gzip => "gzip",
            Self::Zstd => "zstd",
        }
    }

    fn reader(self, packed: &[u8]) -> io::Result<Box<dyn io::Read + '_>> {
        Ok(match self {
            Self::Plain => Box::new(packed),
            Self::Gzip => Box::new(flate2::read::MultiGzDecoder::new(packed)),
            Self::Zstd => {
                let mut decoder = zstd::stream::read::Decoder::new(packed)?;
                decoder.window_log_max(WINDOW_LOG)?;
                Box::new(decoder)
            }
        })
    }
}

fn encoding(headers: &HeaderMap) -> Result<Encoding, Problem> {
    let mut all = headers.get_all(header::CONTENT_ENCODING).iter();
    let Some(value) = all.next() else {
        return Ok(Encoding::Plain);
    };
    let name = value
        .to_str()
        .unwrap_or_default()
        .trim()
        .to_ascii_lowercase();
    match (name.as_str(), all.next()) {
        ("identity" | "", None) => Ok(Encoding::Plain),
        ("gzip" | "x-gzip", None) => Ok(Encoding::Gzip),
        ("zstd", None) => Ok(Encoding::Zstd),
        _ => Err(Problem::Unsupported(
            "A body may be plain, or compressed once with gzip or zstd.".to_owned(),
        )),
    }
}

/// Decompresses without ever keeping more than the limit: what is longer than a first piece is measured before
/// memory is taken for it, so that a bomb costs some time and no memory.
fn unpack(encoding: Encoding, packed: &[u8], mut room: Room) -> Result<Held, Problem> {
    let broken = || {
        Problem::Malformed(format!(
            "The body says it is compressed with {}, but cannot be decompressed; send it again.",
            encoding.name()
        ))
    };
    room.reach(packed.len() + UNIT)?;
    let mut reader = encoding.reader(packed).map_err(|_| broken())?;
    let mut bytes = Vec::new();
    reader
        .by_ref()
        .take(UNIT as u64)
        .read_to_end(&mut bytes)
        .map_err(|_| broken())?;
    if bytes.len() < UNIT {
        drop(reader);
        return Ok(Held { bytes, room });
    }
    let mut length = bytes.len();
    let mut piece = vec![0; UNIT];
    loop {
        let read = reader.read(&mut piece).map_err(|_| broken())?;
        if read == 0 {
            break;
        }
        length += read;
        if length > LARGEST {
            return Err(too_large());
        }
    }
    room.reach(packed.len() + length)?;
    bytes = Vec::with_capacity(length);
    let mut again = encoding.reader(packed).map_err(|_| broken())?;
    again.read_to_end(&mut bytes).map_err(|_| broken())?;
    drop((reader, again));
    Ok(Held { bytes, room })
}
