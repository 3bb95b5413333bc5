//! Small turns of phrase that several services' protocols share: queries, JSON messages, closes, bytes of sound.

use serde::de::DeserializeOwned;

use super::AdapterError;
use super::net::unreadable;

/// `path` with these pairs behind it, escaped.
pub(super) fn with_query<'a>(
    path: &str,
    pairs: impl IntoIterator<Item = (&'a str, &'a str)>,
) -> String {
    // The host is taken off again; an address without any cannot be parsed.
    let Ok(mut url) = reqwest::Url::parse("http://host/") else { return path.to_owned() };
    url.query_pairs_mut().extend_pairs(pairs);
    format!("{path}?{}", url.query().unwrap_or_default())
}

/// Reads a service's JSON; what the schema does not know is left out.
///
/// # Errors
/// [`AdapterError::Malformed`], without the message: it may hold spoken words. Kind and place of the fault do not.
pub(super) fn parse<T: DeserializeOwned>(
    adapter: &'static str,
    text: &[u8],
) -> Result<T, AdapterError> {
    serde_json::from_slice(text).map_err(|error| {
        unreadable(
            adapter,
            &format!("a message ({:?} at column {})", error.classify(), error.column()),
        )
    })
}

/// A socket that the service closed before its last message. 1008 is RFC 6455's "against our policy": services say it
/// of keys, quotas and voices, which another try does not change.
pub(super) fn of_close(adapter: &'static str, code: u16) -> AdapterError {
    const POLICY: u16 = 1008;
    let reason = format!("closed the connection ({code})");
    match code {
        POLICY => AdapterError::Refused { adapter, reason },
        _ => AdapterError::Unavailable { adapter, reason, retry_after: None },
    }
}

/// A service's own code for an error, as far as it is one: sentences may repeat what was said, or a part of the key.
pub(super) fn word(code: &str) -> &str {
    let is_word =
        code.len() <= 64 && code.chars().all(|c| c.is_ascii_alphanumeric() || "_-.".contains(c));
    if is_word && !code.is_empty() { code } else { "no code" }
}

/// Samples as 16-bit little-endian bytes.
pub(super) fn bytes_of(samples: &[i16]) -> Vec<u8> {
    samples.iter().flat_map(|sample| sample.to_le_bytes()).collect()
}

/// Bytes that may be cut anywhere, as 16-bit little-endian samples.
#[derive(Debug, Default)]
pub(super) struct SampleReader {
    /// The first half of a sample whose second has not come.
    half: Option<u8>,
}

impl SampleReader {
    /// The samples that became whole.
    pub(super) fn push(&mut self, bytes: &[u8]) -> Vec<i16> {
        let mut samples = Vec::with_capacity(bytes.len() / 2 + 1);
        for &byte in bytes {
            match self.half.take() {
                Some(low) => samples.push(i16::from_le_bytes([low, byte])),
                None => self.half = Some(byte),
            }
        }
        samples
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_is_escaped() {
        let path = with_query("/v1/x", [("a", "b c&d"), ("k", "é")]);
        assert_eq!(path, "/v1/x?a=b+c%26d&k=%C3%A9");
    }

    #[test]
    fn samples_survive_any_cut() {
        let samples = [1_i16, -2, 300, i16::MIN];
        let bytes = bytes_of(&samples);
        for size in 1..9 {
            let mut reader = SampleReader::default();
            let read: Vec<i16> = bytes.chunks(size).flat_map(|part| reader.push(part)).collect();
            assert_eq!(read, samples, "{size} bytes at a time");
        }
    }

    #[test]
    fn a_fault_is_placed_without_its_words() {
        let error = parse::<u8>("t", br#""a private word""#).unwrap_err();
        assert!(
            matches!(&error, AdapterError::Malformed { reason, .. } if !reason.contains("private")),
            "{error}"
        );
    }
}
