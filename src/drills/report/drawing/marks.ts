import type { Mark } from '../../../judge/timeline.ts';
import { clip, lengthOf, markup } from '../escape.ts';
import { moment } from '../formats.ts';
import { isShown, PLOT, type Scale, xOf } from './scale.ts';

const ROW = 15;
const MOST_ROWS = 5;
const MOST_MARKS = 80;
/** Width of a character, px: fonts differ, this is a wide one's. */
const CHARACTER = 7;
const SIGNS = { fault: '▼', heal: '▲', role: '◆', note: '·' } as const;

/** Labels of marks laid out above the lanes. */
export interface Labels {
  /** Height of the marks, px. */
  readonly height: number;
  readonly text: string;
}

/** The lines of marks through all lanes, `top` to `bottom`. Notes have none: they are in the list of events. */
export function markLines(marks: readonly Mark[], scale: Scale, top: number, bottom: number): string {
  return shown(marks, scale)
    .map((mark) => {
      const title = `${moment(mark.at - scale.zero)} ${mark.kind}: ${label(mark)}`;
      return `<path class="mark ${mark.kind}" d="M${xOf(scale, mark.at)} ${top}V${bottom}"><title>${markup(title)}</title></path>`;
    })
    .join('');
}

/** Labels in as few rows as they need without covering each other; one that finds no room in five rows is left to its title. */
export function markLabels(marks: readonly Mark[], scale: Scale): Labels {
  const rank = { fault: 0, heal: 1, role: 2, note: 3 } as const;
  const rows: { from: number; to: number }[][] = [];
  const placed = shown(marks, scale)
    .toSorted((a, b) => rank[a.kind] - rank[b.kind] || a.at - b.at)
    .flatMap((mark) => {
      const text = `${SIGNS[mark.kind]} ${clip(label(mark), 46)}`;
      const width = lengthOf(text) * CHARACTER;
      const at = xOf(scale, mark.at);
      const isLeft = at + width > PLOT.left + PLOT.width + PLOT.right;
      const box = isLeft ? { from: at - width - 6, to: at + 2 } : { from: at - 2, to: at + width + 6 };
      let row = rows.findIndex((boxes) => boxes.every((other) => box.to < other.from || box.from > other.to));
      if (row === -1) row = rows.length;
      if (row >= MOST_ROWS) return [];
      (rows[row] ??= []).push(box);
      return [{ mark, text, at, isLeft, row }];
    });
  const text = placed.map(({ mark, text: caption, at, isLeft, row }) => {
    const place = isLeft ? `x="${at + 4}" text-anchor="end"` : `x="${at - 4}"`;
    return `<text class="label ${mark.kind}" ${place} y="${row * ROW + 12}">${markup(caption)}</text>`;
  });
  return { height: rows.length * ROW + 6, text: text.join('') };
}

function shown(marks: readonly Mark[], scale: Scale): readonly Mark[] {
  return marks.filter((mark) => mark.kind !== 'note' && isShown(scale, mark.at)).slice(0, MOST_MARKS);
}

function label(mark: Mark): string {
  const isNamed = mark.host === null || mark.text.split(/[^\w-]+/).includes(mark.host);
  return isNamed ? mark.text : `${mark.host}: ${mark.text}`;
}
