// The theme: the system's until the user chooses, then the user's, remembered.

const THEME_KEY = 'azud.theme';

/** Remembers a choice; where storage is forbidden the choice lasts as long as the page. */
export function remember(key, value) {
  try {
    localStorage.setItem(key, value);
  } catch {
    // Nothing to do: the page works without memory.
  }
}

export function recall(key) {
  try {
    return localStorage.getItem(key);
  } catch {
    return null;
  }
}

export function currentTheme() {
  return document.documentElement.dataset.theme;
}

function applyTheme(theme) {
  document.documentElement.dataset.theme = theme;
  document.dispatchEvent(new CustomEvent('azud:theme', { detail: theme }));
}

/** Makes button toggle the theme. Everything drawn on a canvas listens to `azud:theme`. */
export function startTheme(button) {
  const mark = () => button.setAttribute('aria-pressed', String(currentTheme() === 'dark'));
  mark();
  button.addEventListener('click', () => {
    const next = currentTheme() === 'dark' ? 'light' : 'dark';
    remember(THEME_KEY, next);
    applyTheme(next);
  });
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', (event) => {
    if (!recall(THEME_KEY)) applyTheme(event.matches ? 'dark' : 'light');
  });
  document.addEventListener('azud:theme', mark);
}

/** A colour token of azud.css, for canvas. */
export function token(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

export function prefersCalm() {
  return matchMedia('(prefers-reduced-motion: reduce)').matches;
}
