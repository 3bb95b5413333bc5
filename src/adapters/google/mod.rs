//! What Google Cloud's services have in common: who asks ([`access`]), over which line ([`GoogleLine`]), in which
//! messages ([`messages`]).
//!
//! The messages are written by hand with the numbers of Google's published definitions, as far as the studio needs
//! them; nothing is generated at build time. What a message holds beyond that is passed over.

pub mod access;
pub mod messages;

use std::future::Future;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use futures_util::Stream;
use prost::Message;
use tonic::client::Grpc;
use tonic::codegen::http::uri::PathAndQuery;
use tonic::metadata::MetadataValue;
use tonic::transport::{Channel, ClientTlsConfig};
use tonic::{Code, Request, Status, Streaming};
use tonic_prost::ProstCodec;

use super::AdapterError;
use super::net::{CONNECT_LIMIT, Endpoint};
use access::GoogleAccess;

/// A sign of life on a quiet connection, so that one that died is noticed: Google's own libraries send none more often.
const KEEP_ALIVE: Duration = Duration::from_secs(30);

/// A connection to one service. Cloning shares it; it is made when it is first needed and again when it broke.
#[derive(Clone, Debug)]
pub(super) struct GoogleLine {
    adapter: &'static str,
    channel: Channel,
    access: Arc<GoogleAccess>,
}

impl GoogleLine {
    /// # Errors
    /// A sentence, where the address cannot be used.
    pub(super) fn new(
        adapter: &'static str,
        service: &Endpoint,
        access: Arc<GoogleAccess>,
    ) -> Result<Self, String> {
        super::net::install_crypto();
        let unusable = |error: tonic::transport::Error| format!("{service}: {error}");
        let mut endpoint = tonic::transport::Endpoint::from_shared(service.http(""))
            .map_err(unusable)?
            .connect_timeout(CONNECT_LIMIT)
            .tcp_nodelay(true)
            .http2_keep_alive_interval(KEEP_ALIVE);
        if service.is_encrypted() {
            let tls = ClientTlsConfig::new().with_native_roots();
            endpoint = endpoint.tls_config(tls).map_err(unusable)?;
        }
        Ok(Self { adapter, channel: endpoint.connect_lazy(), access })
    }

    /// Calls a method with streams both ways. A token that is not taken is fetched anew by the next call.
    ///
    /// # Errors
    /// As [`of_status`] says.
    pub(super) fn call<Asks, Ask, Answer>(
        &self,
        method: &'static str,
        asks: Asks,
    ) -> impl Future<Output = Result<Streaming<Answer>, AdapterError>> + Send + use<Asks, Ask, Answer>
    where
        Asks: Stream<Item = Ask> + Send + 'static,
        Ask: Message + 'static,
        Answer: Message + Default + 'static,
    {
        let line = self.clone();
        async move {
            let adapter = line.adapter;
            let unusable = |what: &str| AdapterError::Refused { adapter, reason: what.to_owned() };
            let mut request = Request::new(asks);
            let mut is_fresh = true;
            if let Some((bearer, fresh)) = line.access.bearer(adapter).await? {
                is_fresh = fresh;
                let bearer = MetadataValue::from_str(&format!("Bearer {}", bearer.expose()));
                let mut bearer = bearer.map_err(|_odd| unusable("a token with odd characters"))?;
                bearer.set_sensitive(true);
                request.metadata_mut().insert("authorization", bearer);
            }
            let mut grpc = Grpc::new(line.channel);
            grpc.ready().await.map_err(|error| {
                let reason = format!("connect: {}", root_of(&error));
                AdapterError::Unavailable { adapter, reason, retry_after: None }
            })?;
            let codec: ProstCodec<Ask, Answer> = ProstCodec::default();
            let answer = grpc.streaming(request, PathAndQuery::from_static(method), codec).await;
            if let Err(status) = &answer
                && status.code() == Code::Unauthenticated
                && !is_fresh
            {
                // It may have been withdrawn; the next call brings another.
                line.access.forget();
                let reason = "its token is not taken any more".to_owned();
                return Err(AdapterError::Unavailable { adapter, reason, retry_after: None });
            }
            answer.map(tonic::Response::into_inner).map_err(|status| of_status(adapter, &status))
        }
    }
}

fn root_of(error: &tonic::transport::Error) -> String {
    let mut cause: &dyn std::error::Error = error;
    while let Some(deeper) = cause.source() {
        cause = deeper;
    }
    cause.to_string()
}

/// What a gRPC status means. Its message stays out: Google repeats requests in it.
pub(super) fn of_status(adapter: &'static str, status: &Status) -> AdapterError {
    let code = status.code();
    let reason = format!("gRPC {code:?}");
    match code {
        Code::InvalidArgument
        | Code::FailedPrecondition
        | Code::NotFound
        | Code::PermissionDenied
        | Code::Unauthenticated
        | Code::Unimplemented => AdapterError::Refused { adapter, reason },
        Code::DataLoss => AdapterError::Malformed { adapter, reason },
        Code::ResourceExhausted => AdapterError::Unavailable {
            adapter,
            reason,
            // Quotas are counted by the minute; its makers ask for a second at least.
            retry_after: Some(Duration::from_secs(1)),
        },
        // tonic says so of a message that it cannot read, too.
        Code::Internal if status.message().contains("decode") => {
            AdapterError::Malformed { adapter, reason }
        }
        _ => AdapterError::Unavailable { adapter, reason, retry_after: None },
    }
}
