// The two AIs' voices: one worklet node each, and what they report.
import { AI_RATE } from './protocol.js';
/** @import {AiFrame, AiSpeaker, PlaybackReport, PlayoutOrder, PositionReport, VoiceCounts} from './types' */

/** How often the output latency is read again: browsers give 0 at first and change it with the device. */
const LATENCY_MS = 250;

export class Playback {
  /**
   * @param {AudioContext} context Whose worklet modules are loaded.
   * @param {(speaker: AiSpeaker, report: PositionReport) => void} onPosition
   */
  constructor(context, onPosition) {
    this.context = context;
    /** Loudness of each voice, 0 to 1. @type {Record<AiSpeaker, number>} */
    this.levels = { claude: 0, guest: 0 };
    /** What each playhead has counted. @type {Record<AiSpeaker, VoiceCounts>} */
    this.counts = { claude: { blocks: 0, lateBlocks: 0, underruns: 0 }, guest: { blocks: 0, lateBlocks: 0, underruns: 0 } };
    this.nodes = { claude: this.#voice('claude', onPosition), guest: this.#voice('guest', onPosition) };
    this.timer = setInterval(() => this.#sendLatency(), LATENCY_MS);
    this.#sendLatency();
  }

  /** @param {AiFrame} frame Its samples are moved to the audio thread, not copied. */
  play({ speaker, turn, firstSample, pcm }) {
    this.nodes[speaker].port.postMessage({ type: 'frame', turn, firstSample, pcm }, [pcm]);
  }

  /** @param {PlayoutOrder} order */
  obey(order) {
    this.nodes[order.speaker].port.postMessage(order);
  }

  close() {
    clearInterval(this.timer);
    for (const node of Object.values(this.nodes)) node.disconnect();
  }

  /** @param {AiSpeaker} speaker @param {(speaker: AiSpeaker, report: PositionReport) => void} onPosition */
  #voice(speaker, onPosition) {
    const node = new AudioWorkletNode(this.context, 'studio-playback', { numberOfInputs: 0, outputChannelCount: [1] });
    node.port.onmessage = (/** @type {MessageEvent<PlaybackReport>} */ { data }) => {
      if (data.type === 'level') this.levels[speaker] = data.level;
      else if (data.type === 'counts') this.counts[speaker] = data;
      else onPosition(speaker, data);
    };
    node.connect(this.context.destination);
    return node;
  }

  #sendLatency() {
    const seconds = this.context.outputLatency || this.context.baseLatency || 0;
    for (const node of Object.values(this.nodes)) node.port.postMessage({ type: 'latency', seconds });
  }
}

/** The rate both ends prefer: nothing is resampled then. */
export const PREFERRED_RATE = AI_RATE;
