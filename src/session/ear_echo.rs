//! What the session is told of the way on which the studio's own sound comes back to the host's microphone.

use super::messages::EchoLearned;
use crate::audio::host_voice::HostVoice;
use crate::time::Span;

/// How much more of the studio's own voice is held back before it is told again.
const TOLD_EVERY: Span = Span::from_millis(10_000);
/// Changes up to these are a wobble of the measurement.
const LAG_WOBBLE_MS: u64 = 30;
const GAIN_WOBBLE_DB: u16 = 6;

/// What was told last.
#[derive(Debug, Default)]
pub(super) struct EchoTold(Option<EchoLearned>);

impl EchoTold {
    /// What is worth telling now, if anything is.
    pub(super) fn news(&mut self, voice: &HostVoice) -> Option<EchoLearned> {
        let found = voice.echo_path()?;
        let learned = EchoLearned {
            lag_ms: found.lag_ms,
            gain_db: found.gain_db,
            held_back_ms: voice.held_back().millis(),
        };
        let is_new = self.0.is_none_or(|told| {
            told.lag_ms.abs_diff(learned.lag_ms) > LAG_WOBBLE_MS
                || told.gain_db.abs_diff(learned.gain_db) > GAIN_WOBBLE_DB
                || learned.held_back_ms > told.held_back_ms + TOLD_EVERY.millis()
        });
        is_new.then(|| *self.0.insert(learned))
    }
}
