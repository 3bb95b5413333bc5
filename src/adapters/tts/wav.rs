//! WAV files as they come over a wire: cut anywhere, with lengths that a streaming writer could not know.

use crate::audio::SampleRate;

/// The longest header: services put a few hundred bytes of remarks before the sound.
const HEADER_BYTES_MAX: usize = 64 * 1024;
/// From this length on it was unknown when it was written: no piece is half a gigabyte long.
const UNKNOWN_LENGTH: usize = 0x2000_0000;

/// Takes a file's bytes, gives those of its sound.
#[derive(Debug, Default)]
pub(super) struct WavReader {
    header: Vec<u8>,
    rate: Option<SampleRate>,
    /// Bytes of sound that are still to come; `None` in the header.
    left: Option<usize>,
    is_unknown_length: bool,
}

impl WavReader {
    /// The file's rate, once its header is there.
    pub(super) const fn rate(&self) -> Option<SampleRate> {
        self.rate
    }

    /// Whether all sound that the header promised has come.
    pub(super) fn is_whole(&self) -> bool {
        self.left.is_some_and(|left| left == 0 || self.is_unknown_length)
    }

    /// The bytes of sound among the next bytes of the file.
    ///
    /// # Errors
    /// A sentence for anything but mono sound of 16 bits.
    pub(super) fn push(&mut self, bytes: &[u8]) -> Result<Vec<u8>, &'static str> {
        if let Some(left) = self.left {
            return Ok(self.sound(bytes, left));
        }
        self.header.extend_from_slice(bytes);
        let Some((from, length)) = self.read_header()? else {
            return if self.header.len() > HEADER_BYTES_MAX {
                Err("a WAV header without end")
            } else {
                Ok(Vec::new())
            };
        };
        self.is_unknown_length = length == 0 || length >= UNKNOWN_LENGTH;
        let begun = self.header.split_off(from);
        Ok(self.sound(&begun, if self.is_unknown_length { usize::MAX } else { length }))
    }

    fn sound(&mut self, bytes: &[u8], left: usize) -> Vec<u8> {
        let sound = &bytes[..bytes.len().min(left)];
        self.left = Some(left - sound.len());
        sound.to_vec()
    }

    /// Where the sound begins and how long it is, once all of that is there.
    fn read_header(&mut self) -> Result<Option<(usize, usize)>, &'static str> {
        let header = &self.header;
        let number = |at: usize, bytes: usize| -> Option<usize> {
            let field = header.get(at..at + bytes)?;
            Some(field.iter().rev().fold(0, |value, &byte| value << 8 | usize::from(byte)))
        };
        if header.len() >= 12 && (&header[..4] != b"RIFF" || &header[8..12] != b"WAVE") {
            return Err("an answer that is no WAV file");
        }
        let mut at = 12;
        while let (Some(name), Some(length)) = (header.get(at..at + 4), number(at + 4, 4)) {
            let body = at + 8;
            if name == b"data" {
                return if self.rate.is_some() {
                    Ok(Some((body, length)))
                } else {
                    Err("a WAV file whose form is not told")
                };
            }
            if name == b"fmt " {
                let (Some(form), Some(channels), Some(hz), Some(bits)) = (
                    number(body, 2),
                    number(body + 2, 2),
                    number(body + 4, 4),
                    number(body + 14, 2),
                ) else {
                    return Ok(None);
                };
                const PCM: usize = 1;
                const EXTENSIBLE: usize = 0xFFFE;
                if ![PCM, EXTENSIBLE].contains(&form) || (channels, bits) != (1, 16) {
                    return Err("a WAV file that is not mono of 16 bits");
                }
                let rate = u32::try_from(hz).ok().and_then(SampleRate::new);
                self.rate = Some(rate.ok_or("a WAV file of an impossible rate")?);
            }
            // Chunks begin at even places.
            at = body + length + length % 2;
        }
        Ok(None)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wav(extra: &[u8], length: u32, sound: &[u8]) -> Vec<u8> {
        let mut file = b"RIFF\0\0\0\0WAVEfmt \x10\0\0\0\x01\0\x01\0".to_vec();
        file.extend(22_050_u32.to_le_bytes());
        file.extend(44_100_u32.to_le_bytes());
        file.extend([2, 0, 16, 0]);
        file.extend(extra);
        file.extend(b"data");
        file.extend(length.to_le_bytes());
        file.extend(sound);
        file
    }

    #[test]
    fn sound_is_found_behind_other_chunks_however_the_file_is_cut() {
        let file = wav(b"LIST\x03\0\0\0abc\0", 4, &[1, 2, 3, 4, 9, 9]);
        for size in 1..20 {
            let mut reader = WavReader::default();
            let sound: Vec<u8> =
                file.chunks(size).flat_map(|part| reader.push(part).unwrap()).collect();
            assert_eq!(sound, [1, 2, 3, 4], "{size} bytes at a time");
            assert_eq!(reader.rate(), SampleRate::new(22_050));
            assert!(reader.is_whole());
        }
    }

    #[test]
    fn a_length_nobody_knew_is_the_rest_and_one_that_is_missed_is_noticed() {
        for unknown in [0, 0x7FFF_F000, u32::MAX] {
            let mut reader = WavReader::default();
            assert_eq!(reader.push(&wav(b"", unknown, &[1, 2])).unwrap(), [1, 2]);
            assert!(reader.is_whole());
        }
        let mut reader = WavReader::default();
        reader.push(&wav(b"", 4, &[1, 2])).unwrap();
        assert!(!reader.is_whole());
    }

    #[test]
    fn what_is_no_mono_wav_is_refused() {
        assert!(WavReader::default().push(b"<html>no such voice</html>").is_err());
        let mut stereo = wav(b"", 4, &[]);
        stereo[22] = 2;
        assert!(WavReader::default().push(&stereo).is_err());
    }
}
