//! Failed handshakes, noted beside the door: whoever comes is let in or sent away exactly as without it, and nobody waits
//! for a note. Off unless networks are named.

use std::{
    collections::BTreeMap,
    future::Future,
    io,
    net::IpAddr,
    pin::Pin,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    task::{Context, Poll},
    time::Duration,
};

use axum_server::{
    accept::Accept,
    tls::TlsService,
    tls_rustls::{RustlsAcceptor, RustlsConfig},
};
use ipnet::IpNet;
use rustls::PeerIncompatible;
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
    sync::mpsc,
};

use super::{Certificates, with_server};
use crate::{
    clock,
    domain::{
        handshake,
        sightings::{Failure, Offered, Sighting},
    },
    store::Store,
    wire::hello::{self, First},
};

/// Notes that wait to be written, at most; what comes beyond is counted and let go of.
const WAITING: usize = 1_024;
/// Notes are written together once in this time.
const TOGETHER: Duration = Duration::from_secs(2);

/// Where failed handshakes are noted. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Sightings {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    from: Vec<IpNet>,
    queue: mpsc::Sender<Sighting>,
    dropped: AtomicU64,
    certificates: Arc<Certificates>,
}

impl Sightings {
    /// Notes of these networks, and what is to be handed to [`keep`]; `None`: of none.
    pub fn of(
        from: Vec<IpNet>,
        certificates: Arc<Certificates>,
    ) -> Option<(Self, mpsc::Receiver<Sighting>)> {
        if from.is_empty() {
            return None;
        }
        let (queue, waiting) = mpsc::channel(WAITING);
        let inner = Inner {
            from,
            queue,
            dropped: AtomicU64::new(0),
            certificates,
        };
        let sightings = Self {
            inner: Arc::new(inner),
        };
        Some((sightings, waiting))
    }

    /// Whose handshakes are looked at.
    pub fn from(&self) -> &[IpNet] {
        &self.inner.from
    }

    /// Notes that found no room since the server started.
    pub fn dropped(&self) -> u64 {
        self.inner.dropped.load(Ordering::Relaxed)
    }

    fn watches(&self, peer: IpAddr) -> bool {
        self.inner.from.iter().any(|net| net.contains(&peer))
    }

    fn drop_some(&self, notes: u64) {
        self.inner.dropped.fetch_add(notes, Ordering::Relaxed);
    }

    /// Notes a failed handshake. Whoever said nothing at all told nothing, and is not noted.
    fn note(&self, peer: IpAddr, heard: &[u8], error: &io::Error) {
        let first = hello::read(heard);
        if first == First::Nothing {
            return;
        }
        let (failure, offered) = self.told(first, error);
        metrics::counter!("cutover_tls_handshakes_failed_total", "why" => failure.code())
            .increment(1);
        let now = clock::now();
        let sighting = Sighting {
            address: peer.to_string(),
            failure,
            offered,
            first_at: now,
            last_at: now,
            times: 1,
        };
        if self.inner.queue.try_send(sighting).is_err() {
            self.drop_some(1);
        }
    }

    fn told(&self, first: First, error: &io::Error) -> (Failure, Offered) {
        let hello = match first {
            First::NotTls => return (Failure::NotTls, Offered::default()),
            First::Nothing | First::Broken => return (Failure::Other, Offered::default()),
            First::Hello(hello) => hello,
        };
        let state = self.inner.certificates.state();
        let shared = with_server(&state.certificates, |server| {
            handshake::shared(&hello.suites, server)
        });
        let nothing_shared = error
            .get_ref()
            .and_then(|cause| cause.downcast_ref::<rustls::Error>())
            .is_some_and(|cause| {
                matches!(
                    cause,
                    rustls::Error::PeerIncompatible(
                        PeerIncompatible::NoCipherSuitesInCommon
                            | PeerIncompatible::NoKxGroupsInCommon
                    )
                )
            });
        let failure = if hello.highest < handshake::TLS12 {
            Failure::NoTls12
        } else if nothing_shared || shared == 0 {
            Failure::NoSharedSuite
        } else {
            Failure::Other
        };
        let offered = Offered {
            highest: Some(hello.highest),
            tls12: hello.tls12,
            suites: hello.suites.len(),
            shared,
            server_name: hello.server_name,
        };
        (failure, offered)
    }
}

