// The markers of the map. Weak quakes are circles on one shared canvas (thousands cost
// little), strong ones are elements, so that their number is crisp, above and styled by CSS.
// Both kinds show colour, size and, where it fits, the number.

import { fmtMag } from '../format.js';
import { token } from '../theme.js';
import { el } from '../dom.js';
import { classNames, classOf, isStrong, radiusOf } from './scale.js';

const LABEL_FITS_PX = 9.5;

/** Colours of all classes for the canvas, read again when the theme changes. */
export function readPalette() {
  const palette = {};
  for (const cls of classNames()) {
    palette[cls] = { fill: token(`--m${cls}`), ink: token(`--m${cls}-ink`), ring: token(`--m${cls}-ring`) };
  }
  palette.select = token('--accent');
  return palette;
}

/**
 * A marker of either kind: {quake, layer, setRadiusAt(zoom), setSelected(on), recolour()}.
 * context: {renderer, palette()} of the map.
 */
export function makeMarker(quake, latLng, context) {
  return isStrong(quake.mag) ? strongMarker(quake, latLng) : weakMarker(quake, latLng, context);
}

function strongMarker(quake, latLng) {
  const disc = el('span', { class: `quake mag-${classOf(quake.mag)}`, 'data-id': quake.id }, fmtMag(quake.mag));
  const layer = L.marker(latLng, {
    icon: L.divIcon({ className: 'quake-anchor', html: disc, iconSize: [0, 0] }),
    keyboard: false, // the list is the keyboard's way: a tab stop a quake would be a maze
    zIndexOffset: Math.round(quake.mag * 1000),
    riseOnHover: true,
  });
  return {
    quake,
    layer,
    setRadiusAt(zoom) {
      const radius = radiusOf(quake.mag, zoom);
      disc.style.width = `${(2 * radius).toFixed(1)}px`;
      disc.style.height = disc.style.width;
      disc.style.fontSize = `${Math.min(Math.max(radius * 0.76, 10), 19).toFixed(1)}px`;
    },
    setSelected(on) {
      disc.classList.toggle('selected', on);
    },
    recolour() {
      disc.textContent = fmtMag(quake.mag); // colours are CSS; the number follows the language
    },
  };
}

function weakMarker(quake, latLng, { renderer, palette }) {
  const layer = new (quakeCircle())(latLng, { renderer, quake, palette, radius: 4, bubblingMouseEvents: false });
  return {
    quake,
    layer,
    setRadiusAt(zoom) {
      layer.setRadius(radiusOf(quake.mag, zoom));
    },
    setSelected(on) {
      layer.options.selected = on;
      layer.redraw();
    },
    recolour() {
      layer.redraw();
    },
  };
}

let circleClass = null;

// Leaflet's circle with its own painting: fill, ring and number. Leaflet 1.9's canvas calls
// _updatePath for each layer in the region it repaints; the vendored version is pinned.
function quakeCircle() {
  circleClass ??= L.CircleMarker.extend({
    _updatePath() {
      const renderer = this._renderer;
      if (!renderer._drawing || this._empty()) return;
      const { quake, palette, selected } = this.options;
      paintQuake(renderer._ctx, this._point, this._radius, quake, palette(), selected);
    },
  });
  return circleClass;
}

function paintQuake(ctx, { x, y }, radius, quake, palette, selected) {
  const { fill, ink, ring } = palette[classOf(quake.mag)];
  ctx.beginPath();
  ctx.arc(x, y, radius, 0, 2 * Math.PI);
  ctx.globalAlpha = 0.86;
  ctx.fillStyle = fill;
  ctx.fill();
  ctx.globalAlpha = 1;
  ctx.strokeStyle = selected ? palette.select : ring;
  ctx.lineWidth = selected ? 3 : 1;
  ctx.setLineDash(quake.mag === null ? [2, 2] : []);
  ctx.stroke();
  ctx.setLineDash([]);
  if (radius < LABEL_FITS_PX) return;
  ctx.fillStyle = ink;
  ctx.font = `600 ${Math.min(12, Math.max(8.5, radius * 0.82)).toFixed(1)}px system-ui, sans-serif`;
  ctx.textAlign = 'center';
  ctx.textBaseline = 'middle';
  ctx.fillText(fmtMag(quake.mag), x, y + 0.5);
}

/** Does the marker show its number now? (Strong ones always do.) */
export function showsNumber(quake, zoom) {
  return isStrong(quake.mag) || radiusOf(quake.mag, zoom) >= LABEL_FITS_PX;
}
