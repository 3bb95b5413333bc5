// The microphone's end of the audio thread: counts and cuts, then hands each frame over without a copy.
import { Framer } from './framer.js';

/** Samples of a render quantum; used while the track gives no channel to measure. */
const QUANTUM = 128;

class CaptureProcessor extends AudioWorkletProcessor {
  constructor() {
    super();
    this.framer = new Framer(sampleRate);
    this.port.onmessage = ({ data }) => { this.framer.muted = data.muted; };
  }

  /** @param {Float32Array[][]} inputs */
  process(inputs) {
    const quantum = inputs[0]?.[0];
    if (this.framer.origin === null) this.port.postMessage({ type: 'started', frame: currentFrame });
    for (const frame of this.framer.push(quantum, currentFrame, quantum?.length ?? QUANTUM)) {
      this.port.postMessage({ type: 'frame', ...frame }, [frame.buffer]);
    }
    return true;
  }
}

registerProcessor('studio-capture', CaptureProcessor);
