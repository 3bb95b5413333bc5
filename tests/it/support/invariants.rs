//! The invariants of the floor, as functions over what went in and what came out.
//!
//! `Watch` keeps its own small books from facts and orders alone; it never looks inside the conversation.

use std::collections::{BTreeMap, BTreeSet};

use voice_studio::conversation::prompt::Role;
use voice_studio::conversation::{
    Caption, Conversation, Input, Order, PreparedEnd, Prompt, Speaker, TurnId,
};
use voice_studio::time::SessionTime;

use super::meeting::{Event, Voice, ms};

/// The books of one meeting.
#[derive(Debug, Default)]
pub(crate) struct Watch {
    /// Turns that may be in the listener's ears, with the end of their fade once they were flushed.
    audible: BTreeMap<TurnId, Option<SessionTime>>,
    started: BTreeSet<TurnId>,
    flushed: BTreeSet<TurnId>,
    paused: BTreeSet<TurnId>,
    /// AI turns in the order of granting, with what was heard once they ended.
    granted: Vec<(TurnId, Speaker, Option<String>)>,
    open_host_turns: BTreeSet<TurnId>,
    host_voice: bool,
    is_key_held: bool,
    is_muted: bool,
    is_connected: bool,
    captions: BTreeMap<u32, Caption>,
    /// Samples the listener is known to have heard of each turn.
    heard: BTreeMap<TurnId, u64>,
    /// The reply that is being prepared, and the prompts of those that were.
    preparing: Option<TurnId>,
    prepared: BTreeMap<TurnId, Prompt>,
    /// What the host's last turn ended with.
    host_said: String,
    is_closed: bool,
}

impl Watch {
    /// Enters one event in the books and checks what it may break.
    pub(crate) fn check(
        &mut self,
        now: SessionTime,
        event: &Event,
        voices: &BTreeMap<TurnId, Voice>,
    ) {
        match event {
            Event::Fact(input) => self.fact(input),
            Event::Order(order) => self.order(now, order, voices),
        }
    }

    fn fact(&mut self, input: &Input) {
        match input {
            Input::SpeechStarted { .. } => self.host_voice = !self.is_muted && self.is_connected,
            Input::SpeechStopped { .. } | Input::EndRequested => self.host_voice = false,
            Input::HostLost => (self.host_voice, self.is_connected) = (false, false),
            Input::HostConnected => self.is_connected = true,
            Input::MuteSet { muted } => {
                self.host_voice &= !muted;
                self.is_muted = *muted;
            }
            Input::PushToTalkSet { held } => {
                // Only a release of a key that was held ends the voice.
                self.host_voice &= *held || !self.is_key_held;
                self.is_key_held = *held;
            }
            Input::Played { turn, samples, .. } => {
                let heard = self.heard.entry(*turn).or_default();
                if !self.granted.iter().any(|(id, _, ended)| id == turn && ended.is_some()) {
                    *heard = (*heard).max(*samples);
                }
            }
            Input::Flushed { turn, samples, .. } => {
                if self.audible.contains_key(turn) {
                    let heard = self.heard.entry(*turn).or_default();
                    *heard = (*heard).max(*samples);
                }
                self.audible.remove(turn);
            }
            _ => {}
        }
    }

