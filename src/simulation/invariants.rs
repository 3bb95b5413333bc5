//! The invariants of the floor, as functions over what went in and what came out.
//!
//! `Watch` keeps its own small books from facts and orders alone; it never looks inside the conversation.

use std::collections::{BTreeMap, BTreeSet};

use crate::conversation::prompt::{Role, STAGE};
use crate::conversation::rules::Rules;
use crate::conversation::{
    Caption, Conversation, Input, Order, PROMPT_LINES_MAX, PreparedEnd, Prompt, Speaker, TurnId,
};
use crate::time::SessionTime;

pub use super::breach::Breach;
pub(super) use super::breach::{hold, hold_equal};
use super::meeting::{Event, ms};
use super::show_books::ShowBooks;
use super::voice::Voice;

/// The books of one meeting.
#[derive(Clone, Debug, Default)]
pub struct Watch {
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
    prepared: BTreeMap<TurnId, (Prompt, Option<TurnId>)>,
    /// What the host's turns with words ended with, in the order of their ends.
    host_said: Vec<(TurnId, String)>,
    show: ShowBooks,
    is_ending: bool,
    is_closed: bool,
}

impl Watch {
    /// Empty books of a show that may tell so many words of the conversation in a prompt.
    #[must_use]
    pub fn of(rules: &Rules) -> Self {
        let mut watch = Self::default();
        watch.show.history_words = usize::try_from(rules.show.history_words).unwrap_or(usize::MAX);
        watch
    }

    /// Enters one event in the books and checks what it may break.
    ///
    /// # Errors
    /// [`Breach`] of one of the invariants 1 to 6.
    pub fn check(
        &mut self,
        now: SessionTime,
        event: &Event,
        voices: &BTreeMap<TurnId, Voice>,
    ) -> Result<(), Breach> {
        match event {
            Event::Fact(input) => {
                self.fact(input);
                Ok(())
            }
            Event::Order(order) => self.order(now, order, voices),
        }
    }

