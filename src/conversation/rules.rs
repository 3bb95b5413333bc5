//! Every number of the conversation, with its unit, its default and where the default comes from.
//!
//! Defaults rest on what other engines ship and on what was measured with the offline models; a briefing may
//! change them. Nothing else in `conversation` holds a number that a show could want to change.

use serde::{Deserialize, Serialize};

use super::show_rules::ShowRules;
use crate::time::Span;

/// The numbers the rules run on. Written into `session.start`, so that a replay uses the same.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Rules {
    // ── End of the host's turn ───────────────────────────────────────────────────────────────────────────
    /// Silence after which the end-of-turn model is asked first.
    pub first_ask: Span,
    /// Silence after which it is asked again.
    pub second_ask: Span,
    /// Silence that ends a turn where no model can say.
    pub plain_silence: Span,
    /// From the end of speech: the turn ends whatever anybody thinks.
    pub turn_ceiling: Span,
    /// From the end of speech: how long the recogniser's last words are waited for.
    pub transcript_late: Span,
    /// Per mille from which the model's first answer ends a turn.
    pub done_score: u16,
    /// Per mille from which its second answer does.
    pub done_score_late: u16,
    /// Per mille from which its second answer ends a turn once `lean_silence` has passed.
    pub done_score_lean: u16,
    /// Silence that ends a turn of which the model says neither yes nor no.
    pub lean_silence: Span,
    /// Per mille below which all its answers say that the host is surely not done.
    pub surely_not_done: u16,
    /// From the end of speech: the ceiling of a turn of which the model is sure that it goes on.
    pub not_done_ceiling: Span,
    /// From the end of speech: the ceiling of a turn in which the host thinks aloud.
    pub thinking_ceiling: Span,
    /// Phrases at the end of what was said that keep the floor for the host: lower case, without punctuation.
    pub thinking_phrases: Vec<String>,
    /// How much longer than the host's own pauses a silence must be to end a turn, per cent; 0 learns nothing.
    pub habit_percent: u16,
    /// The most that the host's pauses may ask for.
    pub habit_max: Span,
    /// How much longer than usual a host who speaks slowly is waited for where the model is not sure, per cent; old
    /// logs say nothing of it, and are told again without.
    #[serde(default)]
    pub slow_percent: u16,
    /// Speech shorter than this is not put to the model.
    pub model_speech_min: Span,
    /// How much earlier than the end of speech the recogniser's words may end and still cover it.
    pub coverage_slack: Span,

    // ── Voice over an AI ─────────────────────────────────────────────────────────────────────────────────
    /// How long a sound may take to turn out to be a voice before the AI is as loud again as it was.
    pub sound_confirm: Span,
    /// From its onset to the pause.
    pub barge_in_pause: Span,
    /// From the onset to the pause where the detector is not sure of the voice.
    pub waver_pause: Span,
    /// How much earlier than the detector's first hop a voice began whose first sound nobody noticed.
    /// The log of a show from before it was reckoned with says nothing of it, and is told again without.
    #[serde(default)]
    pub detector_lag: Span,
    /// How much of what sounded before the detector's first hop counts towards a pause: a noise rises long before it is like
    /// a voice for a hop or two. So old logs say nothing of it either, and all counts.
    #[serde(default = "all_counts")]
    pub counted_lead: Span,
    /// How much of the AIs a listener must have heard before length alone makes a voice an interruption; so old logs say
    /// nothing of it either.
    #[serde(default)]
    pub warm_up: Span,
    /// Longest back-channel.
    pub back_channel_max: Span,
    /// How much longer a sound without a word may be: a laugh asks for nothing.
    pub wordless_extra: Span,
    /// How much the first word of content counts, as if it were so much more voice.
    pub first_word_weight: Span,
    /// How much each further one counts.
    pub next_word_weight: Span,
    /// Quiet after a back-channel before the AI goes on.
    pub resume_after: Span,
    /// How long after the end of a voice its end is known at the latest.
    pub gate_lag: Span,
    /// How long after a voice was taken for a back-channel its words may still stop the AI.
    pub late_words: Span,
    /// Gain while ducked, dB.
    pub duck_db: i8,
    /// Fade into and out of the ducked level.
    pub duck_fade: Span,
    /// How long a word may last that is finished before its speaker stops for a voice; old logs say nothing of it.
    #[serde(default)]
    pub finish_word: Span,
    /// Fade of a pause or a stop.
    pub stop_fade: Span,
    /// Phrases that always interrupt, whatever their length: lower case, without punctuation.
    pub always_interrupt: Vec<String>,
    /// Phrases that never do: lower case, without punctuation.
    pub never_interrupt: Vec<String>,

    // ── Who speaks next ──────────────────────────────────────────────────────────────────────────────────
    /// How long an answer should take to say.
    pub answer_seconds: u16,
    /// AI turns in a row without the host on autopilot.
    pub autopilot_max_turns: u16,
    /// AI turns in a row because one AI called the other, with autopilot off.
    pub hand_overs_max: u16,
    /// Silence between two AI speakers.
    pub ai_gap: Span,

    // ── Replies made ahead ───────────────────────────────────────────────────────────────────────────────
    /// How often in one turn of the host a reply is begun before the turn is over; 0 never.
    /// The log of a show from before there were any says nothing of them, and is told again without.
    #[serde(default)]
    pub prepare_tries: u16,
    /// Whether the next AI's reply is made while the present one speaks.
    #[serde(default)]
    pub prepare_next: bool,
    /// Whether the first sentence of a prepared reply is spoken ahead too.
    #[serde(default)]
    pub prepare_sound: bool,

    // ── The show around the floor ────────────────────────────────────────────────────────────────────────
    /// Who answers, the director, the producer's channel, the memory.
    #[serde(default = "ShowRules::before")]
    pub show: ShowRules,

    // ── Patience ─────────────────────────────────────────────────────────────────────────────────────────
    /// How long the listener may take to confirm silence.
    pub flush_confirm: Span,
    /// How long a language model may take to its first sayable words.
    pub reply_first_text: Span,
    /// How long a voice may take to its first sound.
    pub voice_first_audio: Span,
    /// How long a playing listener may report nothing.
    pub playout_progress: Span,
}