    fn order(&mut self, now: SessionTime, order: &Order, voices: &BTreeMap<TurnId, Voice>) {
        assert!(
            !self.is_closed || matches!(order, Order::NoteIgnored { .. }),
            "an order after the end: {order:?}"
        );
        match order {
            Order::StartPlayout { turn, .. } => {
                assert!(
                    self.granted.iter().any(|(id, ..)| id == turn),
                    "invariant 9: {turn} sounds without a grant"
                );
                self.one_voice_at_a_time(now, *turn);
            }
            Order::Duck { turn, .. } => self.silence_stays(*turn, order),
            Order::Pause { turn, .. } => {
                self.silence_stays(*turn, order);
                assert!(self.paused.insert(*turn), "invariant 2: {turn} was paused twice");
            }
            Order::Resume { turn, .. } => {
                self.silence_stays(*turn, order);
                assert!(self.paused.remove(turn), "invariant 2: {turn} was resumed and not paused");
            }
            Order::Flush { turn, .. } => {
                self.silence_stays(*turn, order);
                self.flushed.insert(*turn);
                self.audible.insert(*turn, Some(now + ms(150)));
            }
            Order::NoteGranted { turn, speaker, .. } => {
                let is_free = self
                    .granted
                    .iter()
                    .all(|(id, _, ended)| ended.is_some() || self.flushed.contains(id));
                assert!(is_free, "invariant 1: {turn} was granted while another AI has the floor");
                assert!(
                    self.open_host_turns.is_empty(),
                    "invariant 1: {turn} was granted in the host's turn"
                );
                // A prompt that was written ahead must say what was heard after all.
                if let Some(prompt) = self.prepared.remove(turn) {
                    self.history_is_what_was_heard((*speaker).into(), &prompt);
                    self.host_said_what_is_answered(&prompt);
                }
                self.granted.push((*turn, (*speaker).into(), None));
            }
            Order::NotePreparing { turn, .. } => {
                assert!(self.preparing.is_none(), "invariant 9: {turn} beside another");
                self.preparing = Some(*turn);
            }
            Order::NotePrepared { turn, end, .. } => {
                assert_eq!(self.preparing.take(), Some(*turn), "invariant 9");
                let has_floor = self.granted.iter().any(|(id, ..)| id == turn);
                assert_eq!(has_floor, *end == PreparedEnd::Used, "invariant 9: {order:?}");
                self.prepared.remove(turn);
            }
            Order::NoteTurnStarted { turn, speaker: Speaker::You } => {
                assert!(self.open_host_turns.insert(*turn), "{turn} began twice");
            }
            Order::NoteTurnEnded { turn, speaker: Speaker::You, heard_text, .. } => {
                if !heard_text.is_empty() {
                    self.host_said.clone_from(heard_text);
                }
                assert!(
                    self.open_host_turns.remove(turn),
                    "invariant 3: {turn} ended and had not begun"
                );
            }
            Order::NoteTurnEnded { turn, heard_text, .. } => {
                self.turn_ended(*turn, heard_text, voices);
            }
            Order::ShowCaption(caption) => self.caption_may_change(caption),
            Order::StartReply { turn, prompt, .. } if self.preparing == Some(*turn) => {
                self.prepared.insert(*turn, prompt.as_ref().clone());
            }
            Order::StartReply { speaker, prompt, .. } => {
                self.history_is_what_was_heard((*speaker).into(), prompt);
            }
            Order::NoteIgnored { what: "deadline_is_not_due" } => {
                panic!("invariant 6: a deadline was not due")
            }
            Order::CloseSession => self.is_closed = true,
            _ => {}
        }
    }

    /// Invariant 1.
    fn one_voice_at_a_time(&mut self, now: SessionTime, turn: TurnId) {
        self.audible.retain(|_, until| until.is_none_or(|until| until > now));
        assert!(self.audible.is_empty(), "invariant 1: {turn} is heard beside {:?}", self.audible);
        assert!(!self.host_voice, "invariant 1: {turn} begins while the host speaks");
        assert!(self.started.insert(turn), "{turn} began to be heard twice");
        self.audible.insert(turn, None);
    }

    /// Invariant 2.
    fn silence_stays(&self, turn: TurnId, order: &Order) {
        assert!(
            self.started.contains(&turn),
            "invariant 2: {order:?} and the turn was never heard"
        );
        assert!(!self.flushed.contains(&turn), "invariant 2: {order:?} after its flush");
    }

    /// Invariants 3 and 4.
    fn turn_ended(&mut self, turn: TurnId, heard_text: &str, voices: &BTreeMap<TurnId, Voice>) {
        let known = self
            .granted
            .iter_mut()
            .find(|(id, ..)| *id == turn)
            .expect("invariant 3: an unknown turn ended");
        assert!(known.2.is_none(), "invariant 3: {turn} ended twice");
        known.2 = Some(heard_text.into());
        self.audible.remove(&turn);
        let captions = self.captions.values().filter(|caption| caption.turn == turn);
        assert!(
            captions.clone().all(|caption| caption.is_final),
            "invariant 4: an open caption of {turn}"
        );
        let shown: Vec<&str> = captions.map(|caption| caption.text.as_str()).collect();
        assert_eq!(
            shown.join(" "),
            heard_text,
            "invariant 4: captions of {turn} against what it ended with"
        );
        let Some(voice) = voices.get(&turn) else { return assert_eq!(heard_text, "") };
        let heard = self.heard.get(&turn).copied().unwrap_or(0);
        let is_known = |end: &u64| *end <= heard;
        let truth = voice.words.iter().filter(|(end, _)| is_known(end)).count();
        let told = heard_text.split_whitespace().count();
        // A voice without word times is estimated: a word more or less, within what it said.
        assert!(
            told.abs_diff(truth) <= 1,
            "invariant 4: {turn} told {told} words, {truth} were heard"
        );
        let said: Vec<&str> = voice.words.iter().map(|(_, word)| word.as_str()).collect();
        assert!(
            said.join(" ").starts_with(heard_text),
            "invariant 4: {turn} never said {heard_text:?}"
        );
    }

