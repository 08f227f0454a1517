// Spanish and English. A key has both texts side by side, so that neither is forgotten.

import { MESSAGES } from './messages.js';
import { remember } from './theme.js';

const LANG_KEY = 'azud.lang';

export function lang() {
  return document.documentElement.lang === 'es' ? 'es' : 'en';
}

/** The user's own regional form of the language, e.g. es-MX, so that numbers look right. */
export function locale() {
  const own = [...(navigator.languages ?? [])].find((l) => l.toLowerCase().split('-')[0] === lang());
  return own ?? lang();
}

/** The text of key; {name} is replaced by args.name. Unknown keys throw: they are mistakes. */
export function t(key, args = {}) {
  const pair = MESSAGES[key];
  if (!pair) throw new Error(`no message "${key}"`);
  return pair[lang() === 'es' ? 0 : 1].replace(/\{(\w+)\}/g, (_, name) => String(args[name] ?? ''));
}

/**
 * Translates the static texts below root: data-i18n="key" is the text of an element,
 * data-i18n-attr="aria-label:key title:key2" its attributes.
 */
export function translate(root = document) {
  for (const node of root.querySelectorAll('[data-i18n]')) node.textContent = t(node.dataset.i18n);
  for (const node of root.querySelectorAll('[data-i18n-attr]')) {
    for (const pair of node.dataset.i18nAttr.split(' ')) {
      const [attr, key] = pair.split(':');
      node.setAttribute(attr, t(key));
    }
  }
}

/** Makes the buttons (data-lang="es" and "en") switch the language. Pages listen to `azud:lang`. */
export function startLanguage(buttons) {
  const mark = () => {
    for (const b of buttons) b.setAttribute('aria-pressed', String(b.dataset.lang === lang()));
  };
  for (const button of buttons) {
    button.addEventListener('click', () => {
      remember(LANG_KEY, button.dataset.lang);
      document.documentElement.lang = button.dataset.lang;
      translate();
      mark();
      document.dispatchEvent(new CustomEvent('azud:lang', { detail: lang() }));
    });
  }
  translate();
  mark();
}
