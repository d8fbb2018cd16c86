/**
 * Which rows of a long table are in view, and where the page puts them. Pure.
 *
 * A browser's elements cannot be higher than some 30 million pixels: a longer table is scrolled in steps that
 * are larger than a row.
 */

export const rowHeight = 22;
const highest = 10_000_000;
/** Rows around those in view, so that a short scroll finds them there. */
const margin = 40;

export interface RowWindow {
  first: number;
  count: number;
  /** Pixels from the top of the whole table at which the first row stands. */
  top: number;
}

/** Pixels that all rows, and the head above them, take while scrolling. */
export function fullHeight(total: number): number {
  return Math.min(highest, (total + 1) * rowHeight);
}

export function rowsInView(total: number, scrolled: number, viewHeight: number): RowWindow {
  const full = fullHeight(total);
  const fit = Math.ceil(viewHeight / rowHeight);
  const most = Math.max(1, full - viewHeight);
  const isScaled = (total + 1) * rowHeight > full;
  const share = Math.min(1, Math.max(0, scrolled / most));
  const at = isScaled ? Math.round(share * Math.max(0, total + 1 - fit)) : Math.floor(scrolled / rowHeight);
  const first = Math.max(0, Math.min(at, total) - margin);
  const offset = (at - first) * rowHeight;
  const top = isScaled ? Math.max(0, scrolled - offset) : first * rowHeight;
  return { first, count: Math.min(total - first, fit + 2 * margin), top };
}
