//! Who speaks when nobody was called: nominations, second answers, hand-overs, alternation, autopilot.
//!
//! The agenda only says who would be next and why; the floor grants. All of it is bounded: a table without its
//! host comes to rest.

use super::order::GrantReason;
use super::rules::Rules;
use super::speaker::AiSpeaker;
use crate::time::Span;

/// What follows a turn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Next {
    /// This speaker, for this reason.
    Grant(AiSpeaker, GrantReason),
    /// Nobody: this speaker would have been next, but for this reason is not.
    Deny(AiSpeaker, &'static str),
    /// Nobody.
    Rest,
}

/// The silence before the turn that follows `turn`, varied by chance from `seed`.
pub(super) fn gap(rules: &Rules, seed: u64, turn: u32) -> Span {
    let most = rules.show.gap_variation.samples();
    if most == 0 {
        return rules.ai_gap;
    }
    // SplitMix64: every bit of seed and turn moves every bit of the result.
    let mut bits = seed ^ u64::from(turn).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    bits ^= bits >> 31;
    let longest = rules.ai_gap.samples() + most;
    Span::from_samples(longest.saturating_sub(bits % (2 * most + 1)))
}

/// What is planned for the turns to come.
#[derive(Clone, Debug, Default)]
pub(super) struct Agenda {
    /// Whether the AIs go on by themselves.
    autopilot: bool,
    /// Whom the host gave the next word.
    nominee: Option<AiSpeaker>,
    /// Who answers second after both were called.
    second: Option<AiSpeaker>,
    /// AI turns since the host's last one.
    ai_turns: u16,
    /// How many of them one AI gave to the other, with autopilot off.
    hand_overs: u16,
    /// AI turns in a row that came to nothing.
    failures: u16,
    /// Number of the grant at which each spoke last; 0 for never.
    last_grant: [u32; 2],
    /// The same of the grant before that.
    grant_before: [u32; 2],
    grants: u32,
    /// Whether the guest begins when neither has spoken.
    guest_opens: bool,
}

impl Agenda {
    pub(super) fn new(seed: u64) -> Self {
        Self { guest_opens: !seed.is_multiple_of(2), ..Self::default() }
    }

    /// Goes on after an earlier conversation.
    pub(super) const fn go_on_after(&mut self, grants: u32, last: [u32; 2], autopilot: bool) {
        self.grants = grants;
        self.last_grant = last;
        self.autopilot = autopilot;
    }

    /// The one who spoke longer ago.
    pub(super) fn longer_ago(&self) -> AiSpeaker {
        let [claude, guest] = self.last_grant;
        match claude.cmp(&guest) {
            std::cmp::Ordering::Less => AiSpeaker::Claude,
            std::cmp::Ordering::Greater => AiSpeaker::Guest,
            std::cmp::Ordering::Equal if self.guest_opens => AiSpeaker::Guest,
            std::cmp::Ordering::Equal => AiSpeaker::Claude,
        }
    }

    /// Number of the grant at which `speaker` spoke last; 0 for never.
    pub(super) const fn last_grant(&self, speaker: AiSpeaker) -> u32 {
        self.last_grant[speaker.index()]
    }

    /// AI turns since the host's last one, and how many of them one AI gave to the other.
    pub(super) const fn counts(&self) -> (u16, u16) {
        (self.ai_turns, self.hand_overs)
    }

    /// What was struck was never said: each spoke last when `last` says, in the same order.
    pub(super) fn rewind(&mut self, last: [u32; 2]) {
        self.last_grant = last;
        self.grants = self.grants.max(last[0]).max(last[1]);
    }

    /// The host gives `speaker` the next word.
    pub(super) const fn nominate(&mut self, speaker: AiSpeaker) {
        self.nominee = Some(speaker);
        self.count_anew();
    }

    /// Whether the AIs go on by themselves.
    pub(super) const fn is_on_autopilot(&self) -> bool {
        self.autopilot
    }

    /// The host switched autopilot.
    pub(super) const fn set_autopilot(&mut self, enabled: bool) {
        self.autopilot = enabled;
        self.count_anew();
    }

    /// `speaker` answers after the next turn.
    pub(super) const fn then(&mut self, speaker: Option<AiSpeaker>) {
        self.second = speaker;
    }

    /// Whom the host gave the next word.
    pub(super) const fn nominee(&self) -> Option<AiSpeaker> {
        self.nominee
    }

    /// Takes the host's nomination, if there is one.
    pub(super) const fn take_nominee(&mut self) -> Option<AiSpeaker> {
        self.nominee.take()
    }

    /// The host spoke, typed or interrupted: the counts begin again and what was planned is void.
    pub(super) const fn host_acted(&mut self) {
        self.second = None;
        self.count_anew();
    }

    const fn count_anew(&mut self) {
        self.ai_turns = 0;
        self.hand_overs = 0;
        self.failures = 0;
    }

