//! EBML (RFC 8794): the byte grammar under WebM, both ways.
//!
//! Writing appends to a `Vec<u8>`, so that a whole cluster leaves in one write. Reading walks a slice and stops at the
//! first element that is not wholly there: a cut file reads up to its cut.
//!
//! Does not know which element may stand where; [`super::webm`] and [`super::scan`] do.
//! Units: identifiers carry their length marker, as the specifications print them.

/// Appends an identifier.
fn put_id(out: &mut Vec<u8>, id: u32) {
    let bytes = id.to_be_bytes();
    let first = bytes.iter().position(|byte| *byte != 0).unwrap_or(bytes.len() - 1);
    out.extend_from_slice(&bytes[first..]);
}

/// Appends a size in as few bytes as hold it. All value bits set would mean "unknown", so that value takes a byte more.
pub(super) fn put_size(out: &mut Vec<u8>, size: usize) {
    let size = size as u64;
    let length = (1..8).find(|length| size < (1 << (7 * length)) - 1).unwrap_or(8);
    put_size_of_length(out, size, length);
}

/// Appends a size in exactly `length` bytes (1 to 8), for a place that is patched later.
pub(super) fn put_size_of_length(out: &mut Vec<u8>, size: u64, length: usize) {
    let marked = size | 1 << (7 * length);
    out.extend_from_slice(&marked.to_be_bytes()[8 - length..]);
}

/// The 8-byte size that says "until the end of the file".
pub(super) const UNKNOWN_SIZE: [u8; 8] = [0x01, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF];

/// Appends an element with this body.
pub(super) fn put_bytes(out: &mut Vec<u8>, id: u32, body: &[u8]) {
    put_id(out, id);
    put_size(out, body.len());
    out.extend_from_slice(body);
}

/// Appends an unsigned integer in as few bytes as hold it.
pub(super) fn put_uint(out: &mut Vec<u8>, id: u32, value: u64) {
    let bytes = value.to_be_bytes();
    let first = bytes.iter().position(|byte| *byte != 0).unwrap_or(bytes.len() - 1);
    put_bytes(out, id, &bytes[first..]);
}

/// Appends a signed integer in eight bytes.
pub(super) fn put_sint(out: &mut Vec<u8>, id: u32, value: i64) {
    put_bytes(out, id, &value.to_be_bytes());
}

/// Appends a float in eight bytes.
pub(super) fn put_float(out: &mut Vec<u8>, id: u32, value: f64) {
    put_bytes(out, id, &value.to_be_bytes());
}

/// Appends a text. The caller has removed NUL, which would end it.
pub(super) fn put_text(out: &mut Vec<u8>, id: u32, text: &str) {
    put_bytes(out, id, text.as_bytes());
}

/// Appends an element whose body `fill` writes.
pub(super) fn put_master(out: &mut Vec<u8>, id: u32, fill: impl FnOnce(&mut Vec<u8>)) {
    let mut body = Vec::new();
    fill(&mut body);
    put_bytes(out, id, &body);
}

/// Identifier of the element that holds nothing and keeps a place.
pub(super) const VOID: u32 = 0xEC;

/// Appends a Void of exactly `total` bytes, header included (2 to 16 000).
pub(super) fn put_void(out: &mut Vec<u8>, total: usize) {
    put_id(out, VOID);
    let size_length = if total - 2 < 127 { 1 } else { 2 };
    let body = total - 1 - size_length;
    put_size_of_length(out, body as u64, size_length);
    out.resize(out.len() + body, 0);
}

/// Identifier and size of an element.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct ElementHead {
    /// With its length marker.
    pub(super) id: u32,
    /// Bytes of the body; `None` when unknown.
    pub(super) size: Option<u64>,
    /// Bytes of identifier and size together.
    pub(super) head_bytes: usize,
}

