//! What every request can reach: the store, the judge, the sender's tokens, the room for bodies.

use std::{net::SocketAddr, sync::Arc};

use ipnet::IpNet;

use crate::{
    cutovers::signing::Signer,
    domain::access::Role,
    http::{auth::Guard, body::Budget, door::Door, oidc::Provider, pacing::Pacer, tls::Doors},
    ingest::Judge,
    store::{Store, sessions::Lasting},
    uploads::Bell,
};

/// The running application. Cheap to clone.
#[derive(Clone, Debug)]
pub struct App {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    store: Store,
    judge: Judge,
    guard: Guard,
    door: Door,
    lasting: Lasting,
    pacer: Pacer,
    budget: Budget,
    metrics: metrics_exporter_prometheus::PrometheusHandle,
    secure_cookies: bool,
    bell: Bell,
    trusted_proxies: Vec<IpNet>,
    doors: Doors,
    new_clients_per_hour: i64,
    provider: Option<Provider>,
    second_factor_for: Vec<Role>,
    signer: Signer,
    signed_http: Option<SocketAddr>,
}

/// How people and programs reach the server.
#[derive(Debug, Default)]
pub struct Reached {
    /// Cookies may only travel over TLS.
    pub secure_cookies: bool,
    /// Proxies whose word is taken for where a request comes from.
    pub trusted_proxies: Vec<IpNet>,
    /// How long sessions last.
    pub lasting: Lasting,
    /// Its certificates, and what is noted of those who did not get in.
    pub doors: Doors,
    /// New clients that a token may make known in an hour, where it says nothing itself; 0: any number.
    pub new_clients_per_hour: i64,
    /// Who vouches for people, where there is single sign-on.
    pub provider: Option<Provider>,
    /// Roles that a password alone does not open.
    pub second_factor_for: Vec<Role>,
    /// What signs decisions.
    pub signer: Signer,
    /// Where signed reports are taken without TLS, while they are.
    pub signed_http: Option<SocketAddr>,
}

impl App {
    /// Puts the application together.
    pub fn new(
        store: Store,
        judge: Judge,
        metrics: metrics_exporter_prometheus::PrometheusHandle,
        pacer: Pacer,
        reached: Reached,
    ) -> Self {
        let Reached {
            secure_cookies,
            trusted_proxies,
            lasting,
            doors,
            new_clients_per_hour,
            provider,
            second_factor_for,
            signer,
            signed_http,
        } = reached;
        Self {
            inner: Arc::new(Inner {
                store,
                judge,
                guard: Guard::default(),
                door: Door::default(),
                lasting,
                pacer,
                budget: Budget::default(),
                metrics,
                secure_cookies,
                bell: Bell::default(),
                trusted_proxies,
                doors,
                new_clients_per_hour,
                provider,
                second_factor_for,
                signer,
                signed_http,
            }),
        }
    }

    /// What is kept.
    pub fn store(&self) -> &Store {
        &self.inner.store
    }

    /// The rules with their switches.
    pub fn judge(&self) -> &Judge {
        &self.inner.judge
    }

    /// Where people come in: passwords, and who failed lately.
    pub fn door(&self) -> &Door {
        &self.inner.door
    }

    /// How long sessions last.
    pub fn lasting(&self) -> Lasting {
        self.inner.lasting
    }

    /// Which tokens were let in lately.
    pub fn guard(&self) -> &Guard {
        &self.inner.guard
    }

    /// How many requests each token has made lately.
    pub fn pacer(&self) -> &Pacer {
        &self.inner.pacer
    }

    /// Room for request bodies.
    pub fn budget(&self) -> &Budget {
        &self.inner.budget
    }

    /// The counters, for `/metrics`.
    pub fn metrics(&self) -> &metrics_exporter_prometheus::PrometheusHandle {
        &self.inner.metrics
    }

    /// What wakes the worker of uploads.
    pub fn bell(&self) -> &Bell {
        &self.inner.bell
    }

    /// Proxies whose word is taken for where a request comes from.
    pub fn trusted_proxies(&self) -> &[IpNet] {
        &self.inner.trusted_proxies
    }

    /// The certificates, and who could not come in.
    pub fn doors(&self) -> &Doors {
        &self.inner.doors
    }

    /// What signs decisions.
    pub fn signer(&self) -> &Signer {
        &self.inner.signer
    }

    /// New clients that a token may make known in an hour where the token itself does not say it; 0: no limit.
    pub fn new_clients_per_hour(&self) -> i64 {
        self.inner.new_clients_per_hour
    }

    /// Who vouches for people, where there is single sign-on.
    pub fn provider(&self) -> Option<&Provider> {
        self.inner.provider.as_ref()
    }

    /// Whether a password alone does not do for a role.
    pub fn needs_second_factor(&self, role: Role) -> bool {
        self.inner.second_factor_for.contains(&role)
    }

    /// Where signed reports are taken without TLS, while they are.
    pub fn signed_http(&self) -> Option<SocketAddr> {
        self.inner.signed_http
    }

    /// Whether cookies may only travel over TLS.
    pub fn secure_cookies(&self) -> bool {
        self.inner.secure_cookies
    }
}
