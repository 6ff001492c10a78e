//! Hellos put together by hand, byte by byte as old clients send them, and what a server answers.

use cutover::domain::handshake::{Offer, TLS13, X25519};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpSocket, TcpStream},
    time::{Duration, timeout},
};

/// What a server said to a hello.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// It goes on with this suite.
    Suite(u16),
    /// It sent this alert.
    Alert(u8),
    /// It closed without a word.
    Closed,
}

fn sized(width: usize, body: &[u8]) -> Vec<u8> {
    let length = u32::try_from(body.len()).expect("short").to_be_bytes();
    [&length[4 - width..], body].concat()
}

fn numbers(all: impl IntoIterator<Item = u16>) -> Vec<u8> {
    all.into_iter().flat_map(u16::to_be_bytes).collect()
}

/// A hello in one record, as a Windows with this offer sends it.
pub fn hello(offer: &Offer<'_>, name: Option<&str>) -> Vec<u8> {
    let highest = *offer.versions.iter().max().expect("a version");
    let mut extensions = Vec::new();
    let mut extension = |kind: u16, body: &[u8]| {
        extensions.extend(kind.to_be_bytes());
        extensions.extend(sized(2, body));
    };
    if let Some(name) = name {
        let entry = [&[0][..], &sized(2, name.as_bytes())].concat();
        extension(0, &sized(2, &entry));
    }
    extension(10, &sized(2, &numbers(offer.curves.iter().copied())));
    extension(11, &[1, 0]);
    if highest >= 0x0303 {
        let mut schemes = vec![0x0401, 0x0501, 0x0201, 0x0403, 0x0503, 0x0203, 0x0202];
        if offer.curves.contains(&X25519) {
            schemes.splice(0..0, [0x0804, 0x0805, 0x0806]);
        }
        extension(13, &sized(2, &numbers(schemes)));
    }
    if highest >= TLS13 {
        extension(43, &sized(1, &numbers(offer.versions.iter().copied())));
        // Without a share the server asks for one, and names the suite in the same breath.
        extension(51, &sized(2, &[]));
    }
    let body = [
        &highest.min(0x0303).to_be_bytes()[..],
        &[7; 32],
        &sized(1, &[]),
        &sized(2, &numbers(offer.suites.iter().map(|(suite, _)| *suite))),
        &sized(1, &[0]),
        &sized(2, &extensions),
    ]
    .concat();
    let message = [&[1][..], &sized(3, &body)].concat();
    [&[0x16, 0x03, 0x01][..], &sized(2, &message)].concat()
}

/// Sends bytes and reads the first words of the answer.
pub async fn say(address: &str, bytes: &[u8]) -> Answer {
    let stream = TcpStream::connect(address).await.expect("a connection");
    answered(stream, bytes).await
}

/// The same from another address of this machine.
pub async fn say_from(from: &str, address: &str, bytes: &[u8]) -> Answer {
    let socket = TcpSocket::new_v4().expect("a socket");
    let from = format!("{from}:0").parse().expect("an address");
    socket.bind(from).expect("an address of this machine");
    let address = address.parse().expect("an address");
    let stream = socket.connect(address).await.expect("a connection");
    answered(stream, bytes).await
}

async fn answered(mut stream: TcpStream, bytes: &[u8]) -> Answer {
    stream.write_all(bytes).await.expect("sent");
    let mut head = [0; 5];
    let read = timeout(Duration::from_secs(20), stream.read_exact(&mut head)).await;
    if read.expect("an answer or an end").is_err() {
        return Answer::Closed;
    }
    let mut body = vec![0; usize::from(u16::from_be_bytes([head[3], head[4]]))];
    stream.read_exact(&mut body).await.expect("a whole record");
    match head[0] {
        0x15 => Answer::Alert(body[1]),
        0x16 => {
            assert_eq!(body[0], 2, "a ServerHello");
            let session = usize::from(body[38]);
            let at = 39 + session;
            Answer::Suite(u16::from_be_bytes([body[at], body[at + 1]]))
        }
        other => panic!("a record of type {other}"),
    }
}
