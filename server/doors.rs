//! The addresses that the server listens on, and how each is kept from slow and lasting guests.

use std::{
    net::{SocketAddr, TcpListener},
    sync::Arc,
    time::Duration,
};

use axum_server::Handle;
use hyper_util::rt::TokioTimer;
use tokio::{sync::mpsc, task::JoinHandle};

use crate::{
    clock,
    config::Config,
    domain::{enrolment::Master, sightings::Sighting},
    enrolment,
    http::{
        self,
        authorities::Authorities,
        places::{Counting, Places},
        tls::{
            Certificates, Doors,
            watch::{Sightings, Watching},
        },
    },
    open_files,
    serve::asked_to_stop,
    state::App,
    transport::{ClientDoor, Room, SignedDoor, Transport},
};

/// From the first byte of a connection to the first request on it; also for a request's headers to arrive.
pub const FIRST_WORDS: Duration = Duration::from_secs(10);
/// How long requests may go on after the server was asked to stop.
const GOODBYE: Duration = Duration::from_secs(20);

/// Reads the certificates, and gets ready to note failed handshakes. Says also whether a certificate was made, and hands out
/// what the notes come from.
///
/// # Errors
/// One sentence naming the file.
pub fn open_doors(
    config: &Config,
) -> Result<(Doors, bool, Option<mpsc::Receiver<Sighting>>), String> {
    let Transport::Tls { pairs, names } = &config.transport else {
        return Ok((Doors::default(), false, None));
    };
    let (certificates, made) = Certificates::open(pairs.clone(), names.clone(), clock::now())
        .map_err(|error| error.to_string())?;
    let noting = Sightings::of(config.sightings_from.clone(), Arc::clone(&certificates));
    let (sightings, waiting) = noting.unzip();
    let doors = Doors {
        certificates: Some(certificates),
        sightings,
    };
    Ok((doors, made, waiting))
}

/// Opens the door for clients with certificates of their own; it closes when the server is told to stop. Also the authorities of
/// those certificates, to be kept fresh.
///
/// # Errors
/// One sentence naming the setting.
pub fn client_door(
    door: &ClientDoor,
    certificates: &Arc<Certificates>,
    sightings: Option<Sightings>,
    room: Room,
    app: App,
) -> Result<(JoinHandle<()>, Authorities), String> {
    let authorities = Authorities::open(Arc::clone(certificates), door.authorities.clone())?;
    let (listener, address) = listen_on(door.listen)?;
    let handle = Handle::new();
    tokio::spawn(stop_when_told(handle.clone()));
    let mut server = axum_server::from_tcp(listener)
        .map_err(|error| error.to_string())?
        .acceptor(Counting::new(
            Watching::new(authorities.settings(), sightings),
            Places::new("certificates", room, app.trusted_proxies().to_vec()),
        ))
        .handle(handle)
        .first_request_timeout(FIRST_WORDS);
    limit_slowness(server.http_builder());
    let service = http::mtls::router(app).into_make_service_with_connect_info::<SocketAddr>();
    tracing::info!(
        "clients that show their own certificate report to https://{address}/api/v1/reports"
    );
    let open = tokio::spawn(async move {
        if let Err(error) = server.serve(service).await {
            tracing::error!(%error, "no more reports are taken from clients with certificates");
        }
    });
    Ok((open, authorities))
}

/// An address for signed reports without TLS that is taken and not open yet.
#[derive(Debug)]
pub struct SignedListener {
    listener: TcpListener,
    address: SocketAddr,
    master: Master,
}

impl SignedListener {
    /// Takes the address, where there is to be one, and reads the server's own key.
    ///
    /// # Errors
    /// One sentence naming the address or the file.
    pub fn of(door: Option<&SignedDoor>) -> Result<Option<Self>, String> {
        let Some(door) = door else {
            return Ok(None);
        };
        let (listener, address) = listen_on(door.listen)?;
        Ok(Some(Self {
            listener,
            address,
            master: enrolment::open_or_make(&door.key)?,
        }))
    }

    /// Which it is.
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Opens it; it closes when the server is told to stop.
    ///
    /// # Errors
    /// The server could not be made.
    pub fn open(self, room: Room, app: App) -> Result<JoinHandle<()>, String> {
        let Self {
            listener,
            address,
            master,
        } = self;
        let handle = Handle::new();
        tokio::spawn(stop_when_told(handle.clone()));
        let places = Places::new("signed", room, app.trusted_proxies().to_vec());
        let mut server = axum_server::from_tcp(listener)
            .map_err(|error| error.to_string())?
            .map(|door| Counting::new(door, places))
            .handle(handle)
            .first_request_timeout(FIRST_WORDS);
        limit_slowness(server.http_builder());
        let service =
            http::signed::router(app, master).into_make_service_with_connect_info::<SocketAddr>();
        tracing::warn!(
            "signed reports are taken over plain HTTP at http://{address}/api/v1/reports; close this address as soon as the last client has TLS 1.2"
        );
        Ok(tokio::spawn(async move {
            if let Err(error) = server.serve(service).await {
                tracing::error!(%error, "no more signed reports are taken over plain HTTP");
            }
        }))
    }
}

/// How many connections each door takes, with as many files as the system lets the program have open.
pub fn room(config: &Config) -> Room {
    let doors = [config.client_door.is_some(), config.signed_door.is_some()];
    let doors = doors.iter().fold(1, |doors, &open| doors + u32::from(open));
    let (room, less) = config.room.within(open_files::as_many_as_allowed(), doors);
    if let Some(less) = less {
        tracing::warn!("{less}");
    }
    room
}

/// Takes an address.
///
/// # Errors
/// One sentence naming it.
pub fn listen_on(address: SocketAddr) -> Result<(TcpListener, SocketAddr), String> {
    let listener = TcpListener::bind(address)
        .and_then(|listener| listener.set_nonblocking(true).map(|()| listener))
        .map_err(|error| format!("cannot listen on {address}: {error}"))?;
    let address = listener.local_addr().map_err(|error| error.to_string())?;
    Ok((listener, address))
}

/// Slow clients are let go: without the timer hyper would wait for headers for ever.
pub fn limit_slowness(
    builder: &mut hyper_util::server::conn::auto::Builder<hyper_util::rt::TokioExecutor>,
) {
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(FIRST_WORDS);
    builder
        .http2()
        .timer(TokioTimer::new())
        .keep_alive_interval(Duration::from_secs(20))
        .keep_alive_timeout(FIRST_WORDS)
        .max_concurrent_streams(100)
        .max_header_list_size(32 * 1024);
}

/// Lets requests under way finish once the server is told to stop.
pub async fn stop_when_told(handle: Handle<SocketAddr>) {
    asked_to_stop().await;
    tracing::info!("asked to stop; requests under way may finish");
    handle.graceful_shutdown(Some(GOODBYE));
}
