//! How a provider is asked: by our own client, which follows nothing, waits for nobody long, and reads no more than is needed.

use std::{pin::Pin, time::Duration};

use openidconnect::{AsyncHttpClient, HttpRequest, HttpResponse};
use reqwest::{Client, redirect::Policy};

/// From the first look at a name to the end of the answer. A sign-in asks four times at most.
const PATIENCE: Duration = Duration::from_secs(10);
/// Bytes of an answer at most.
const LARGEST: usize = 1 << 20;

/// Asks a provider.
#[derive(Clone, Debug)]
pub struct Http(Client);

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum Unanswered {
    /// It could not be asked.
    #[error("{0}")]
    Unsent(#[from] reqwest::Error),
    /// It answered more than anybody needs.
    #[error("the answer has more than 1 MiB")]
    TooLarge,
}

impl Http {
    /// One that trusts these authorities, too.
    ///
    /// # Errors
    /// One sentence: the certificates cannot be used.
    pub fn new(authorities: &[u8]) -> Result<Self, String> {
        let wrong = |error: reqwest::Error| format!("oidc_ca cannot be used: {error}");
        let mut builder = Client::builder()
            // Whoever is sent elsewhere could be sent inside.
            .redirect(Policy::none())
            .referer(false)
            .connect_timeout(PATIENCE / 2)
            .timeout(PATIENCE)
            .user_agent(concat!("cutover/", env!("CARGO_PKG_VERSION")));
        if !authorities.is_empty() {
            let certificates = reqwest::Certificate::from_pem_bundle(authorities).map_err(wrong)?;
            builder = builder.tls_certs_merge(certificates);
        }
        builder.build().map(Self).map_err(wrong)
    }

    async fn ask(&self, question: HttpRequest) -> Result<HttpResponse, Unanswered> {
        let mut answer = self.0.execute(question.try_into()?).await?;
        let mut body = Vec::new();
        while let Some(part) = answer.chunk().await? {
            if body.len() + part.len() > LARGEST {
                return Err(Unanswered::TooLarge);
            }
            body.extend_from_slice(&part);
        }
        let mut whole = HttpResponse::new(body);
        *whole.status_mut() = answer.status();
        *whole.headers_mut() = std::mem::take(answer.headers_mut());
        Ok(whole)
    }
}

impl<'c> AsyncHttpClient<'c> for Http {
    type Error = Unanswered;
    type Future = Pin<Box<dyn Future<Output = Result<HttpResponse, Unanswered>> + Send + 'c>>;

    fn call(&'c self, question: HttpRequest) -> Self::Future {
        Box::pin(self.ask(question))
    }
}
