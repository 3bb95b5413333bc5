//! Which offers are taken, and what of them.

use super::peer::{OFFER_BYTES_MAX, OfferError};
use crate::faults;

/// Audio sections of an offer: the host's microphone, then one for each AI.
const SECTIONS: usize = 3;

/// The offer without what does not concern us, if it is one for this studio.
///
/// The client's candidates are left out: an ICE-lite server learns them from authentic checks, and an offer must not
/// make it send packets to addresses of somebody's choice.
pub(super) fn readable(offer: &str) -> Result<String, OfferError> {
    let unusable = |why: &str| Err(OfferError::Unusable(why.to_owned()));
    if offer.len() > OFFER_BYTES_MAX {
        return unusable("it is longer than 16 KiB");
    }
    let sections: Vec<_> = offer.lines().filter(|line| line.starts_with("m=")).collect();
    if sections.len() != SECTIONS || !sections.iter().all(|line| line.starts_with("m=audio ")) {
        return unusable("it must have three audio sections: microphone, first AI, second AI");
    }
    if offer.lines().any(|line| line.trim_end() == "a=setup:passive") {
        return unusable("the offering side must be able to begin the DTLS handshake");
    }
    if !offer.lines().any(|line| line.starts_with("a=fingerprint:")) {
        return unusable("it names no certificate");
    }
    let is_ours = |line: &&str| {
        faults::is_out("candidates-left-out")
            || !line.starts_with("a=candidate:") && !line.starts_with("a=end-of-candidates")
    };
    Ok(offer.lines().filter(is_ours).fold(String::with_capacity(offer.len()), |mut text, line| {
        text.push_str(line.trim_end());
        text.push_str("\r\n");
        text
    }))
}
