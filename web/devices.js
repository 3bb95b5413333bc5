// The list of microphones or loudspeakers, as a menu has it.

/** @typedef {{id: string, label: string}} Device */

/** What browsers call the system's choice in their lists. */
const SYSTEM = 'default';

/**
 * Devices by name. The first is the system's choice, with an empty id; what it is now is said where it is known.
 * @param {{deviceId: string, label: string}[]} found
 * @param {string} [systemLabel] The name of the device that the system's choice has come to.
 * @returns {Device[]}
 */
export function deviceList(found, systemLabel = '') {
  const others = found.filter(({ deviceId }) => deviceId && deviceId !== SYSTEM);
  return [
    { id: '', label: systemLabel ? `${systemLabel}, the system’s choice` : 'The system’s choice' },
    ...others.map(({ deviceId, label }, i) => ({ id: deviceId, label: label || `Device ${i + 1}` })),
  ];
}

/**
 * @param {HTMLSelectElement} select @param {Device[]} devices
 * @param {string} chosen Its id; one that is not there leaves the system's choice.
 */
export function fill(select, devices, chosen) {
  select.replaceChildren(...devices.map(({ id, label }) => new Option(label, id)));
  if (devices.some(({ id }) => id === chosen)) select.value = chosen;
}
