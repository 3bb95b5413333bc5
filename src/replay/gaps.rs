//! The gaps between AI speakers, by the times of their words.

use serde::Serialize;

use super::view::Cue;

/// What nobody said between two AI speakers, by the times of their words.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Gap {
    /// Who spoke next.
    pub lane: usize,
    /// The next one's turn.
    pub turn: u64,
    /// When the last word before it ended.
    pub from: u64,
    /// Its length.
    pub length: u64,
}

/// Between the words of two AI turns that followed each other.
pub(super) fn gaps(captions: &[Cue]) -> Vec<Gap> {
    let mut turns: Vec<Cue> = Vec::new();
    for cue in captions {
        match turns.iter_mut().find(|turn| turn.turn == cue.turn) {
            Some(turn) => (turn.from, turn.to) = (turn.from.min(cue.from), turn.to.max(cue.to)),
            None => turns.push(cue.clone()),
        }
    }
    turns.sort_by_key(|turn| turn.from);
    let followed =
        |pair: &&[Cue]| pair.iter().all(|turn| turn.lane > 0) && pair[0].lane != pair[1].lane;
    let gap = |pair: &[Cue]| Gap {
        lane: pair[1].lane,
        turn: pair[1].turn,
        from: pair[0].to,
        length: pair[1].from.saturating_sub(pair[0].to),
    };
    turns.windows(2).filter(followed).map(gap).collect()
}
