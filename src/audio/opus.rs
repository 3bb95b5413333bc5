//! Opus for the tracks, and for hosts who send it.
//!
//! [`TrackEncoder`] makes one packet of every 20 ms frame of a track, without a break. Tracks are mostly silence, since
//! one speaks at a time; silence costs three bytes and no encoding. The same encoder, set up by
//! [`TrackEncoder::for_call`], speaks to a listener over a line that loses packets. [`HostDecoder`] turns a host's
//! packets into sound and conceals lost ones.
//!
//! Invariants: n frames in are n packets out, and decode to n · 960 samples, late by [`TrackEncoder::pre_skip`];
//! silence decodes to silence from the third silent frame on.
//! Units: 48 kHz mono; bits a second; packets of at most [`PACKET_BYTES_MAX`].

use ::opus::{Application, Bitrate, Channels, Decoder, Encoder};

use super::{FRAME_SAMPLES, levels};
use crate::time::{SESSION_RATE_HZ, Span};

/// Bit rate of an AI speaker's track: synthetic voices are clean, and 64 to 96 kbit/s are transparent for them.
pub const AI_BITS_PER_SECOND: i32 = 64_000;

/// Bit rate of the host's track: a real room, which editors will denoise.
pub const HOST_BITS_PER_SECOND: i32 = 96_000;

/// Bit rate towards a listener over a line that loses packets, copies for lost ones included.
pub const CALL_BITS_PER_SECOND: i32 = 40_000;

/// Loss that is expected before a listener has said how much there is, in per cent: enough that copies are sent.
const CALL_LOSS_EXPECTED: u8 = 5;

/// 121 µs a frame; 10 costs 291 µs for a difference nobody hears at these rates.
const COMPLEXITY: i32 = 5;

/// What an encoder looks ahead: sound comes out of the decoder so much later than it went in, 6.5 ms. It is what libopus has
/// for voice and for music, and so every browser; [`TrackEncoder::pre_skip`] is held against it.
pub const LOOKAHEAD: Span = Span::from_samples(312);

/// 20 ms of full-band silence, mono (RFC 6716: CELT, the silence flag set).
pub const SILENT_PACKET: [u8; 3] = [0xF8, 0xFF, 0xFE];

/// Silent frames that are encoded before packets are replaced: the encoder looks ahead and overlaps, so the end of
/// the sound is still in it, and would come out when it is used again.
const FLUSH_FRAMES: u8 = 2;

/// Largest packet of one 20 ms frame: RFC 6716 limits a frame to 1275 bytes, plus its table of contents.
pub const PACKET_BYTES_MAX: usize = 1276;

/// Longest packet of any sender: 120 ms.
pub const PACKET_SAMPLES_MAX: usize = 6 * FRAME_SAMPLES;

/// Why sound could not be coded.
#[derive(Debug, thiserror::Error)]
pub enum CodecError {
    /// A host's packet that is none.
    #[error("not an opus packet of 2.5 to 120 ms ({bytes} bytes)")]
    NotAPacket {
        /// Its length.
        bytes: usize,
    },
    /// The library refused.
    #[error("opus cannot {action}")]
    Refused {
        /// What was asked.
        action: &'static str,
        /// Its reason.
        #[source]
        source: ::opus::Error,
    },
}

fn during(action: &'static str) -> impl Fn(::opus::Error) -> CodecError {
    move |source| CodecError::Refused { action, source }
}

/// Encodes one track.
#[derive(Debug)]
pub struct TrackEncoder {
    encoder: Encoder,
    pre_skip: u16,
    /// Silent frames in a row, up to `FLUSH_FRAMES`, from which on the encoder rests.
    silent_frames: u8,
    packet: Vec<u8>,
}

