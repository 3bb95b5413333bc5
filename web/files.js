// The last screen: what the session left behind.
import { fileText, sizeText } from './words.js';

/**
 * @param {HTMLElement} list
 * @param {{name: string, url: string, bytes: number, sha256: string | null}[]} files
 */
export function renderFiles(list, files) {
  list.replaceChildren(...files.map(itemOf));
}

/** @param {{name: string, url: string, bytes: number, sha256: string | null}} file */
function itemOf({ name, url, bytes, sha256 }) {
  const item = document.createElement('li');
  item.className = 'file';
  const link = document.createElement('a');
  link.textContent = name;
  link.download = name;
  const target = new URL(url, location.href);
  // Only what can be fetched is made a link.
  if (target.protocol === 'http:' || target.protocol === 'https:') link.href = target.href;
  const facts = document.createElement('span');
  facts.className = 'file-facts';
  facts.textContent = `${fileText(name)}, ${sizeText(bytes)}`;
  const hash = document.createElement('code');
  if (sha256) hash.textContent = `sha256 ${sha256}`;
  item.append(link, facts, ...(sha256 ? [hash] : []));
  return item;
}
