// The host's view of the sound's way: which it is, and the switch. How good it is stands in the figures of `link.js`.
import { prefer, preference } from './remember.js';
/** @import {LineQuality, LineState, SoundChoice} from './types' */

/** The preference that is remembered. */
const SOUND_WAY = 'sound-way';

/** @type {[SoundChoice, string][]} */
const CHOICES = [['auto', 'whatever works best'], ['webrtc', 'WebRTC'], ['opus', 'WebSocket, Opus'], ['socket', 'WebSocket, PCM']];

export class SoundPanel {
  /** @type {LineState} */ #state = { way: 'socket', isTrying: false, reason: '' };
  /** What WebRTC says of itself, while it carries the sound. @type {LineQuality | null} */
  quality = null;
  #isOpus = false;

  /**
   * @param {HTMLElement} root Gets the way before and the switch after what is in it.
   * @param {(choice: SoundChoice) => void} onChoice
   */
  constructor(root, onChoice) {
    this.way = document.createElement('output');
    root.prepend(this.way);
    this.way.id = 'sound-way';
    const label = root.appendChild(document.createElement('label'));
    label.append('Send it by');
    this.select = label.appendChild(document.createElement('select'));
    this.select.id = 'sound-choice';
    for (const [value, text] of CHOICES) this.select.append(new Option(text, value));
    this.select.value = recall();
    this.#show();
    this.select.onchange = () => {
      prefer(SOUND_WAY, this.select.value);
      onChoice(this.choice);
    };
  }

  /** @returns {SoundChoice} */
  get choice() {
    return /** @type {SoundChoice} */ (this.select.value);
  }

  /** @param {LineState} state */
  showState(state) {
    this.#state = state;
    this.quality = null;
    delete this.way.dataset.quality;
    this.#show();
  }

  /** @param {boolean} isOpus Whether the microphone goes over the socket as Opus. */
  showCodec(isOpus) {
    this.#isOpus = isOpus;
    this.#show();
  }

  /** @param {LineQuality} quality */
  showQuality(quality) {
    if (this.#state.way !== 'webrtc') return;
    this.quality = quality;
    this.way.dataset.quality = JSON.stringify(quality);
  }

  #show() {
    const { way, isTrying, reason } = this.#state;
    const why = isTrying ? ', trying WebRTC' : reason && reason !== 'chosen' ? ` (${reason})` : '';
    const name = way === 'webrtc' ? 'WebRTC' : this.#isOpus ? 'WebSocket, Opus' : 'WebSocket';
    const text = `${name}${why}`;
    if (this.way.value !== text) this.way.value = text;
  }
}

/** @returns {SoundChoice} */
function recall() {
  const kept = preference(SOUND_WAY);
  return CHOICES.find(([value]) => value === kept)?.[0] ?? 'auto';
}
