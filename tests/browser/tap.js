// Test only: hears everything the page sends to a loudspeaker, without touching the page's code. The worklet comes from
// an address of the test's server, since the page's policy allows no code from anywhere else.
// `__heard` holds the context's rate and blocks {first, wall, pcm}: first frame, wall clock of arrival in ms, samples.
(() => {
  const heard = { rate: 0, blocks: [] };
  window.__heard = heard;
  const connect = AudioNode.prototype.connect;
  const taps = new WeakMap();
  const tapOf = (context) => {
    if (!taps.has(context)) {
      taps.set(context, context.audioWorklet.addModule(window.__tapModule ?? '/__tap-worklet.js').then(() => {
        const tap = new AudioWorkletNode(context, 'test-tap', { numberOfOutputs: 0, channelCount: 1, channelCountMode: 'explicit' });
        heard.rate = context.sampleRate;
        tap.port.onmessage = ({ data }) => heard.blocks.push({ ...data, wall: performance.timeOrigin + performance.now() });
        heard.tap = tap;
        return tap;
      }));
    }
    return taps.get(context);
  };
  AudioNode.prototype.connect = function (to, ...rest) {
    if (to instanceof AudioDestinationNode) tapOf(this.context).then((tap) => connect.call(this, tap));
    return connect.call(this, to, ...rest);
  };
})();
