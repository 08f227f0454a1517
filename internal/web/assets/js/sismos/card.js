// What the map's popup and tooltip say about one quake.

import { fmtAgo, fmtCoords, fmtDepth, fmtLocal, fmtMag, fmtUtc } from '../format.js';
import { t } from '../i18n.js';
import { el } from '../dom.js';
import { classOf } from './scale.js';

export function placeOf(quake) {
  return quake.place.trim() || t('unknownPlace');
}

/** The magnitude as a small coloured badge with its number. */
export function magBadge(quake) {
  return el('span', { class: `mag mag-${classOf(quake.mag)}` }, fmtMag(quake.mag));
}

export function tsunamiBadge() {
  return el('span', { class: 'badge badge-tsunami', title: t('tsunamiHint') }, t('tsunami'));
}

export function quakeTip(quake) {
  return el('span', {}, el('strong', {}, `M ${fmtMag(quake.mag)}`), ` · ${placeOf(quake)} · ${fmtAgo(quake.time)}`);
}

export function quakeCard(quake) {
  const rows = [
    [t('popMag'), fmtMag(quake.mag)],
    [t('popDepth'), fmtDepth(quake.depth)],
    [t('popUtc'), fmtUtc(quake.time)],
    [t('popLocal'), fmtLocal(quake.time)],
    [t('popCoords'), fmtCoords(quake.lat, quake.lon)],
    [t('popId'), quake.id],
  ];
  const list = el('dl', { class: 'card-facts' });
  for (const [name, value] of rows) list.append(el('dt', {}, name), el('dd', {}, value));
  return el('div', { class: 'card-quake' },
    el('div', { class: 'card-head' }, magBadge(quake),
      el('div', {}, el('p', { class: 'card-place' }, placeOf(quake)),
        el('p', { class: 'card-ago' }, fmtAgo(quake.time), quake.tsunami ? ' ' : null, quake.tsunami ? tsunamiBadge() : null))),
    list,
    usgsLink(quake));
}

// Only ids that look like the USGS's get a link: an id is data, and data makes no URLs.
function usgsLink(quake) {
  if (!/^[a-z]{2}(?=[a-z]*\d)[a-z0-9]{4,20}$/.test(quake.id)) return null;
  return el('a', {
    class: 'card-link', target: '_blank', rel: 'noopener noreferrer',
    href: `https://earthquake.usgs.gov/earthquakes/eventpage/${quake.id}`,
  }, `${t('popUsgs')} ↗`);
}
