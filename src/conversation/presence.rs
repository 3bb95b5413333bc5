//! Who is there: the host comes and goes, the ears are lost and come back, the show is to end.

use super::floor::{Conversation, Floor};
use super::order::TurnEnd;

impl Conversation {
    pub(super) fn on_host_connected(&mut self) {
        if self.is_connected {
            return self.ignore("host_is_connected");
        }
        (self.was_connected, self.is_connected) = (true, true);
        self.own.listener_came();
        self.program.begin(self.now);
        if self.intrusion.as_ref().is_none_or(|intrusion| !intrusion.has_paused) {
            self.resume();
        }
        self.begin_from_silence();
    }

    pub(super) fn on_host_lost(&mut self) {
        if !self.is_connected {
            return self.ignore("host_is_not_connected");
        }
        self.is_connected = false;
        self.assume_voice_ended();
        self.pause();
    }

    pub(super) fn on_ears_changed(&mut self, available: bool) {
        if self.can_hear == available {
            return self.ignore("ears_are_so_already");
        }
        self.can_hear = available;
        if available {
            self.tell("ears_back", "The studio understands you again; just go on talking.".into());
        } else {
            let message = "The studio cannot understand speech at the moment; type what you want to say, or let \
                           the speakers go on with autopilot.";
            self.tell("ears_lost", message.into());
        }
    }

    pub(super) fn on_end_requested(&mut self) {
        if self.is_ending {
            return self.ignore("session_is_ending");
        }
        self.is_ending = true;
        self.assume_voice_ended();
        match &mut self.floor {
            Floor::Ai(_) => self.interrupt(TurnEnd::SessionEnded),
            // The last words are waited for: nobody wants to lose the good-bye.
            Floor::Host(turn) => {
                turn.endpointing.hold(false);
                turn.endpointing.force();
            }
            Floor::Open => {}
        }
    }
}
