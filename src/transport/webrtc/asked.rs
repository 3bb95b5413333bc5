//! Checks of ours that are under way: an answer to none of them is nobody's.
//!
//! The stack drops such answers itself and tells nobody, so a flood of them could not be seen.

use std::collections::VecDeque;

use super::stun;

/// Checks that are waited for: one to each address that a listener may come from.
const ASKED_MAX: usize = super::path::ADDRESSES_EVER_MAX;

/// See the module's text. The oldest check makes room.
#[derive(Debug, Default)]
pub(super) struct Asked {
    transactions: VecDeque<[u8; 12]>,
}

impl Asked {
    /// This leaves; it is noted if it asks for an answer.
    pub(super) fn note(&mut self, datagram: &[u8]) {
        if stun::is_request(datagram)
            && let Some(transaction) = stun::transaction(datagram)
        {
            if self.transactions.len() == ASKED_MAX {
                self.transactions.pop_front();
            }
            self.transactions.push_back(transaction);
        }
    }

    /// Whether this answers a check of ours: each is answered once.
    pub(super) fn takes_answer(&mut self, datagram: &[u8]) -> bool {
        let Some(answered) = stun::transaction(datagram) else { return false };
        let found = self.transactions.iter().position(|asked| *asked == answered);
        found.is_some_and(|index| self.transactions.remove(index).is_some())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(kind: [u8; 2], number: u8) -> Vec<u8> {
        [&kind[..], &[0, 0, 0x21, 0x12, 0xA4, 0x42], &[number; 12]].concat()
    }

    #[test]
    fn an_answer_is_taken_once_and_only_if_it_was_asked_for() {
        let mut asked = Asked::default();
        let (request, answer) = ([0, 1], [1, 1]);
        assert!(!asked.takes_answer(&message(answer, 1)));
        asked.note(&message(request, 1));
        asked.note(&message(answer, 2));
        assert!(!asked.takes_answer(&message(answer, 2)), "an answer of ours asks nothing");
        assert!(asked.takes_answer(&message(answer, 1)));
        assert!(!asked.takes_answer(&message(answer, 1)));
    }

    #[test]
    fn checks_that_nobody_answers_cost_bounded_memory() {
        let mut asked = Asked::default();
        for number in 0..=255 {
            asked.note(&message([0, 1], number));
        }
        assert_eq!(asked.transactions.len(), ASKED_MAX);
        assert!(
            !asked.takes_answer(&message([1, 1], 0)) && asked.takes_answer(&message([1, 1], 255))
        );
    }
}