    /// A turn was granted. Returns the number of the grant.
    pub(super) fn granted(&mut self, speaker: AiSpeaker) -> u32 {
        self.grants = self.grants.saturating_add(1);
        self.grant_before[speaker.index()] = self.last_grant[speaker.index()];
        self.last_grant[speaker.index()] = self.grants;
        self.ai_turns = self.ai_turns.saturating_add(1);
        self.grants
    }

    /// The turn of this grant was withdrawn: `speaker` spoke last when it had before.
    pub(super) const fn take_back(&mut self, speaker: AiSpeaker, grant: u32) {
        if self.last_grant[speaker.index()] == grant {
            self.last_grant[speaker.index()] = self.grant_before[speaker.index()];
        }
    }

    /// Whether a turn that came to nothing may be given to the other: once, then the table waits.
    pub(super) const fn may_substitute(&mut self) -> bool {
        self.failures = self.failures.saturating_add(1);
        self.failures < 2
    }

    /// A turn was heard.
    pub(super) const fn succeeded(&mut self) {
        self.failures = 0;
    }

    /// Who follows `last`, who called the other by name if `calls_other`.
    pub(super) fn after(&mut self, last: AiSpeaker, calls_other: bool, rules: &Rules) -> Next {
        if let Some(nominee) = self.nominee.take() {
            return Next::Grant(nominee, GrantReason::Nominated);
        }
        if let Some(second) = self.second.take() {
            return Next::Grant(second, GrantReason::AddressedSecond);
        }
        let other = last.other();
        if self.autopilot {
            let reason =
                if calls_other { GrantReason::AddressedByOther } else { GrantReason::Autopilot };
            return self.by_itself(other, reason, rules);
        }
        if !calls_other {
            Next::Rest
        } else if self.hand_overs >= rules.hand_overs_max {
            Next::Deny(other, "hand_overs_max")
        } else {
            self.hand_overs += 1;
            Next::Grant(other, GrantReason::AddressedByOther)
        }
    }

    /// Who begins when autopilot finds silence.
    pub(super) fn in_silence(&mut self, rules: &Rules) -> Next {
        if let Some(nominee) = self.nominee.take() {
            return Next::Grant(nominee, GrantReason::Nominated);
        }
        if let Some(second) = self.second.take() {
            return Next::Grant(second, GrantReason::AddressedSecond);
        }
        if self.autopilot {
            self.by_itself(self.longer_ago(), GrantReason::Autopilot, rules)
        } else {
            Next::Rest
        }
    }

    const fn by_itself(&self, speaker: AiSpeaker, reason: GrantReason, rules: &Rules) -> Next {
        if self.failures >= 2 {
            Next::Deny(speaker, "services_fail")
        } else if self.ai_turns >= rules.autopilot_max_turns {
            Next::Deny(speaker, "autopilot_max_turns")
        } else {
            Next::Grant(speaker, reason)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_seed_says_who_begins() {
        let opener = |seed| Agenda::new(seed).longer_ago();
        assert_eq!([0, 2, 4].map(opener), [AiSpeaker::Claude; 3]);
        assert_eq!([1, 3, 5].map(opener), [AiSpeaker::Guest; 3]);
    }

    #[test]
    fn whoever_speaks_after_a_strike_spoke_last() {
        for last in [[7, 5], [5, 7], [1, 0]] {
            for speaker in AiSpeaker::BOTH {
                let mut agenda = Agenda::new(0);
                agenda.granted(AiSpeaker::Claude);
                agenda.granted(AiSpeaker::Guest);
                agenda.rewind(last);
                let grant = agenda.granted(speaker);
                assert_eq!(agenda.longer_ago(), speaker.other(), "{last:?}");
                assert!(grant > last[0].max(last[1]), "{last:?}");
            }
        }
    }

    #[test]
    fn grants_go_on_after_those_of_an_earlier_take() {
        let mut agenda = Agenda::new(0);
        agenda.go_on_after(9, [7, 9], false);
        assert_eq!(agenda.longer_ago(), AiSpeaker::Claude);
        assert_eq!(agenda.granted(AiSpeaker::Claude), 10);
        assert_eq!(agenda.longer_ago(), AiSpeaker::Guest);
    }

    #[test]
    fn turns_are_counted_anew_when_the_host_acts() {
        let rules = Rules { autopilot_max_turns: 1, ..Rules::default() };
        let acts: [fn(&mut Agenda); 3] = [
            Agenda::host_acted,
            |agenda| agenda.set_autopilot(true),
            |agenda| {
                agenda.nominate(AiSpeaker::Guest);
                agenda.take_nominee();
            },
        ];
        for act in acts {
            let mut agenda = Agenda::new(0);
            agenda.set_autopilot(true);
            agenda.granted(AiSpeaker::Claude);
            let rest = Next::Deny(AiSpeaker::Guest, "autopilot_max_turns");
            assert_eq!(agenda.after(AiSpeaker::Claude, false, &rules), rest);
            act(&mut agenda);
            assert_eq!(agenda.counts(), (0, 0));
            let next = Next::Grant(AiSpeaker::Guest, GrantReason::Autopilot);
            assert_eq!(agenda.after(AiSpeaker::Claude, false, &rules), next);
        }
    }
}