    fn fact(&mut self, input: &Input) {
        match input {
            Input::SpeechStarted { .. } => self.host_voice = !self.is_muted && self.is_connected,
            Input::SpeechStopped { .. } => self.host_voice = false,
            Input::EndRequested => (self.host_voice, self.is_ending) = (false, true),
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

    fn order(
        &mut self,
        now: SessionTime,
        order: &Order,
        voices: &BTreeMap<TurnId, Voice>,
    ) -> Result<(), Breach> {
        hold!(
            !self.is_closed || matches!(order, Order::NoteIgnored { .. }),
            "invariant 3: an order after the end: {order:?}"
        );
        self.show.order(now, order)?;
        match order {
            Order::StartPlayout { turn, .. } => {
                let has_floor = self.granted.iter().any(|(id, ..)| id == turn);
                hold!(has_floor, "invariant 9: {turn} sounds without a grant");
                self.one_voice_at_a_time(now, *turn)?;
            }
            Order::Duck { turn, .. } => self.silence_stays(*turn, order)?,
            Order::Pause { turn, .. } => {
                self.silence_stays(*turn, order)?;
                hold!(self.paused.insert(*turn), "invariant 2: {turn} was paused twice");
            }
            Order::Resume { turn, .. } => {
                self.silence_stays(*turn, order)?;
                hold!(self.paused.remove(turn), "invariant 2: {turn} was resumed and not paused");
            }
            Order::Flush { turn, .. } => {
                self.silence_stays(*turn, order)?;
                self.flushed.insert(*turn);
                self.audible.insert(*turn, Some(now + ms(150)));
            }
            Order::NoteGranted { turn, speaker, .. } => {
                let is_free = self
                    .granted
                    .iter()
                    .all(|(id, _, ended)| ended.is_some() || self.flushed.contains(id));
                hold!(is_free, "invariant 1: {turn} was granted while another AI has the floor");
                hold!(
                    self.open_host_turns.is_empty(),
                    "invariant 1: {turn} was granted in the host's turn"
                );
                // A prompt that was written ahead must say what was heard after all.
                if let Some((prompt, upto)) = self.prepared.remove(turn) {
                    self.history_is_what_was_heard((*speaker).into(), &prompt, upto)?;
                    self.host_said_what_is_answered(&prompt)?;
                }
                self.granted.push((*turn, (*speaker).into(), None));
            }
            Order::NotePreparing { turn, .. } => {
                hold!(self.preparing.is_none(), "invariant 9: {turn} is prepared beside another");
                self.preparing = Some(*turn);
            }
            Order::NotePrepared { turn, end, .. } => {
                hold_equal!(self.preparing.take(), Some(*turn), "invariant 9: {order:?}");
                let has_floor = self.granted.iter().any(|(id, ..)| id == turn);
                hold_equal!(has_floor, *end == PreparedEnd::Used, "invariant 9: {order:?}");
                self.prepared.remove(turn);
            }
            Order::NoteTurnStarted { turn, speaker: Speaker::You } => {
                hold!(self.open_host_turns.insert(*turn), "invariant 3: {turn} began twice");
            }
            Order::NoteTurnEnded { turn, speaker: Speaker::You, heard_text, .. } => {
                if !heard_text.is_empty() {
                    self.host_said.retain(|(said, _)| said != turn);
                    self.host_said.push((*turn, heard_text.clone()));
                }
                hold!(
                    self.open_host_turns.remove(turn),
                    "invariant 3: {turn} ended and had not begun"
                );
            }
            Order::NoteTurnEnded { turn, heard_text, .. } => {
                self.turn_ended(*turn, heard_text, voices)?;
            }
            Order::ShowCaption(caption) => self.caption_may_change(caption)?,
            Order::StartReply { turn, speaker, prompt } if self.preparing == Some(*turn) => {
                let upto = self.show.summed_up(*speaker);
                self.prepared.insert(*turn, (prompt.as_ref().clone(), upto));
            }
            Order::StartReply { speaker, prompt, .. } => {
                let upto = self.show.summed_up(*speaker);
                self.history_is_what_was_heard((*speaker).into(), prompt, upto)?;
            }
            Order::NoteIgnored { what: "deadline_is_not_due" } => {
                return Err(Breach("invariant 6: a deadline was not due".into()));
            }
            Order::CloseSession => self.is_closed = true,
            _ => {}
        }
        Ok(())
    }

    /// Invariant 1.
    fn one_voice_at_a_time(&mut self, now: SessionTime, turn: TurnId) -> Result<(), Breach> {
        self.audible.retain(|_, until| until.is_none_or(|until| until > now));
        hold!(self.audible.is_empty(), "invariant 1: {turn} is heard beside {:?}", self.audible);
        hold!(!self.host_voice, "invariant 1: {turn} begins while the host speaks");
        hold!(self.started.insert(turn), "invariant 1: {turn} began to be heard twice");
        self.audible.insert(turn, None);
        Ok(())
    }

    /// Invariant 2.
    fn silence_stays(&self, turn: TurnId, order: &Order) -> Result<(), Breach> {
        hold!(self.started.contains(&turn), "invariant 2: {order:?} and the turn was never heard");
        hold!(!self.flushed.contains(&turn), "invariant 2: {order:?} after its flush");
        Ok(())
    }

    /// Invariants 3 and 4.
    fn turn_ended(
        &mut self,
        turn: TurnId,
        heard_text: &str,
        voices: &BTreeMap<TurnId, Voice>,
    ) -> Result<(), Breach> {
        let known =
            self.granted.iter_mut().find(|(id, ..)| *id == turn).ok_or_else(|| {
                Breach(format!("invariant 3: {turn} ended and was never granted"))
            })?;
        hold!(known.2.is_none(), "invariant 3: {turn} ended twice");
        known.2 = Some(heard_text.into());
        self.audible.remove(&turn);
        let captions = self.captions.values().filter(|caption| caption.turn == turn);
        hold!(
            captions.clone().all(|caption| caption.is_final),
            "invariant 4: an open caption of {turn}"
        );
        let shown: Vec<&str> = captions.map(|caption| caption.text.as_str()).collect();
        hold_equal!(
            shown.join(" "),
            heard_text,
            "invariant 4: captions of {turn} against what it ended with"
        );
        let Some(voice) = voices.get(&turn) else {
            hold!(
                heard_text.is_empty(),
                "invariant 4: {turn} had no voice and told {heard_text:?}"
            );
            return Ok(());
        };
        let heard = self.heard.get(&turn).copied().unwrap_or(0);
        let is_known = |end: &u64| *end <= heard;
        let truth = voice.words.iter().filter(|(end, _)| is_known(end)).count();
        let told = heard_text.split_whitespace().count();
        // A voice without word times is estimated: a word more or less, within what it said.
        hold!(
            told.abs_diff(truth) <= 1,
            "invariant 4: {turn} told {told} words, {truth} were heard"
        );
        let said: Vec<&str> = voice.words.iter().map(|(_, word)| word.as_str()).collect();
        hold!(
            said.join(" ").starts_with(heard_text),
            "invariant 4: {turn} never said {heard_text:?}"
        );
        Ok(())
    }

    /// Invariant 4.
    fn caption_may_change(&mut self, caption: &Caption) -> Result<(), Breach> {
        if let Some(before) = self.captions.get(&caption.id) {
            hold!(
                !before.is_final,
                "invariant 4: a final caption changed: {before:?} to {caption:?}"
            );
        }
        hold!(caption.start <= caption.end, "invariant 4: {caption:?}");
        hold!(
            caption.words.windows(2).all(|pair| pair[0].end <= pair[1].start),
            "invariant 4: {caption:?}"
        );
        if caption.speaker != Speaker::You {
            hold_equal!(caption.is_final, caption.pending.is_empty(), "invariant 4: {caption:?}");
            hold!(!caption.text.is_empty(), "invariant 4: nothing heard of {caption:?}");
        }
        self.captions.insert(caption.id, caption.clone());
        Ok(())
    }

    /// Invariant 5.
    fn history_is_what_was_heard(
        &self,
        speaker: Speaker,
        prompt: &Prompt,
        upto: Option<TurnId>,
    ) -> Result<(), Breach> {
        let name = |speaker: &Speaker| ["Host", "Ada", "Grace"][speaker.index()];
        let heard: Vec<(&str, &str, Role)> = self
            .granted
            .iter()
            .filter(|(turn, ..)| self.show.is_told(*turn, upto))
            .filter_map(|(turn, by, text)| {
                let left = self.show.left_of(*turn, text.as_deref()?);
                Some((by, Some(left).filter(|text| !text.is_empty())?))
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
        // Where nothing is summed up, the last lines are told.
        let lines = prompt.messages.iter().filter(|message| message.name != STAGE).count();
        let is_cut = self.show.history_words == 0 && lines == PROMPT_LINES_MAX;
        let older = if is_cut { heard.len().saturating_sub(told.len()) } else { 0 };
        hold_equal!(told, heard[older..], "invariant 5: the history of {speaker}");
        hold_equal!(
            prompt.messages.last().map(|message| message.role),
            Some(Role::User),
            "invariant 5: nothing to answer"
        );
        Ok(())
    }

    /// Invariant 9: a reply to the host rests on the words with which the host's turn ended.
    fn host_said_what_is_answered(&self, prompt: &Prompt) -> Result<(), Breach> {
        let last = prompt.messages.iter().rfind(|message| message.name != STAGE);
        let last = last.filter(|message| message.name == "Host");
        let plain = |text: &str| -> Vec<String> {
            let words = text.split_whitespace();
            let letters = |word: &str| word.chars().filter(|c| c.is_alphanumeric()).collect();
            words.map(letters).filter(|word: &String| !word.is_empty()).collect()
        };
        let mut said =
            self.host_said.iter().rev().map(|(turn, text)| self.show.left_of(*turn, text));
        let said = said.find(|text| !text.is_empty()).unwrap_or_default();
        if let Some(last) = last {
            hold_equal!(plain(&last.text), plain(said), "invariant 9: what is answered");
        }
        Ok(())
    }

    /// Invariant 6: whoever has the floor is waited for by name, but for a host who speaks, holds the key or is away.
    ///
    /// # Errors
    /// [`Breach`] of invariant 6.
    pub fn every_wait_has_a_name(&self, conversation: &Conversation) -> Result<(), Breach> {
        let holder = conversation.floor_view().holder;
        let is_waited_for = match holder {
            None => false,
            Some(Speaker::You) => !self.is_key_held && !self.host_voice,
            Some(Speaker::Claude | Speaker::Guest) => conversation.is_connected(),
        };
        hold!(
            !is_waited_for || conversation.next_deadline().is_some(),
            "invariant 6: nobody waits for {holder:?}"
        );
        Ok(())
    }

    /// Invariants 3 and 4, at the end of a session that ended.
    ///
    /// # Errors
    /// [`Breach`] of invariant 3 or 4.
    pub fn at_the_end(&self) -> Result<(), Breach> {
        if !self.is_ending {
            return Ok(());
        }
        let open: Vec<_> = self.granted.iter().filter(|(.., ended)| ended.is_none()).collect();
        hold!(open.is_empty(), "invariant 3: {open:?} never ended");
        hold!(
            self.open_host_turns.is_empty(),
            "invariant 3: {:?} never ended",
            self.open_host_turns
        );
        hold!(self.is_closed, "invariant 3: the session never closed");
        let open: Vec<_> = self.captions.values().filter(|caption| !caption.is_final).collect();
        hold!(open.is_empty(), "invariant 4: {open:?} stayed open");
        Ok(())
    }
}

fn squeezed(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
