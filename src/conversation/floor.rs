//! Who may speak.
//!
//! `Conversation` takes what happened and answers what to do. It never waits, never fails and reads no clock.
//! Each input first writes down its fact; then the rules are asked until they have nothing more to say
//! ([`Conversation::advance`]). A judgement depends on what is known and on the time alone, so a timer that comes
//! late, early or twice does no harm: a deadline only says when to ask again.
//!
//! Here are the door, the deadlines and the orbs; `host` has the facts of the host's side, `replies` those of the
//! AIs', and `grants` alone gives and takes the floor.
//!
//! Invariants: those of the module's head. Units: `SessionTime`; numbers come from [`Rules`].

use std::mem::take;
use std::sync::Arc;

use super::addressing::Names;
use super::ai_turn::{AiTurn, Reply};
use super::autopilot::Agenda;
use super::barge_in::{AiHeard, Intrusion, Step, is_bare_command};
use super::briefing::Briefing;
use super::captions::Captions;
use super::director::{Decision, Recent};
use super::endpointing::{Endpointing, Judgement, KnownWords};
use super::fading::Fading;
use super::habit::Habit;
use super::host_words::HostWords;
use super::input::{Deadline, Input};
use super::landing::Landing;
use super::order::Order;
use super::own_words::OwnWords;
use super::prepared::{Prepared, Tries};
use super::profile::HostProfile;
use super::program::Program;
use super::prompt::system_prompt;
use super::rules::Rules;
use super::snapshot::LastTurn;
use super::speaker::{AiSpeaker, OrbState, Speaker, TurnId};
use super::strikes::Strikes;
use super::summaries::Summaries;
use super::topics;
use super::transcript::Transcript;
use super::words::ends_with_phrase;
use crate::time::{SessionTime, Span};

/// What a conversation begins with.
#[derive(Clone, Debug)]
pub struct Setup {
    /// The show; its rules are the conversation's.
    pub briefing: Arc<Briefing>,
    /// Decides what the rules leave open (who begins when nobody was called and neither has spoken).
    pub seed: u64,
    /// What is known of the host.
    pub profile: HostProfile,
}

/// A conversation of one host and two AI speakers: the only door to its rules.
#[derive(Clone, Debug)]
pub struct Conversation {
    pub(super) briefing: Arc<Briefing>,
    pub(super) system_prompts: [String; 2],
    pub(super) names: Names,
    /// What each AI's role, persona and notes speak of, as stems.
    pub(super) knowledge: [Vec<String>; 2],
    pub(super) seed: u64,
    pub(super) now: SessionTime,
    /// Orders of the input at hand, in order.
    pub(super) orders: Vec<Order>,

    // ── The floor ────────────────────────────────────────────────────────────────────────────────────────
    pub(super) floor: Floor,
    /// A stopped turn of which the listener may still hear something.
    pub(super) fading: Option<Fading>,
    /// A sound over the AI that has the floor, of which nobody knows yet whether it is a voice.
    pub(super) rise: Option<Rise>,
    /// Voice over the AI that has the floor.
    pub(super) intrusion: Option<Intrusion>,
    /// The last voice that was taken for a back-channel: its late words may still stop the AI.
    pub(super) murmur: Option<Murmur>,
    /// What the listener has heard of the AIs of late, for what comes back of it.
    pub(super) own: OwnWords,
    pub(super) agenda: Agenda,
    /// A reply that is made before it has the floor.
    pub(super) prepared: Option<Box<Prepared>>,
    pub(super) tries: Tries,
    /// How long sound takes from the order to the listener's ear, as this listener's turns have shown.
    pub(super) way: Option<Span>,
    pub(super) last_turn_id: u32,
    pub(super) last_ask: u32,

    // ── The host ─────────────────────────────────────────────────────────────────────────────────────────
    /// Since when the host's voice is on.
    pub(super) voice_since: Option<SessionTime>,
    /// Whether the detector is sure of it, or of the voice that is told next; `None` while nothing was told.
    pub(super) firm: Option<bool>,
    /// Whether the end of the voice was concluded (mute, key, lost socket) and not yet heard from the detector.
    pub(super) end_is_assumed: bool,
    pub(super) words: HostWords,
    pub(super) last_host_turn: Option<HostTurnEnded>,
    /// How this host pauses and speaks, as far as it is known.
    pub(super) habit: Habit,
    /// What was known of the host at the start.
    profile: HostProfile,
    /// Since when the microphone is off.
    pub(super) muted_since: Option<SessionTime>,
    pub(super) is_key_held: bool,
    pub(super) can_hear: bool,

