//! Places for connections: each door has so many in all, and so many for one sender. Whoever finds none is closed at once,
//! before anything was done for it, TLS least of all.
//!
//! A door counts for itself, so that a crowd before one does not shut another.

use std::{
    collections::HashMap,
    future::{Future, ready},
    io,
    net::IpAddr,
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
    task::{Context, Poll},
    time::{Duration, Instant},
};

use axum_server::accept::Accept;
use ipnet::IpNet;
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
};

use super::door::network;
use crate::{domain::throttle::Network, transport::Room};

/// Of those who are sent away, one in this time is in the log, with how many there were since.
const QUIET: Duration = Duration::from_mins(1);

/// The places of one door. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Places {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    door: &'static str,
    room: Room,
    /// Many people come from there at once, and each of them is told apart by what the proxy says.
    proxies: Vec<IpNet>,
    taken: Mutex<Taken>,
}

#[derive(Debug, Default)]
struct Taken {
    all: u32,
    of: HashMap<Network, u32>,
    hush: Hush,
}

/// What keeps a crowd from filling the log.
#[derive(Debug, Default)]
struct Hush {
    told: Option<Instant>,
    since: u64,
}

impl Hush {
    /// Somebody was sent away: `Some` where that is to be said, with how many it was not said of before.
    fn tell(&mut self, now: Instant) -> Option<u64> {
        if self
            .told
            .is_some_and(|told| now.saturating_duration_since(told) < QUIET)
        {
            self.since += 1;
            return None;
        }
        self.told = Some(now);
        Some(std::mem::take(&mut self.since))
    }
}

/// Why there is no place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Full {
    /// As many as there may be in all.
    All,
    /// As many as there may be from one address.
    OfOne,
}

/// A place that is taken; it is free again when this value is gone.
#[derive(Debug)]
pub struct Place {
    places: Places,
    /// Whose it is; `None`: a proxy's, which may have any number.
    of: Option<Network>,
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut taken = self.places.taken();
        taken.all = taken.all.saturating_sub(1);
        if let Some(of) = self.of
            && let Some(count) = taken.of.get_mut(&of)
        {
            *count = count.saturating_sub(1);
            if *count == 0 {
                taken.of.remove(&of);
            }
        }
        self.places.gauge(taken.all);
    }
}

impl Places {
    /// All free.
    pub fn new(door: &'static str, room: Room, proxies: Vec<IpNet>) -> Self {
        let places = Self {
            inner: Arc::new(Inner {
                door,
                room,
                proxies,
                taken: Mutex::default(),
            }),
        };
        places.gauge(0);
        places
    }

    fn taken(&self) -> std::sync::MutexGuard<'_, Taken> {
        self.inner
            .taken
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    fn gauge(&self, all: u32) {
        metrics::gauge!("cutover_connections", "door" => self.inner.door).set(f64::from(all));
    }

    /// Takes one for whoever comes from there, if there is one.
    fn take(&self, from: IpAddr) -> Result<Place, Full> {
        let from = from.to_canonical();
        let proxy = self.inner.proxies.iter().any(|net| net.contains(&from));
        let of = (!proxy).then(|| network(Some(from)));
        let room = self.inner.room;
        let mut taken = self.taken();
        if room.all > 0 && taken.all >= room.all {
            return Err(Full::All);
        }
        if let Some(of) = of {
            let count = taken.of.entry(of).or_default();
            if room.of_one > 0 && *count >= room.of_one {
                return Err(Full::OfOne);
            }
            *count += 1;
        }
        taken.all += 1;
        self.gauge(taken.all);
        drop(taken);
        Ok(Place {
            places: self.clone(),
            of,
        })
    }

    /// Counts that somebody was sent away, and says so now and then.
    fn sent_away(&self, from: IpAddr, why: Full) {
        let door = self.inner.door;
        let (why, most, setting) = match why {
            Full::All => ("all", self.inner.room.all, "--max-connections"),
            Full::OfOne => (
                "address",
                self.inner.room.of_one,
                "--max-connections-per-address",
            ),
        };
        metrics::counter!("cutover_connections_refused_total", "door" => door, "why" => why)
            .increment(1);
        if let Some(untold) = self.taken().hush.tell(Instant::now()) {
            let of_it = if why == "all" {
                "in all"
            } else {
                "from that address"
            };
            tracing::warn!(
                door,
                %from,
                untold,
                "a connection was closed at once: {most} are open {of_it}, as many as {setting} lets be; `untold` were closed since this was said last"
            );
        }
    }
}

