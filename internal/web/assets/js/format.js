// Numbers and times in the page's language.

import { t, locale } from './i18n.js';

const SECOND = 1000;
export const MINUTE = 60 * SECOND;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;

const formatters = new Map();

// Intl formatters are slow to make and quick to use: one of each kind a locale.
function formatter(kind, make) {
  const key = `${locale()}/${kind}`;
  if (!formatters.has(key)) formatters.set(key, make(locale()));
  return formatters.get(key);
}

function isNumber(x) {
  return typeof x === 'number' && Number.isFinite(x);
}

export function fmtNumber(x, digits = 0) {
  if (!isNumber(x)) return t('na');
  return formatter(`n${digits}`, (l) => new Intl.NumberFormat(l, {
    minimumFractionDigits: digits, maximumFractionDigits: digits,
  })).format(x === 0 ? 0 : x); // never "-0"
}

/** One decimal, as seismologists write it; "s/d" when the feed does not know. */
export function fmtMag(mag) {
  if (!isNumber(mag)) return t('na');
  const rounded = Math.round(mag * 10) / 10;
  return fmtNumber(rounded === 0 ? 0 : rounded, 1);
}

export function fmtInt(n) {
  return fmtNumber(n, 0);
}

export function fmtDepth(km) {
  return isNumber(km) ? `${fmtNumber(km, Math.abs(km) < 99.95 ? 1 : 0)} km` : t('na');
}

export function fmtRate(perSecond) {
  if (!isNumber(perSecond)) return '–';
  return fmtNumber(perSecond, perSecond > 0 && perSecond < 99.95 ? 1 : 0);
}

export function fmtBytes(bytes) {
  if (!isNumber(bytes)) return '–';
  const units = ['B', 'KB', 'MB', 'GB', 'TB'];
  let size = bytes;
  let unit = 0;
  while (size >= 999.5 && unit < units.length - 1) {
    size /= 1024;
    unit += 1;
  }
  return `${fmtNumber(size, unit === 0 || size >= 99.5 ? 0 : 1)} ${units[unit]}`;
}

/** "35,34° N, 117,80° O": the hemisphere as a letter, the number without a sign. */
export function fmtCoords(lat, lon) {
  if (!isNumber(lat) || !isNumber(lon)) return t('na');
  const part = (x, positive, negative) => `${fmtNumber(Math.abs(x), 3)}° ${x >= 0 ? positive : negative}`;
  return `${part(lat, t('north'), t('south'))}, ${part(lon, t('east'), t('west'))}`;
}

/** How long ago, in words: "hace 12 s". Times ahead of the clock (skew) count as now. */
export function fmtAgo(ms, now = Date.now()) {
  if (!isNumber(ms)) return t('na');
  const age = Math.max(0, now - ms);
  const say = (n, unit) => formatter('rel', (l) => new Intl.RelativeTimeFormat(l, { style: 'short', numeric: 'always' }))
    .format(-n, unit);
  if (age < 5 * SECOND) return t('justNow');
  if (age < MINUTE) return say(Math.floor(age / SECOND), 'second');
  if (age < HOUR) return say(Math.floor(age / MINUTE), 'minute');
  if (age < 2 * DAY) return say(Math.floor(age / HOUR), 'hour');
  return say(Math.floor(age / DAY), 'day');
}

function stamp(ms, timeZone, withDate) {
  const date = withDate ? { year: 'numeric', month: '2-digit', day: '2-digit' } : {};
  return formatter(`t${timeZone}${withDate}`, (l) => new Intl.DateTimeFormat(l, {
    ...date, hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23',
    timeZone, timeZoneName: 'short',
  })).format(ms);
}

export function fmtUtc(ms) {
  return isNumber(ms) ? `${new Date(ms).toISOString().slice(0, 19).replace('T', ' ')} UTC` : t('na');
}

/** "24 nov, 13:40 UTC", for narrow columns. */
export function fmtUtcShort(ms) {
  if (!isNumber(ms)) return t('na');
  return `${formatter('short', (l) => new Intl.DateTimeFormat(l, {
    day: 'numeric', month: 'short', hour: '2-digit', minute: '2-digit', hourCycle: 'h23', timeZone: 'UTC',
  })).format(ms)} UTC`;
}

export function fmtLocal(ms) {
  return isNumber(ms) ? stamp(ms, undefined, true) : t('na');
}

export function fmtClock(ms) {
  return isNumber(ms) ? stamp(ms, undefined, false) : t('na');
}

/** "13:40" in UTC, for the axis and rows of windows. */
export function fmtUtcMinute(ms) {
  return new Date(ms).toISOString().slice(11, 16);
}

/** For search: without case and without accents. */
export function fold(text) {
  return String(text).normalize('NFD').replace(/\p{M}/gu, '').toLowerCase();
}

/**
 * A time of the API in ms of the epoch, or NaN: ISO 8601 with a zone, or Spark's cast of a
 * timestamp to string ("2024-01-01 10:00:00[.SSS]"), which the API gives in UTC.
 */
export function parseTime(text) {
  if (isNumber(text)) return text;
  if (typeof text !== 'string') return NaN;
  const plain = /^(\d{4}-\d{2}-\d{2})[ T](\d{2}:\d{2}:\d{2}(?:\.\d{1,9})?)$/.exec(text);
  return Date.parse(plain ? `${plain[1]}T${plain[2].slice(0, 12)}Z` : text);
}
