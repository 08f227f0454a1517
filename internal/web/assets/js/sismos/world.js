// The built-in world map: a Leaflet renderer that draws Natural Earth's land and borders on
// one canvas, crisp at any zoom, in as many copies side by side as the view shows.

import { token } from '../theme.js';

const MAX_LAT = 85.0511;
const SKIP_PX = 0.6; // points nearer than this to the last one drawn do not show

function mercator([lon, lat]) {
  const clamped = Math.min(Math.max(lat, -MAX_LAT), MAX_LAT) * (Math.PI / 180);
  const y = 0.5 - Math.log(Math.tan(Math.PI / 4 + clamped / 2)) / (2 * Math.PI);
  return [lon / 360 + 0.5, y];
}

// A line of [lon, lat] as flat Mercator coordinates with its box. x runs on across the
// antimeridian (world-atlas does not cut there), so a shape may reach beyond 0..1.
function project(line) {
  const xy = new Float64Array(line.length * 2);
  const box = [Infinity, Infinity, -Infinity, -Infinity];
  let turns = 0;
  line.forEach((point, i) => {
    const step = i === 0 ? 0 : point[0] - line[i - 1][0];
    if (Math.abs(step) > 180) turns -= Math.sign(step);
    const [x, y] = mercator([point[0] + 360 * turns, point[1]]);
    xy[2 * i] = x;
    xy[2 * i + 1] = y;
    box[0] = Math.min(box[0], x);
    box[1] = Math.min(box[1], y);
    box[2] = Math.max(box[2], x);
    box[3] = Math.max(box[3], y);
  });
  return { xy, box, turns };
}

// A ring that runs around the pole (Antarctica) does not close on the map: it is closed below it.
function projectRing(ring) {
  const shape = project(ring);
  if (shape.turns === 0) return shape;
  const [first, last] = [shape.xy[0], shape.xy[shape.xy.length - 2]];
  const xy = new Float64Array(shape.xy.length + 4);
  xy.set(shape.xy);
  xy.set([last, 1.01, first, 1.01], shape.xy.length);
  return { xy, box: [shape.box[0], shape.box[1], shape.box[2], 1.01], turns: 0 };
}

function graticule() {
  const lines = [];
  for (let lon = -180; lon < 180; lon += 30) lines.push([[lon, -MAX_LAT], [lon, MAX_LAT]]);
  for (let lat = -60; lat <= 60; lat += 30) lines.push([-180, -60, 60, 180].map((lon) => [lon, lat]));
  return lines;
}

/** world-atlas's TopoJSON as shapes that can be drawn quickly. */
export function prepareWorld(atlas) {
  const land = topojson.feature(atlas, atlas.objects.land);
  const polygons = (land.features ?? [land]).flatMap((f) => (
    f.geometry.type === 'Polygon' ? [f.geometry.coordinates] : f.geometry.coordinates));
  const borders = topojson.mesh(atlas, atlas.objects.countries, (a, b) => a !== b);
  return {
    land: polygons.map((rings) => rings.map(projectRing)),
    coast: polygons.flat().map(project),
    borders: borders.coordinates.map(project),
    graticule: graticule().map(project),
  };
}

/** The world of the page: embedded by the exporter as #world, else fetched from the daemon. */
export async function loadWorld() {
  const embedded = document.getElementById('world');
  if (embedded) return prepareWorld(JSON.parse(embedded.textContent));
  const response = await fetch('/assets/vendor/world-atlas/countries-50m.json');
  if (!response.ok) throw new Error(`world map: HTTP ${response.status}`);
  return prepareWorld(await response.json());
}

/** A Leaflet layer. Call setWorld when the shapes are there, and redraw when colours change. */
export function worldLayer() {
  return new (L.Renderer.extend(WORLD_METHODS))({ pane: 'world', padding: 0.4, attribution: 'Natural Earth' });
}

const WORLD_METHODS = {
  setWorld(world) {
    this._world = world;
    this.redraw();
  },

  redraw() {
    if (this._map && this._bounds) this._draw();
  },

  _initContainer() {
    this._container = document.createElement('canvas');
    this._container.className = 'world';
    this._ctx = this._container.getContext('2d');
  },

  _destroyContainer() {
    this._container.remove();
    delete this._container;
    delete this._ctx;
  },

  _update() {
    if (this._map._animatingZoom && this._bounds) return;
    L.Renderer.prototype._update.call(this);
    const size = this._bounds.getSize();
    const ratio = Math.min(window.devicePixelRatio || 1, 2);
    L.DomUtil.setPosition(this._container, this._bounds.min);
    this._container.width = Math.round(size.x * ratio);
    this._container.height = Math.round(size.y * ratio);
    this._container.style.width = `${size.x}px`;
    this._container.style.height = `${size.y}px`;
    this._ratio = ratio;
    this._draw();
  },

  _draw() {
    const ctx = this._ctx;
    const size = this._bounds.getSize();
    ctx.setTransform(this._ratio, 0, 0, this._ratio, 0, 0);
    ctx.clearRect(0, 0, size.x, size.y);
    if (!this._world) return;
    const scale = 256 * 2 ** this._zoom;
    const origin = this._map.getPixelOrigin().add(this._bounds.min);
    const first = Math.floor(origin.x / scale);
    const last = Math.floor((origin.x + size.x) / scale);
    for (let copy = first - 1; copy <= last + 1; copy += 1) {
      this._drawCopy({ scale, dx: copy * scale - origin.x, dy: -origin.y, w: size.x, h: size.y });
    }
  },

  _drawCopy(view) {
    const ctx = this._ctx;
    ctx.lineJoin = 'round';
    ctx.strokeStyle = token('--map-grid');
    ctx.lineWidth = 1;
    this._stroke(this._world.graticule, view);
    ctx.fillStyle = token('--map-land');
    ctx.beginPath();
    for (const rings of this._world.land) {
      if (isOutside(rings[0].box, view)) continue;
      for (const ring of rings) trace(ctx, ring.xy, view);
    }
    ctx.fill('evenodd');
    ctx.strokeStyle = token('--map-border');
    ctx.lineWidth = this._zoom < 3 ? 0.6 : 1;
    this._stroke(this._world.borders, view);
    ctx.strokeStyle = token('--map-coast');
    ctx.lineWidth = this._zoom < 3 ? 0.7 : 1.1;
    this._stroke(this._world.coast, view);
  },

  _stroke(lines, view) {
    this._ctx.beginPath();
    for (const line of lines) {
      if (!isOutside(line.box, view)) trace(this._ctx, line.xy, view);
    }
    this._ctx.stroke();
  },
};

function isOutside(box, { scale, dx, dy, w, h }) {
  return box[2] * scale + dx < 0 || box[0] * scale + dx > w
    || box[3] * scale + dy < 0 || box[1] * scale + dy > h;
}

function trace(ctx, xy, { scale, dx, dy }) {
  let px = xy[0] * scale + dx;
  let py = xy[1] * scale + dy;
  ctx.moveTo(px, py);
  for (let i = 2; i < xy.length; i += 2) {
    const x = xy[i] * scale + dx;
    const y = xy[i + 1] * scale + dy;
    if (i + 2 < xy.length && Math.abs(x - px) < SKIP_PX && Math.abs(y - py) < SKIP_PX) continue;
    ctx.lineTo(x, y);
    px = x;
    py = y;
  }
}
