// The earthquakes this page knows, one an id: a later record of an id replaces the earlier one.

import { parseTime } from '../format.js';

/**
 * A quake: {id, mag, place, lat, lon, depth, time, tsunami}. mag, lat, lon, depth are numbers
 * or null; time is ms of the epoch or NaN; place is a string, maybe empty, not to be trusted.
 */
export class QuakeStore {
  #byId = new Map();

  get size() {
    return this.#byId.size;
  }

  get(id) {
    return this.#byId.get(id);
  }

  all() {
    return [...this.#byId.values()];
  }

  /**
   * Adds or replaces; returns those whose id was not known before. A quake that comes again
   * unchanged stays the same object, so that nothing is drawn anew for it.
   */
  upsert(quakes) {
    const added = quakes.filter((quake) => !this.#byId.has(quake.id));
    for (const quake of quakes) {
      if (!isSame(this.#byId.get(quake.id), quake)) this.#byId.set(quake.id, quake);
    }
    return added;
  }
}

function isSame(a, b) {
  return a !== undefined && Object.keys(b).every((field) => Object.is(a[field], b[field]));
}

function numberOr(x, fallback) {
  return typeof x === 'number' && Number.isFinite(x) ? x : fallback;
}

function within(x, limit) {
  const n = numberOr(x, null);
  return n !== null && Math.abs(n) <= limit ? n : null;
}

/** The value of a record of topic sismos as a quake, or null when it is none. */
export function quakeOfRecord(record) {
  const v = record.value;
  if (v === null || typeof v !== 'object' || Array.isArray(v)) return null;
  const id = v.id ?? record.key;
  if (id === null || id === undefined || id === '') return null;
  return {
    id: String(id),
    mag: numberOr(v.magnitud, null),
    place: typeof v.lugar === 'string' ? v.lugar : '',
    lat: within(v.latitud, 90),
    lon: within(v.longitud, 360),
    depth: numberOr(v.profundidad_km, null),
    time: parseTime(v.timestamp),
    tsunami: v.tsunami === true,
  };
}

/** A feature of the USGS's GeoJSON as a quake, or null when it is none. */
export function quakeOfFeature(feature) {
  const p = feature?.properties;
  if (!p || feature.id === undefined) return null;
  const [lon, lat, depth] = feature.geometry?.coordinates ?? [];
  return {
    id: String(feature.id),
    mag: numberOr(p.mag, null),
    place: typeof p.place === 'string' ? p.place : '',
    lat: within(lat, 90),
    lon: within(lon, 360),
    depth: numberOr(depth, null),
    time: numberOr(p.time, NaN),
    tsunami: p.tsunami === 1,
  };
}
