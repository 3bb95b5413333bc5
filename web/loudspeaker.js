// Where a session's voices come out, and the system's choice in its place when that device is gone.
//
// A browser stops the whole context when its device goes away, and with it the microphone, which hears by the same clock.

/** As much of an audio context as is needed; `setSinkId` where the browser has it. @typedef {AudioContext & {setSinkId?: (id: string) => Promise<void>}} Able */

/** @param {AudioContext} context @param {string} sinkId The empty one is the system's choice. */
export async function useSink(context, sinkId) {
  const able = /** @type {Able} */ (context);
  if (able.setSinkId && (sinkId || 'sinkId' in context)) await able.setSinkId(sinkId);
}

export class Loudspeaker {
  #sinkId = '';
  /** Looks, one after the other. @type {Promise<void>} */
  #line = Promise.resolve();
  #watching = new AbortController();

  /**
   * @param {AudioContext} context
   * @param {() => Promise<string[]>} list The ids of the loudspeakers that are there; empty where the browser does not say.
   * @param {(sentence: string) => void} say
   */
  constructor(context, list, say) {
    this.context = context;
    this.list = list;
    this.say = say;
    const { signal } = this.#watching;
    context.addEventListener('error', () => void this.#look(true), { signal });
    context.addEventListener('statechange', () => { if (context.state !== 'running' && context.state !== 'closed') void this.#look(false); }, { signal });
  }

  /** The host's choice; one that is gone already is left for the system's. @param {string} sinkId */
  async choose(sinkId) {
    try {
      await useSink(this.context, sinkId);
      this.#sinkId = sinkId;
    } catch (error) {
      if (!sinkId) throw error;
      await this.#leave();
    }
  }

  /** Devices came or went. */
  devicesChanged() {
    return this.#look(false);
  }

  /** The session is over. */
  close() {
    this.#watching.abort();
    this.#sinkId = '';
  }

  /** @param {boolean} isBroken The browser says that the sound cannot go there. */
  #look(isBroken) {
    this.#line = this.#line.then(async () => {
      // The system's choice is looked after by the system. A change of device stops the context for a moment, too.
      if (this.#sinkId && (isBroken || !(await this.#isThere()))) await this.#leave();
    }).catch((error) => console.error(error));
    return this.#line;
  }

  async #isThere() {
    const ids = await this.list();
    return ids.length === 0 || ids.includes(this.#sinkId);
  }

  async #leave() {
    this.#sinkId = '';
    try {
      await useSink(this.context, '');
      if (this.context.state !== 'running') await this.context.resume();
      this.say('The chosen loudspeaker is gone. You hear the voices through the system’s choice now.');
    } catch (error) {
      this.say(`The chosen loudspeaker is gone, and no other can be used: ${error instanceof Error ? error.message : String(error)}.`);
    }
  }
}
