//! What the host's sound check measured before the session, as it is kept with the recording.

use serde::{Deserialize, Serialize};

/// The field of the log's first line that holds it.
pub const SOUND_CHECK_FIELD: &str = "soundCheck";

/// A sound check. Levels are dB of full scale, effective values except the peak.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SoundCheckEntry {
    /// The voice.
    #[serde(alias = "levelDbfs")]
    pub level_dbfs: i16,
    /// Its loudest sample.
    #[serde(alias = "peakDbfs")]
    pub peak_dbfs: i16,
    /// The room without it.
    #[serde(alias = "noiseDbfs")]
    pub noise_dbfs: i16,
    /// The microphone while the loudspeaker played.
    #[serde(alias = "echoDbfs")]
    pub echo_dbfs: i16,
    /// To the studio and back.
    #[serde(alias = "roundTripMs")]
    pub round_trip_ms: u32,
    /// Whether the host said to wear headphones.
    pub headphones: bool,
    /// Words of the read sentence that the recogniser understood, per mille; `None` where it was not asked.
    #[serde(alias = "recognisedPerMille", default, skip_serializing_if = "Option::is_none")]
    pub recognised_per_mille: Option<u16>,
}

impl SoundCheckEntry {
    /// As the event log spells it.
    #[must_use]
    pub fn for_log(&self) -> serde_json::Value {
        serde_json::json!({
            "levelDbfs": self.level_dbfs,
            "peakDbfs": self.peak_dbfs,
            "noiseDbfs": self.noise_dbfs,
            "echoDbfs": self.echo_dbfs,
            "roundTripMs": self.round_trip_ms,
            "headphones": self.headphones,
            "recognisedPerMille": self.recognised_per_mille,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_log_keeps_is_what_was_measured() {
        for recognised_per_mille in [None, Some(875)] {
            let entry = SoundCheckEntry {
                level_dbfs: -21,
                peak_dbfs: -6,
                noise_dbfs: -63,
                echo_dbfs: -60,
                round_trip_ms: 12,
                headphones: true,
                recognised_per_mille,
            };
            let read: SoundCheckEntry = serde_json::from_value(entry.for_log()).unwrap();
            assert_eq!(read, entry);
        }
    }
}
