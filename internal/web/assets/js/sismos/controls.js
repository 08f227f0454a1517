// The map's own controls: zoom, whole world, layers, legend.

import { fmtNumber } from '../format.js';
import { t } from '../i18n.js';
import { el, setText } from '../dom.js';
import { CLASS_MINS, radiusOf } from './scale.js';

const OSM_TILES = 'https://tile.openstreetmap.org/{z}/{x}/{y}.png';
const OSM_CREDIT = '© <a href="https://www.openstreetmap.org/copyright" rel="noopener noreferrer">OpenStreetMap</a>';
const NARROW = '(max-width: 720px)';

/** Puts the controls on the map. world is the built-in base layer; online tiles are opt-in. */
export function startControls(map, world, showWorld) {
  const osm = L.tileLayer(OSM_TILES, { attribution: OSM_CREDIT, maxZoom: 19, referrerPolicy: 'strict-origin-when-cross-origin' });
  const legend = legendControl();
  let shown = [];
  const draw = () => {
    for (const control of shown) control.remove();
    shown = [zoomControl(showWorld), layersControl(world, osm), legend];
    for (const control of shown) control.addTo(map);
    drawLegend(legend.getContainer());
    const toggle = map.getContainer().querySelector('.leaflet-control-layers-toggle');
    toggle.setAttribute('role', 'button');
    toggle.setAttribute('aria-label', t('layers'));
    toggle.title = t('layers');
  };
  draw();
  document.addEventListener('azud:lang', draw);
  map.on('popupopen', ({ popup }) => {
    popup.getElement().querySelector('.leaflet-popup-close-button')?.setAttribute('aria-label', t('closePopup'));
  });
}

function zoomControl(showWorld) {
  const control = L.control.zoom({ position: 'topleft', zoomInTitle: t('zoomIn'), zoomOutTitle: t('zoomOut') });
  const addTo = control.addTo.bind(control);
  control.addTo = (map) => {
    addTo(map);
    const home = el('a', { href: '#', role: 'button', class: 'zoom-world', title: t('zoomWorld'), 'aria-label': t('zoomWorld') }, '⤢');
    L.DomEvent.disableClickPropagation(home);
    L.DomEvent.on(home, 'click', (event) => {
      L.DomEvent.stop(event);
      showWorld();
    });
    control.getContainer().append(home);
    return control;
  };
  return control;
}

function layersControl(world, osm) {
  return L.control.layers({ [t('mapWorld')]: world, [t('mapOsm')]: osm }, null, { position: 'topright' });
}

function legendControl() {
  const control = L.control({ position: 'bottomleft' });
  const box = el('details', { class: 'legend' }, el('summary'), el('ul'), el('p'));
  box.open = !matchMedia(NARROW).matches;
  L.DomEvent.disableClickPropagation(box);
  L.DomEvent.disableScrollPropagation(box);
  control.onAdd = () => box;
  return control;
}

function drawLegend(box) {
  setText(box.querySelector('summary'), t('legendTitle'));
  setText(box.querySelector('p'), t('legendNote'));
  box.querySelector('ul').replaceChildren(...CLASS_MINS.map((min, i) => legendItem(String(i), min, CLASS_MINS[i + 1])),
    legendItem('na', null, null));
}

function legendItem(cls, min, max) {
  const dot = el('span', { class: `dot mag-${cls}` });
  const size = `${(cls === 'na' ? 9 : Math.min(1.5 * radiusOf(Math.max(min, 0.2) + 0.2, 2), 32)).toFixed(0)}px`; // smaller than life
  dot.style.width = size;
  dot.style.height = size;
  return el('li', {}, el('span', { class: 'dot-cell' }, dot), el('span', {}, legendText(cls, min, max)));
}

function legendText(cls, min, max) {
  const say = (x) => fmtNumber(x, Number.isInteger(x) ? 0 : 1);
  if (cls === 'na') return t('legendUnknown');
  if (min === -Infinity) return t('legendBelow', { max: say(max) });
  if (max === undefined) return t('legendAbove', { min: say(min) });
  return `${say(min)} – ${say(max - 0.1)}`;
}
