// One turn of one AI on the page: what came of it, and which of its samples was rendered when.
//
// Pure; the playhead decides what happens to it.
// Units: places are samples of the turn at 48 kHz; frames are frames of the audio context.

/** Room of a turn, 5.5 s. The server sends at most 200 ms ahead, so only a broken one fills it. A power of two. */
export const RING_SAMPLES = 2 ** 18;
/** Quanta that are remembered: 1.4 s at 48 kHz, more than the latency of any loudspeaker. */
const HISTORY = 512;

/** One turn: what came, how far it was played. */
export class Turn {
  /** @param {number} number @param {Float32Array<ArrayBuffer>} ring */
  constructor(number, ring) {
    this.number = number;
    this.ring = ring;
    /** @type {'waiting' | 'playing' | 'fading' | 'paused' | 'over'} */
    this.state = 'waiting';
    /** What a fade ends in. @type {'paused' | 'flushed'} */
    this.after = 'paused';
    /** Next place to render; has a fraction only where the context is not at 48 kHz. */
    this.at = 0;
    /** First place the ring holds, and the place after the last sample received. */
    this.start = 0;
    this.end = 0;
    /** Whether anything was rendered, and whether the voice ran dry since. */
    this.begun = false;
    this.isDry = false;
    this.reported = 0;
    /** Whether the server seems not to know it: the report was lost with its connection. */
    this.isAsked = false;
    /** Frame at which the last sample came, and at which rendering last stopped. */
    this.cameAt = 0;
    this.stoppedAt = 0;
    this.frames = new Float64Array(HISTORY);
    this.places = new Float64Array(HISTORY);
    this.entries = 0;
  }

  /** @param {number} frame */
  note(frame) {
    this.frames[this.entries % HISTORY] = frame;
    this.places[this.entries % HISTORY] = this.at;
    this.entries += 1;
  }

  /**
   * The place that was rendered at `frame`, by straight lines between the noted pairs.
   * @param {number} frame
   */
  renderedAt(frame) {
    let laterFrame = Infinity;
    let laterPlace = this.at;
    const oldest = Math.max(0, this.entries - HISTORY);
    for (let index = this.entries - 1; index >= oldest; index--) {
      const noted = this.frames[index % HISTORY];
      const place = this.places[index % HISTORY];
      if (noted <= frame) {
        if (laterFrame === Infinity || laterPlace <= place) return place;
        return place + ((frame - noted) * (laterPlace - place)) / (laterFrame - noted);
      }
      laterFrame = noted;
      laterPlace = place;
    }
    return this.entries === 0 ? 0 : laterPlace;
  }
}
