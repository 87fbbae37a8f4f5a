import type { JSX } from 'preact';
import { type AddressMap, type MapGrid, USE_LETTERS, useCounts } from '../models/networks/address-map.ts';
import { LATE as EN } from '../texts/late.ts';

const TEXTS = EN.networks.map;
const COLUMNS = 16;
const CELL = 20;

/** Addresses of a subnet as squares; a table beside it says the same. */
export function AddressSquares({ map }: { readonly map: AddressMap }): JSX.Element {
  return (
    <>
      <ul class="counts legend">
        {[...useCounts(map)].map(([use, count]) => (
          <li key={use}>
            <span class={`swatch use-${use}`} aria-hidden="true">
              {USE_LETTERS[use]}
            </span>{' '}
            {TEXTS.uses[use]} <strong>{count}</strong>
          </li>
        ))}
      </ul>
      {map.block > 1 && <p class="faint">{TEXTS.blocks(map.block)}</p>}
      <div class="squares">
        {map.grids.map((grid) => (
          <Square key={grid.title} grid={grid} />
        ))}
      </div>
    </>
  );
}

function Square({ grid }: { readonly grid: MapGrid }): JSX.Element {
  const rows = Math.ceil(grid.cells.length / COLUMNS);
  const columns = Math.min(COLUMNS, grid.cells.length);
  const [width, height] = [columns * CELL, rows * CELL];
  return (
    <figure>
      <figcaption>{grid.title}</figcaption>
      <svg
        viewBox={`0 0 ${width} ${height}`}
        width={width}
        height={height}
        role="img"
        aria-label={TEXTS.name(grid.title)}
      >
        {grid.cells.map((cell, index) => {
          const [x, y] = [(index % COLUMNS) * CELL, Math.floor(index / COLUMNS) * CELL];
          return (
            <g key={index} class={`use-${cell.use}`}>
              <title>{cell.label}</title>
              <rect x={x + 1} y={y + 1} width={CELL - 2} height={CELL - 2} />
              {cell.taken > 0 && cell.taken < 1 && (
                <rect
                  class="level"
                  x={x + 1}
                  y={y + 1 + (CELL - 2) * (1 - cell.taken)}
                  width={CELL - 2}
                  height={(CELL - 2) * cell.taken}
                />
              )}
              <text x={x + CELL / 2} y={y + CELL / 2 + 4}>
                {USE_LETTERS[cell.use]}
              </text>
            </g>
          );
        })}
      </svg>
    </figure>
  );
}
