// Keys of the slider that says where in a recording one is: five seconds a press, as players do. Pure.

/** A press of an arrow, and of Page up or Page down. */
const STEP_S = 5;
const LEAP_S = 30;

const STEPS = new Map([['ArrowLeft', -STEP_S], ['ArrowDown', -STEP_S], ['ArrowRight', STEP_S], ['ArrowUp', STEP_S], ['PageDown', -LEAP_S],
  ['PageUp', LEAP_S], ['Home', -Infinity], ['End', Infinity]]);

/**
 * @param {string} key @param {number} nowS @param {number} durationS
 * @returns {number | null} In seconds; `null` for every other key.
 */
export function placeAfter(key, nowS, durationS) {
  const step = STEPS.get(key);
  return step === undefined ? null : Math.max(0, Math.min(durationS, nowS + step));
}