    /// Invariant 4.
    fn caption_may_change(&mut self, caption: &Caption) {
        if let Some(before) = self.captions.get(&caption.id) {
            assert!(
                !before.is_final,
                "invariant 4: a final caption changed: {before:?} to {caption:?}"
            );
        }
        assert!(caption.start <= caption.end, "{caption:?}");
        assert!(caption.words.windows(2).all(|pair| pair[0].end <= pair[1].start), "{caption:?}");
        if caption.speaker != Speaker::You {
            assert_eq!(caption.is_final, caption.pending.is_empty(), "invariant 4: {caption:?}");
            assert!(!caption.text.is_empty(), "invariant 4: nothing heard of {caption:?}");
        }
        self.captions.insert(caption.id, caption.clone());
    }

    /// Invariant 5.
    fn history_is_what_was_heard(&self, speaker: Speaker, prompt: &Prompt) {
        let name = |speaker: &Speaker| ["Host", "Ada", "Grace"][speaker.index()];
        let heard: Vec<(&str, &str, Role)> = self
            .granted
            .iter()
            .filter_map(|(_, by, text)| {
                Some((by, text.as_deref().filter(|text| !text.is_empty())?))
            })
            .map(|(by, text)| {
                (name(by), text, if *by == speaker { Role::Assistant } else { Role::User })
            })
            .collect();
        let heard: Vec<_> =
            heard.into_iter().map(|(by, text, role)| (by, squeezed(text), role)).collect();
        let told: Vec<_> = prompt
            .messages
            .iter()
            .filter(|message| message.name == "Ada" || message.name == "Grace")
            .map(|message| (message.name.as_str(), squeezed(&message.text), message.role))
            .collect();
        assert_eq!(told, heard, "invariant 5: the history of {speaker}");
        assert_eq!(
            prompt.messages.last().map(|message| message.role),
            Some(Role::User),
            "nothing to answer"
        );
    }

    /// Invariant 9: a reply to the host rests on the words with which the host's turn ended.
    fn host_said_what_is_answered(&self, prompt: &Prompt) {
        let last = prompt.messages.last().filter(|message| message.name == "Host");
        let plain = |text: &str| -> Vec<String> {
            let words = text.split_whitespace();
            let letters = |word: &str| word.chars().filter(|c| c.is_alphanumeric()).collect();
            words.map(letters).collect()
        };
        if let Some(last) = last {
            assert_eq!(plain(&last.text), plain(&self.host_said), "invariant 9");
        }
    }

    /// Invariant 6: whoever has the floor is waited for by name, but for a host who speaks, holds the key or is away.
    pub(crate) fn every_wait_has_a_name(&self, conversation: &Conversation) {
        let holder = conversation.floor_view().holder;
        let is_waited_for = match holder {
            None => false,
            Some(Speaker::You) => !self.is_key_held && !self.host_voice,
            Some(Speaker::Claude | Speaker::Guest) => conversation.is_connected(),
        };
        assert!(
            !is_waited_for || conversation.next_deadline().is_some(),
            "invariant 6: nobody waits for {holder:?}"
        );
    }

    /// Invariant 3, at the end.
    pub(crate) fn all_turns_ended(&self) {
        let open: Vec<_> = self.granted.iter().filter(|(.., ended)| ended.is_none()).collect();
        assert!(open.is_empty(), "invariant 3: {open:?} never ended");
        assert!(
            self.open_host_turns.is_empty(),
            "invariant 3: {:?} never ended",
            self.open_host_turns
        );
        assert!(self.is_closed, "the session never closed");
        let open: Vec<_> = self.captions.values().filter(|caption| !caption.is_final).collect();
        assert!(open.is_empty(), "invariant 4: {open:?} stayed open");
    }
}

fn squeezed(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Invariant 8: the same inputs give the same orders.
pub(crate) fn same_inputs_give_same_orders(
    events: &[(SessionTime, Event)],
    mut again: Conversation,
) {
    let mut rest = events.iter().peekable();
    while let Some((now, event)) = rest.next() {
        let Event::Fact(input) = event else { continue };
        let mut orders = Vec::new();
        again.handle(*now, input.clone(), &mut orders);
        for order in orders {
            match rest.next() {
                Some((_, Event::Order(before))) => assert_eq!(before, &order, "invariant 8"),
                other => panic!("invariant 8: {order:?} instead of {other:?}"),
            }
        }
        assert!(
            !matches!(rest.peek(), Some((_, Event::Order(_)))),
            "invariant 8: {:?} is missing",
            rest.peek()
        );
    }
}