impl TrackEncoder {
    /// An encoder of variable rate around `bits_per_second`.
    ///
    /// # Errors
    /// Opus has no memory, or does not know the rate.
    pub fn new(bits_per_second: i32) -> Result<Self, CodecError> {
        let mut encoder = Encoder::new(SESSION_RATE_HZ, Channels::Mono, Application::Audio)
            .map_err(during("make an encoder"))?;
        let mut set_up = || {
            encoder.set_bitrate(Bitrate::Bits(bits_per_second))?;
            encoder.set_vbr(true)?;
            encoder.set_complexity(COMPLEXITY)?;
            // A track's packets must follow each other: with DTX one of twenty would be left.
            encoder.set_dtx(false)?;
            encoder.get_lookahead()
        };
        let lookahead = set_up().map_err(during("set up an encoder"))?;
        let pre_skip = u16::try_from(lookahead).unwrap_or(0);
        Ok(Self {
            encoder,
            pre_skip,
            silent_frames: FLUSH_FRAMES,
            packet: vec![0; PACKET_BYTES_MAX],
        })
    }

    /// An encoder for a listener's line: tuned for voices, and each packet carries a coarse copy of the one before it.
    ///
    /// # Errors
    /// As [`Self::new`].
    pub fn for_call() -> Result<Self, CodecError> {
        let mut track = Self::new(CALL_BITS_PER_SECOND)?;
        let encoder = &mut track.encoder;
        let mut set_up = || {
            encoder.set_application(Application::Voip)?;
            encoder.set_inband_fec(true)?;
            encoder.set_packet_loss_perc(i32::from(CALL_LOSS_EXPECTED))
        };
        set_up().map_err(during("set up an encoder"))?;
        Ok(track)
    }

    /// The listener's line loses so many packets in a hundred.
    ///
    /// # Errors
    /// Opus refused the number.
    pub fn expect_loss(&mut self, percent: u8) -> Result<(), CodecError> {
        let percent = i32::from(percent.clamp(CALL_LOSS_EXPECTED, 50));
        self.encoder.set_packet_loss_perc(percent).map_err(during("expect loss"))
    }

    /// Samples by which decoded sound is late, to be skipped at the start: the header's pre-skip and `CodecDelay`.
    #[must_use]
    pub const fn pre_skip(&self) -> u16 {
        self.pre_skip
    }

    /// Whether the encoder rests: another silent frame costs nothing.
    #[must_use]
    pub const fn rests(&self) -> bool {
        self.silent_frames >= FLUSH_FRAMES
    }

    /// The packet of the track's next frame of [`FRAME_SAMPLES`].
    ///
    /// # Errors
    /// The frame has another length.
    pub fn encode(&mut self, frame: &[i16]) -> Result<&[u8], CodecError> {
        if !levels::is_silent(frame) {
            if self.rests() {
                self.begin_anew()?;
            }
            self.silent_frames = 0;
        } else if self.rests() && frame.len() == FRAME_SAMPLES {
            return Ok(&SILENT_PACKET);
        } else {
            self.silent_frames += 1;
        }
        let bytes =
            self.encoder.encode(frame, &mut self.packet).map_err(during("encode a frame"))?;
        Ok(&self.packet[..bytes])
    }

    /// Forgets what was encoded before the silence. The silent frame whose packet is thrown away brings the encoder
    /// into the state that the decoder has after a silent packet; a fresh encoder predicts the first frame's energy
    /// from another one, which comes out as a click nine times as strong as the codec's own error (measured).
    fn begin_anew(&mut self) -> Result<(), CodecError> {
        self.encoder.reset_state().map_err(during("begin anew"))?;
        self.encoder.encode(&[0; FRAME_SAMPLES], &mut self.packet).map_err(during("begin anew"))?;
        Ok(())
    }

    /// The packet of a silent frame, without looking at samples.
    ///
    /// # Errors
    /// As [`Self::encode`].
    pub fn encode_silence(&mut self) -> Result<&[u8], CodecError> {
        if self.rests() { Ok(&SILENT_PACKET) } else { self.encode(&[0; FRAME_SAMPLES]) }
    }
}

