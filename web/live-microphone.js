// The microphone of a session that is on: which it is, and how capture moves to another one in mid-show.
//
// No browser in here: what asks for microphones, lists them and uses them is handed in. One change after the other; the
// microphone before is let go only when the next one is in its place, so a change that fails costs nothing.
/** @import {Failure} from './types' */

/**
 * @typedef {object} Ports
 * @property {(deviceId: string) => Promise<MediaStream>} ask Opens one; the empty id is the system's choice.
 * @property {() => Promise<{deviceId: string, label: string}[]>} list The microphones that are there.
 * @property {(stream: MediaStream) => void | Promise<void>} use Moves capture to it. Throws where it cannot.
 * @property {(sentence: string) => void} say
 * @property {(isGone: boolean) => void} onGone The host has no microphone at all, or has one again.
 * @property {(list: {deviceId: string, label: string}[], chosen: string, label: string) => void} onList What the menu shows;
 *   an empty label where there is no microphone.
 */

/** Why a microphone cannot be opened, by the name of the browser's exception. @type {Record<string, string>} */
const REASONS = {
  NotAllowedError: 'the browser does not allow it',
  NotFoundError: 'it is not there any more',
  OverconstrainedError: 'it is not there any more',
  NotReadableError: 'another program may be holding it',
  NotSupportedError: 'this browser cannot change to its sample rate in mid-session',
};

/** @param {unknown} error */
const reason = (error) => (error instanceof Error ? REASONS[error.name] ?? error.message : String(error));

/** The track ended while it was needed, and no other microphone can be had. @type {Failure} */
export const MICROPHONE_GONE = {
  title: 'The microphone was disconnected.',
  advice: 'The session and its recording go on without your voice. Connect a microphone: it is used as soon as it is there.',
};

export class LiveMicrophone {
  /** @type {MediaStream | null} */ #stream = null;
  /** What the host chose. */
  #chosen = '';
  /** What the track says of itself. */
  #label = '';
  #isGone = false;
  /** Changes, one after the other. @type {Promise<unknown>} */
  #line = Promise.resolve();

  /** @param {Ports} ports */
  constructor(ports) {
    this.ports = ports;
  }

  /** The id of the host's choice. */
  get chosen() {
    return this.#chosen;
  }

  /** A session begins with this one. @param {MediaStream} stream @param {string} deviceId */
  begin(stream, deviceId) {
    this.#isGone = false;
    this.#take(stream, deviceId);
    return this.devicesChanged();
  }

  /** The session is over; its tracks are stopped by whoever captures. */
  end() {
    this.#watch(null);
    this.#stream = null;
  }

  /** The host chose another one. @param {string} deviceId */
  choose(deviceId) {
    return this.#next(async () => {
      if (deviceId === this.#chosen && !this.#isGone) return;
      try {
        await this.#moveTo(deviceId);
        this.ports.say(`You are heard through “${this.#label}” now.`);
      } catch (error) {
        if (!this.#stream) return;
        const label = (await this.ports.list()).find((device) => device.deviceId === deviceId)?.label || 'that microphone';
        this.ports.say(`“${label}” cannot be used: ${reason(error)}. ${this.#isGone ? 'You are not heard.' : `You are still heard through “${this.#label}”.`}`);
      }
      await this.#tellList();
    });
  }

  /** Devices came or went: the menu is made anew, one that is gone is left, and whoever has none gets what came. */
  devicesChanged() {
    return this.#next(async () => {
      const list = await this.#tellList();
      const isThere = this.#chosen === '' || list.some(({ deviceId }) => deviceId === this.#chosen);
      if (this.#isGone ? list.length > 0 : !isThere) await this.#leave();
    });
  }

  /** The one in use is gone: whatever the system has instead takes its place. */
  async #leave() {
    const [wasGone, before] = [this.#isGone, this.#label];
    try {
      await this.#moveTo('');
      this.ports.say(wasGone ? `You are heard again, through “${this.#label}”.` : `“${before}” is gone. You are heard through “${this.#label}” now.`);
    } catch {
      if (wasGone || !this.#stream) return;
      [this.#isGone, this.#chosen] = [true, ''];
      // What was said of the one before is not so any more.
      this.ports.say('');
      this.ports.onGone(true);
    }
    await this.#tellList();
  }

  /** @param {string} deviceId */
  async #moveTo(deviceId) {
    const before = this.#stream;
    const stream = await this.ports.ask(deviceId);
    try {
      // The session may have ended while the browser asked.
      if (!this.#stream || this.#stream !== before) throw new Error('the session is over');
      await this.ports.use(stream);
    } catch (error) {
      for (const track of stream.getTracks()) track.stop();
      throw error;
    }
    this.#take(stream, deviceId);
    for (const track of before?.getTracks() ?? []) track.stop();
    if (this.#isGone) this.ports.onGone(false);
    this.#isGone = false;
  }

  /** @param {MediaStream} stream @param {string} deviceId */
  #take(stream, deviceId) {
    this.#watch(stream);
    this.#stream = stream;
    this.#chosen = deviceId;
    this.#label = stream.getAudioTracks()[0]?.label || 'the microphone';
  }

  /** @param {MediaStream | null} stream */
  #watch(stream) {
    // A track that is stopped by us says nothing; one before it may still end by itself.
    for (const track of this.#stream?.getAudioTracks() ?? []) track.onended = track.onmute = track.onunmute = null;
    for (const track of stream?.getAudioTracks() ?? []) {
      track.onended = () => void this.#next(() => (this.#stream === stream ? this.#leave() : undefined));
      // A telephone call, a closed lid: the system takes the sound away for a while.
      track.onmute = () => this.ports.say(`“${this.#label}” gives no sound: the system or another program holds it.`);
      track.onunmute = () => this.ports.say(`“${this.#label}” is heard again.`);
    }
  }

  async #tellList() {
    const list = await this.ports.list();
    if (this.#stream) this.ports.onList(list, this.#chosen, this.#isGone ? '' : this.#label);
    return list;
  }

  /** @param {() => unknown} does Only while a session is on. */
  #next(does) {
    const run = this.#line.then(() => (this.#stream ? does() : undefined));
    // What fails was said where it failed; the next change is tried all the same.
    this.#line = run.catch(() => {});
    return this.#line;
  }
}
