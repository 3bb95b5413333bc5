// Test only: hands on every quantum that reaches the loudspeaker, with its place on the audio context's clock.
class Tap extends AudioWorkletProcessor {
  constructor() {
    super();
    this.block = new Float32Array(128);
  }

  process([input]) {
    for (let i = 0; i < 128; i++) {
      // Voices are summed, as the loudspeaker sums them.
      let sum = 0;
      for (const channel of input) sum += channel[i];
      this.block[i] = sum;
    }
    this.port.postMessage({ first: currentFrame, pcm: this.block });
    return true;
  }
}

registerProcessor('test-tap', Tap);
