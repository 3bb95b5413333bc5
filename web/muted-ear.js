// Who speaks while muted is told so. Muting silences the track itself, for the studio and for this page's own meter; while it
// lasts a copy of the track is measured here. Nothing of it is kept or sent.

/** An effective value from which on it is a voice close by, not a room: -36 dB of full scale. */
const VOICE = 0.016;
/** So much of a voice in so long a time is speech, not a cough. */
const SPEECH_MS = 500;
const WINDOW_MS = 1500;
/** For so long nothing is said after it was said once. */
const AGAIN_MS = 60_000;
/** As long as the analyser's window at 48 kHz. */
const READ_MS = 40;

/** Tells speech from single noises. Pure. */
export class SpeechSense {
  /** When a voice was there, and for how long. @type {{at: number, ms: number}[]} */
  #voices = [];
  #before = -Infinity;

  /** @param {number} level Effective value, 0 to 1. @param {number} nowMs @returns {boolean} Whether somebody speaks. */
  hear(level, nowMs) {
    const ms = Math.min(nowMs - this.#before, 2 * READ_MS);
    this.#before = nowMs;
    this.#voices = this.#voices.filter(({ at }) => nowMs - at < WINDOW_MS);
    if (level >= VOICE) this.#voices.push({ at: nowMs, ms });
    return this.#voices.reduce((sum, voice) => sum + voice.ms, 0) >= SPEECH_MS;
  }
}

export class MutedEar {
  /** @type {MediaStreamTrack | null} */ #track = null;
  /** Of which `#track` is a copy. @type {MediaStream | null} */ #stream = null;
  /** @type {AudioContext | null} */ #context = null;
  /** @type {ReturnType<typeof setInterval> | undefined} */ #timer;

  /** @param {() => void} onSpeech The host speaks and is muted; not told again at once. */
  constructor(onSpeech) {
    this.onSpeech = onSpeech;
  }

  /** @param {MediaStream | null} stream What would be heard, while it is muted; `null` ends it. */
  listen(stream) {
    if (stream === this.#stream) return;
    this.#end();
    const track = stream?.getAudioTracks()[0];
    if (!stream || track?.readyState !== 'live') return;
    this.#stream = stream;
    this.#track = track.clone();
    this.#track.enabled = true;
    try {
      this.#measure(this.#track);
    } catch (error) {
      // A browser that cannot measure a second copy: only the hint is missing.
      console.info(error);
    }
  }

  /** @param {MediaStreamTrack} track */
  #measure(track) {
    // Firefox reads a microphone only at its own rate.
    this.#context = new AudioContext({ sampleRate: track.getSettings().sampleRate });
    const analyser = this.#context.createAnalyser();
    analyser.fftSize = 2048;
    this.#context.createMediaStreamSource(new MediaStream([track])).connect(analyser);
    const samples = new Float32Array(analyser.fftSize);
    const sense = new SpeechSense();
    let toldAt = -Infinity;
    this.#timer = setInterval(() => {
      analyser.getFloatTimeDomainData(samples);
      const level = Math.sqrt(samples.reduce((sum, sample) => sum + sample * sample, 0) / samples.length);
      const now = performance.now();
      if (!sense.hear(level, now) || now - toldAt < AGAIN_MS) return;
      toldAt = now;
      this.onSpeech();
    }, READ_MS);
  }

  #end() {
    clearInterval(this.#timer);
    this.#track?.stop();
    void this.#context?.close();
    this.#track = this.#context = this.#stream = null;
  }
}
