//! The machine's sound devices: finding, choosing, opening.
//!
//! The callbacks run on the card's own threads and only hand samples to the ends of a line: they request no memory,
//! take no lock and wait for nothing.

use std::fmt;
use std::time::Duration;

use cpal::traits::{DeviceTrait, HostTrait, StreamTrait};
use cpal::{
    BufferSize, Device, FromSample, SampleFormat, SizedSample, Stream, StreamConfig,
    SupportedBufferSize, SupportedStreamConfigRange,
};

use crate::client::talk::sound_line::{Ear, Mouth, SoundLine, sound_line};

/// Rates of a microphone that the wire carries, best first.
const CAPTURE_RATES: [u32; 4] = [48_000, 44_100, 24_000, 16_000];
/// What the studio's voices come at; a card that cannot do it is asked through the system's own conversion.
const PLAYOUT_RATES: [u32; 1] = [48_000];
/// Formats that are converted here, best first.
const FORMATS: [SampleFormat; 3] = [SampleFormat::F32, SampleFormat::I16, SampleFormat::I32];
/// Asked of a card as the length of its requests: 10 ms, as browsers have it.
const PERIOD: Duration = Duration::from_millis(10);

/// Why there is nothing to talk through.
#[derive(Debug, thiserror::Error)]
pub(super) enum NoSound {
    /// None of a kind.
    #[error(
        "no {kind} here: {reason} (no_sound_device: plug one in; `studio talk --list-devices` shows what there is, `studio serve` needs none)"
    )]
    Missing { kind: &'static str, reason: String },
    /// None of this name.
    #[error(
        "there is no {kind} {wanted:?} (unknown_sound_device: `studio talk --list-devices` shows what there is)"
    )]
    Unknown { kind: &'static str, wanted: String },
    /// It is there and gives or takes nothing of use.
    #[error(
        "the {kind} {name:?} cannot be used: {reason} (sound_device_unusable: choose another with {option})"
    )]
    Unusable { kind: &'static str, name: String, reason: String, option: &'static str },
}

/// A device as it is listed.
pub(super) struct Listed {
    id: String,
    name: String,
    listens: bool,
    speaks: bool,
}

impl fmt::Display for Listed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = match (self.listens, self.speaks) {
            (true, true) => "in, out",
            (true, false) => "in",
            (false, _) => "out",
        };
        write!(f, "{kind:8} {:40} {}", self.id, self.name)
    }
}

/// Microphone and loudspeaker, open and running.
pub(super) struct Sound {
    pub(super) line: SoundLine,
    pub(super) rate: u32,
    pub(super) input: Stream,
    pub(super) output: Stream,
}

/// Keeps ALSA from writing lines of its own to the terminal, as long as what it returns lives.
#[cfg(target_os = "linux")]
pub(super) fn silence() -> Option<std::rc::Rc<std::cell::RefCell<alsa::Output>>> {
    // Without a place to put them they are written as ever.
    alsa::Output::local_error_handler().ok()
}

/// Elsewhere nothing writes there.
#[cfg(not(target_os = "linux"))]
pub(super) const fn silence() -> Option<()> {
    None
}

/// All devices that listen or speak.
pub(super) fn list() -> Result<Vec<Listed>, NoSound> {
    let missing = |reason: String| NoSound::Missing { kind: "sound device", reason };
    let host = cpal::default_host();
    let devices = host.devices().map_err(|error| missing(error.to_string()))?;
    let listed: Vec<Listed> = devices
        .map(|device| Listed {
            id: id_of(&device),
            name: device.to_string(),
            listens: device.supports_input(),
            speaks: device.supports_output(),
        })
        .filter(|device| device.listens || device.speaks)
        .collect();
    if listed.is_empty() { Err(missing("the system knows none".to_owned())) } else { Ok(listed) }
}

/// Opens both and lets them run.
pub(super) fn open(input: Option<&str>, output: Option<&str>) -> Result<Sound, NoSound> {
    let microphone = Choice::of(&MICROPHONE, input)?;
    let loudspeaker = Choice::of(&LOUDSPEAKER, output)?;
    let (ear, mouth, line) = sound_line();
    let input = microphone.listen(ear)?;
    let output = loudspeaker.speak(mouth)?;
    Ok(Sound { line, rate: microphone.config.sample_rate, input, output })
}

/// What differs between the two.
struct Kind {
    name: &'static str,
    option: &'static str,
    rates: &'static [u32],
    default: fn(&cpal::Host) -> Option<Device>,
    can: fn(&Device) -> bool,
    ranges: fn(&Device) -> Result<Vec<SupportedStreamConfigRange>, cpal::Error>,
}

