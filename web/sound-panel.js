// The host's view of the sound's way: which it is, how good it is, and the switch.
/** @import {LineQuality, LineState, SocketQuality, SoundChoice} from './types' */

/** Remembered for the next session. */
const KEY = 'studio.sound-way';

/** @type {[SoundChoice, string][]} */
const CHOICES = [['auto', 'whatever works best'], ['webrtc', 'WebRTC'], ['opus', 'WebSocket, Opus'], ['socket', 'WebSocket, PCM']];

export class SoundPanel {
  /** @type {LineState} */ #state = { way: 'socket', isTrying: false, reason: '' };
  #quality = '';
  #isOpus = false;

  /**
   * @param {HTMLElement} root Is filled.
   * @param {(choice: SoundChoice) => void} onChoice
   */
  constructor(root, onChoice) {
    this.way = root.appendChild(document.createElement('output'));
    this.way.id = 'sound-way';
    const label = root.appendChild(document.createElement('label'));
    label.append('Send it by');
    this.select = label.appendChild(document.createElement('select'));
    this.select.id = 'sound-choice';
    for (const [value, text] of CHOICES) this.select.append(new Option(text, value));
    this.select.value = recall();
    this.#show();
    this.select.onchange = () => {
      localStorage.setItem(KEY, this.select.value);
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
    this.#quality = '';
    this.way.title = '';
    this.#show();
  }

  /** @param {boolean} isOpus Whether the microphone goes over the socket as Opus. */
  showCodec(isOpus) {
    this.#isOpus = isOpus;
    this.#show();
  }

  /** @param {LineQuality} quality */
  showQuality({ rttMs, jitterMs, bufferMs, lossUp, lossDown }) {
    if (this.#state.way !== 'webrtc') return;
    const worst = Math.max(lossUp, lossDown);
    this.#quality = `, ${Math.round(rttMs)} ms${worst > 0 ? `, ${worst} % lost` : ''}`;
    this.way.title = `round trip ${rttMs} ms, jitter ${jitterMs} ms, buffer ${bufferMs} ms, lost ${lossUp} % up, ${lossDown} % down`;
    this.way.dataset.quality = JSON.stringify({ rttMs, jitterMs, bufferMs, lossUp, lossDown });
    this.#show();
  }

  /** @param {SocketQuality} quality */
  showSocketQuality({ roundTripMs, skipped }) {
    if (this.#state.way !== 'socket' || roundTripMs === null) return;
    this.#quality = `, ${Math.round(roundTripMs)} ms${skipped > 0 ? `, ${skipped} frames not sent` : ''}`;
    this.#show();
  }

  #show() {
    const { way, isTrying, reason } = this.#state;
    const why = isTrying ? ', trying WebRTC' : reason && reason !== 'chosen' ? ` (${reason})` : '';
    const name = way === 'webrtc' ? 'WebRTC' : this.#isOpus ? 'WebSocket, Opus' : 'WebSocket';
    const text = `${name}${why}${this.#quality}`;
    if (this.way.value !== text) this.way.value = text;
  }
}

/** @returns {SoundChoice} */
function recall() {
  try {
    const kept = localStorage.getItem(KEY);
    return CHOICES.find(([value]) => value === kept)?.[0] ?? 'auto';
  } catch {
    return 'auto';
  }
}
