//! What a host at a terminal sees: told by the studio, kept small. Pure.

use std::collections::VecDeque;

use crate::transport::protocol::{OrbState, ServerMessage, Speaker, WireCaption, WireFile};

/// Captions kept: more than a high terminal shows.
pub const CAPTIONS_MAX: usize = 100;

/// All that is shown.
#[derive(Clone, Debug)]
pub struct View {
    /// The briefing's title.
    pub title: String,
    /// In the order of [`Speaker::index`], as all lists here.
    pub names: [String; 3],
    /// What each is doing.
    pub orbs: [OrbState; 3],
    /// How loud each is, 0 to 1000.
    pub levels: [u16; 3],
    /// Newest last; of one id there is one.
    pub captions: VecDeque<WireCaption>,
    /// Whether the AIs go on by themselves.
    pub autopilot: bool,
    /// Whether the microphone is off.
    pub muted: bool,
    /// Whether a recording is being made.
    pub recording: bool,
    /// Session time now, in ms.
    pub now_ms: u64,
    /// What the studio told last.
    pub notice: String,
    /// The recording's name.
    pub episode_id: String,
    /// Its files, once it is whole.
    pub files: Vec<WireFile>,
}

impl Default for View {
    fn default() -> Self {
        Self {
            title: String::new(),
            names: ["You", "Claude", "Guest"].map(str::to_owned),
            orbs: [OrbState::Connecting; 3],
            levels: [0; 3],
            captions: VecDeque::new(),
            autopilot: false,
            muted: false,
            recording: false,
            now_ms: 0,
            notice: String::new(),
            episode_id: String::new(),
            files: Vec::new(),
        }
    }
}

impl View {
    /// Takes in what the studio says. Returns whether anything that is shown changed.
    pub fn take(&mut self, message: &ServerMessage) -> bool {
        match message {
            ServerMessage::SessionReady { episode_id, names, .. } => {
                self.episode_id.clone_from(episode_id);
                self.names.clone_from(names);
            }
            ServerMessage::Snapshot { orb_states, captions, autopilot, session, .. } => {
                self.orbs = [orb_states.you, orb_states.claude, orb_states.guest];
                captions.iter().for_each(|caption| self.put(caption));
                self.autopilot = *autopilot;
                self.title.clone_from(&session.title);
                self.names.clone_from(&session.names);
                self.now_ms = session.now_ms;
                self.muted = session.muted;
                self.recording = session.recording;
            }
            ServerMessage::Orb { speaker, state } => self.orbs[speaker.index()] = *state,
            ServerMessage::Caption(caption) => self.put(caption),
            ServerMessage::Autopilot { enabled } => self.autopilot = *enabled,
            ServerMessage::Level { speaker, level } => self.levels[speaker.index()] = *level,
            ServerMessage::Ack { message } => self.notice.clone_from(message),
            ServerMessage::Error { message, hint, .. } => {
                self.notice = format!("{message}: {hint}");
            }
            ServerMessage::RecordingReady { episode_id, files } => {
                self.episode_id.clone_from(episode_id);
                self.files.clone_from(files);
                self.recording = false;
            }
            _ => return false,
        }
        true
    }

    /// Captions of one id replace each other; a final one without text takes its interim one back.
    fn put(&mut self, caption: &WireCaption) {
        let known = self.captions.iter().position(|known| known.id == caption.id);
        let is_taken_back = caption.is_final && caption.text.is_empty();
        match known {
            Some(index) if is_taken_back => drop(self.captions.remove(index)),
            Some(index) if !self.captions[index].is_final => self.captions[index] = caption.clone(),
            Some(_) => {}
            None if is_taken_back => {}
            None => {
                self.captions.push_back(caption.clone());
                if self.captions.len() > CAPTIONS_MAX {
                    self.captions.pop_front();
                }
            }
        }
    }

    /// The name of a speaker.
    #[must_use]
    pub fn name(&self, speaker: Speaker) -> &str {
        &self.names[speaker.index()]
    }
}
