//! One AI's stage: the playout of its turn, and the times its reply took.

use super::allowance::Allowance;
use super::listener_time::WAVER_MAX_SAMPLES;
use super::notice::TurnMetrics;
use crate::audio::playout::{CREDIT, HeardSpan, Phase, Playout, Pushed, Reports};
use crate::conversation::{AiSpeaker, TurnId, VoicedWord};
use crate::recording::JOIN_TOLERANCE;
use crate::time::{SessionTime, Span};

/// How far from its place loud sound may be joined to what came before: less than makes an overlap of two speakers another
/// one.
pub(super) const LOUD_JOIN: Span = Span::from_millis(25);
/// The same where the place is a listener's by RTP time: as far as such places are taken to waver, and less than the 120 ms
/// from which on people notice another gap or overlap (Heldner 2011, J. Acoust. Soc. Am. 130:508). Speech is quiet for a
/// moment every second or two. A voice that never is left its place by more than 25 ms on a line that loses a fifth and
/// delays by 150 ms, and by 59 ms behind a change of network, and each time a hole was torn into it.
pub(super) const LOUD_JOIN_BY_RTP: Span = Span::from_samples(WAVER_MAX_SAMPLES);
/// Samples behind a seam that must be quiet for it not to be heard, 5 ms.
const SEAM_SAMPLES: usize = 240;
/// What is quiet: a peak of -44 dBFS, far below any voiced sound.
const QUIET_PEAK: u16 = 200;

/// The conversation learns of playout at word ends, or after this long without one.
const PROGRESS_EVERY: Span = Span::from_millis(200);

/// What of one AI is being played.
#[derive(Debug)]
pub(super) struct Stage {
    speaker: AiSpeaker,
    turn: Option<TurnId>,
    pub(super) playout: Playout<TurnId>,
    allowance: Allowance,
    pub(super) metrics: TurnMetrics,
    is_voiced: bool,
    /// The turn that is made ahead of the floor.
    ahead: Option<TurnId>,
    /// Ends of words not yet heard, in turn samples.
    word_ends: std::collections::VecDeque<u64>,
    told: u64,
    opened_at: SessionTime,
    /// Where the sound that was given to the recorder ends.
    placed_until: SessionTime,
}

impl Stage {
    pub(super) fn new(speaker: AiSpeaker) -> Self {
        Self {
            speaker,
            turn: None,
            playout: Playout::new(Reports::Expected),
            allowance: Allowance::default(),
            metrics: TurnMetrics::default(),
            is_voiced: false,
            ahead: None,
            word_ends: std::collections::VecDeque::new(),
            told: 0,
            opened_at: SessionTime::ZERO,
            placed_until: SessionTime::ZERO,
        }
    }

    /// When the turn took the stage.
    pub(super) const fn opened_at(&self) -> SessionTime {
        self.opened_at
    }

    pub(super) const fn speaker(&self) -> AiSpeaker {
        self.speaker
    }

    /// A new turn takes the stage; the one before leaves it.
    pub(super) fn open(&mut self, turn: TurnId, now: SessionTime, end_of_turn_ms: u64) {
        self.allowance.close();
        self.playout.open(turn);
        *self = Self {
            turn: Some(turn),
            playout: std::mem::take(&mut self.playout),
            metrics: TurnMetrics {
                turn: turn.0,
                speaker: Some(self.speaker),
                end_of_turn_ms: Some(end_of_turn_ms),
                ..TurnMetrics::default()
            },
            opened_at: now,
            placed_until: self.placed_until,
            ahead: self.ahead,
            ..Self::new(self.speaker)
        };
    }

    /// The turn is over: its voice stops running ahead.
    pub(super) fn leave(&mut self, turn: TurnId) {
        if self.is_turn(turn) {
            self.allowance.close();
        }
    }

    /// The turn is about to be made ahead of the floor.
    pub(super) const fn prepare(&mut self, turn: TurnId) {
        self.ahead = Some(turn);
    }

    /// Whether the turn is made ahead of the floor.
    pub(super) fn is_ahead(&self, turn: TurnId) -> bool {
        self.ahead == Some(turn)
    }

