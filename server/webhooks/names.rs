//! From the name of a target to addresses that were looked at: the very ones that are connected to.

use std::{
    fmt, io,
    net::{IpAddr, SocketAddr},
    sync::Arc,
};

use futures::future::BoxFuture;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};

use super::address::Allowed;

/// Who knows the addresses of a name.
pub trait Names: Send + Sync {
    /// The addresses of a name, asked anew each time.
    fn addresses(&self, name: &str) -> BoxFuture<'static, io::Result<Vec<IpAddr>>>;
}

/// Whom this machine asks.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemNames;

impl Names for SystemNames {
    fn addresses(&self, name: &str) -> BoxFuture<'static, io::Result<Vec<IpAddr>>> {
        let name = name.to_owned();
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            Ok(found.map(|address| address.ip()).collect())
        })
    }
}

/// Gives out only addresses that messages may go to. A connection is made to what it answers and to nothing else, so that
/// a name that means another address a moment later changes nothing.
#[derive(Clone)]
pub struct Checked {
    names: Arc<dyn Names>,
    allowed: Arc<Allowed>,
}

impl Checked {
    /// Asks `names` and gives out what is `allowed`.
    pub fn new(names: Arc<dyn Names>, allowed: Arc<Allowed>) -> Self {
        Self { names, allowed }
    }
}

impl fmt::Debug for Checked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Checked").finish_non_exhaustive()
    }
}

impl Resolve for Checked {
    fn resolve(&self, name: Name) -> Resolving {
        let found = self.names.addresses(name.as_str());
        let allowed = Arc::clone(&self.allowed);
        Box::pin(async move {
            let found = found.await?;
            let mut refused = None;
            let mut good = Vec::new();
            for address in found {
                match allowed.check(address) {
                    // Port 0: the one of the address that is written in the URL.
                    Ok(()) => good.push(SocketAddr::new(address, 0)),
                    Err(why) => refused = refused.or(Some(why)),
                }
            }
            if good.is_empty() {
                return Err(match refused {
                    Some(why) => why.into(),
                    None => {
                        io::Error::new(io::ErrorKind::NotFound, "the name has no address").into()
                    }
                });
            }
            Ok(Box::new(good.into_iter()) as Addrs)
        })
    }
}