/// More than a rise is ever waited for.
const fn all_counts() -> Span {
    Span::from_millis(60_000)
}

/// The names of the presets.
pub const PRESETS: [&str; 3] = ["interview", "debate", "rapid-fire"];

impl Rules {
    /// Takes over the numbers of a kind of show, and nothing else; none for a name that is not in [`PRESETS`].
    pub fn take_preset(&mut self, name: &str) {
        let Some(preset) = Self::preset(name) else { return };
        self.done_score = preset.done_score;
        self.lean_silence = preset.lean_silence;
        self.turn_ceiling = preset.turn_ceiling;
        self.not_done_ceiling = preset.not_done_ceiling;
        self.thinking_ceiling = preset.thinking_ceiling;
        self.habit_percent = preset.habit_percent;
        self.slow_percent = preset.slow_percent;
        self.habit_max = preset.habit_max;
        self.back_channel_max = preset.back_channel_max;
        self.hand_overs_max = preset.hand_overs_max;
        self.answer_seconds = preset.answer_seconds;
        self.ai_gap = preset.ai_gap;
    }

    /// The numbers of a kind of show; none for a name that is not in [`PRESETS`].
    #[must_use]
    pub fn preset(name: &str) -> Option<Self> {
        let ms = Span::from_millis;
        let rules = Self::default();
        match name {
            // The guests are patient: nobody is hurried, a pause belongs to whoever makes it.
            "interview" => Some(Self {
                done_score: 800,
                lean_silence: ms(1200),
                turn_ceiling: ms(2000),
                thinking_ceiling: ms(4000),
                habit_percent: 140,
                ..rules
            }),
            // Those who speak are tough, and answer each other without being asked.
            "debate" => Some(Self {
                back_channel_max: ms(1000),
                hand_overs_max: 3,
                answer_seconds: 15,
                ai_gap: ms(150),
                ..rules
            }),
            // Short questions, short answers, no waiting.
            "rapid-fire" => Some(Self {
                done_score: 650,
                lean_silence: ms(700),
                turn_ceiling: ms(1000),
                not_done_ceiling: ms(1400),
                thinking_ceiling: ms(2000),
                habit_percent: 100,
                slow_percent: 100,
                habit_max: ms(1000),
                answer_seconds: 5,
                ai_gap: ms(120),
                ..rules
            }),
            _ => None,
        }
    }
}

