//! How this host pauses and speaks, as far as it was learned.

use super::profile::{HostProfile, PACE_WPM, PAUSE_MAX};
use super::rules::Rules;
use crate::time::Span;

/// How long this host pauses inside a turn, and how fast he speaks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Habit {
    /// The longest pause of late: a longer one counts at once, and each pause lets it fade a little.
    pause: Span,
    /// Words a minute of voice; none while not known.
    pace: Option<u16>,
}

/// Shorter pauses are gaps between words, longer ones are no habit but an absence.
const HABIT_PAUSES: std::ops::RangeInclusive<Span> = Span::from_millis(250)..=PAUSE_MAX;

/// The pace of hosts of whom nobody knows theirs: people who read aloud or talk make 160 to 200 words a minute of voice.
const USUAL_PACE: u16 = 180;

/// Fewer words in less voice than this are no pace: one long word would be a slow one.
const PACE_WORDS_MIN: u64 = 4;
const PACE_VOICE_MIN: Span = Span::from_millis(1500);

/// A turn is slow below this share of the host's pace, per cent: somebody dictates, or looks for words.
const SLOW_PERCENT: u32 = 70;

/// What is left of the habit after each pause, per cent: after ten short ones three quarters.
const HABIT_LEFT_PERCENT: u64 = 97;

impl Habit {
    /// What shows before have taught.
    pub(super) fn known(profile: HostProfile) -> Self {
        let HostProfile { pause_ms, pace_wpm, .. } = profile.bounded();
        let pace = Some(pace_wpm).filter(|pace| *pace > 0);
        Self { pause: Span::from_millis(u64::from(pause_ms)), pace }
    }

    /// The same for the next show.
    pub(super) fn profile(self, shows: u32) -> HostProfile {
        let pause_ms = u32::try_from(self.pause.millis()).unwrap_or(u32::MAX);
        HostProfile { shows, pause_ms, pace_wpm: self.pace.unwrap_or(0) }.bounded()
    }

    /// The host went on after a pause.
    pub(super) fn learn(&mut self, pause: Span) {
        if HABIT_PAUSES.contains(&pause) {
            let faded = Span::from_samples(self.pause.samples() * HABIT_LEFT_PERCENT / 100);
            self.pause = faded.max(pause);
        }
    }

    /// The host ended a turn of so many words a minute: each counts a quarter.
    pub(super) fn learn_pace(&mut self, pace: u16) {
        let pace = pace.clamp(*PACE_WPM.start(), *PACE_WPM.end());
        let known = u32::from(self.pace.unwrap_or(pace));
        self.pace = u16::try_from((3 * known + u32::from(pace)) / 4).ok();
    }

    /// The silence that is longer than this host's pauses.
    pub(super) fn wait(self, rules: &Rules) -> Span {
        let wait = Span::from_samples(self.pause.samples() * u64::from(rules.habit_percent) / 100);
        wait.min(rules.habit_max)
    }

    /// The longest pause of late.
    pub(super) const fn pause(self) -> Span {
        self.pause
    }

    /// Whether a turn of so many words a minute is slow for this host.
    pub(super) fn is_slow(self, pace: u16) -> bool {
        let usual = u32::from(self.pace.unwrap_or(USUAL_PACE));
        u32::from(pace) * 100 < usual * SLOW_PERCENT
    }
}

/// Words a minute of voice; none for too little of it.
pub(super) fn pace_of(words: u64, voice: Span) -> Option<u16> {
    let is_enough = voice >= PACE_VOICE_MIN && words >= PACE_WORDS_MIN;
    let minute = Span::from_millis(60_000).samples();
    is_enough.then(|| u16::try_from(words * minute / voice.samples()).ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ms(millis: u64) -> Span {
        Span::from_millis(millis)
    }

    #[test]
    fn a_longer_pause_counts_at_once_and_each_one_lets_it_fade() {
        let mut habit = Habit::default();
        let mut after = |pause| {
            habit.learn(ms(pause));
            habit.pause().millis()
        };
        assert_eq!(
            [249, 250, 1000, 300, 3000, 3001].map(&mut after),
            [0, 250, 1000, 970, 3000, 3000]
        );
        assert_eq!(habit.wait(&Rules::default()), ms(2600), "the most it may ask for");
        let rules = Rules { habit_max: ms(9000), ..Rules::default() };
        assert_eq!(habit.wait(&rules), ms(3750));
    }

    #[test]
    fn four_words_in_a_second_and_a_half_are_a_pace() {
        assert_eq!(pace_of(4, ms(1500)), Some(160));
        assert_eq!(pace_of(3, ms(1500)), None);
        assert_eq!(pace_of(4, ms(1499)), None);
        assert_eq!(pace_of(6, ms(3000)), Some(120));
    }

    #[test]
    fn slow_is_below_seven_tenths_of_the_hosts_own_pace() {
        let mut habit = Habit::default();
        assert!(habit.is_slow(125) && !habit.is_slow(126), "as everybody");
        habit.learn_pace(100);
        assert!(habit.is_slow(69) && !habit.is_slow(70), "the first turn counts whole");
        habit.learn_pace(200);
        assert_eq!(habit.profile(3), HostProfile { shows: 3, pause_ms: 0, pace_wpm: 125 });
        habit.learn_pace(9000);
        assert_eq!(habit.profile(3).pace_wpm, 168, "as fast as speech can be");
        habit.learn_pace(1);
        assert_eq!(habit.profile(3).pace_wpm, 141);
    }

    #[test]
    fn what_a_show_taught_is_known_in_the_next() {
        let profile = HostProfile { shows: 2, pause_ms: 700, pace_wpm: 150 };
        assert_eq!(Habit::known(profile).profile(2), profile);
        assert_eq!(Habit::known(HostProfile::default()), Habit::default());
    }
}