/// Decodes one host's packets to 48 kHz mono.
#[derive(Debug)]
pub struct HostDecoder {
    decoder: Decoder,
    sound: Vec<i16>,
}

impl HostDecoder {
    /// A decoder that has heard nothing.
    ///
    /// # Errors
    /// Opus has no memory.
    pub fn new() -> Result<Self, CodecError> {
        let decoder =
            Decoder::new(SESSION_RATE_HZ, Channels::Mono).map_err(during("make a decoder"))?;
        Ok(Self { decoder, sound: vec![0; PACKET_SAMPLES_MAX] })
    }

    /// The sound of the next packet: [`packet_samples`] of it.
    ///
    /// # Errors
    /// The packet is empty or broken; the decoder can go on with the next one.
    pub fn decode(&mut self, packet: &[u8]) -> Result<&[i16], CodecError> {
        if packet_samples(packet).is_none() {
            return Err(CodecError::NotAPacket { bytes: packet.len() });
        }
        let samples = self
            .decoder
            .decode(packet, &mut self.sound, false)
            .map_err(during("decode a packet"))?;
        Ok(&self.sound[..samples])
    }

    /// A sound in place of a lost packet of `samples`: what went before, fading. `samples` is cut to 120 ms and down
    /// to whole steps of 2.5 ms, the grid on which Opus can conceal.
    ///
    /// # Errors
    /// Opus refused the length.
    pub fn conceal(&mut self, samples: usize) -> Result<&[i16], CodecError> {
        let step = FRAME_SAMPLES / 8;
        let wanted = samples.min(PACKET_SAMPLES_MAX) / step * step;
        if wanted == 0 {
            return Ok(&[]);
        }
        let made = self
            .decoder
            .decode(&[], &mut self.sound[..wanted], false)
            .map_err(during("conceal a lost packet"))?;
        Ok(&self.sound[..made])
    }

    /// The sound of the lost packet before `packet`, `samples` long, from the copy that in-band FEC put into `packet`;
    /// concealed where there is none. `packet` itself is decoded afterwards, by [`Self::decode`].
    ///
    /// # Errors
    /// As [`Self::decode`]; the copy may be broken though the packet is not.
    pub fn rebuild(&mut self, packet: &[u8], samples: usize) -> Result<&[i16], CodecError> {
        if packet_samples(packet).is_none() {
            return Err(CodecError::NotAPacket { bytes: packet.len() });
        }
        let wanted = samples.min(PACKET_SAMPLES_MAX);
        let made = self
            .decoder
            .decode(packet, &mut self.sound[..wanted], true)
            .map_err(during("rebuild a lost packet"))?;
        Ok(&self.sound[..made])
    }
}

/// Whether a packet carries a copy of the sound before it (in-band FEC, RFC 6716 §4.2.4): the LBRR flag after the
/// voice flags of its first SILK frame. Packets of pure CELT cannot.
#[must_use]
pub fn carries_copy(packet: &[u8]) -> bool {
    let is_celt = packet.first().is_none_or(|toc| toc & 0x80 != 0);
    if is_celt {
        return false;
    }
    let Ok(samples) = ::opus::packet::get_samples_per_frame(packet, SESSION_RATE_HZ) else {
        return false;
    };
    // One voice flag for every 20 ms of a SILK frame, or for a shorter one.
    let silk_frames = (samples / FRAME_SAMPLES).max(1);
    let flags = match packet.first().map(|toc| toc & 3) {
        // One frame, or two of one length: the first begins behind the table of contents. (The library's own reading
        // allocates, and this is asked for every lost packet.)
        Some(0 | 1) => packet.get(1).copied(),
        _ => ::opus::packet::parse(packet)
            .ok()
            .and_then(|parsed| parsed.frames.first().and_then(|frame| frame.first()).copied()),
    };
    flags.is_some_and(|flags| (flags >> (7 - silk_frames)) & 1 == 1)
}

