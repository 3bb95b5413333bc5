//! The head of a WAV file: sound that any program can open.
//!
//! Source: "Multimedia Programming Interface and Data Specifications 1.0" (IBM and Microsoft, 1991), chapters RIFF and
//! WAVE; 16-bit PCM, mono.

use super::SampleRate;

/// Bytes of the head.
pub const HEAD_BYTES: usize = 44;

/// Bytes of one sample.
const SAMPLE_BYTES: u16 = 2;

/// What of the head the RIFF chunk's own length counts: all but its name and that length.
const COUNTED_BYTES: u32 = 36;
const _: () = assert!(COUNTED_BYTES as usize + 8 == HEAD_BYTES, "one head");

/// The most samples whose length the head can say: 12 hours at 48 kHz.
pub const SAMPLES_MAX: u64 = ((u32::MAX - COUNTED_BYTES) / SAMPLE_BYTES as u32) as u64;

/// The head of a file of `samples`; `None`, or more than [`SAMPLES_MAX`], says "as long as it comes", as players expect of a
/// stream.
#[must_use]
pub fn head(rate: SampleRate, samples: Option<u64>) -> [u8; HEAD_BYTES] {
    let bytes = samples
        .and_then(|samples| u32::try_from(samples).ok()?.checked_mul(SAMPLE_BYTES.into()))
        .filter(|bytes| *bytes <= u32::MAX - COUNTED_BYTES);
    let (whole, data) = bytes.map_or((u32::MAX, u32::MAX), |bytes| (bytes + COUNTED_BYTES, bytes));
    let mut head = [0; HEAD_BYTES];
    let parts: [&[u8]; 13] = [
        b"RIFF",
        &whole.to_le_bytes(),
        b"WAVE",
        b"fmt ",
        &16_u32.to_le_bytes(),
        &1_u16.to_le_bytes(), // PCM
        &1_u16.to_le_bytes(), // mono
        &rate.hz().to_le_bytes(),
        &(rate.hz() * u32::from(SAMPLE_BYTES)).to_le_bytes(),
        &SAMPLE_BYTES.to_le_bytes(),
        &(8 * SAMPLE_BYTES).to_le_bytes(),
        b"data",
        &data.to_le_bytes(),
    ];
    for (place, byte) in head.iter_mut().zip(parts.concat()) {
        *place = byte;
    }
    head
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_foreign_reader_finds_what_the_head_says() {
        let mut file = head(SampleRate::HZ_24000, Some(3)).to_vec();
        file.extend([1, 0, 2, 0, 0xFF, 0xFF]);
        let mut reader = hound::WavReader::new(file.as_slice()).unwrap();
        let spec = reader.spec();
        assert_eq!((spec.sample_rate, spec.channels, spec.bits_per_sample), (24_000, 1, 16));
        let samples: Vec<i16> = reader.samples().map(Result::unwrap).collect();
        assert_eq!(samples, [1, 2, -1]);
    }

    #[test]
    fn what_no_length_can_say_comes_without_end() {
        let endless = head(SampleRate::HZ_48000, None);
        assert_eq!(endless[4..8], [0xFF; 4]);
        assert_eq!(head(SampleRate::HZ_48000, Some(SAMPLES_MAX + 1)), endless);
        assert_ne!(head(SampleRate::HZ_48000, Some(SAMPLES_MAX)), endless);
    }
}
