// The filters: minimum magnitude (slider and quick buttons), time range, place.

import { DAY, HOUR, fmtMag, fmtNumber, fold } from '../format.js';
import { t } from '../i18n.js';
import { byId, setText } from '../dom.js';

const RANGES = { '1h': HOUR, '24h': DAY, '7d': 7 * DAY };
const TYPING_PAUSE_MS = 150;

/** A test of quakes: which pass the filter at this moment. Unknown magnitudes pass only "all". */
export function passes(filter, now) {
  const after = filter.range === 'all' ? -Infinity : now - RANGES[filter.range];
  const words = fold(filter.text).split(/\s+/).filter(Boolean);
  return (quake) => {
    if (filter.min > 0 && !(quake.mag !== null && quake.mag >= filter.min)) return false;
    if (filter.range !== 'all' && !(quake.time >= after)) return false;
    if (words.length === 0) return true;
    const place = fold(quake.place);
    return words.every((word) => place.includes(word));
  };
}

export function isFiltering(filter) {
  return filter.min > 0 || filter.range !== 'all' || filter.text.trim() !== '';
}

/** The filter in words, for "statistics follow the filter: …". */
export function describeFilter(filter) {
  const parts = [];
  if (filter.min > 0) parts.push(t('scopeMin', { min: fmtMag(filter.min) }));
  if (filter.range !== 'all') parts.push(t(`scope${filter.range}`));
  if (filter.text.trim()) parts.push(t('scopeText', { text: filter.text.trim() }));
  return parts.join(' · ');
}

/** Wires the controls. onChange gets the new filter {min, range, text}. The URL's hash keeps it. */
export function startFilters(onChange) {
  const slider = byId('min-mag');
  const search = byId('place');
  const quick = [...document.querySelectorAll('[data-min]')];
  const ranges = [...document.querySelectorAll('[data-range]')];
  let filter = readHash();
  let typing = 0;

  const draw = () => {
    slider.value = String(filter.min);
    const label = filter.min > 0 ? `≥ ${fmtMag(filter.min)}` : t('all');
    setText(byId('min-mag-value'), label);
    slider.setAttribute('aria-valuetext', label);
    for (const b of quick) {
      const min = Number(b.dataset.min);
      setText(b, min === 0 ? t('all') : `${fmtNumber(min, Number.isInteger(min) ? 0 : 1)}+`);
      b.setAttribute('aria-pressed', String(min === filter.min));
    }
    for (const b of ranges) b.setAttribute('aria-pressed', String(b.dataset.range === filter.range));
    if (search.value.trim() !== filter.text.trim()) search.value = filter.text;
    byId('filter-reset').hidden = !isFiltering(filter);
  };
  const set = (change) => {
    filter = { ...filter, ...change };
    draw();
    writeHash(filter);
    onChange(filter);
  };

  slider.addEventListener('input', () => set({ min: Number(slider.value) }));
  for (const b of quick) b.addEventListener('click', () => set({ min: Number(b.dataset.min) }));
  for (const b of ranges) b.addEventListener('click', () => set({ range: b.dataset.range }));
  search.addEventListener('input', () => {
    clearTimeout(typing);
    typing = setTimeout(() => set({ text: search.value }), TYPING_PAUSE_MS);
  });
  const reset = () => {
    search.value = '';
    set({ min: 0, range: 'all', text: '' });
    slider.focus();
  };
  byId('filter-reset').addEventListener('click', reset);
  byId('empty-reset').addEventListener('click', reset);
  document.addEventListener('azud:lang', draw);
  draw();
  onChange(filter);
}

function readHash() {
  const given = new URLSearchParams(location.hash.slice(1));
  const min = Math.round(Number(given.get('m')) * 10) / 10;
  const range = given.get('t');
  return {
    min: min > 0 && min <= 8 ? min : 0,
    range: range in RANGES ? range : 'all',
    text: (given.get('q') ?? '').slice(0, 100),
  };
}

function writeHash({ min, range, text }) {
  const kept = new URLSearchParams();
  if (min > 0) kept.set('m', String(min));
  if (range !== 'all') kept.set('t', range);
  if (text.trim()) kept.set('q', text.trim());
  const hash = kept.toString();
  history.replaceState(null, '', hash ? `#${hash}` : location.pathname + location.search);
}
