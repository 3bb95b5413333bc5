// In which language a text is: without it a screen reader reads a German show with an English voice.

/** @param {HTMLElement} element @param {string} language As the briefing names it; empty where it is not known. */
export function setLanguage(element, language) {
  if (language && element.lang !== language) element.lang = language;
  else if (!language) element.removeAttribute('lang');
}