    /// A turn got the floor: one that was made ahead, which this tells, counts as others do from here on.
    pub(super) fn granted(&mut self, turn: TurnId, end_of_turn_ms: u64) -> bool {
        let was_ahead = self.ahead.take_if(|ahead| *ahead == turn).is_some();
        if self.is_turn(turn) {
            self.metrics.end_of_turn_ms = Some(end_of_turn_ms);
        }
        was_ahead
    }

    /// The turn on stage, also when it is over.
    pub(super) const fn turn(&self) -> Option<TurnId> {
        self.turn
    }

    pub(super) fn is_turn(&self, turn: TurnId) -> bool {
        self.turn == Some(turn)
    }

    pub(super) fn allowance(&self) -> Allowance {
        self.allowance.clone()
    }

    /// Whether this is the reply's first text.
    pub(super) fn first_text(&mut self, after_ms: u64) -> bool {
        let is_first = self.metrics.first_text_ms.is_none();
        self.metrics.first_text_ms.get_or_insert(after_ms);
        is_first
    }

    /// Where a piece's words end.
    pub(super) fn expect_words(&mut self, words: &[VoicedWord]) {
        self.word_ends.extend(words.iter().map(|word| word.end_sample));
    }

    /// Takes in sound; tells whether it is the turn's first.
    pub(super) fn push(&mut self, turn: TurnId, samples: &[i16], after_ms: u64) -> bool {
        let accepted = matches!(self.playout.push(turn, samples), Pushed::Accepted { .. });
        let is_first = accepted && !self.is_voiced;
        if is_first {
            self.is_voiced = true;
            self.metrics.first_audio_ms = Some(after_ms);
        }
        is_first
    }

    /// What was heard frees room for more, and is told to the conversation when it matters.
    pub(super) fn on_heard(&mut self, span: &HeardSpan<TurnId>) -> bool {
        self.allowance.grant(span.samples.len());
        let mut is_word_end = false;
        while self.word_ends.front().is_some_and(|end| *end <= span.until_sample) {
            self.word_ends.pop_front();
            is_word_end = true;
        }
        let is_all = self.turn.is_some_and(|turn| self.playout.is_all_heard(turn));
        let is_due = span.until_sample - self.told >= PROGRESS_EVERY.samples();
        let is_first = self.told == 0;
        if is_word_end || is_all || is_due || is_first {
            self.told = span.until_sample;
            return true;
        }
        false
    }

    /// Where the sound that was given to the recorder ends.
    pub(super) const fn placed_until(&self) -> SessionTime {
        self.placed_until
    }

    /// Where a heard stretch goes in the track: where it sounded, unless its place is gone. A listener whose connection
    /// was lost tells late what it heard, after the recorder has written that time as silence; then it goes to the
    /// earliest place that is left, and what follows it without a pause behind it. Nothing that was heard is left out.
    ///
    /// A listener's positions waver. While the sound is loud it is joined to what came before, up to `loud_join` from its
    /// place, for a hole in a vowel clicks; sound that is early goes to its own place where it is quiet, and nobody hears
    /// that. Sound that is late stays behind what came before: nothing that was heard is cut out.
    pub(super) fn place(
        &mut self,
        began: SessionTime,
        samples: &[i16],
        written_until: SessionTime,
        loud_join: Span,
    ) -> Placed {
        let length = Span::from_samples(samples.len() as u64);
        let tolerance = if begins_quiet(samples) { JOIN_TOLERANCE } else { loud_join };
        let is_joined = began.since(self.placed_until).max(self.placed_until.since(began))
            <= tolerance
            && self.placed_until >= written_until;
        let at = if is_joined {
            self.placed_until
        } else {
            began.max(self.placed_until).max(written_until)
        };
        self.placed_until = at + length;
        let late = at.since(began);
        Placed { at, late: (late > loud_join).then_some(late) }
    }

    /// Nothing more is taken for a stopped turn.
    pub(super) fn settle(&mut self) {
        if let Some(turn) = self.turn
            && !self.playout.permits(turn)
            && self.playout.snapshot().is_some_and(|shown| shown.phase == Phase::Flushed)
        {
            self.playout.settle(turn);
        }
    }

    /// A listener came by the socket, with nothing on its way: what was not heard is due again. Returns the turn in the
    /// midst of its playing and where it goes on.
    pub(super) fn rewind_to_heard(&mut self, reports: Reports) -> Option<(TurnId, u64)> {
        self.playout.set_reports(reports);
        self.playout.set_credit(CREDIT);
        self.playout.rewind_to_heard(self.turn?);
        let shown = self.playout.snapshot()?;
        (shown.phase == Phase::Playing).then_some((shown.turn, shown.heard))
    }
}