/// Lets in whoever finds a place, and then whomever the door behind it lets in.
#[derive(Clone, Debug)]
pub struct Counting<A> {
    inner: A,
    places: Places,
}

impl<A> Counting<A> {
    /// Before this door.
    pub const fn new(inner: A, places: Places) -> Self {
        Self { inner, places }
    }
}

type Accepted<T, S> = io::Result<(Held<T>, S)>;

impl<A, S> Accept<TcpStream, S> for Counting<A>
where
    A: Accept<TcpStream, S>,
    A::Future: Send + 'static,
    A::Stream: Send + 'static,
    A::Service: Send + 'static,
{
    type Stream = Held<A::Stream>;
    type Service = A::Service;
    type Future = Pin<Box<dyn Future<Output = Accepted<A::Stream, A::Service>> + Send>>;

    fn accept(&self, stream: TcpStream, service: S) -> Self::Future {
        let peer = match stream.peer_addr() {
            Ok(peer) => peer.ip().to_canonical(),
            // It has gone already.
            Err(error) => return Box::pin(ready(Err(error))),
        };
        let place = match self.places.take(peer) {
            Ok(place) => place,
            Err(why) => {
                self.places.sent_away(peer, why);
                return Box::pin(ready(Err(io::ErrorKind::ConnectionRefused.into())));
            }
        };
        let accepting = self.inner.accept(stream, service);
        Box::pin(async move {
            let (stream, service) = accepting.await?;
            let held = Held {
                stream,
                _place: place,
            };
            Ok((held, service))
        })
    }
}

/// A connection with its place.
#[derive(Debug)]
pub struct Held<T> {
    stream: T,
    _place: Place,
}

impl<T: AsyncRead + Unpin> AsyncRead for Held<T> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl<T: AsyncWrite + Unpin> AsyncWrite for Held<T> {
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

#[cfg(test)]
mod tests {
    use super::*;

    fn ip(text: &str) -> IpAddr {
        text.parse().expect("an address")
    }

    fn places(all: u32, of_one: u32) -> Places {
        let proxies = vec!["10.0.0.0/30".parse().expect("a network")];
        Places::new("test", Room { all, of_one }, proxies)
    }

    #[test]
    fn an_address_has_so_many_places_and_a_free_one_is_given_again() {
        let places = places(4, 2);
        let first = places.take(ip("192.0.2.1")).expect("a place");
        let _second = places.take(ip("::ffff:192.0.2.1")).expect("a place");
        assert_eq!(
            places.take(ip("192.0.2.1")).expect_err("no place"),
            Full::OfOne
        );
        let _other = places.take(ip("192.0.2.2")).expect("a place");
        drop(first);
        let _again = places.take(ip("192.0.2.1")).expect("a place");
        let last = places.take(ip("192.0.2.3")).expect("the last");
        assert_eq!(
            places.take(ip("192.0.2.4")).expect_err("no place"),
            Full::All
        );
        drop(last);
        assert_eq!(places.taken().of.len(), 2, "who is gone is forgotten");
    }

    #[test]
    fn a_network_of_ipv6_is_one_sender() {
        let places = places(0, 1);
        let _one = places.take(ip("2001:db8::1")).expect("a place");
        assert_eq!(
            places.take(ip("2001:db8::2")).expect_err("no place"),
            Full::OfOne
        );
        places.take(ip("2001:db8:0:1::1")).expect("a place");
    }

    #[test]
    fn a_trusted_proxy_is_limited_by_the_whole_only() {
        let places = places(3, 1);
        let held: Vec<Place> = (0..3)
            .map(|_| places.take(ip("10.0.0.1")).expect("a place"))
            .collect();
        assert_eq!(
            places.take(ip("10.0.0.1")).expect_err("no place"),
            Full::All
        );
        drop(held);
        assert_eq!(places.taken().all, 0);
    }

    #[test]
    fn nought_is_no_limit() {
        let places = places(0, 0);
        let held: Vec<Place> = (0..50)
            .map(|_| places.take(ip("192.0.2.1")).expect("a place"))
            .collect();
        assert_eq!(held.len(), 50);
    }

    #[test]
    fn a_crowd_is_a_line_in_a_minute() {
        let mut hush = Hush::default();
        let start = Instant::now();
        assert_eq!(hush.tell(start), Some(0));
        for second in 1..60 {
            assert_eq!(hush.tell(start + Duration::from_secs(second)), None);
        }
        assert_eq!(hush.tell(start + QUIET), Some(59));
        assert_eq!(hush.tell(start + QUIET), None);
    }
}
