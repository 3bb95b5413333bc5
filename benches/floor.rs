//! Floor decisions per second: how much of a core the rules of one conversation cost.
//!
//! Plays a show of questions, answers and interruptions on virtual time and counts facts taken and orders given.

use std::hint::black_box;
use std::sync::Arc;

use voice_studio::conversation::briefing::{Briefing, SpeakerBrief};
use voice_studio::conversation::rules::Rules;
use voice_studio::conversation::{
    Conversation, HostProfile, Input, Order, Outcome, Setup, Stability, TurnId, VoicedWord,
};
use voice_studio::time::{SessionTime, Span};

/// Turns of the host in the show: about an hour of talk.
const HOST_TURNS: u32 = 300;
/// A core carries 250 sessions and leaves the rules a hundredth of itself; a session at its busiest gives them about
/// 40 facts a second.
const BUDGET_PER_SECOND: f64 = 250.0 * 40.0 * 100.0;

fn main() {
    #[expect(clippy::disallowed_methods, reason = "a bench measures real time")]
    let begin = std::time::Instant::now();
    let (mut facts, mut orders) = (0_u64, 0_u64);
    while begin.elapsed().as_secs_f64() < 2.0 {
        let (show_facts, show_orders) = black_box(show());
        facts += show_facts;
        orders += show_orders;
    }
    let seconds = begin.elapsed().as_secs_f64();
    #[expect(clippy::cast_precision_loss, reason = "a figure for people")]
    let (facts, orders) = (facts as f64 / seconds, orders as f64 / seconds);
    #[expect(clippy::print_stdout, reason = "a bench prints its figure")]
    {
        println!(
            "floor: {facts:.0} facts a second (budget {BUDGET_PER_SECOND:.0}), {orders:.0} orders a second"
        );
    }
}

struct Show {
    conversation: Conversation,
    now: SessionTime,
    orders: Vec<Order>,
    facts: u64,
    given: u64,
}

impl Show {
    /// Takes a fact `after` the last one, with all deadlines before it; gives the last AI turn that was started.
    fn take(&mut self, after: u64, input: Input) -> Option<TurnId> {
        let now = self.now + Span::from_millis(after);
        self.orders.clear();
        while let Some((at, deadline)) =
            self.conversation.next_deadline().filter(|(at, _)| *at <= now)
        {
            self.conversation.handle(
                at.max(self.now),
                Input::DeadlinePassed { deadline },
                &mut self.orders,
            );
            self.facts += 1;
        }
        self.now = now;
        self.conversation.handle(now, input, &mut self.orders);
        self.facts += 1;
        self.given += u64::try_from(self.orders.len()).unwrap_or(u64::MAX);
        self.orders.iter().rev().find_map(|order| match order {
            Order::StartReply { turn, .. } => Some(*turn),
            _ => None,
        })
    }
}

fn show() -> (u64, u64) {
    let conversation = Conversation::new(Setup {
        briefing: Arc::new(briefing()),
        seed: 1,
        profile: HostProfile::default(),
    });
    let mut show =
        Show { conversation, now: SessionTime::ZERO, orders: Vec::new(), facts: 0, given: 0 };
    show.take(0, Input::HostConnected);
    for segment in 0..HOST_TURNS {
        let from = show.now;
        let until = from + Span::from_millis(1500);
        show.take(40, Input::SpeechStarted { at: from });
        for part in ["So", "So what do", "So what do you think", "So what do you think, Brace?"] {
            let stability =
                if part.ends_with('?') { Stability::Complete } else { Stability::Interim };
            let text = String::from(part);
            show.take(360, Input::Recognised { segment, text, from, until, stability });
        }
        show.take(180, Input::SpeechStopped { at: until });
        let ask = segment + 1;
        let turn = show
            .take(60, Input::EndOfTurnJudged { ask, score: Some(990) })
            .or_else(|| show.take(1700, Input::Marked { label: String::new() }));
        if let Some(turn) = turn {
            answer(&mut show, turn, segment % 3 == 0);
        }
    }
    (show.facts, show.given)
}

/// A reply of two sentences, heard word by word; every third one is cut off.
fn answer(show: &mut Show, turn: TurnId, is_cut: bool) {
    let text = "It depends on the weather, I would say, and on who is asked. The rest is a matter of taste.";
    for word in text.split_inclusive(' ') {
        show.take(15, Input::ReplyText { turn, text: word.into() });
    }
    let mut pieces = Vec::new();
    let mut cutter = voice_studio::conversation::sentences::Cutter::default();
    cutter.push(text, &mut pieces);
    cutter.finish(&mut pieces);
    show.take(5, Input::ReplyEnded { turn, outcome: Outcome::Complete });
    let mut sample = 0;
    for (piece, text) in (0..).zip(&pieces) {
        let mut words = Vec::new();
        let mut at = 0_usize;
        for word in text.split(' ') {
            let end = at + word.len();
            words.push(VoicedWord {
                text_start: u32::try_from(at).unwrap_or(0),
                text_end: u32::try_from(end).unwrap_or(0),
                start_sample: sample,
                end_sample: sample + 14_400,
            });
            (at, sample) = (end + 1, sample + 14_400);
        }
        show.take(5, Input::PieceVoiced { turn, piece, words, samples: sample });
    }
    show.take(1, Input::VoiceStarted { turn });
    show.take(1, Input::VoiceEnded { turn, samples: sample, outcome: Outcome::Complete });
    let begin = show.now;
    let heard = if is_cut { sample / 2 } else { sample };
    let mut played = 0;
    while played < heard {
        played = (played + 9_600).min(heard);
        let at = begin + Span::from_samples(played);
        show.take(200, Input::Played { turn, samples: played, at });
    }
    if is_cut {
        show.take(10, Input::InterruptPressed);
        let at = show.now;
        show.take(30, Input::Flushed { turn, samples: heard, at });
    }
    show.take(500, Input::Marked { label: String::new() });
}

fn briefing() -> Briefing {
    let speaker = |name: &str| SpeakerBrief { name: name.into(), ..SpeakerBrief::default() };
    Briefing {
        title: String::new(),
        episode: "bench".into(),
        language: "en".into(),
        terms: Vec::new(),
        rules: Rules::default(),
        speakers: [speaker("Host"), speaker("Ada"), speaker("Grace")],
        providers: Default::default(),
        segments: Vec::new(),
        everyone: String::new(),
        private: [String::new(), String::new()],
    }
}
