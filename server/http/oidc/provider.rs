//! The server that vouches for people: what it says of itself, what a sign-in there begins with, and what it says of who comes
//! back. How its proofs are checked is the business of a library.

use std::{
    error::Error,
    sync::Arc,
    time::{Duration, Instant},
};

use openidconnect::{
    AccessToken, AuthType, AuthorizationCode, Client, ClientId, ClientSecret, CsrfToken,
    EmptyExtraTokenFields, EndpointMaybeSet, EndpointNotSet, EndpointSet, IdTokenFields,
    IdTokenVerifier, IssuerUrl, JsonWebKeySetUrl, Nonce, OAuth2TokenResponse as _,
    PkceCodeChallenge, PkceCodeVerifier, RedirectUrl, Scope, StandardErrorResponse,
    StandardTokenResponse, TokenResponse as _, UserInfoClaims,
    core::{
        CoreAuthDisplay, CoreAuthPrompt, CoreAuthenticationFlow, CoreClientAuthMethod,
        CoreErrorResponseType, CoreGenderClaim, CoreJsonWebKey, CoreJsonWebKeySet,
        CoreJweContentEncryptionAlgorithm, CoreJwsSigningAlgorithm, CoreProviderMetadata,
        CoreRevocableToken, CoreRevocationErrorResponse, CoreTokenIntrospectionResponse,
        CoreTokenType,
    },
    url::Url,
};
use tokio::sync::Mutex;

use super::{
    claims::{Groups, MoreClaims, name},
    http::Http,
};
use crate::{
    single_sign_on::SingleSignOn,
    store::single_sign_on::{Begun, Vouched},
};

/// How long what a provider says of itself is believed.
const BELIEVED: Duration = Duration::from_hours(1);
/// The same while it cannot be asked again.
const BELIEVED_AT_MOST: Duration = Duration::from_hours(24);
/// After it could not be asked, nobody waits for it for so long.
const AGAIN: Duration = Duration::from_secs(5);
/// Keys are asked for anew for an unknown one, but not more often than this: anybody can make one up.
const KEYS_AGAIN: Duration = Duration::from_secs(3);

/// Only what nobody can sign but the provider. Where the secret of this server would do, whoever reads it could be anybody.
const ALGORITHMS: [CoreJwsSigningAlgorithm; 9] = [
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha256,
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha384,
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha512,
    CoreJwsSigningAlgorithm::RsaSsaPssSha256,
    CoreJwsSigningAlgorithm::RsaSsaPssSha384,
    CoreJwsSigningAlgorithm::RsaSsaPssSha512,
    CoreJwsSigningAlgorithm::EcdsaP256Sha256,
    CoreJwsSigningAlgorithm::EcdsaP384Sha384,
    CoreJwsSigningAlgorithm::EdDsa,
];

type Fields = IdTokenFields<
    MoreClaims,
    EmptyExtraTokenFields,
    CoreGenderClaim,
    CoreJweContentEncryptionAlgorithm,
    CoreJwsSigningAlgorithm,
>;
type Tokens = StandardTokenResponse<Fields, CoreTokenType>;
type OurClient = Client<
    MoreClaims,
    CoreAuthDisplay,
    CoreGenderClaim,
    CoreJweContentEncryptionAlgorithm,
    CoreJsonWebKey,
    CoreAuthPrompt,
    StandardErrorResponse<CoreErrorResponseType>,
    Tokens,
    CoreTokenIntrospectionResponse,
    CoreRevocableToken,
    CoreRevocationErrorResponse,
    EndpointSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointMaybeSet,
    EndpointMaybeSet,
>;

/// Why nobody can be signed in. The cause is in the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// It cannot be asked.
    Away,
    /// What it says does not hold.
    Wrong,
}

/// Says what is wrong to whoever reads the log.
fn trouble(kind: Trouble, what: &str, error: &dyn Error) -> Trouble {
    let mut words = vec![error.to_string()];
    let mut cause = error.source();
    while let Some(deeper) = cause {
        words.push(deeper.to_string());
        cause = deeper.source();
    }
    // An answer from elsewhere can hold anything, and be long.
    let words: String = words
        .join(": ")
        .chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .take(600)
        .collect();
    tracing::warn!(error = words, "single sign-on: {what}");
    kind
}

/// An address in words, when it is not one of ours to be wrong.
fn wrong(what: &str, why: &str) -> Trouble {
    tracing::warn!(why, "single sign-on: {what}");
    Trouble::Wrong
}

/// What a provider says of itself, its keys among it.
#[derive(Debug)]
struct Said {
    at: Instant,
    metadata: CoreProviderMetadata,
}

#[derive(Debug, Default)]
struct Known {
    said: Option<Arc<Said>>,
    failed: Option<(Instant, Trouble)>,
}