    // ── The show ─────────────────────────────────────────────────────────────────────────────────────────
    /// The part of the plan that is on, and the rules in force.
    pub(super) program: Program,
    /// The last turns, as the director looks at them.
    pub(super) recent: Recent,
    /// What the director has the AI do that has the floor.
    pub(super) step: Option<Decision>,
    pub(super) landing: Landing,
    pub(super) strikes: Strikes,
    pub(super) summaries: Summaries,

    // ── Memory and display ───────────────────────────────────────────────────────────────────────────────
    pub(super) transcript: Transcript,
    pub(super) captions: Captions,
    pub(super) orbs: [OrbState; 3],
    /// Whether each AI was cut off, or failed, in its last turn.
    pub(super) was_cut: [bool; 2],
    pub(super) has_failed: [bool; 2],
    pub(super) last_turn: Option<LastTurn>,

    // ── The session ──────────────────────────────────────────────────────────────────────────────────────
    pub(super) was_connected: bool,
    pub(super) is_connected: bool,
    pub(super) is_ending: bool,
    pub(super) is_closed: bool,
}

/// Who has the floor.
#[derive(Clone, Debug)]
pub(super) enum Floor {
    Open,
    Host(HostTurn),
    Ai(Box<AiTurn>),
}

/// The host's open turn.
#[derive(Clone, Debug)]
pub(super) struct HostTurn {
    pub(super) id: TurnId,
    pub(super) began: SessionTime,
    /// Whether it began over the last words of an AI who came to its end: a murmur there asks for nothing.
    pub(super) is_overlap: bool,
    pub(super) endpointing: Endpointing,
}

/// The host's last turn, as far as late words need it.
#[derive(Clone, Copy, Debug)]
pub(super) struct HostTurnEnded {
    pub(super) id: TurnId,
    pub(super) spoke_until: SessionTime,
    pub(super) had_words: bool,
}

/// A sound that may turn out to be a voice.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rise {
    /// When it began.
    pub(super) at: SessionTime,
    /// Up to when it is waited for the detector's word.
    pub(super) until: SessionTime,
}

/// A voice that was taken for a back-channel.
#[derive(Clone, Debug)]
pub(super) struct Murmur {
    pub(super) voice: Intrusion,
    /// Up to when its words may still change what was decided.
    pub(super) until: SessionTime,
    /// Whether the AI under it came to its end before it was judged, so that content makes it a turn.
    pub(super) was_last_word: bool,
}

impl Conversation {
    /// A conversation in which nothing has happened yet. Nothing is heard before [`Input::HostConnected`].
    #[must_use]
    pub fn new(setup: Setup) -> Self {
        let Setup { briefing, seed, profile } = setup;
        let names = Names::new(&briefing);
        Self {
            system_prompts: AiSpeaker::BOTH.map(|speaker| system_prompt(&briefing, speaker)),
            knowledge: AiSpeaker::BOTH.map(|speaker| knowledge(&briefing, speaker, &names)),
            program: Program::new(&briefing),
            names,
            briefing,
            seed,
            recent: Recent::default(),
            step: None,
            landing: Landing::default(),
            strikes: Strikes::default(),
            summaries: Summaries::default(),
            now: SessionTime::ZERO,
            orders: Vec::new(),
            floor: Floor::Open,
            fading: None,
            rise: None,
            intrusion: None,
            murmur: None,
            own: OwnWords::default(),
            agenda: Agenda::new(seed),
            prepared: None,
            tries: Tries::default(),
            way: None,
            last_turn_id: 0,
            last_ask: 0,
            voice_since: None,
            firm: None,
            end_is_assumed: false,
            words: HostWords::default(),
            last_host_turn: None,
            habit: Habit::known(profile),
            profile,
            muted_since: None,
            is_key_held: false,
            can_hear: true,
            transcript: Transcript::default(),
            captions: Captions::default(),
            orbs: [OrbState::Connecting; 3],
            was_cut: [false; 2],
            has_failed: [false; 2],
            last_turn: None,
            was_connected: false,
            is_connected: false,
            is_ending: false,
            is_closed: false,
        }
    }