/// How many samples at 48 kHz a packet holds, from its first bytes alone (RFC 6716 §3.1); `None` if it is not a packet
/// of 2.5 to 120 ms.
#[must_use]
pub fn packet_samples(packet: &[u8]) -> Option<usize> {
    ::opus::packet::get_nb_samples(packet, SESSION_RATE_HZ)
        .ok()
        .filter(|samples| (1..=PACKET_SAMPLES_MAX).contains(samples))
}

#[cfg(test)]
mod tests {
    use std::f64::consts::TAU;
    use std::ops::Range;

    use super::*;
    use crate::audio::num;

    /// A buzz with the harmonics of a voice at 120 Hz, swelling four times a second like syllables.
    fn voice(samples: usize) -> Vec<i16> {
        (0..samples)
            .map(|n| {
                let t = n as f64 / 48_000.0;
                let syllable = 0.55 - 0.45 * (t * TAU * 4.0).cos();
                let glide = 120.0 * t + 2.0 * (t * TAU * 2.0).sin();
                let buzz: f64 = (1..25)
                    .map(|h| (f64::from(h) * glide * TAU).sin() / f64::from(h).powf(1.2))
                    .sum();
                num::sample_of(num::single(0.25 * syllable * buzz))
            })
            .collect()
    }

    /// What a player hears of the track: decoded, pre-skip taken off.
    fn through(encoder: &mut TrackEncoder, track: &[i16]) -> (Vec<i16>, usize) {
        let mut decoder = HostDecoder::new().unwrap();
        let (mut sound, mut silent_packets) = (Vec::new(), 0);
        for frame in track.chunks(FRAME_SAMPLES) {
            let packet = encoder.encode(frame).unwrap();
            silent_packets += usize::from(packet == SILENT_PACKET);
            sound.extend_from_slice(decoder.decode(packet).unwrap());
        }
        assert_eq!(sound.len(), track.len(), "packets decode to the length that went in");
        (sound.split_off(usize::from(encoder.pre_skip())), silent_packets)
    }

    fn energy(samples: impl Iterator<Item = f64>) -> f64 {
        samples.map(|sample| sample * sample).sum()
    }

    fn correlation(a: &[i16], b: &[i16]) -> f64 {
        let product: f64 = a.iter().zip(b).map(|(&a, &b)| f64::from(a) * f64::from(b)).sum();
        let power = |samples: &[i16]| energy(samples.iter().map(|&sample| f64::from(sample)));
        product / (power(a) * power(b)).sqrt()
    }

    #[test]
    fn a_voice_comes_back_in_place() {
        for bits_per_second in [AI_BITS_PER_SECOND, HOST_BITS_PER_SECOND] {
            let track = voice(100 * FRAME_SAMPLES);
            let (heard, silent_packets) =
                through(&mut TrackEncoder::new(bits_per_second).unwrap(), &track);
            assert_eq!(silent_packets, 0);
            let likeness = correlation(&heard[4_800..], &track[4_800..heard.len()]);
            println!("{bits_per_second} bit/s: correlation {likeness:.4}");
            assert!(likeness >= 0.99, "{bits_per_second} bit/s: {likeness}");
        }
    }

    /// A track in which a voice comes and goes at once, 0.4 s each.
    fn come_and_go() -> (Vec<i16>, Vec<Range<usize>>) {
        let mut track = vec![0; 200 * FRAME_SAMPLES];
        let stretches: Vec<_> =
            (0..4).map(|n| (20 + n * 45) * FRAME_SAMPLES..(40 + n * 45) * FRAME_SAMPLES).collect();
        let voice = voice(track.len());
        for stretch in &stretches {
            track[stretch.clone()].copy_from_slice(&voice[stretch.clone()]);
        }
        (track, stretches)
    }