/// Takes TLS connections as axum-server does, and notes what failed.
#[derive(Clone)]
pub struct Watching {
    config: RustlsConfig,
    sightings: Option<Sightings>,
}

impl Watching {
    /// With these settings.
    pub const fn new(config: RustlsConfig, sightings: Option<Sightings>) -> Self {
        Self { config, sightings }
    }
}

type Accepted<S> = io::Result<(tokio_rustls::server::TlsStream<Tape>, TlsService<S>)>;

impl<S: Send + 'static> Accept<TcpStream, S> for Watching {
    type Stream = tokio_rustls::server::TlsStream<Tape>;
    type Service = TlsService<S>;
    type Future = Pin<Box<dyn Future<Output = Accepted<S>> + Send>>;

    fn accept(&self, stream: TcpStream, service: S) -> Self::Future {
        let watched = self.sightings.as_ref().and_then(|sightings| {
            let peer = stream.peer_addr().ok()?.ip().to_canonical();
            sightings.watches(peer).then(|| {
                (
                    sightings.clone(),
                    peer,
                    Arc::new(Mutex::new(Some(Vec::new()))),
                )
            })
        });
        let heard = watched.as_ref().map(|(_, _, heard)| Arc::clone(heard));
        let tape = Tape { stream, heard };
        let accepting = RustlsAcceptor::new(self.config.clone()).accept(tape, service);
        Box::pin(async move {
            let Some((sightings, peer, heard)) = watched else {
                return accepting.await;
            };
            let accepted = accepting.await;
            // From here on nothing is listened to any more.
            let bytes = heard.lock().unwrap_or_else(PoisonError::into_inner).take();
            if let Err(error) = &accepted {
                sightings.note(peer, &bytes.unwrap_or_default(), error);
            }
            accepted
        })
    }
}

/// The first bytes of a connection, while somebody wants them.
type Heard = Arc<Mutex<Option<Vec<u8>>>>;

/// A connection whose first bytes are kept while its handshake lasts.
#[derive(Debug)]
pub struct Tape {
    stream: TcpStream,
    heard: Option<Heard>,
}

impl AsyncRead for Tape {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let read = Pin::new(&mut self.stream).poll_read(context, buffer);
        let Some(heard) = &self.heard else {
            return read;
        };
        let mut over = false;
        match heard
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .as_mut()
        {
            Some(bytes) => {
                let new = buffer.filled().get(before..).unwrap_or_default();
                let room = hello::LONGEST.saturating_sub(bytes.len());
                bytes.extend(new.iter().take(room));
            }
            None => over = true,
        }
        if over {
            self.heard = None;
        }
        read
    }
}

impl AsyncWrite for Tape {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        parts: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(context, parts)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }
}

/// Writes notes down, all that came within two seconds at once.
pub async fn keep(sightings: Sightings, mut waiting: mpsc::Receiver<Sighting>, store: Store) {
    while let Some(first) = waiting.recv().await {
        tokio::time::sleep(TOGETHER).await;
        let mut joined: BTreeMap<(String, Failure), Sighting> = BTreeMap::new();
        let mut notes = 0;
        let mut next = Some(first);
        while let Some(sighting) = next {
            notes += 1;
            match joined.entry((sighting.address.clone(), sighting.failure)) {
                std::collections::btree_map::Entry::Vacant(place) => {
                    place.insert(sighting);
                }
                std::collections::btree_map::Entry::Occupied(mut place) => {
                    place.get_mut().joined(sighting);
                }
            }
            // No more than the queue holds, so that a flood does not grow here instead.
            next = (notes < WAITING as u64)
                .then(|| waiting.try_recv().ok())
                .flatten();
        }
        match store.add_sightings(joined.into_values().collect()).await {
            Ok(0) => {}
            Ok(gone) => {
                metrics::counter!("cutover_tls_sightings_forgotten_total").increment(gone);
            }
            Err(error) => {
                sightings.drop_some(notes);
                tracing::warn!(%error, "failed handshakes could not be noted; these notes are lost");
            }
        }
    }
}
