// One AI's end of the audio thread: a playhead between the port and the output.
import { Playhead } from './playhead.js';

class PlaybackProcessor extends AudioWorkletProcessor {
  constructor() {
    super();
    this.playhead = new Playhead(sampleRate, (report) => this.port.postMessage(report));
    this.port.onmessage = ({ data }) => this.playhead.obey(data, currentFrame);
  }

  /**
   * @param {Float32Array[][]} _inputs
   * @param {Float32Array[][]} outputs
   */
  process(_inputs, outputs) {
    const output = outputs[0]?.[0];
    if (output) this.playhead.render(output, currentFrame);
    return true;
  }
}

registerProcessor('studio-playback', PlaybackProcessor);
