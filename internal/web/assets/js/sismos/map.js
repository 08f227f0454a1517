// The map: Leaflet, the built-in world, the markers of the visible quakes, one popup.

import { prefersCalm } from '../theme.js';
import { el } from '../dom.js';
import { quakeCard, quakeTip } from './card.js';
import { startControls } from './controls.js';
import { makeMarker, readPalette, showsNumber } from './markers.js';
import { classOf, radiusOf } from './scale.js';
import { loadWorld, worldLayer } from './world.js';

const HOME = { lat: 22, lon: 10 }; // cuts the world in the empty Pacific, just east of Asia
const PULSE_MS = 6000;
const MAX_ZOOM = 12;

/** The copy of lon (a world is 360° wide) that lies nearest to the middle of the view. */
export function nearestCopy(lon, middle) {
  return lon + 360 * Math.round((middle - lon) / 360);
}

export class QuakeMap {
  #map;
  #world = worldLayer();
  #renderer;
  #palette = readPalette();
  #markers = new Map(); // id -> marker of markers.js
  #selected = null;
  #popup;
  #tip;

  /** onClose is called when the popup closes, onPick(id) when a marker is clicked. */
  constructor(container, { onPick, onClose }) {
    this.#map = makeMap(container, this.#world);
    this.#renderer = L.canvas({ padding: 0.4, tolerance: 3, pane: 'quakes' });
    this.#popup = L.popup({ maxWidth: 290, minWidth: 220, autoPanPadding: [24, 24] });
    this.#tip = L.tooltip({ className: 'quake-tip', direction: 'top' });
    this.#onPick = onPick;
    this.#map.on('zoomend', () => this.#resize());
    this.#map.on('moveend', () => this.#keepNear());
    this.#map.on('popupclose', () => {
      this.#mark(null);
      onClose();
    });
    startControls(this.#map, this.#world, () => this.showWorld());
    document.addEventListener('azud:theme', () => this.#recolour());
    document.addEventListener('azud:lang', () => this.#recolour());
    new ResizeObserver(() => this.#map.invalidateSize({ animate: false })).observe(container);
    this.showWorld(false);
    container.azudMarkers = () => this.#describe(); // what the browser tests look at
    loadWorld().then((world) => this.#world.setWorld(world), (error) => console.error(error.message));
  }

  #onPick;

  /** Makes the markers equal to quakes: no more, no less. */
  sync(quakes) {
    const wanted = new Set();
    const added = [];
    for (const quake of quakes) {
      if (quake.lat === null || quake.lon === null) continue;
      wanted.add(quake.id);
      const old = this.#markers.get(quake.id);
      if (old?.quake === quake) continue;
      if (old) this.#remove(quake.id);
      added.push(quake);
    }
    for (const id of [...this.#markers.keys()]) if (!wanted.has(id)) this.#remove(id);
    added.sort((a, b) => (a.mag ?? -9) - (b.mag ?? -9)); // the stronger is drawn above
    for (const quake of added) this.#add(quake);
    this.#map.getContainer().dataset.markers = String(this.#markers.size);
    if (this.#selected && !this.#markers.has(this.#selected)) this.close();
  }

  /** Shows the quake's popup; move brings it into view. False when it is not on the map. */
  select(id, { move = true } = {}) {
    const marker = this.#markers.get(id);
    if (!marker) return false;
    this.#map.closeTooltip(this.#tip);
    if (move) this.#moveTo(marker.layer.getLatLng());
    this.#popup.options.autoPan = !move;
    if (this.#selected && this.#selected !== id) this.#map.closePopup(this.#popup);
    this.#mark(id);
    this.#popup.options.maxWidth = Math.min(290, this.#map.getSize().x - 70);
    this.#popup.options.offset = [0, -Math.round(radiusOf(marker.quake.mag, this.#map.getZoom())) + 4];
    this.#popup.setLatLng(marker.layer.getLatLng()).setContent(quakeCard(marker.quake)).openOn(this.#map);
    return true;
  }

  close() {
    this.#map.closePopup();
  }

  isOpen() {
    return this.#popup.isOpen();
  }

  showWorld(animate = !prefersCalm()) {
    const { x, y } = this.#map.getSize();
    const zoom = Math.log2(Math.max(x, y * 0.8, 256) / 256);
    this.#map.setView([HOME.lat, HOME.lon], Math.max(zoom, this.#map.getMinZoom()), { animate });
  }

  /** A ring that spreads from a new quake. With reduced motion it stands still (CSS). */
  pulse(id) {
    const marker = this.#markers.get(id);
    if (!marker) return;
    const ring = el('span', { class: `pulse pulse-${classOf(marker.quake.mag)}` });
    const icon = L.divIcon({ className: 'quake-anchor', html: ring, iconSize: [0, 0] });
    const layer = L.marker(marker.layer.getLatLng(), { icon, interactive: false, keyboard: false, pane: 'pulses' });
    layer.addTo(this.#map);
    setTimeout(() => layer.remove(), PULSE_MS);
  }

  /** Refreshes relative times in an open popup. */
  tick() {
    const open = this.isOpen() && this.#markers.get(this.#selected);
    if (!open) return;
    const ago = this.#popup.getElement()?.querySelector('.card-ago');
    ago?.replaceWith(quakeCard(open.quake).querySelector('.card-ago'));
  }

  #add(quake) {
    const at = [quake.lat, nearestCopy(quake.lon, this.#map.getCenter().lng)];
    const marker = makeMarker(quake, at, { renderer: this.#renderer, palette: () => this.#palette });
    this.#markers.set(quake.id, marker);
    marker.layer.addTo(this.#map);
    marker.setRadiusAt(this.#map.getZoom());
    if (quake.id === this.#selected) marker.setSelected(true);
    marker.layer.on('click', () => this.#onPick(quake.id));
    marker.layer.on('mouseover', () => this.#hover(quake.id));
    marker.layer.on('mouseout', () => this.#map.closeTooltip(this.#tip));
  }

  // The marker goes below the middle, so that its popup fits above it.
  #moveTo(latLng) {
    const zoom = Math.max(this.#map.getZoom(), 4);
    const up = Math.min(130, this.#map.getSize().y * 0.3);
    const middle = this.#map.unproject(this.#map.project(latLng, zoom).subtract([0, up]), zoom);
    this.#map.setView(middle, zoom, { animate: !prefersCalm() });
  }

  #remove(id) {
    this.#markers.get(id).layer.remove();
    this.#markers.delete(id);
  }

  #hover(id) {
    const marker = this.#markers.get(id);
    if (!marker || (id === this.#selected && this.isOpen())) return;
    this.#tip.options.offset = [0, -Math.round(radiusOf(marker.quake.mag, this.#map.getZoom()))];
    this.#tip.setLatLng(marker.layer.getLatLng()).setContent(quakeTip(marker.quake)).addTo(this.#map);
  }

  #mark(id) {
    this.#markers.get(this.#selected)?.setSelected(false);
    this.#selected = id;
    this.#markers.get(id)?.setSelected(true);
  }

  #resize() {
    for (const marker of this.#markers.values()) marker.setRadiusAt(this.#map.getZoom());
  }

  // Across the antimeridian: each quake is shown in the copy of the world that is in view.
  #keepNear() {
    const middle = this.#map.getCenter().lng;
    for (const { quake, layer } of this.#markers.values()) {
      const lon = nearestCopy(quake.lon, middle);
      if (layer.getLatLng().lng !== lon) layer.setLatLng([quake.lat, lon]);
    }
  }

  #recolour() {
    this.#palette = readPalette();
    this.#world.redraw();
    for (const marker of this.#markers.values()) marker.recolour();
    const open = this.isOpen() && this.#markers.get(this.#selected);
    if (open) this.#popup.setContent(quakeCard(open.quake));
  }

  #describe() {
    const zoom = this.#map.getZoom();
    return [...this.#markers.values()].map(({ quake, layer }) => {
      const { x, y } = this.#map.latLngToContainerPoint(layer.getLatLng());
      const cls = classOf(quake.mag);
      return {
        id: quake.id, mag: quake.mag, x, y, cls, radius: radiusOf(quake.mag, zoom),
        colour: this.#palette[cls].fill, number: showsNumber(quake, zoom), lon: layer.getLatLng().lng,
      };
    });
  }
}


function makeMap(container, world) {
  const map = L.map(container, {
    zoomControl: false, attributionControl: true, minZoom: 0, maxZoom: MAX_ZOOM,
    zoomSnap: 0.25, zoomDelta: 1, wheelPxPerZoomLevel: 90,
    maxBounds: [[-85, -100000], [85, 100000]], maxBoundsViscosity: 1,
    zoomAnimation: !prefersCalm(), fadeAnimation: !prefersCalm(), inertia: !prefersCalm(),
    center: [HOME.lat, HOME.lon], zoom: 1,
  });
  map.attributionControl.setPrefix('<a href="https://leafletjs.com" rel="noopener noreferrer">Leaflet</a>');
  map.createPane('world').style.zIndex = '150';
  map.createPane('pulses').style.zIndex = '390';
  map.createPane('quakes').style.zIndex = '450';
  map.getPane('markerPane').setAttribute('aria-hidden', 'true'); // the table says it all
  world.addTo(map);
  return map;
}
