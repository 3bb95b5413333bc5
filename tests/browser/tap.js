// Test only: hears everything the page sends to a loudspeaker, without touching the page's code. The worklet comes from
// an address of the test's server, since the page's policy allows no code from anywhere else.
// `__heard` holds the context's rate, blocks {first, wall, pcm}: first frame, wall clock of arrival in ms, samples; and
// orders {type, frame}: orders to be silent, with the context's next frame at the instant they reached the page. `microphone`
// holds what the context had of the microphone, on the same clock.
(() => {
  const heard = { rate: 0, blocks: [], orders: [], microphone: [] };
  window.__heard = heard;
  const connect = AudioNode.prototype.connect;
  const taps = new WeakMap();
  let count = 0;
  let microphone = null;
  const ask = MediaDevices.prototype.getUserMedia;
  MediaDevices.prototype.getUserMedia = async function (...wanted) {
    microphone = await ask.apply(this, wanted);
    return microphone;
  };
  const tapOf = (context) => {
    if (!taps.has(context)) {
      taps.set(context, context.audioWorklet.addModule(window.__tapModule ?? '/__tap-worklet.js').then(() => {
        const tap = new AudioWorkletNode(context, 'test-tap', { numberOfOutputs: 0, channelCount: 1, channelCountMode: 'explicit' });
        heard.rate = context.sampleRate;
        // A page may sound in one context after another, each with a clock of its own.
        const number = ++count;
        tap.port.onmessage = ({ data }) => heard.blocks.push({ ...data, tap: number, wall: performance.timeOrigin + performance.now() });
        heard.tap = tap;
        if (microphone && context instanceof AudioContext) {
          const own = new AudioWorkletNode(context, 'test-tap', { numberOfOutputs: 0, channelCount: 1, channelCountMode: 'explicit' });
          own.port.onmessage = ({ data }) => heard.microphone.push(data);
          context.createMediaStreamSource(microphone).connect(own);
        }
        return tap;
      }));
    }
    return taps.get(context);
  };
  const handler = Object.getOwnPropertyDescriptor(WebSocket.prototype, 'onmessage');
  Object.defineProperty(WebSocket.prototype, 'onmessage', {
    ...handler,
    set(take) {
      handler.set.call(this, take && function (event) {
        const type = typeof event.data === 'string' ? JSON.parse(event.data).type : '';
        if (heard.tap && (type === 'audio.pause' || type === 'audio.flush')) {
          const { currentTime, sampleRate } = heard.tap.context;
          heard.orders.push({ type, frame: Math.round(currentTime * sampleRate) });
        }
        take.call(this, event);
      });
    },
  });
  AudioNode.prototype.connect = function (to, ...rest) {
    if (to instanceof AudioDestinationNode) tapOf(this.context).then((tap) => connect.call(this, tap));
    return connect.call(this, to, ...rest);
  };
})();