const MICROPHONE: Kind = Kind {
    name: "microphone",
    option: "--input",
    rates: &CAPTURE_RATES,
    default: |host| host.default_input_device(),
    can: |device| device.supports_input(),
    ranges: |device| device.supported_input_configs().map(Iterator::collect),
};

const LOUDSPEAKER: Kind = Kind {
    name: "loudspeaker",
    option: "--output",
    rates: &PLAYOUT_RATES,
    default: |host| host.default_output_device(),
    can: |device| device.supports_output(),
    ranges: |device| device.supported_output_configs().map(Iterator::collect),
};

/// A device and how it is opened.
struct Choice {
    kind: &'static Kind,
    device: Device,
    config: StreamConfig,
    format: SampleFormat,
}

impl Choice {
    fn of(kind: &'static Kind, wanted: Option<&str>) -> Result<Self, NoSound> {
        let host = cpal::default_host();
        let missing = |reason: String| NoSound::Missing { kind: kind.name, reason };
        let device = match wanted {
            None => {
                (kind.default)(&host).ok_or_else(|| missing("the system names none".to_owned()))?
            }
            Some(wanted) => {
                let devices = host.devices().map_err(|error| missing(error.to_string()))?;
                let found = devices.filter(|device| (kind.can)(device)).collect::<Vec<_>>();
                pick(&found, wanted, |device| (id_of(device), device.to_string()))
                    .cloned()
                    .ok_or_else(|| NoSound::Unknown {
                        kind: kind.name,
                        wanted: wanted.to_owned(),
                    })?
            }
        };
        let ranges = (kind.ranges)(&device).map_err(|error| match wanted {
            // The system's choice leads nowhere: there is no card behind it.
            None => missing(error.to_string()),
            Some(_) => unusable(kind, &device, &error),
        })?;
        let Some((config, format)) = best(&ranges, kind.rates) else {
            return Err(unusable(kind, &device, "it has none of the rates and formats of speech"));
        };
        Ok(Self { kind, device, config, format })
    }

    fn listen(&self, ear: Ear) -> Result<Stream, NoSound> {
        match self.format {
            SampleFormat::I16 => self.listen_as::<i16>(ear),
            SampleFormat::I32 => self.listen_as::<i32>(ear),
            _ => self.listen_as::<f32>(ear),
        }
    }

    fn listen_as<T: SizedSample>(&self, mut ear: Ear) -> Result<Stream, NoSound>
    where
        i16: FromSample<T>,
    {
        let (channels, rate) = (usize::from(self.config.channels), self.config.sample_rate);
        let faults = ear.faults();
        let stream = self.device.build_input_stream(
            self.config,
            move |data: &[T], info: &cpal::InputCallbackInfo| {
                let at = info.timestamp();
                let latency = samples(at.callback.saturating_duration_since(at.capture), rate);
                // The first channel of several: a microphone on a stereo input is on the left.
                let first = data.chunks_exact(channels).map(|frame| i16::from_sample_(frame[0]));
                ear.take(first, latency);
            },
            move |_error| faults.note(),
            None,
        );
        self.run(stream)
    }

    fn speak(&self, mouth: Mouth) -> Result<Stream, NoSound> {
        match self.format {
            SampleFormat::I16 => self.speak_as::<i16>(mouth),
            SampleFormat::I32 => self.speak_as::<i32>(mouth),
            _ => self.speak_as::<f32>(mouth),
        }
    }

    fn speak_as<T: SizedSample + FromSample<i16>>(
        &self,
        mut mouth: Mouth,
    ) -> Result<Stream, NoSound> {
        let (channels, rate) = (usize::from(self.config.channels), self.config.sample_rate);
        let faults = mouth.faults();
        let stream = self.device.build_output_stream(
            self.config,
            move |data: &mut [T], info: &cpal::OutputCallbackInfo| {
                let at = info.timestamp();
                let latency = samples(at.playback.saturating_duration_since(at.callback), rate);
                let mut frames = data.chunks_exact_mut(channels);
                mouth.fill(frames.len(), latency, |sample| {
                    if let Some(frame) = frames.next() {
                        frame.fill(T::from_sample_(sample));
                    }
                });
            },
            move |_error| faults.note(),
            None,
        );
        self.run(stream)
    }

