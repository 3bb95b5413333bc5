// The menu in the live room that says which microphone the host is heard through, and changes it.
import { deviceList, fill } from './devices.js';

export class MicrophoneMenu {
  #isPointed = false;

  /** @param {HTMLSelectElement} select @param {(deviceId: string) => void} onChoice */
  constructor(select, onChoice) {
    this.select = select;
    select.addEventListener('pointerdown', () => { this.#isPointed = true; });
    select.addEventListener('keydown', () => { this.#isPointed = false; });
    select.addEventListener('change', () => {
      onChoice(select.value);
      // Who chose with the pointer talks on: the keys are the room's again. Who came by Tab keeps the focus.
      if (this.#isPointed) select.blur();
    });
  }

  /**
   * @param {{deviceId: string, label: string}[]} list @param {string} chosen
   * @param {string} label What the microphone in use says of itself; empty where there is none.
   */
  show(list, chosen, label) {
    const [system, ...others] = deviceList(list, chosen === '' ? label : '');
    fill(this.select, [label ? system : { id: '', label: 'No microphone' }, ...others], chosen);
    this.select.title = `Microphone: ${label || 'none'}`;
  }
}
