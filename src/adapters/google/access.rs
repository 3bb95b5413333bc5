//! Access tokens for a service account (RFC 7523): a signed claim is exchanged for a token, which is kept for four
//! fifths of its life.
//!
//! Invariants: one exchange at a time; the private key and the tokens are never printed.

use std::fmt;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use ring::rand::SystemRandom;
use ring::signature::{RSA_PKCS1_SHA256, RsaKeyPair};
use serde::Deserialize;
use tokio::sync::Mutex;
use tokio::time::Instant;

use crate::adapters::AdapterError;
use crate::adapters::net::{Endpoint, Net, answer_of, broke};
use crate::adapters::wire::parse;
use crate::secret::Secret;

/// Everything in Google Cloud; what the account may do is set there.
const SCOPE: &str = "https://www.googleapis.com/auth/cloud-platform";
/// Whom the claim is for, wherever it is sent.
const AUDIENCE: &str = "https://oauth2.googleapis.com/token";
/// How long a claim is valid; the most Google grants.
const CLAIM_SECONDS: u64 = 3600;

/// How a studio proves who it is.
#[derive(Debug)]
pub enum GoogleAccess {
    /// Not at all: a stand-in on this machine wants no proof.
    Open,
    /// By a service account.
    Account(Box<ServiceAccount>),
}

/// A service account.
pub struct ServiceAccount {
    net: Net,
    email: String,
    key_id: String,
    key: RsaKeyPair,
    /// Address and path of the exchange.
    exchange: (Endpoint, String),
    /// Seconds since 1970.
    now: fn() -> u64,
    token: Mutex<Option<(Secret, Instant)>>,
    /// Set from outside the lock, since whoever sets it cannot wait.
    is_stale: std::sync::atomic::AtomicBool,
}

impl fmt::Debug for ServiceAccount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServiceAccount").field("email", &self.email).finish_non_exhaustive()
    }
}

/// The fields of a key file that matter.
#[derive(Deserialize)]
struct KeyFile {
    client_email: String,
    private_key: String,
    #[serde(default)]
    private_key_id: String,
    #[serde(default)]
    token_uri: String,
    #[serde(default)]
    project_id: String,
}

#[derive(Deserialize)]
struct Token {
    access_token: String,
    #[serde(default)]
    expires_in: u64,
}

impl GoogleAccess {
    /// The account of a key file, and its project. `token_uri` stands in for the file's own address.
    ///
    /// # Errors
    /// A sentence that says what is wrong with the file, without its content.
    pub fn of_key_file(
        net: Net,
        file: &[u8],
        token_uri: Option<&str>,
        now: fn() -> u64,
    ) -> Result<(Self, String), String> {
        let file: KeyFile = serde_json::from_slice(file)
            .map_err(|_holds_a_key| "it is no service account's key file".to_owned())?;
        let pem: String = file.private_key.lines().filter(|line| !line.starts_with("--")).collect();
        let der = STANDARD
            .decode(pem.trim())
            .map_err(|_holds_a_key| "its private key is no PEM".to_owned())?;
        let key = RsaKeyPair::from_pkcs8(&der)
            .map_err(|rejected| format!("its private key cannot be used: {rejected}"))?;
        let uri = token_uri.unwrap_or(&file.token_uri);
        let uri = if uri.is_empty() { AUDIENCE } else { uri };
        let exchange = split(uri).ok_or_else(|| format!("{uri} is no address"))?;
        let account = ServiceAccount {
            net,
            email: file.client_email,
            key_id: file.private_key_id,
            key,
            exchange,
            now,
            token: Mutex::new(None),
            is_stale: false.into(),
        };
        Ok((Self::Account(Box::new(account)), file.project_id))
    }

    /// A token that is valid now, and whether it is a fresh one; none where none is wanted.
    ///
    /// # Errors
    /// `Refused` where the account is not known, `Unavailable` where nobody answers.
    pub(crate) async fn bearer(
        &self,
        adapter: &'static str,
    ) -> Result<Option<(Secret, bool)>, AdapterError> {
        match self {
            Self::Open => Ok(None),
            Self::Account(account) => account.bearer(adapter).await.map(Some),
        }
    }

    /// The token was not taken: the next one is fetched.
    pub(crate) fn forget(&self) {
        if let Self::Account(account) = self {
            account.is_stale.store(true, std::sync::atomic::Ordering::Relaxed);
        }
    }
}

/// An address as its service and its path.
fn split(uri: &str) -> Option<(Endpoint, String)> {
    let authority = uri.find("://")? + 3;
    let path = uri[authority..].find('/').map_or(uri.len(), |at| authority + at);
    Some((Endpoint::parse(&uri[..path])?, uri[path..].to_owned()))
}

impl ServiceAccount {
    async fn bearer(&self, adapter: &'static str) -> Result<(Secret, bool), AdapterError> {
        let mut token = self.token.lock().await;
        let is_stale = self.is_stale.swap(false, std::sync::atomic::Ordering::Relaxed);
        if let Some((token, until)) = token.as_ref().filter(|_| !is_stale)
            && Instant::now() < *until
        {
            return Ok((token.clone(), false));
        }
        let (service, path) = &self.exchange;
        let form = format!(
            "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer&assertion={}",
            self.claim(adapter)?
        );
        let request = self
            .net
            .post(service, path)
            .header("content-type", "application/x-www-form-urlencoded")
            .body(form);
        let answer = answer_of(adapter, request).await?;
        let answer =
            answer.bytes().await.map_err(|error| broke(adapter, "read the token", &error))?;
        let fresh: Token = parse(adapter, &answer)?;
        let kept = Duration::from_secs(fresh.expires_in / 5 * 4);
        let secret = Secret::new(fresh.access_token);
        *token = Some((secret.clone(), Instant::now() + kept));
        Ok((secret, true))
    }

    /// The signed claim: header, claims and signature.
    fn claim(&self, adapter: &'static str) -> Result<String, AdapterError> {
        let now = (self.now)();
        let header = serde_json::json!({ "typ": "JWT", "alg": "RS256", "kid": self.key_id });
        let claims = serde_json::json!({
            "iss": self.email, "scope": SCOPE, "aud": AUDIENCE, "iat": now, "exp": now + CLAIM_SECONDS,
        });
        let encode = |part: String| URL_SAFE_NO_PAD.encode(part);
        let signed = format!("{}.{}", encode(header.to_string()), encode(claims.to_string()));
        let mut signature = vec![0; self.key.public().modulus_len()];
        self.key
            .sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), signed.as_bytes(), &mut signature)
            .map_err(|_unspecified| AdapterError::Refused {
            adapter,
            reason: "its private key does not sign".to_owned(),
        })?;
        Ok(format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature)))
    }
}