    /// Takes a fact and appends what is to be done, in order, to `orders`.
    ///
    /// `now` is when the conversation learns of it; it never runs backwards (an earlier one counts as the last).
    /// A fact that cannot be gives [`Order::NoteIgnored`] and changes nothing.
    pub fn handle(&mut self, now: SessionTime, input: Input, orders: &mut Vec<Order>) {
        self.now = self.now.max(now);
        if self.is_closed {
            orders.push(Order::NoteIgnored { what: "session_is_over" });
            return;
        }
        match input {
            Input::SoundRose { at } => self.on_sound_rose(at),
            Input::SpeechStarted { at } => self.on_speech_started(at),
            Input::VoiceWavered { firm } => self.on_voice_wavered(firm),
            Input::SpeechStopped { at } => self.on_speech_stopped(at),
            Input::Recognised { segment, text, from, until, stability } => {
                self.on_recognised(segment, &text, from, until, stability);
            }
            Input::EndOfTurnJudged { ask, score } => self.on_end_of_turn_judged(ask, score),
            Input::ReplyText { turn, text } => self.on_reply_text(turn, &text),
            Input::ReplyEnded { turn, outcome } => self.on_reply_ended(turn, outcome),
            Input::PieceVoiced { turn, piece, words, samples } => {
                self.on_piece_voiced(turn, piece, &words, samples);
            }
            Input::VoiceStarted { turn } => self.on_voice_started(turn),
            Input::VoiceEnded { turn, samples, outcome } => {
                self.on_voice_ended(turn, samples, outcome);
            }
            Input::Played { turn, samples, at } => self.on_played(turn, samples, at),
            Input::Flushed { turn, samples, at } => self.on_flushed(turn, samples, at),
            Input::AutopilotSet { enabled } => self.on_autopilot_set(enabled),
            Input::InterruptPressed => self.on_interrupt_pressed(),
            Input::MuteSet { muted } => self.on_mute_set(muted),
            Input::PushToTalkSet { held } => self.on_push_to_talk_set(held),
            Input::Nominated { speaker } => self.on_nominated(speaker),
            Input::Typed { text } => self.on_typed(&text),
            Input::Marked { label } => self.order(Order::NoteMarker { label, at: self.now }),
            Input::Whispered { speaker, text } => self.on_whispered(speaker, &text),
            Input::StrikePressed { last } => self.on_strike_pressed(last),
            Input::SegmentChosen { index } => self.on_segment_chosen(index),
            Input::Summarised { summary, text, outcome } => {
                self.on_summarised(summary, &text, outcome);
            }
            Input::HostConnected => self.on_host_connected(),
            Input::HostLost => self.on_host_lost(),
            Input::EarsChanged { available } => self.on_ears_changed(available),
            Input::EndRequested => self.on_end_requested(),
            Input::DeadlinePassed { deadline } => self.on_deadline_passed(deadline),
        }
        self.advance();
        self.show_orbs();
        if self.is_closed {
            self.order(Order::CloseSession);
        }
        orders.append(&mut take(&mut self.orders));
    }

    /// The next instant at which the rules want to be asked again, and why. Of two that fall together the more
    /// urgent. None while nothing is waited for, and after the end.
    #[must_use]
    pub fn next_deadline(&self) -> Option<(SessionTime, Deadline)> {
        self.deadlines().into_iter().flatten().min()
    }

    /// All deadlines: the only place that knows what is waited for.
    fn deadlines(&self) -> [Option<(SessionTime, Deadline)>; 7] {
        if self.is_closed {
            return [None; 7];
        }
        let fading = self.fading.as_ref().map(|fading| match fading.word_ends {
            Some(end) => (end, Deadline::WordEnd),
            None => (fading.until, Deadline::FlushConfirm),
        });
        let rise = self.rise.map(|rise| (rise.until, Deadline::SoundConfirm));
        let intrusion = self.intrusion.as_ref().map(|intrusion| {
            intrusion.deadline(&self.intrusion_words(intrusion), self.ai_heard(), self.rules())
        });
        let (host, ai) = match &self.floor {
            Floor::Open => (None, None),
            Floor::Host(turn) => {
                (turn.endpointing.deadline(self.known_words(turn.id), self.rules()), None)
            }
            Floor::Ai(turn) => (None, self.ai_deadline(turn)),
        };
        [fading, rise, intrusion, host, ai, self.landing.deadline(), self.summaries.deadline()]
    }

