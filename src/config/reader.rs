//! Reads single settings out of the environment and collects what is wrong with them.

use std::net::{IpAddr, Ipv4Addr};
use std::path::PathBuf;

use super::environment::Environment;
use super::errors::ConfigError;
use super::providers::Choice;
use super::settings::{Kind, Setting, all};
use crate::secret::Secret;

/// The word for an empty list, where the default is another.
const NONE: &str = "none";

/// One pass over the settings. A value that cannot be used is noted, and its default read in its place, so that
/// the pass goes on to the next.
pub(super) struct Reader<'a> {
    pub(super) environment: &'a Environment,
    pub(super) errors: Vec<ConfigError>,
}

impl Reader<'_> {
    /// A whole number that fits `N`; zero where the table gives no default.
    pub(super) fn number<N: TryFrom<u64> + Default>(&mut self, setting: &Setting) -> N {
        self.read(setting, |kind, text| match kind {
            Kind::Number { min, max } => text
                .parse()
                .ok()
                .filter(|n| (min..=max).contains(n))
                .and_then(|n: u64| N::try_from(n).ok()),
            _ => None,
        })
        .unwrap_or_default()
    }

    pub(super) fn switch(&mut self, setting: &Setting) -> bool {
        self.read(setting, |kind, text| match (kind, text.to_ascii_lowercase().as_str()) {
            (Kind::Switch, "true" | "1" | "yes" | "on") => Some(true),
            (Kind::Switch, "false" | "0" | "no" | "off") => Some(false),
            _ => None,
        })
        .unwrap_or_default()
    }

    /// One of a closed list of words; `fallback` where the table gives no default.
    pub(super) fn choice<C: Choice>(&mut self, setting: &Setting, fallback: C) -> C {
        self.read(setting, |_, text| {
            C::ALL.iter().find(|c| c.as_str().eq_ignore_ascii_case(text)).copied()
        })
        .unwrap_or(fallback)
    }

    pub(super) fn text(&mut self, setting: &Setting) -> Option<String> {
        self.read(setting, |kind, text| (kind == Kind::Text).then(|| text.to_owned()))
    }

    pub(super) fn path(&mut self, setting: &Setting) -> Option<PathBuf> {
        self.read(setting, |kind, text| (kind == Kind::Path).then(|| PathBuf::from(text)))
    }

    pub(super) fn url(&mut self, setting: &Setting) -> String {
        self.read(setting, |kind, text| {
            (kind == Kind::Url && is_url(text)).then(|| text.to_owned())
        })
        .unwrap_or_default()
    }

    /// The base address of a service that is sent a key.
    pub(super) fn service(&mut self, setting: &Setting) -> String {
        self.optional_service(setting).unwrap_or_default()
    }

    pub(super) fn optional_service(&mut self, setting: &Setting) -> Option<String> {
        self.read(setting, |kind, text| {
            let is_fit = match kind {
                Kind::Url => is_url(text),
                Kind::Service => is_service(text),
                _ => false,
            };
            is_fit.then(|| text.trim_end_matches('/').to_owned())
        })
    }

    /// Some of a closed list of words, each once, in the order given.
    pub(super) fn choices<C: Choice + PartialEq>(&mut self, setting: &Setting) -> Vec<C> {
        let chosen = self.read(setting, |_, text| {
            if text.eq_ignore_ascii_case(NONE) {
                return Some(Vec::new());
            }
            let mut chosen: Vec<C> = Vec::new();
            for word in text.split(',').map(str::trim).filter(|word| !word.is_empty()) {
                let choice = C::ALL.iter().find(|c| c.as_str().eq_ignore_ascii_case(word))?;
                if !chosen.contains(choice) {
                    chosen.push(*choice);
                }
            }
            Some(chosen)
        });
        chosen.unwrap_or_default()
    }

    pub(super) fn origins(&mut self, setting: &Setting) -> Vec<String> {
        self.read(setting, |kind, text| {
            let origins = text.split(',').map(str::trim).filter(|origin| !origin.is_empty());
            let origins: Option<Vec<String>> =
                origins.map(|o| origin(o.trim_end_matches('/'))).collect();
            origins.filter(|origins| kind == Kind::Origins && !origins.is_empty())
        })
        .unwrap_or_default()
    }

    pub(super) fn host(&mut self, setting: &Setting) -> IpAddr {
        let localhost = IpAddr::V4(Ipv4Addr::LOCALHOST);
        self.read(setting, |kind, text| match kind {
            Kind::Host if text.eq_ignore_ascii_case("localhost") => Some(localhost),
            Kind::Host => text.parse().ok(),
            _ => None,
        })
        .unwrap_or(localhost)
    }

    pub(super) fn secret(&mut self, setting: &Setting) -> Option<Secret> {
        self.read(setting, |kind, text| match kind {
            Kind::Secret { min_chars } => {
                let usable =
                    text.chars().count() >= min_chars && text.chars().all(|c| c.is_ascii_graphic());
                usable.then(|| Secret::new(text.to_owned()))
            }
            _ => None,
        })
    }

    /// Whether somebody said anything, right or wrong.
    pub(super) fn is_set(&self, setting: &Setting) -> bool {
        self.environment.get(setting.name).is_some()
    }

    /// Whether something wrong was noted of it.
    pub(super) fn is_wrong(&self, setting: &Setting) -> bool {
        self.errors.iter().any(|error| error.name == setting.name)
    }

    /// Notes something that is wrong between settings.
    pub(super) fn note(&mut self, error: ConfigError) {
        self.errors.push(error);
    }

    fn read<T>(&mut self, setting: &Setting, parse: impl Fn(Kind, &str) -> Option<T>) -> Option<T> {
        let names = std::iter::once(setting.name).chain(setting.also);
        let given = names.filter_map(|name| Some((name, self.environment.get(name)?))).next();
        if let Some((name, (text, source))) = given {
            match parse(setting.kind, text) {
                Some(value) => return Some(value),
                None => self.errors.push(ConfigError::value(setting, name, (text, source))),
            }
        }
        setting.default.and_then(|default| parse(setting.kind, default))
    }
}

