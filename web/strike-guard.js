// One press strikes one turn. The studio would take a second press for the turn before, and what is struck stays struck: so
// a press that comes at once does nothing, and one before anybody has spoken again is asked about. Pure.

/** So soon after another a press is the same one. */
const SAME_MS = 2000;
/** For so long the question stands. */
const ASKED_MS = 10_000;

export class StrikeGuard {
  #struckAt = -Infinity;
  #askedAt = -Infinity;
  /** The last turn that anybody had begun when something was struck last. */
  #struckTurn = -1;

  /** Something was struck, by whatever way. @param {number} nowMs @param {number} lastTurn The highest number there is. */
  struck(nowMs, lastTurn) {
    this.#struckAt = nowMs;
    this.#struckTurn = lastTurn;
    this.#askedAt = -Infinity;
  }

  /**
   * What a press means.
   * @param {number} nowMs @param {number} lastTurn
   * @returns {'strike' | 'ask' | 'nothing'}
   */
  press(nowMs, lastTurn) {
    if (nowMs - this.#struckAt < SAME_MS) return 'nothing';
    const sinceAsked = nowMs - this.#askedAt;
    if (lastTurn > this.#struckTurn || (SAME_MS / 2 <= sinceAsked && sinceAsked < ASKED_MS)) {
      this.struck(nowMs, lastTurn);
      return 'strike';
    }
    if (sinceAsked < SAME_MS / 2) return 'nothing';
    this.#askedAt = nowMs;
    return 'ask';
  }
}