    pub(super) fn ai_deadline(&self, turn: &AiTurn) -> Option<(SessionTime, Deadline)> {
        let rules = self.rules();
        if let Some(playout) = &turn.playout {
            // What nobody listens to is paused.
            return (!playout.is_paused).then(|| {
                (playout.progress_at + rules.playout_progress, Deadline::PlayoutProgress)
            });
        }
        if turn.has_voice {
            // Whatever else holds it back has a deadline of its own, or ends with the host's return.
            let start = turn.starts_at(self.way.unwrap_or(Span::ZERO));
            return self.may_be_heard().then_some((start, Deadline::NextSpeaker));
        }
        match (turn.spoken_since, turn.reply) {
            (Some(since), _) => Some((since + rules.voice_first_audio, Deadline::VoiceFirstAudio)),
            (None, Reply::Writing(since)) => {
                Some((since + rules.reply_first_text, Deadline::ReplyFirstText))
            }
            // Due waits for the last speaker's flush; a written reply without a piece ends at once.
            (None, Reply::Due | Reply::Written) => None,
        }
    }

    /// A named deadline passed: the rules are asked again, which is all that a deadline means.
    fn on_deadline_passed(&mut self, deadline: Deadline) {
        let is_due = |&(at, name): &(SessionTime, Deadline)| name == deadline && at <= self.now;
        if !self.deadlines().iter().flatten().any(is_due) {
            self.ignore("deadline_is_not_due");
        }
    }

    /// Asks the rules, the most urgent first, until none has anything to say.
    fn advance(&mut self) {
        // Each step ends a wait or begins another, so a few rounds do; the bound is against a rule that does not.
        for _ in 0..16 {
            let has_changed = self.advance_fading()
                || self.advance_strike()
                || self.advance_rise()
                || self.advance_intrusion()
                || self.advance_host_turn()
                || self.advance_ai_turn()
                || self.advance_landing()
                || self.advance_prepared()
                || self.advance_summaries()
                || self.advance_end();
            if !has_changed {
                return;
            }
        }
    }

    fn advance_intrusion(&mut self) -> bool {
        let Some(intrusion) = &self.intrusion else { return false };
        let words = self.intrusion_words(intrusion);
        match intrusion.judge(self.now, &words, self.ai_heard(), self.rules()) {
            Step::Wait => return false,
            Step::Pause => self.pause_for_voice(),
            Step::Stop => self.yield_to_host(),
            Step::GoOn => self.go_on_after_voice(),
        }
        true
    }

    fn advance_host_turn(&mut self) -> bool {
        let Floor::Host(turn) = &self.floor else { return false };
        match turn.endpointing.judge(self.now, self.known_words(turn.id), self.rules()) {
            Judgement::Wait => return false,
            Judgement::Ask => self.ask_end_of_turn(),
            Judgement::FinishWords => self.finish_recognition(),
            Judgement::End => self.end_host_turn(),
        }
        true
    }

    fn advance_end(&mut self) -> bool {
        let is_over = self.is_ending
            && !self.is_closed
            && matches!(self.floor, Floor::Open)
            && self.fading.is_none();
        if is_over {
            self.close();
        }
        is_over
    }

    /// What is known of the host by now: for the next show.
    #[must_use]
    pub fn host_profile(&self) -> HostProfile {
        let habit = match &self.floor {
            Floor::Host(turn) => turn.endpointing.habit(),
            Floor::Open | Floor::Ai(_) => self.habit,
        };
        habit.profile(self.profile.shows.saturating_add(1))
    }

    // ── Small questions ──────────────────────────────────────────────────────────────────────────────────

    /// The rules in force for whoever has the floor: how patient it is with a host, how an AI may be interrupted.
    pub(super) fn rules(&self) -> &Rules {
        let in_force = self.program.rules();
        match &self.floor {
            Floor::Open => &in_force.table,
            Floor::Host(_) => in_force.of_speaker(Speaker::You),
            Floor::Ai(turn) => in_force.of_speaker(turn.speaker.into()),
        }
    }

    pub(super) fn known_words(&self, turn: TurnId) -> KnownWords {
        let mut known = self.words.known(turn, self.can_hear);
        let text = self.words.text(turn);
        known.is_thinking = ends_with_phrase(&text, &self.host_rules().thinking_phrases);
        let is_strike = self.spoken_strike(&text).is_some();
        known.can_end |= is_strike;
        known.can_end &=
            !known.is_thinking && (is_strike || !is_bare_command(&text, self.host_rules()));
        known
    }

