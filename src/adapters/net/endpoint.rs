//! A service's base address.

use std::fmt;
use std::net::IpAddr;

/// Where a service is: scheme, host and the path all requests begin with. `ws` and `wss` mean the same services as
/// `http` and `https`; which of them is used follows from the request.
#[derive(Clone, PartialEq, Eq)]
pub struct Endpoint {
    /// `http` or `https`.
    scheme: &'static str,
    /// Host, port and path, without a slash at its end.
    rest: String,
}

impl Endpoint {
    /// The service at this address; `None` for anything but `http`, `https`, `ws` or `wss` with a host.
    #[must_use]
    pub fn parse(address: &str) -> Option<Self> {
        let (scheme, rest) = address.trim().split_once("://")?;
        let scheme = match scheme.to_ascii_lowercase().as_str() {
            "http" | "ws" => "http",
            "https" | "wss" => "https",
            _ => return None,
        };
        let rest = rest.trim_end_matches('/');
        let has_host = !rest.is_empty() && !rest.starts_with(['/', ':', '?', '#']);
        has_host.then(|| Self { scheme, rest: rest.to_owned() })
    }

    /// The address of `path` for a plain request.
    #[must_use]
    pub fn http(&self, path: &str) -> String {
        format!("{}://{}{path}", self.scheme, self.rest)
    }

    /// The address of `path` for a WebSocket.
    #[must_use]
    pub fn websocket(&self, path: &str) -> String {
        format!("{}://{}{path}", if self.is_encrypted() { "wss" } else { "ws" }, self.rest)
    }

    /// The same service with `path` behind its address, unless it ends with it already.
    #[must_use]
    pub fn with_path(mut self, path: &str) -> Self {
        if !self.rest.ends_with(path) {
            self.rest.push_str(path);
        }
        self
    }

    /// Whether it is spoken to over TLS.
    #[must_use]
    pub fn is_encrypted(&self) -> bool {
        self.scheme == "https"
    }

    /// Whether the service is on this machine.
    #[must_use]
    pub fn is_loopback(&self) -> bool {
        let authority = self.rest.split('/').next().unwrap_or_default();
        let host = match authority.strip_prefix('[') {
            Some(v6) => v6.split(']').next().unwrap_or_default(),
            None => authority.split(':').next().unwrap_or_default(),
        };
        host.eq_ignore_ascii_case("localhost")
            || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}", self.scheme, self.rest)
    }
}

impl fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_address_serves_requests_and_sockets() {
        let service = Endpoint::parse("wss://api.example/").unwrap();
        assert_eq!(service.http("/v1/x"), "https://api.example/v1/x");
        assert_eq!(service.websocket("/v1/x?a=b"), "wss://api.example/v1/x?a=b");
        let local = Endpoint::parse("http://127.0.0.1:9/v1").unwrap();
        assert_eq!(local.websocket("/x"), "ws://127.0.0.1:9/v1/x");
        assert_eq!(local.clone().with_path("/v1"), local);
    }

    #[test]
    fn this_machine_is_told_from_others() {
        for here in ["http://localhost:1", "http://127.0.0.1", "ws://[::1]:80/x"] {
            assert!(Endpoint::parse(here).unwrap().is_loopback(), "{here}");
        }
        for there in ["http://localhost.example", "https://10.0.0.1", "http://127.0.0.1.example"] {
            assert!(!Endpoint::parse(there).unwrap().is_loopback(), "{there}");
        }
        for none in ["api.example", "ftp://h", "http://", "http:///x"] {
            assert_eq!(Endpoint::parse(none), None, "{none}");
        }
    }
}