    fn run(&self, stream: Result<Stream, cpal::Error>) -> Result<Stream, NoSound> {
        let stream = stream.map_err(|error| unusable(self.kind, &self.device, &error))?;
        stream.play().map_err(|error| unusable(self.kind, &self.device, &error))?;
        Ok(stream)
    }
}

fn unusable(kind: &Kind, device: &Device, reason: impl fmt::Display) -> NoSound {
    NoSound::Unusable {
        kind: kind.name,
        name: device.to_string(),
        reason: reason.to_string(),
        option: kind.option,
    }
}

fn id_of(device: &Device) -> String {
    device.id().map_or_else(|_gone| String::new(), |id| id.id().to_owned())
}

/// The one of this id, or the first whose name holds the words, whatever their case.
fn pick<'a, D>(
    devices: &'a [D],
    wanted: &str,
    named: impl Fn(&D) -> (String, String),
) -> Option<&'a D> {
    let wanted_low = wanted.to_lowercase();
    let by_id = devices.iter().find(|device| named(device).0 == wanted);
    by_id.or_else(|| {
        devices.iter().find(|device| named(device).1.to_lowercase().contains(&wanted_low))
    })
}

/// The best way to open a device: the rate first, then few channels, then the format.
fn best(
    ranges: &[SupportedStreamConfigRange],
    rates: &[u32],
) -> Option<(StreamConfig, SampleFormat)> {
    let ways = ranges.iter().filter_map(|range| {
        let rate = rates
            .iter()
            .position(|rate| (range.min_sample_rate()..=range.max_sample_rate()).contains(rate))?;
        let format = FORMATS.iter().position(|format| *format == range.sample_format())?;
        Some(((rate, range.channels(), format), range))
    });
    let ((rate, channels, _), range) = ways.min_by_key(|(rank, _)| *rank)?;
    let sample_rate = rates[rate];
    let period = u32::try_from(samples(PERIOD, sample_rate)).unwrap_or(u32::MAX);
    let buffer_size = match range.buffer_size() {
        SupportedBufferSize::Range { min, max } if (*min..=*max).contains(&period) => {
            BufferSize::Fixed(period)
        }
        _ => BufferSize::Default,
    };
    Some((StreamConfig { channels, sample_rate, buffer_size }, range.sample_format()))
}

fn samples(duration: Duration, rate: u32) -> u64 {
    let count = duration.as_nanos() * u128::from(rate) / 1_000_000_000;
    u64::try_from(count).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn range(channels: u16, rates: (u32, u32), format: SampleFormat) -> SupportedStreamConfigRange {
        let buffer = SupportedBufferSize::Range { min: 64, max: 4096 };
        SupportedStreamConfigRange::new(channels, rates.0, rates.1, buffer, format)
    }

    #[test]
    fn the_best_rate_is_chosen_before_channels_and_format() {
        let ranges = [
            range(1, (44_100, 44_100), SampleFormat::F32),
            range(2, (8_000, 96_000), SampleFormat::I16),
            range(2, (8_000, 96_000), SampleFormat::U8),
            range(6, (8_000, 96_000), SampleFormat::F32),
        ];
        let (config, format) = best(&ranges, &CAPTURE_RATES).expect("a way");
        assert_eq!((config.channels, config.sample_rate, format), (2, 48_000, SampleFormat::I16));
        assert_eq!(config.buffer_size, BufferSize::Fixed(480));
    }

    #[test]
    fn a_card_without_a_rate_of_speech_is_not_used() {
        let ranges = [range(2, (96_000, 192_000), SampleFormat::F32)];
        assert!(best(&ranges, &CAPTURE_RATES).is_none());
        let only_44 = [range(2, (44_100, 44_100), SampleFormat::F32)];
        assert!(best(&only_44, &CAPTURE_RATES).is_some());
        assert!(best(&only_44, &PLAYOUT_RATES).is_none());
    }

    #[test]
    fn a_device_is_named_by_its_id_or_by_a_part_of_its_name() {
        let devices = [("hw:0", "Built-in"), ("hw:1", "USB Podcast Mic"), ("USB", "Other")];
        let named = |(id, name): &(&str, &str)| ((*id).to_owned(), (*name).to_owned());
        let picked = |wanted| pick(&devices, wanted, named).map(|(id, _)| *id);
        assert_eq!(picked("hw:0"), Some("hw:0"));
        assert_eq!(picked("podcast"), Some("hw:1"));
        assert_eq!(picked("USB"), Some("USB"), "an id goes before a name");
        assert_eq!(picked("banjo"), None);
    }
}