/// Names that look like ours and are not: nothing reads them, so they are probably misspelt.
pub(super) fn unknown_names(environment: &Environment) -> Vec<String> {
    // How alike two names must be (Jaro, 0 to 1) for one to be offered in place of the other: a slipped letter or
    // two in a name of twenty is above 0.9.
    const ALIKE: f64 = 0.9;
    let is_known = |name: &str| all().any(|setting| setting.name == name);
    environment
        .names()
        .filter(|name| name.starts_with("STUDIO_") && !is_known(name))
        .map(|name| {
            let alike = all().map(|setting| (strsim::jaro(setting.name, name), setting.name));
            match alike.max_by(|a, b| a.0.total_cmp(&b.0)).filter(|(alike, _)| *alike >= ALIKE) {
                Some((_, meant)) => {
                    format!("{name} is no setting of the studio; did you mean {meant}?")
                }
                None => format!("{name} is no setting of the studio"),
            }
        })
        .collect()
}

/// An `http` or `https` address with a host and without user or password.
fn is_url(text: &str) -> bool {
    authority(text).is_some_and(|authority| !authority.contains('@'))
}

/// An address that a key may be sent to: encrypted, or on this machine.
fn is_service(text: &str) -> bool {
    let plain = |from: &str, to: &str| text.strip_prefix(from).map(|rest| format!("{to}{rest}"));
    let as_http = plain("wss://", "https://").or_else(|| plain("ws://", "http://"));
    let address = as_http.as_deref().unwrap_or(text);
    let Some(host) = authority(address).filter(|authority| !authority.contains('@')) else {
        return false;
    };
    let host = match host.strip_prefix('[') {
        Some(v6) => v6.split(']').next().unwrap_or_default(),
        None => host.split(':').next().unwrap_or_default(),
    };
    let is_here = host.eq_ignore_ascii_case("localhost")
        || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback());
    is_here || address.to_ascii_lowercase().starts_with("https://")
}

/// `scheme://host[:port]` and nothing behind it, in lower case as browsers send it.
fn origin(text: &str) -> Option<String> {
    let (_, rest) = text.split_once("://")?;
    (authority(text)? == rest && !rest.contains(['@', '*'])).then(|| text.to_ascii_lowercase())
}

fn authority(text: &str) -> Option<&str> {
    let (scheme, rest) = text.split_once("://")?;
    let authority = rest.split(['/', '?', '#']).next()?;
    let is_web = scheme.eq_ignore_ascii_case("http") || scheme.eq_ignore_ascii_case("https");
    let host = authority.rsplit('@').next()?;
    let is_plain = !text.chars().any(|c| c.is_whitespace() || c.is_control());
    let has_host = !host.is_empty() && !host.starts_with(':');
    let port_fits = match host.rsplit_once(':') {
        Some((_, port)) if !host.ends_with(']') => port.parse::<u16>().is_ok(),
        _ => true,
    };
    (is_web && is_plain && has_host && port_fits).then_some(authority)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_need_scheme_host_and_a_port_that_exists() {
        for good in [
            "http://localhost:8080/v1",
            "https://api.example",
            "HTTP://h",
            "http://[::1]:80/x",
            "http://[::1]",
        ] {
            assert!(is_url(good), "{good}");
        }
        for bad in [
            "localhost:8080",
            "ftp://h",
            "http://",
            "http://:80",
            "http://h:99999",
            "http://a b",
            "http://u:p@h",
        ] {
            assert!(!is_url(bad), "{bad}");
        }
    }

    #[test]
    fn a_key_travels_encrypted_or_not_at_all() {
        for good in [
            "https://api.example/v1",
            "wss://h",
            "http://127.0.0.1:9",
            "ws://localhost",
            "http://[::1]",
        ] {
            assert!(is_service(good), "{good}");
        }
        for bad in ["http://api.example", "ws://10.0.0.1", "https://u:p@h", "api.example"] {
            assert!(!is_service(bad), "{bad}");
        }
    }

    #[test]
    fn an_origin_is_an_address_without_a_path() {
        assert_eq!(origin("http://LocalHost:3000").as_deref(), Some("http://localhost:3000"));
        for bad in ["http://h/app", "*", "https://*.example", "h:3000"] {
            assert_eq!(origin(bad), None, "{bad}");
        }
    }
}
