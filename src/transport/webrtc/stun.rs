//! Just enough of STUN (RFC 8489) to tell whose a datagram is. Authenticity is the stack's affair.
//!
//! Every length is checked against what is there; nothing here allocates.

/// Bytes of the header.
const HEADER: usize = 20;
/// Bytes 4 to 7 of every STUN message.
const COOKIE: [u8; 4] = [0x21, 0x12, 0xA4, 0x42];

const BINDING_REQUEST: u16 = 0x0001;
const BINDING_SUCCESS: u16 = 0x0101;
const USERNAME: u16 = 0x0006;
const USE_CANDIDATE: u16 = 0x0025;
const ICE_CONTROLLED: u16 = 0x8029;

/// What kind of datagram this is (RFC 7983, first byte).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A connectivity check or its answer.
    Stun,
    /// A handshake record.
    Dtls,
    /// Encrypted sound or a report.
    Srtp,
    /// Nothing of ours.
    Strange,
}

/// The kind of a datagram.
#[must_use]
pub fn kind_of(datagram: &[u8]) -> Kind {
    match datagram.first() {
        Some(0..=3) if is_stun(datagram) => Kind::Stun,
        Some(20..=63) if datagram.len() > 13 => Kind::Dtls,
        Some(128..=191) if datagram.len() > 12 => Kind::Srtp,
        _ => Kind::Strange,
    }
}

fn is_stun(datagram: &[u8]) -> bool {
    datagram.len() >= HEADER
        && datagram[4..8] == COOKIE
        && usize::from(u16::from_be_bytes([datagram[2], datagram[3]])) == datagram.len() - HEADER
}

fn message_type(datagram: &[u8]) -> u16 {
    u16::from_be_bytes([datagram[0], datagram[1]])
}

/// Whether this STUN message asks for an answer.
#[must_use]
pub fn is_request(datagram: &[u8]) -> bool {
    is_stun(datagram) && message_type(datagram) == BINDING_REQUEST
}

/// Whether this STUN message is a good answer.
#[must_use]
pub fn is_success(datagram: &[u8]) -> bool {
    is_stun(datagram) && message_type(datagram) == BINDING_SUCCESS
}

/// The number by which an answer is told to be a request's.
#[must_use]
pub fn transaction(datagram: &[u8]) -> Option<[u8; 12]> {
    datagram.get(8..HEADER).filter(|_| is_stun(datagram))?.try_into().ok()
}

/// Whether the request nominates the path it came by.
#[must_use]
pub fn nominates(datagram: &[u8]) -> bool {
    is_request(datagram) && attribute(datagram, USE_CANDIDATE).is_some()
}

/// Whether its sender says that it is the controlled side, which is ours to be.
#[must_use]
pub fn takes_our_role(datagram: &[u8]) -> bool {
    attribute(datagram, ICE_CONTROLLED).is_some()
}

/// The part of a request's USERNAME that names us: before the colon.
#[must_use]
pub fn addressee(datagram: &[u8]) -> Option<&str> {
    let name = attribute(datagram, USERNAME)?;
    let name = name.split(|byte| *byte == b':').next()?;
    std::str::from_utf8(name).ok()
}

/// The number of the stream that a packet of sound belongs to (RFC 3550, SSRC); `None` for reports.
#[must_use]
pub fn voice_of(datagram: &[u8]) -> Option<u32> {
    // What reports begin with (RFC 5761).
    let is_report = datagram.get(1).is_some_and(|kind| (192..=223).contains(kind));
    let number = datagram.get(8..12).filter(|_| !is_report)?;
    number.try_into().ok().map(u32::from_be_bytes)
}

/// The value of the first attribute of this kind.
fn attribute(datagram: &[u8], wanted: u16) -> Option<&[u8]> {
    let mut rest = datagram.get(HEADER..).filter(|_| is_stun(datagram))?;
    while let Some(head) = rest.get(..4) {
        let kind = u16::from_be_bytes([head[0], head[1]]);
        let length = usize::from(u16::from_be_bytes([head[2], head[3]]));
        let value = rest.get(4..4 + length)?;
        if kind == wanted {
            return Some(value);
        }
        rest = rest.get(4 + length.next_multiple_of(4)..)?;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(attributes: &[(u16, &[u8])]) -> Vec<u8> {
        let mut body = Vec::new();
        for (kind, value) in attributes {
            body.extend(kind.to_be_bytes());
            body.extend(u16::try_from(value.len()).unwrap().to_be_bytes());
            body.extend(*value);
            body.resize(body.len().next_multiple_of(4), 0);
        }
        let mut datagram = vec![0, 1];
        datagram.extend(u16::try_from(body.len()).unwrap().to_be_bytes());
        datagram.extend(COOKIE);
        datagram.extend([7; 12]);
        datagram.extend(body);
        datagram
    }

    #[test]
    fn a_check_names_whom_it_is_for_and_whether_it_nominates() {
        let plain = request(&[(0x8022, b"agent"), (USERNAME, b"studio7:theirs")]);
        assert_eq!(kind_of(&plain), Kind::Stun);
        assert_eq!((addressee(&plain), nominates(&plain)), (Some("studio7"), false));
        assert!(nominates(&request(&[(USERNAME, b"a:b"), (USE_CANDIDATE, b"")])));
        assert_eq!(addressee(&request(&[(USERNAME, &[0xFF, b':'])])), None);
    }

    #[test]
    fn what_is_cut_or_lies_about_its_length_is_nothing() {
        let whole = request(&[(USERNAME, b"studio7:theirs"), (USE_CANDIDATE, b"")]);
        for length in 0..whole.len() {
            assert_ne!(kind_of(&whole[..length]), Kind::Stun);
            assert_eq!(addressee(&whole[..length]), None);
        }
        let mut lying = request(&[(USERNAME, b"abcd")]);
        lying[23] = 200;
        assert_eq!((addressee(&lying), nominates(&lying)), (None, false));
        for byte in 0..=255_u8 {
            assert_eq!(kind_of(&[byte; 4]), Kind::Strange);
        }
    }
}