/// Whether a seam before these samples would not be heard.
fn begins_quiet(samples: &[i16]) -> bool {
    samples.iter().take(SEAM_SAMPLES).all(|sample| sample.unsigned_abs() <= QUIET_PEAK)
}

/// Where a stretch of sound goes in its track.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Placed {
    pub(super) at: SessionTime,
    /// How much later than it sounded, where that is worth a line.
    pub(super) late: Option<Span>,
}

/// When a heard stretch began to sound.
pub(super) fn began(span: &HeardSpan<TurnId>) -> SessionTime {
    span.at - Span::from_samples(span.samples.len() as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: u64) -> SessionTime {
        SessionTime::from_millis(millis)
    }

    fn placed(stage: &mut Stage, began: u64, written: u64) -> (u64, Option<u64>) {
        placed_as(stage, began, written, 0)
    }

    /// 20 ms of this loudness.
    fn placed_as(stage: &mut Stage, began: u64, written: u64, peak: i16) -> (u64, Option<u64>) {
        joined(stage, began, written, peak, LOUD_JOIN)
    }

    fn joined(
        stage: &mut Stage,
        began: u64,
        written: u64,
        peak: i16,
        loud_join: Span,
    ) -> (u64, Option<u64>) {
        let Placed { at, late } = stage.place(at(began), &[peak; 960], at(written), loud_join);
        (at.millis(), late.map(Span::millis))
    }

    #[test]
    fn sound_told_in_time_stands_where_it_sounded() {
        let mut stage = Stage::new(AiSpeaker::Claude);
        assert_eq!(placed(&mut stage, 1000, 600), (1000, None));
        assert_eq!(placed(&mut stage, 1022, 620), (1020, None), "jitter of reports is joined");
        assert_eq!(placed(&mut stage, 3000, 2600), (3000, None), "a pause stays a pause");
    }

    #[test]
    fn loud_sound_is_not_torn_by_a_wavering_position_and_goes_to_its_place_in_the_next_pause() {
        let mut stage = Stage::new(AiSpeaker::Claude);
        assert_eq!(placed_as(&mut stage, 1000, 600, 9_000), (1000, None));
        assert_eq!(placed_as(&mut stage, 1040, 640, 9_000), (1020, None), "joined");
        assert_eq!(placed_as(&mut stage, 1060, 660, 9_000), (1040, None));
        assert_eq!(placed_as(&mut stage, 1080, 680, 100), (1080, None), "quiet: in its place");
        assert_eq!(placed_as(&mut stage, 1130, 730, 9_000), (1130, None), "that is no wavering");
        assert_eq!(placed_as(&mut stage, 1140, 740, 9_000), (1150, None));
        assert_eq!(placed_as(&mut stage, 1160, 760, 100), (1170, None), "late, and told by nobody");
    }

    #[test]
    fn by_rtp_time_it_may_waver_by_a_tenth_of_a_second() {
        let mut stage = Stage::new(AiSpeaker::Claude);
        let mut loud = |began| joined(&mut stage, began, 600, 9_000, LOUD_JOIN_BY_RTP);
        assert_eq!(loud(1000), (1000, None));
        assert_eq!(loud(1120), (1020, None), "as far as it goes");
        assert_eq!(loud(1141), (1141, None), "that is no wavering");
        assert_eq!(loud(1061), (1161, None), "late, and told by nobody");
        assert_eq!(loud(1080), (1181, Some(101)));
    }

    #[test]
    fn sound_told_too_late_and_what_follows_it_is_kept_in_order() {
        let mut stage = Stage::new(AiSpeaker::Claude);
        assert_eq!(placed(&mut stage, 1000, 1500), (1500, Some(500)));
        assert_eq!(placed(&mut stage, 1020, 1500), (1520, Some(500)));
        assert_eq!(placed(&mut stage, 1530, 1500), (1540, None), "behind the one before");
        assert_eq!(
            placed(&mut stage, 2000, 1600),
            (2000, None),
            "after a pause it is itself again"
        );
        assert_eq!(stage.placed_until, at(2020));
    }
}