    #[test]
    fn silence_between_stretches_costs_nothing_and_is_silent() {
        let (track, stretches) = come_and_go();
        let (heard, silent_packets) =
            through(&mut TrackEncoder::new(AI_BITS_PER_SECOND).unwrap(), &track);
        let silent_frames = 200 - 4 * 20;
        assert_eq!(silent_packets, silent_frames - 4 * usize::from(FLUSH_FRAMES));
        for pair in stretches.windows(2) {
            let silence = &heard[pair[0].end + 3 * FRAME_SAMPLES..pair[1].start - 400];
            let loudest = silence.iter().map(|sample| sample.unsigned_abs()).max().unwrap();
            assert!(loudest <= 1, "something of {loudest} is left in silence");
        }
    }

    #[test]
    fn replacing_silence_makes_no_click_where_voice_comes_and_goes() {
        let (track, stretches) = come_and_go();
        let (heard, _) = through(&mut TrackEncoder::new(AI_BITS_PER_SECOND).unwrap(), &track);
        // The same track through an encoder that never rests.
        let mut plain = TrackEncoder::new(AI_BITS_PER_SECOND).unwrap();
        let mut decoder = HostDecoder::new().unwrap();
        let mut packet = vec![0; PACKET_BYTES_MAX];
        let mut plainly = Vec::new();
        for frame in track.chunks(FRAME_SAMPLES) {
            let bytes = plain.encoder.encode(frame, &mut packet).unwrap();
            plainly.extend_from_slice(decoder.decode(&packet[..bytes]).unwrap());
        }
        let plainly = &plainly[usize::from(plain.pre_skip())..];
        let wrong = |heard: &[i16], range: Range<usize>| {
            energy(range.clone().map(|n| f64::from(heard[n]) - f64::from(track[n])))
                / range.len() as f64
        };
        for edge in stretches
            .iter()
            .flat_map(|stretch| [stretch.start, stretch.end])
            .filter(|edge| *edge < 180_000)
        {
            let around = edge - FRAME_SAMPLES..edge + FRAME_SAMPLES;
            let (ours, theirs) =
                (wrong(&heard, around.clone()).sqrt(), wrong(plainly, around).sqrt());
            println!("edge at {edge}: error {ours:.0}, without rests {theirs:.0}");
            assert!(
                ours <= 1.25 * theirs + 10.0,
                "edge at {edge}: error {ours:.0}, without rests {theirs:.0}"
            );
        }
    }

    #[test]
    fn lost_packets_are_concealed_in_length_and_broken_ones_are_refused() {
        let track = voice(10 * FRAME_SAMPLES);
        let mut encoder = TrackEncoder::new(HOST_BITS_PER_SECOND).unwrap();
        let mut decoder = HostDecoder::new().unwrap();
        for frame in track.chunks(FRAME_SAMPLES) {
            decoder.decode(encoder.encode(frame).unwrap()).unwrap();
        }
        let concealed = decoder.conceal(FRAME_SAMPLES).unwrap();
        assert_eq!(concealed.len(), FRAME_SAMPLES);
        assert!(levels::rms_dbfs(concealed).unwrap() > -40.0, "the voice goes on");
        assert_eq!(decoder.conceal(1_000).unwrap().len(), 960);
        assert_eq!(decoder.conceal(0).unwrap().len(), 0);
        for broken in [&[][..], &[0xFB], &[0xFF, 0x3F, 1, 2]] {
            assert!(decoder.decode(broken).is_err());
            assert_eq!(packet_samples(broken), None, "{broken:?}");
        }
        assert_eq!(decoder.decode(&SILENT_PACKET).unwrap().len(), FRAME_SAMPLES);
        assert_eq!(packet_samples(&SILENT_PACKET), Some(FRAME_SAMPLES));
    }

    #[test]
    fn a_frame_of_another_length_is_refused() {
        let mut encoder = TrackEncoder::new(AI_BITS_PER_SECOND).unwrap();
        assert!(encoder.encode(&[0; 100]).is_err() && encoder.encode(&[1; 961]).is_err());
    }
}