impl Default for Rules {
    fn default() -> Self {
        let phrases = |list: &[&str]| list.iter().map(|&phrase| String::from(phrase)).collect();
        Self {
            // Short detector silence plus a model, as engines with a streaming turn detector do (200 to 300 ms).
            first_ask: Span::from_millis(200),
            // Three times the first: the model hears the pause itself, and a pause of this length inside a
            // sentence is already rare.
            second_ask: Span::from_millis(600),
            // The recogniser's own hang without a model.
            plain_silence: Span::from_millis(700),
            // Longer than the 1.2 s people leave inside a sentence while they look for a word; short of the 3 s
            // after which people think that a studio has died.
            turn_ceiling: Span::from_millis(1600),
            // Twice the ceiling, about: recognisers over a network have their 99th percentile near 2 s.
            transcript_late: Span::from_millis(3000),
            // The int8 model jumps by up to 0.3 for one changed bit: at first only a clear answer counts. A
            // greeting that a question follows after 300 ms scores 0.3 to 0.74, the ends of questions 0.8 and more …
            done_score: 750,
            // … and after 600 ms of silence its own threshold, for then silence speaks for the end too.
            done_score_late: 500,
            // Ends that it does not recognise score about this; pauses of more than a second inside a sentence score
            // 6 to 114. Of 62 ends of recorded lines 9 instead of 13 wait for the ceiling, and no pause more is cut.
            done_score_lean: 200,
            lean_silence: Span::from_millis(1000),
            // Of 51 ends of recorded lines 3 score less than this at both questions, of 42 pauses inside them 16 do:
            // the eight longest of those would be cut off by the ceiling below.
            surely_not_done: 30,
            not_done_ceiling: Span::from_millis(2400),
            // As long as last words are waited for: whoever says "um" knows that the others wait.
            thinking_ceiling: Span::from_millis(3000),
            thinking_phrases: phrases(&[
                "let me think",
                "let me see",
                "let's see",
                "give me a second",
                "give me a moment",
                "how do i say",
                "how do i put it",
                "how shall i put it",
                "what was it",
                "what's the word",
                "what is it called",
                "you know",
                "i mean",
                "well",
                "hm",
                "hmm",
                "um",
                "uh",
                "er",
                "erm",
            ]),
            // Measured on 20 hesitant recordings: with a quarter more than the longest recent pause the host is cut
            // off 11 times instead of 21, and the median wait grows by 80 ms.
            habit_percent: 125,
            habit_max: Span::from_millis(2600),
            // Who dictates or looks for words leaves longer gaps in the same measure.
            slow_percent: 130,
            // The model knows whole utterances: on less it guesses.
            model_speech_min: Span::from_millis(300),
            // Four frames of the detector, and less than half of a short word.
            coverage_slack: Span::from_millis(130),

            // Silero is sure of nineteen voices in twenty within 220 ms of their first sound, frames included. Who breathes
            // in before speaking is given 100 ms more: of 38 recordings the AI was loud again, and ducked for the first
            // word only 113 ms after it began (p95), with 240 ms; 81 ms with 320.
            sound_confirm: Span::from_millis(320),
            // Confirmed within 210 ms of the onset at the median; the speaker is ducked until then.
            barge_in_pause: Span::from_millis(200),
            // Noise that passes for a voice is over by then; what is a voice has made the detector sure long before.
            waver_pause: Span::from_millis(600),
            // Where the level says nothing (a noisy room, a soft onset), the detector's first hop lies 60 to 200 ms
            // behind the first sound: half of the way, so that nobody is paused early.
            detector_lag: Span::from_millis(90),
            // Half of all voices are found within 60 ms, nine in ten within this. Of 380 noises three pause an AI without a
            // bound and two with it; nineteen of twenty voices pause it within 268 ms either way.
            counted_lead: Span::from_millis(145),
            // Engines without an echo guard use three seconds; this one has learned a line after 0.4.
            warm_up: Span::from_millis(1000),
            // Meeting speech: nine of ten "mm-hmm", "right" and laughs are shorter.
            back_channel_max: Span::from_millis(800),
            // Laughs last up to 1.5 s, and a voice of a second in which no word is understood is rare.
            wordless_extra: Span::from_millis(450),
            // "Two people" (0.8 s) stops an AI, "yeah, it is" (0.6 s) does not.
            first_word_weight: Span::from_millis(300),
            next_word_weight: Span::from_millis(250),
            // A speaker who takes a breath in an interruption goes on within half a second.
            resume_after: Span::from_millis(600),
            // The detector's hang of 160 ms, one frame of 32 ms and its way.
            gate_lag: Span::from_millis(200),
            // A slow recogniser's final word; later than that the host has other means to interrupt.
            late_words: Span::from_millis(2000),
            // A quarter of the amplitude: clearly behind the host and still intelligible.
            duck_db: -12,
            duck_fade: Span::from_millis(40),
            // Most of a short word or the second half of a long one; longer would be talking on.
            finish_word: Span::from_millis(120),
            // The order must be silence within 25 ms at the page's output; a hard cut would click.
            stop_fade: Span::from_millis(15),
            always_interrupt: phrases(&[
                "wait",
                "stop",
                "hold on",
                "hang on",
                "one moment",
                "one second",
                "just a second",
                "excuse me",
                "sorry to interrupt",
                "let me stop you",
                "let me interrupt",
                "can i interrupt",
                "no no",
                "cut",
                "pause",
                "enough",
                "quiet",
                "shut up",
                "strike that",
                "scratch that",
            ]),
            never_interrupt: phrases(&[
                "mm hmm",
                "mm-hmm",
                "mhm",
                "mmhmm",
                "mm",
                "mmm",
                "hmm",
                "hm",
                "uh huh",
                "uh-huh",
                "uhhuh",
                "uh",
                "um",
                "ah",
                "aha",
                "oh",
                "ooh",
                "wow",
                "yeah",
                "yep",
                "yes",
                "right",
                "okay",
                "ok",
                "sure",
                "i see",
                "got it",
                "true",
                "exactly",
                "indeed",
                "of course",
                "interesting",
                "nice",
                "cool",
                "great",
                "good",
                "ha",
                "haha",
                "ha ha",
            ]),

            // What listeners of panel shows sit through without the urge to cut in.
            answer_seconds: 10,
            autopilot_max_turns: 6,
            // One question from AI to AI is answered; after that the table waits for its host.
            hand_overs_max: 1,
            // The median gap between two people in conversation is a fifth of a second.
            ai_gap: Span::from_millis(250),

            // The second covers a host who went on once; what changes more often is no end of a turn. Each lost try
            // costs one prompt and part of a reply.
            prepare_tries: 2,
            prepare_next: true,
            prepare_sound: true,

            show: ShowRules::default(),

            // What the listener holds is at most 200 ms and is silenced at once; its word travels a quick line.
            flush_confirm: Span::from_millis(150),
            reply_first_text: Span::from_millis(10_000),
            voice_first_audio: Span::from_millis(5_000),
            // A line that was dead for five seconds finds back in this time, and the turn goes on where it stopped.
            playout_progress: Span::from_millis(8_000),
        }
    }
}
