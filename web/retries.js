// When a lost connection is tried again by itself, and until when. Pure: times are handed in, in ms of any one clock.

/** Waits before a try; the last one is repeated until the studio's minute is over. */
const WAITS_MS = [1000, 2000, 4000, 8000];
/** The studio waits so long for a listener. */
const LIMIT_MS = 60_000;

export class Retries {
  #lostAt = 0;
  #tries = 0;
  #isLost = false;

  /** The connection is lost, or a try failed. @param {number} now */
  lost(now) {
    if (!this.#isLost) this.#lostAt = now;
    this.#isLost = true;
  }

  /** There is a connection. */
  found() {
    this.#isLost = false;
    this.#tries = 0;
  }

  /** How long the studio still waits, not less than nought. @param {number} now */
  leftMs(now) {
    return Math.max(0, this.#lostAt + LIMIT_MS - now);
  }

  /** The wait before the next try; `null` where it would come too late. @param {number} now */
  next(now) {
    const wait = WAITS_MS[Math.min(this.#tries, WAITS_MS.length - 1)];
    if (wait > this.leftMs(now)) return null;
    this.#tries += 1;
    return wait;
  }
}
