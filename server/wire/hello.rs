//! The first words of a TLS client, read from the bytes as they came: what it offers, also where our TLS refuses to go on
//! before it has looked. TLS libraries do not tell which versions a refused client offered; these bytes do.

use crate::domain::handshake::TLS12;

/// More of a hello is never looked at: the largest record, and its head.
pub const LONGEST: usize = 5 + (1 << 14);

/// Longest server name that is kept, in bytes.
const LONGEST_NAME: usize = 255;

/// What came first on a connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum First {
    /// Nothing at all.
    Nothing,
    /// A hello that could be read.
    Hello(Hello),
    /// TLS, but no whole hello.
    Broken,
    /// Something else.
    NotTls,
}

/// A client's hello.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Hello {
    /// The highest version that it offers.
    pub highest: u16,
    /// Whether TLS 1.2 is among them.
    pub tls12: bool,
    /// Suites in its order, without those that mean nothing (GREASE).
    pub suites: Vec<u16>,
    /// The name it asks for, cut and made printable; empty: none.
    pub server_name: String,
}

/// Reads what came first.
pub fn read(bytes: &[u8]) -> First {
    match bytes {
        [] => First::Nothing,
        [0x16, 0x03, _, rest @ ..] => {
            let Some(message) = handshake_message(rest) else {
                return First::Broken;
            };
            hello(&message).map_or(First::Broken, First::Hello)
        }
        // What SSL 2.0 began with, and old clients for its sake: a length with its highest bit set, and type 1.
        [head, _, 0x01, major, minor, rest @ ..]
            if head & 0x80 != 0 && matches!((major, minor), (0x00, 0x02) | (0x03, _)) =>
        {
            let version = u16::from_be_bytes([*major, *minor]);
            First::Hello(Hello {
                highest: version,
                tls12: version >= TLS12,
                suites: old_suites(rest),
                server_name: String::new(),
            })
        }
        _ => First::NotTls,
    }
}

/// The message of a hello, which may be cut into several records. `rest` goes on behind the version of the first.
fn handshake_message(rest: &[u8]) -> Option<Vec<u8>> {
    let mut message = Vec::new();
    let mut reader = Reader(rest);
    loop {
        message.extend_from_slice(reader.sized(2)?);
        if let [kind, a, b, c, body @ ..] = message.as_slice() {
            let length = usize::from(*a) << 16 | usize::from(*b) << 8 | usize::from(*c);
            if *kind != 0x01 {
                return None;
            }
            if let Some(body) = body.get(..length) {
                return Some(body.to_vec());
            }
        }
        if message.len() > LONGEST || reader.take(3)?.first() != Some(&0x16) {
            return None;
        }
    }
}

fn hello(message: &[u8]) -> Option<Hello> {
    let mut reader = Reader(message);
    let legacy = reader.number()?;
    reader.take(32)?;
    reader.sized(1)?;
    let suites = numbers(reader.sized(2)?);
    reader.sized(1)?;
    let mut versions = vec![legacy];
    let mut server_name = String::new();
    if !reader.0.is_empty() {
        let mut extensions = Reader(reader.sized(2)?);
        while !extensions.0.is_empty() {
            let kind = extensions.number()?;
            let body = extensions.sized(2)?;
            match kind {
                0 => server_name = name(body).unwrap_or_default(),
                43 => {
                    // Whoever sends this list means it, and the old field no more.
                    versions = numbers(Reader(body).sized(1)?);
                }
                _ => {}
            }
        }
    }
    Some(Hello {
        highest: versions.iter().copied().max().unwrap_or(legacy),
        tls12: versions.contains(&TLS12) || versions == [legacy] && legacy >= TLS12,
        suites,
        server_name,
    })
}

/// The first host name of the extension.
fn name(body: &[u8]) -> Option<String> {
    let mut list = Reader(Reader(body).sized(2)?);
    if list.take(1)? != [0] {
        return None;
    }
    let bytes = list.sized(2)?;
    let bytes = bytes.get(..LONGEST_NAME.min(bytes.len()))?;
    Some(
        bytes
            .iter()
            .map(|byte| match byte {
                0x21..=0x7E => char::from(*byte),
                _ => '?',
            })
            .collect(),
    )
}

/// Pairs of bytes as numbers, without those that are there to keep servers honest (GREASE).
fn numbers(bytes: &[u8]) -> Vec<u16> {
    bytes
        .as_chunks::<2>()
        .0
        .iter()
        .map(|pair| u16::from_be_bytes(*pair))
        .filter(|number| number & 0x0F0F != 0x0A0A)
        .collect()
}

/// The suites of a hello in the old form: three bytes each, and those of TLS begin with nought.
fn old_suites(rest: &[u8]) -> Vec<u16> {
    let mut reader = Reader(rest);
    let read = |reader: &mut Reader<'_>| {
        let length = reader.number()?;
        reader.take(4)?;
        reader.take(usize::from(length)).map(<[u8]>::to_vec)
    };
    read(&mut reader)
        .unwrap_or_default()
        .as_chunks::<3>()
        .0
        .iter()
        .filter(|[kind, ..]| *kind == 0)
        .map(|[_, high, low]| u16::from_be_bytes([*high, *low]))
        .collect()
}

/// What has not been read yet.
struct Reader<'b>(&'b [u8]);

impl<'b> Reader<'b> {
    fn take(&mut self, length: usize) -> Option<&'b [u8]> {
        let (taken, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(taken)
    }

    fn number(&mut self) -> Option<u16> {
        let bytes: [u8; 2] = self.take(2)?.try_into().ok()?;
        Some(u16::from_be_bytes(bytes))
    }

    /// Bytes behind their length, which takes one byte or two.
    fn sized(&mut self, width: usize) -> Option<&'b [u8]> {
        let length = self
            .take(width)?
            .iter()
            .fold(0, |length, byte| length << 8 | usize::from(*byte));
        self.take(length)
    }
}
