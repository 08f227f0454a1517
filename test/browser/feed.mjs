// Recorded USGS feeds as records of topic sismos, their times shifted so that the newest is now.

import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';

const here = dirname(fileURLToPath(import.meta.url));

/** The folder of recorded feeds: AZUD_USGS_DIR, else the sample that the pipeline ships. */
export const USGS_DIR = process.env.AZUD_USGS_DIR || join(here, '../../pipelines/sismos/demo');

/** All distinct features of the recorded files, oldest first. */
export function readFeatures(dir = USGS_DIR) {
  const byId = new Map();
  for (const file of readdirSync(dir).filter((f) => /json(\.gz)?$/.test(f)).sort()) {
    const bytes = readFileSync(join(dir, file));
    const { features = [] } = JSON.parse(file.endsWith('.gz') ? gunzipSync(bytes) : bytes);
    for (const feature of features) byId.set(feature.id, feature);
  }
  if (byId.size === 0) throw new Error(`no recorded feed in ${dir}: set AZUD_USGS_DIR`);
  return [...byId.values()].sort((a, b) => a.properties.time - b.properties.time);
}

/** The same features with times moved so that the newest happened a minute ago. */
export function shiftToNow(features, now = Date.now()) {
  const shift = now - 60_000 - features.at(-1).properties.time;
  return features.map((f) => ({ ...f, properties: { ...f.properties, time: f.properties.time + shift } }));
}

/** The record value that the flow ingesta writes for a feature. */
export function valueOf({ id, properties: p, geometry }) {
  const [longitud, latitud, profundidad_km] = geometry.coordinates;
  return {
    id, magnitud: p.mag, lugar: p.place, latitud, longitud, profundidad_km,
    timestamp: new Date(p.time).toISOString(), tsunami: p.tsunami === 1,
  };
}

const sparkTime = (ms) => new Date(ms).toISOString().slice(0, 19).replace('T', ' ');

/** The live table estadisticas over values, as the API gives it. */
export function estadisticas(values) {
  const size = 300_000;
  const windows = new Map();
  for (const { timestamp, magnitud } of values) {
    const start = Math.floor(Date.parse(timestamp) / size) * size;
    if (Number.isNaN(start)) continue;
    if (!windows.has(start)) windows.set(start, []);
    windows.get(start).push(magnitud);
  }
  const rows = [...windows].sort(([a], [b]) => a - b).map(([start, mags]) => {
    const known = mags.filter((m) => m !== null);
    const avg = known.length ? known.reduce((a, b) => a + b, 0) / known.length : null;
    const max = known.length ? Math.max(...known) : null;
    return [{ start: sparkTime(start), end: sparkTime(start + size) }, mags.length, avg, max];
  });
  return {
    name: 'estadisticas',
    schema: [['ventana', 'struct<start:timestamp,end:timestamp>'], ['sismos', 'bigint'],
      ['magnitud_media', 'double'], ['magnitud_maxima', 'double']],
    rows,
  };
}
