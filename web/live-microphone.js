// The microphone of a session that is on: which it is, and how capture moves to another one in mid-show.
//
// No browser in here: what asks for microphones, lists them and uses them is handed in. One change after the other; the
// microphone before is let go only when the next one is in its place, so a change that fails costs nothing.
import { errorName, isMissing } from './failures.js';
/** @import {Failure} from './types' */

/**
 * @typedef {object} Ports
 * @property {(deviceId: string, hasHeadphones: boolean) => Promise<MediaStream>} ask Opens one; the empty id is the system's
 *   choice. Without headphones echo is cancelled.
 * @property {() => Promise<{deviceId: string, label: string}[]>} list The microphones that are there.
 * @property {(stream: MediaStream) => void | Promise<void>} use Moves capture to it. Throws where it cannot.
 * @property {(sentence: string) => void} say
 * @property {(failure: Failure | null) => void} onGone The host has no microphone at all, and why; or has one again.
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
const reason = (error) => REASONS[errorName(error)] ?? (error instanceof Error ? error.message : String(error));

/**
 * The track ended while it was needed, and no other microphone can be had.
 * @param {unknown} error Why the system's choice cannot be.
 * @returns {Failure}
 */
function microphoneGone(error) {
  if (isMissing(error)) {
    return {
      title: 'The microphone was disconnected.',
      advice: 'The session and its recording go on without your voice. Connect a microphone: it is used as soon as it is there.',
    };
  }
  return {
    title: 'You are not heard: no microphone can be used.',
    advice: `The session and its recording go on without your voice. The system’s choice cannot be used: ${reason(error)}. `
      + 'Choose a microphone in the menu under your own orb, or connect another one.',
  };
}

/** What a change fails with whose session ended meanwhile. */
const OVER = new Error('the session is over');

export class LiveMicrophone {
  /** @type {MediaStream | null} */ #stream = null;
  /** What the host chose. */
  #chosen = '';
  /** What the track says of itself. */
  #label = '';
  #hasHeadphones = false;
  /** Why the host is not heard; `null` while they are. @type {Failure | null} */
  #gone = null;
  /** The microphones that were there when the browser was asked last. @type {{deviceId: string, label: string}[]} */
  #list = [];
  /** Changes, one after the other. @type {Promise<unknown>} */
  #line = Promise.resolve();

  /** @param {Ports} ports */
  constructor(ports) {
    this.ports = ports;
  }

  /** What the session hears; `null` where there is no session, or no microphone. */
  get stream() {
    return this.#stream;
  }

  /** The id of the host's choice. */
  get chosen() {
    return this.#chosen;
  }

  /** As the host answered, until a microphone is lost: it may have been the one of the headphones. */
  get hasHeadphones() {
    return this.#hasHeadphones;
  }