/// Reads the head of the element that `bytes` begin with; `None` if it is cut off or is no head.
pub(super) fn read_head(bytes: &[u8]) -> Option<ElementHead> {
    let id_length = bytes.first()?.leading_zeros() as usize + 1;
    if id_length > 4 {
        return None;
    }
    let id = bytes.get(..id_length)?.iter().fold(0, |id, byte| id << 8 | u32::from(*byte));
    let rest = bytes.get(id_length..)?;
    let size_length = rest.first()?.leading_zeros() as usize + 1;
    if size_length > 8 {
        return None;
    }
    let marked = rest.get(..size_length)?.iter().fold(0, |size, byte| size << 8 | u64::from(*byte));
    let value_bits = (1_u64 << (7 * size_length)) - 1;
    let value = marked & value_bits;
    let size = (value != value_bits).then_some(value);
    Some(ElementHead { id, size, head_bytes: id_length + size_length })
}

/// A whole element in a slice.
#[derive(Clone, Copy, Debug)]
pub(super) struct Element<'a> {
    /// With its length marker.
    pub(super) id: u32,
    /// Where its identifier begins, counted from the start of the slice walked.
    pub(super) offset: usize,
    /// What it holds.
    pub(super) body: &'a [u8],
}

impl<'a> Element<'a> {
    /// The body as an unsigned integer of at most eight bytes.
    pub(super) fn uint(&self) -> Option<u64> {
        (self.body.len() <= 8)
            .then(|| self.body.iter().fold(0, |value, byte| value << 8 | u64::from(*byte)))
    }

    /// The body as an eight-byte signed integer.
    pub(super) fn sint(&self) -> Option<i64> {
        self.body.try_into().ok().map(i64::from_be_bytes)
    }

    /// The body as text; bytes that are no UTF-8 are replaced.
    pub(super) fn text(&self) -> String {
        String::from_utf8_lossy(self.body).into_owned()
    }

    /// The elements in the body.
    pub(super) fn children(&self) -> Elements<'a> {
        elements(self.body)
    }

    /// The first child of this identifier.
    pub(super) fn child(&self, id: u32) -> Option<Self> {
        self.children().find(|child| child.id == id)
    }
}

/// Walks the elements of a slice until the first that is cut off, is of unknown size or is no element.
pub(super) fn elements(bytes: &[u8]) -> Elements<'_> {
    Elements { bytes, offset: 0 }
}

/// See [`elements`].
#[derive(Clone, Debug)]
pub(super) struct Elements<'a> {
    bytes: &'a [u8],
    offset: usize,
}

impl<'a> Iterator for Elements<'a> {
    type Item = Element<'a>;

    fn next(&mut self) -> Option<Element<'a>> {
        let bytes = self.bytes.get(self.offset..)?;
        let head = read_head(bytes)?;
        let size = usize::try_from(head.size?).ok()?;
        let body = bytes.get(head.head_bytes..head.head_bytes.checked_add(size)?)?;
        let element = Element { id: head.id, offset: self.offset, body };
        self.offset += head.head_bytes + size;
        Some(element)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_never_look_unknown() {
        for size in [0, 1, 126, 127, 128, 16_382, 16_383, 2_097_150, 2_097_151] {
            let mut out = vec![0xEC];
            put_size(&mut out, size);
            assert_eq!(read_head(&out).unwrap().size, Some(size as u64), "{out:02x?}");
        }
        let unknown = [&[0x18, 0x53, 0x80, 0x67], &UNKNOWN_SIZE[..]].concat();
        assert_eq!(read_head(&unknown).unwrap().size, None);
    }

    #[test]
    fn a_void_has_exactly_the_asked_length() {
        for total in [2, 11, 128, 129, 167, 256] {
            let mut out = Vec::new();
            put_void(&mut out, total);
            assert_eq!(out.len(), total);
            assert_eq!(elements(&out).map(|element| element.id).collect::<Vec<_>>(), [VOID]);
        }
    }

    #[test]
    fn every_cut_of_a_list_reads_as_its_whole_elements() {
        let mut out = Vec::new();
        put_uint(&mut out, 0xE7, 500);
        put_text(&mut out, 0x536E, "Grace");
        let first = 4;
        for cut in 0..out.len() {
            let expected = usize::from(cut >= first);
            assert_eq!(elements(&out[..cut]).count(), expected, "cut at {cut}");
        }
    }

    #[test]
    fn no_bytes_make_the_reader_fail() {
        for byte in 0..=255_u8 {
            for length in 0..12 {
                let count = elements(&vec![byte; length]).count();
                assert!(count <= length);
            }
        }
    }
}