    pub(super) fn intrusion_words(&self, intrusion: &Intrusion) -> String {
        intrusion.turn.map(|turn| self.words.text(turn)).unwrap_or_default()
    }

    /// How the listener hears the AI that has the floor.
    fn ai_heard(&self) -> AiHeard {
        match &self.floor {
            // Of what nobody has heard nothing can come back.
            Floor::Ai(turn) if turn.is_audible() && turn.played() == 0 => AiHeard::Heard,
            Floor::Ai(turn) if turn.is_audible() => self.own.ai_heard(self.now, self.rules()),
            Floor::Open | Floor::Host(_) | Floor::Ai(_) => AiHeard::Not,
        }
    }

    /// Whether a voice may begin as far as everybody else is concerned: somebody listens, the host is silent,
    /// the last AI has fallen silent.
    pub(super) const fn may_be_heard(&self) -> bool {
        self.is_connected
            && self.intrusion.is_none()
            && self.voice_since.is_none()
            && self.fading.is_none()
    }

    pub(super) const fn new_turn_id(&mut self) -> TurnId {
        self.last_turn_id = self.last_turn_id.saturating_add(1);
        TurnId(self.last_turn_id)
    }

    pub(super) fn order(&mut self, order: Order) {
        self.orders.push(order);
    }

    pub(super) fn ignore(&mut self, what: &'static str) {
        self.order(Order::NoteIgnored { what });
    }

    pub(super) fn tell(&mut self, code: &'static str, message: String) {
        self.order(Order::Tell { code, message });
    }

    // ── Orbs ─────────────────────────────────────────────────────────────────────────────────────────────

    /// Shows the orbs that changed: they follow from the rest and are kept nowhere else.
    fn show_orbs(&mut self) {
        for speaker in Speaker::ALL {
            let state = self.orb(speaker);
            if self.orbs[speaker.index()] != state {
                self.orbs[speaker.index()] = state;
                self.order(Order::SetOrb { speaker, state });
            }
        }
    }

    fn orb(&self, speaker: Speaker) -> OrbState {
        match speaker.ai() {
            _ if self.is_closed => OrbState::Idle,
            _ if !self.was_connected => OrbState::Connecting,
            None => self.host_orb(),
            Some(speaker) => self.ai_orb(speaker),
        }
    }

    fn host_orb(&self) -> OrbState {
        if !self.can_hear {
            OrbState::Failed
        } else if self.muted_since.is_some() {
            OrbState::Muted
        } else if self.voice_since.is_some() {
            OrbState::Speaking
        } else if self.is_host_thinking() {
            OrbState::Thinking
        } else if matches!(self.floor, Floor::Ai(_)) {
            OrbState::Listening
        } else {
            OrbState::Idle
        }
    }

    /// Whether the host has the floor, is silent and thinks aloud: the floor is kept for longer.
    fn is_host_thinking(&self) -> bool {
        matches!(&self.floor, Floor::Host(turn) if self.known_words(turn.id).is_thinking)
    }

    fn ai_orb(&self, speaker: AiSpeaker) -> OrbState {
        let is_somebody_speaking = self.voice_since.is_some() || !matches!(self.floor, Floor::Open);
        match &self.floor {
            Floor::Ai(turn) if turn.speaker == speaker => match &turn.playout {
                None => OrbState::Thinking,
                Some(playout) if playout.is_paused => OrbState::Paused,
                Some(_) => OrbState::Speaking,
            },
            Floor::Open | Floor::Host(_) | Floor::Ai(_) => {
                if self.has_failed[speaker.index()] {
                    OrbState::Failed
                } else if self.was_cut[speaker.index()] {
                    OrbState::Interrupted
                } else if is_somebody_speaking {
                    OrbState::Listening
                } else {
                    OrbState::Idle
                }
            }
        }
    }
}

/// What only `speaker` has been given to know, as stems.
fn knowledge(briefing: &Briefing, speaker: AiSpeaker, names: &Names) -> Vec<String> {
    let brief = briefing.speaker(speaker.into());
    let text = format!("{}. {} {}", brief.role, brief.persona, briefing.private(speaker));
    topics::all_stems(&text, &names.words())
}