  /** A session begins with this one. @param {MediaStream} stream @param {string} deviceId @param {boolean} hasHeadphones */
  begin(stream, deviceId, hasHeadphones) {
    if (this.#gone) this.ports.onGone(null);
    this.#gone = null;
    this.#take(stream, deviceId, hasHeadphones);
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
      if (deviceId === this.#chosen && !this.#gone) return;
      const before = this.#stream;
      try {
        await this.#moveTo(deviceId, this.#hasHeadphones);
        this.ports.say(`You are heard through “${this.#label}” now.`);
      } catch (error) {
        if (this.#stream !== before) return this.#unlessOver(error);
        const label = this.#list.find((device) => device.deviceId === deviceId)?.label || 'that microphone';
        this.ports.say(`“${label}” cannot be used: ${reason(error)}. ${this.#gone ? 'You are not heard.' : `You are still heard through “${this.#label}”.`}`);
      } finally {
        await this.#tellList();
      }
    });
  }

  /** Devices came or went: the menu is made anew, one that is gone is left, and whoever has none gets what came. */
  devicesChanged() {
    return this.#next(async () => {
      const list = await this.#tellList();
      const isThere = this.#chosen === '' || list.some(({ deviceId }) => deviceId === this.#chosen);
      if (this.#gone ? list.length > 0 : !isThere) await this.#leave();
    });
  }

  /** The one in use is gone: whatever the system has instead takes its place, or else any other. */
  async #leave() {
    const [before, goneBefore, label] = [this.#stream, this.#gone, this.#label];
    try {
      await this.#moveToAny();
      this.ports.say(goneBefore ? `You are heard again, through “${this.#label}”.` : `“${label}” is gone. You are heard through “${this.#label}” now.`);
    } catch (error) {
      if (this.#stream !== before) return this.#unlessOver(error);
      [this.#chosen, this.#hasHeadphones] = ['', false];
      this.#gone = microphoneGone(error);
      // What was said of the one before is not so any more.
      if (!goneBefore) this.ports.say('');
      // Said once; another reason is news.
      if (this.#gone.advice !== goneBefore?.advice) this.ports.onGone(this.#gone);
    } finally {
      await this.#tellList();
    }
  }

  /**
   * The system's choice, or else whichever can be had. Echo is cancelled from now on: who lost a headset has no headphones.
   * @throws Why the system's choice cannot be had.
   */
  async #moveToAny() {
    const before = this.#stream;
    try {
      return await this.#moveTo('', false);
    } catch (error) {
      // Where the browser allows none, each further question would be a question to the host.
      if (errorName(error) === 'NotAllowedError') throw error;
      for (const { deviceId } of await this.ports.list().catch(() => this.#list)) {
        if (!deviceId || deviceId === 'default') continue;
        if (this.#stream !== before) break;
        try {
          return await this.#moveTo(deviceId, false);
        } catch {
          // The next one, then.
        }
      }
      throw error;
    }
  }

  /** @param {string} deviceId @param {boolean} hasHeadphones */
  async #moveTo(deviceId, hasHeadphones) {
    const before = this.#stream;
    // The session may have ended while the browser asked, or while capture moved.
    const check = () => { if (!this.#stream || this.#stream !== before) throw OVER; };
    const stream = await this.ports.ask(deviceId, hasHeadphones);
    try {
      check();
      await this.ports.use(stream);
      check();
    } catch (error) {
      for (const track of stream.getTracks()) track.stop();
      throw error;
    }
    this.#take(stream, deviceId, hasHeadphones);
    for (const track of before?.getTracks() ?? []) track.stop();
    if (this.#gone) this.ports.onGone(null);
    this.#gone = null;
  }

  /** @param {MediaStream} stream @param {string} deviceId @param {boolean} hasHeadphones */
  #take(stream, deviceId, hasHeadphones) {
    this.#watch(stream);
    this.#stream = stream;
    this.#chosen = deviceId;
    this.#hasHeadphones = hasHeadphones;
    this.#label = stream.getAudioTracks()[0]?.label || 'the microphone';
  }

  /** What fails because the session is over is of no account; the change itself was made otherwise. @param {unknown} error */
  #unlessOver(error) {
    if (this.#stream && error !== OVER) throw error;
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

  /** The menu shows what is in use, also where the browser does not say what else there is. */
  async #tellList() {
    try {
      this.#list = await this.ports.list();
    } finally {
      if (this.#stream) this.ports.onList(this.#list, this.#chosen, this.#gone ? '' : this.#label);
    }
    return this.#list;
  }

  /** @param {() => unknown} does Only while a session is on. */
  #next(does) {
    const run = this.#line.then(() => (this.#stream ? does() : undefined));
    // Nobody waits for it but the next change, which is made all the same: what was not expected is said here.
    this.#line = run.catch((error) => {
      console.error(error);
      if (this.#stream) this.ports.say(`Something went wrong with the microphones: ${reason(error)}.`);
    }).catch(() => {});
    return this.#line;
  }
}
