// One scale for everything that shows a magnitude: classes (colour), radius (size).
// The colours are the tokens --m0 … --m5 and --mna of sismos.css; they are ordered by
// lightness, so the order survives colour blindness and grey printing.

export const CLASS_MINS = [-Infinity, 1, 2.5, 4.5, 6, 7];

/** From here on a quake is strong: announced, and drawn with its number at any zoom. */
export const STRONG = 4.5;

export function isStrong(mag) {
  return mag !== null && mag >= STRONG;
}

/** The class of a magnitude as the ending of its token: "0" … "5", or "na" when unknown. */
export function classOf(mag) {
  if (mag === null) return 'na';
  let cls = 0;
  while (cls + 1 < CLASS_MINS.length && mag >= CLASS_MINS[cls + 1]) cls += 1;
  return String(cls);
}

/** Radius in pixels. It grows with magnitude, and a little with zoom, so that close views read well. */
export function radiusOf(mag, zoom) {
  const base = 3.3 * 1.34 ** Math.min(Math.max(mag ?? 1, -0.5), 9);
  const closer = zoom < 1.25 ? 0.85 : 1 + 0.16 * Math.max(0, zoom - 2.5);
  return Math.min(base * Math.min(closer, 2.4), Math.max(base, 26));
}

/** Colour tokens of one class, read from the style sheet. */
export function classNames() {
  return [...CLASS_MINS.keys()].map(String).concat('na');
}