/// A sign-in that is about to begin.
#[derive(Debug)]
pub struct Beginning {
    /// Where the person goes.
    pub url: Url,
    /// Comes back with the person.
    pub state: String,
    /// Stands in the proof that comes back.
    pub nonce: String,
    /// Shows that whoever finishes is who began.
    pub verifier: String,
}

/// Somebody who came back, and the groups there.
#[derive(Debug)]
pub struct Back {
    /// Who it is.
    pub who: Vouched,
    /// Their groups.
    pub groups: Groups,
}

/// The server that vouches for people.
#[derive(Debug)]
pub struct Provider {
    settings: SingleSignOn,
    issuer: IssuerUrl,
    redirect: RedirectUrl,
    http: Http,
    // Held while it is asked, so that it is asked once.
    known: Mutex<Known>,
}

impl Provider {
    /// One with these settings. It is not asked before somebody wants to sign in.
    ///
    /// # Errors
    /// One sentence: the certificates or an address cannot be used.
    pub fn new(settings: SingleSignOn) -> Result<Self, String> {
        let issuer = IssuerUrl::new(settings.issuer.clone())
            .map_err(|error| format!("oidc_issuer: {error}"))?;
        let redirect = RedirectUrl::new(settings.redirect.clone())
            .map_err(|error| format!("public_url: {error}"))?;
        Ok(Self {
            http: Http::new(&settings.authorities)?,
            issuer,
            redirect,
            settings,
            known: Mutex::default(),
        })
    }

    /// Its settings.
    pub fn settings(&self) -> &SingleSignOn {
        &self.settings
    }

    async fn said(&self) -> Result<Arc<Said>, Trouble> {
        let mut known = self.known.lock().await;
        if let Some(said) = &known.said
            && said.at.elapsed() < BELIEVED
        {
            return Ok(Arc::clone(said));
        }
        if let Some((at, trouble)) = known.failed
            && at.elapsed() < AGAIN
        {
            return old(&known).ok_or(trouble);
        }
        match CoreProviderMetadata::discover_async(self.issuer.clone(), &self.http).await {
            Ok(metadata) => {
                let at = Instant::now();
                let said = Arc::new(Said { at, metadata });
                known.said = Some(Arc::clone(&said));
                known.failed = None;
                Ok(said)
            }
            Err(error) => {
                let trouble = trouble(
                    Trouble::Away,
                    "what the provider says of itself could not be read; oidc_issuer has to be exactly what it calls itself",
                    &error,
                );
                known.failed = Some((Instant::now(), trouble));
                old(&known).ok_or(trouble)
            }
        }
    }

    /// Keys after they were changed; `before`: those that did not fit.
    async fn newer(&self, before: &Said) -> Result<Arc<Said>, Trouble> {
        let mut known = self.known.lock().await;
        if let Some(said) = &known.said
            && said.at > before.at
        {
            return Ok(Arc::clone(said));
        }
        if before.at.elapsed() < KEYS_AGAIN {
            return Err(wrong("a proof is signed with an unknown key", ""));
        }
        let keys: &JsonWebKeySetUrl = before.metadata.jwks_uri();
        let keys = CoreJsonWebKeySet::fetch_async(keys, &self.http)
            .await
            .map_err(|error| trouble(Trouble::Away, "its keys could not be read", &error))?;
        let said = Arc::new(Said {
            at: Instant::now(),
            metadata: before.metadata.clone().set_jwks(keys),
        });
        known.said = Some(Arc::clone(&said));
        Ok(said)
    }

    fn client(&self, said: &Said) -> OurClient {
        let client = OurClient::from_provider_metadata(
            said.metadata.clone(),
            ClientId::new(self.settings.client_id.clone()),
            Some(ClientSecret::new(self.settings.client_secret.clone())),
        );
        let methods = said.metadata.token_endpoint_auth_methods_supported();
        let takes = |method| methods.is_none_or(|known| known.contains(&method));
        let in_body = !takes(CoreClientAuthMethod::ClientSecretBasic)
            && takes(CoreClientAuthMethod::ClientSecretPost);
        let auth = if in_body {
            AuthType::RequestBody
        } else {
            AuthType::BasicAuth
        };
        client
            .set_auth_type(auth)
            .set_redirect_uri(self.redirect.clone())
    }

    /// What a sign-in begins with.
    ///
    /// # Errors
    /// It cannot be asked, or what it says does not hold.
    pub async fn begin(&self) -> Result<Beginning, Trouble> {
        let said = self.said().await?;
        let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
        let scopes = self.settings.scopes.iter().cloned().map(Scope::new);
        let client = self.client(&said);
        let (url, state, nonce) = client
            .authorize_url(
                CoreAuthenticationFlow::AuthorizationCode,
                CsrfToken::new_random,
                Nonce::new_random,
            )
            .add_scopes(scopes)
            .set_pkce_challenge(challenge)
            .url();
        if !matches!(url.scheme(), "https" | "http") {
            return Err(wrong("its address to sign in at is not one of the web", ""));
        }
        Ok(Beginning {
            url,
            state: state.secret().clone(),
            nonce: nonce.secret().clone(),
            verifier: verifier.secret().clone(),
        })
    }

