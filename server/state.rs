//! What every request can reach: the store, the judge, the sender's tokens, the room for bodies.

use std::sync::Arc;

use ipnet::IpNet;

use crate::{
    cutovers::signing::Signer,
    http::{auth::Guard, body::Budget, pacing::Pacer},
    ingest::Judge,
    store::Store,
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
    pacer: Pacer,
    budget: Budget,
    metrics: metrics_exporter_prometheus::PrometheusHandle,
    secure_cookies: bool,
    bell: Bell,
    trusted_proxies: Vec<IpNet>,
    signer: Signer,
}

impl App {
    /// Puts the application together.
    pub fn new(
        store: Store,
        judge: Judge,
        metrics: metrics_exporter_prometheus::PrometheusHandle,
        secure_cookies: bool,
        pacer: Pacer,
        trusted_proxies: Vec<IpNet>,
        signer: Signer,
    ) -> Self {
        Self {
            inner: Arc::new(Inner {
                store,
                judge,
                guard: Guard::default(),
                pacer,
                budget: Budget::default(),
                metrics,
                secure_cookies,
                bell: Bell::default(),
                trusted_proxies,
                signer,
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

    /// Who was let in lately, and who was not.
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

    /// What signs decisions.
    pub fn signer(&self) -> &Signer {
        &self.inner.signer
    }

    /// Whether cookies may only travel over TLS.
    pub fn secure_cookies(&self) -> bool {
        self.inner.secure_cookies
    }
}
