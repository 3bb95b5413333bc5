// Whether a line by WebRTC still brings anything, by how many packets the page has seen: the tracks carry silence, too.
//
// Pure: no clock. A browser says that a path is dead whenever its checks happen to fail, five to eight seconds later.
// Units: ms of the page's clock.

/**
 * Nothing came for so long: a new path is looked for. The search itself costs a second in which nothing comes, so that a hole of
 * five is sat out.
 */
export const STILL_MS = 5_500;
/** And for so long: the line is given up, before the studio stops a voice that is not heard for eight seconds. */
export const LOST_MS = 7_000;
/** Of the time between two looks so much counts at most: the machine may have slept. */
const LOOK_MS_MAX = 1_000;

export class Pulse {
  #seen = 0;
  #lookedAt = 0;
  #stillMs = 0;

  /**
   * How long nothing has come.
   * @param {number} seen Packets so far.
   * @param {number} now
   */
  look(seen, now) {
    this.#stillMs = seen !== this.#seen ? 0 : this.#stillMs + Math.min(now - this.#lookedAt, LOOK_MS_MAX);
    this.#seen = seen;
    this.#lookedAt = now;
    return this.#stillMs;
  }
}