    /// Has a code turned into who came back.
    ///
    /// # Errors
    /// It cannot be asked, or what it says does not hold.
    pub async fn finish(&self, code: String, begun: Begun) -> Result<Back, Trouble> {
        let said = self.said().await?;
        let client = self.client(&said);
        let tokens: Tokens = client
            .exchange_code(AuthorizationCode::new(code))
            .map_err(|error| trouble(Trouble::Wrong, "it takes no codes", &error))?
            .set_pkce_verifier(PkceCodeVerifier::new(begun.verifier))
            .request_async(&self.http)
            .await
            .map_err(|error| {
                use openidconnect::RequestTokenError::Request;
                let kind = if matches!(error, Request(_)) {
                    Trouble::Away
                } else {
                    Trouble::Wrong
                };
                trouble(kind, "a code was not taken", &error)
            })?;
        let nonce = Nonce::new(begun.nonce);
        let proof = tokens
            .id_token()
            .ok_or_else(|| wrong("it sent no proof of who came back", ""))?;
        let claims = match proof.claims(&self.verifier(&said), &nonce) {
            Err(error) if is_unknown_key(&error) => {
                let newer = self.newer(&said).await?;
                proof.claims(&self.verifier(&newer), &nonce)
            }
            other => other,
        };
        let claims =
            claims.map_err(|error| trouble(Trouble::Wrong, "its proof does not hold", &error))?;
        let party = claims.authorized_party();
        if party.is_some_and(|party| party.as_str() != self.settings.client_id) {
            return Err(wrong("its proof is for another server", "azp"));
        }
        let claim = &self.settings.groups_claim;
        let mut groups = claims.additional_claims().groups(claim);
        let mut called = name(
            claims.preferred_username().map(|name| name.as_str()),
            claims.email().map(|email| email.as_str()),
        );
        // Some say these only when they are asked.
        if matches!(groups, Groups::Missing) || called.is_none() {
            let asked = self.asked(&client, tokens.access_token(), claims.subject());
            if let Some(more) = asked.await? {
                if matches!(groups, Groups::Missing) {
                    groups = more.additional_claims().groups(claim);
                }
                called = called.or_else(|| {
                    name(
                        more.preferred_username().map(|name| name.as_str()),
                        more.email().map(|email| email.as_str()),
                    )
                });
            }
        }
        let subject = claims.subject().to_string();
        Ok(Back {
            who: Vouched {
                issuer: self.settings.issuer.clone(),
                called: called
                    .or_else(|| name(Some(&subject), None))
                    .unwrap_or_else(|| "somebody".to_owned()),
                subject,
                host: self.settings.host.clone(),
            },
            groups,
        })
    }

    /// What it says of somebody when it is asked; `None`: it cannot be asked that. It has to be the same person.
    async fn asked(
        &self,
        client: &OurClient,
        token: &AccessToken,
        subject: &openidconnect::SubjectIdentifier,
    ) -> Result<Option<UserInfoClaims<MoreClaims, CoreGenderClaim>>, Trouble> {
        let Ok(question) = client.user_info(token.clone(), Some(subject.clone())) else {
            return Ok(None);
        };
        question
            .request_async(&self.http)
            .await
            .map(Some)
            .map_err(|error| {
                use openidconnect::UserInfoError::Request;
                let kind = if matches!(error, Request(_)) {
                    Trouble::Away
                } else {
                    Trouble::Wrong
                };
                trouble(kind, "it does not say who came back", &error)
            })
    }

    fn verifier(&self, said: &Said) -> IdTokenVerifier<'static, CoreJsonWebKey> {
        // As if it had no secret: then the secret signs nothing.
        IdTokenVerifier::new_public_client(
            ClientId::new(self.settings.client_id.clone()),
            said.metadata.issuer().clone(),
            said.metadata.jwks().clone(),
        )
        .set_allowed_algs(ALGORITHMS)
    }
}

/// What is known from before, while that is not too long ago.
fn old(known: &Known) -> Option<Arc<Said>> {
    let said = known.said.as_ref()?;
    (said.at.elapsed() < BELIEVED_AT_MOST).then(|| Arc::clone(said))
}

fn is_unknown_key(error: &openidconnect::ClaimsVerificationError) -> bool {
    use openidconnect::{
        ClaimsVerificationError::SignatureVerification,
        SignatureVerificationError::{CryptoError, NoMatchingKey},
    };
    // A key can come back under an old name.
    matches!(error, SignatureVerification(NoMatchingKey | CryptoError(_)))
}
