// The host's view of the sound's way: which it is, how good it is, and the switch.
/** @import {LineQuality, LineState} from './types' */

/** Remembered for the next session. */
const KEY = 'studio.sound-way';

export class SoundPanel {
  /**
   * @param {HTMLElement} root Is filled.
   * @param {(wantsWebRtc: boolean) => void} onChoice
   */
  constructor(root, onChoice) {
    this.way = root.appendChild(document.createElement('output'));
    this.way.id = 'sound-way';
    const label = root.appendChild(document.createElement('label'));
    label.append('Send it by');
    this.choice = label.appendChild(document.createElement('select'));
    this.choice.id = 'sound-choice';
    for (const [value, text] of [['auto', 'whatever works best'], ['socket', 'WebSocket only']]) {
      this.choice.append(new Option(text, value));
    }
    this.choice.value = recall();
    this.showState({ way: 'socket', isTrying: false, reason: '' });
    this.choice.onchange = () => {
      localStorage.setItem(KEY, this.choice.value);
      onChoice(this.wantsWebRtc);
    };
  }

  get wantsWebRtc() {
    return this.choice.value !== 'socket';
  }

  /** @param {LineState} state */
  showState({ way, isTrying, reason }) {
    const why = reason && reason !== 'chosen' ? ` (${reason})` : '';
    this.way.value = way === 'webrtc' ? 'WebRTC' : isTrying ? 'WebSocket, trying WebRTC' : `WebSocket${why}`;
  }

  /** @param {LineQuality} quality */
  showQuality({ rttMs, jitterMs, bufferMs, lossUp, lossDown }) {
    this.way.title = `round trip ${rttMs} ms, jitter ${jitterMs} ms, buffer ${bufferMs} ms, lost ${lossUp} % up, ${lossDown} % down`;
    this.way.dataset.quality = JSON.stringify({ rttMs, jitterMs, bufferMs, lossUp, lossDown });
    if (this.way.value.startsWith('WebRTC')) {
      const worst = Math.max(lossUp, lossDown);
      this.way.value = `WebRTC, ${rttMs} ms${worst > 0 ? `, ${worst} % lost` : ''}`;
    }
  }
}

function recall() {
  try {
    return localStorage.getItem(KEY) === 'socket' ? 'socket' : 'auto';
  } catch {
    return 'auto';
  }
}
