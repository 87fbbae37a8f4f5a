import type { JSX } from 'preact';
import { type LanePicture, type LaneRow, laneTime } from '../../../models/cluster/lanes.ts';
import { duration } from '../../../models/base/time.ts';
import { LATE as EN } from '../../../texts/late.ts';
import { stateColumn } from '../../../parts/kinds.tsx';
import { type Column, Table } from '../../../parts/table.tsx';

const TEXTS = EN.drills.playing;
const [LEFT, WIDTH, HEIGHT, TOP] = [110, 760, 22, 20] as const;

/** What clients see while a drill is played: a strip for each probe, with marks of what was done. Its twin is a table. */
export function Lanes({ picture, name }: { readonly picture: LanePicture; readonly name: string }): JSX.Element {
  return (
    <div class="lanes">
      <div class="scroll" tabIndex={0} role="region" aria-label={TEXTS.lanesName(name)}>
        <Drawing picture={picture} name={name} />
      </div>
      <h3>{TEXTS.table}</h3>
      <Table name={TEXTS.table} rows={picture.lanes} columns={COLUMNS} keyOf={(row) => row.name} />
    </div>
  );
}

function Drawing({ picture, name }: { readonly picture: LanePicture; readonly name: string }): JSX.Element {
  const { endMs, lanes, marks } = picture;
  const x = (ms: number) => LEFT + (WIDTH * Math.min(ms, endMs)) / endMs;
  const height = TOP + lanes.length * HEIGHT + 4;
  return (
    <svg
      viewBox={`0 0 ${LEFT + WIDTH + 8} ${height}`}
      width={LEFT + WIDTH + 8}
      height={height}
      role="img"
      aria-label={TEXTS.lanesName(name)}
    >
      <text x={LEFT} y={13}>
        0 s
      </text>
      <text x={LEFT + WIDTH} y={13} text-anchor="end">
        {duration(endMs)}
      </text>
      {lanes.map((lane, index) => (
        <g key={lane.name} transform={`translate(0 ${TOP + index * HEIGHT})`}>
          <text x={0} y={14}>
            {lane.name.length > 16 ? `${lane.name.slice(0, 15)}…` : lane.name}
          </text>
          <rect class="ground" x={LEFT} y={2} width={WIDTH} height={HEIGHT - 6} />
          {lane.runs.map((run) => (
            <rect
              key={`${run.kind} ${run.from}`}
              class={run.kind}
              x={x(run.from)}
              // A failure is also visible without its colour: its mark is taller.
              y={run.kind === 'failed' ? 1 : 5}
              width={Math.max(1, x(run.to) - x(run.from))}
              height={run.kind === 'failed' ? HEIGHT - 4 : HEIGHT - 12}
            />
          ))}
          <Limit lane={lane} x={x} />
        </g>
      ))}
      {marks.map((mark) => (
        <line
          key={`${mark.at} ${mark.text}`}
          class="mark"
          x1={x(mark.at)}
          x2={x(mark.at)}
          y1={TOP - 4}
          y2={height - 4}
        />
      ))}
    </svg>
  );
}

/** Until when an answer must have come: the limit, from the begin of the longest time without one. */
function Limit({ lane, x }: { readonly lane: LaneRow; readonly x: (ms: number) => number }): JSX.Element | null {
  const failed = lane.runs.filter(({ kind }) => kind === 'failed');
  const longest = failed.toSorted((a, b) => b.to - b.from - (a.to - a.from))[0];
  if (longest === undefined || lane.limitMs === null) return null;
  const at = x(longest.from + lane.limitMs);
  return <line class="limit" x1={at} x2={at} y1={0} y2={HEIGHT - 2} />;
}

const NOW = { good: ['ok', TEXTS.good], bad: ['bad', TEXTS.bad], silent: ['off', TEXTS.silent] } as const;

const COLUMNS: readonly Column<LaneRow>[] = [
  { id: 'lane', head: TEXTS.columns.lane, value: (row) => row.name },
  stateColumn('state', TEXTS.columns.state, { label: (row) => NOW[row.now][1], tone: (row) => NOW[row.now][0] }),
  {
    id: 'away',
    head: TEXTS.columns.away,
    value: (row) => row.awayMs,
    cell: (row) => laneTime(row.awayMs),
    isNumber: true,
  },
  {
    id: 'limit',
    head: TEXTS.columns.limit,
    value: (row) => row.limitMs,
    cell: (row) => (row.limitMs === null ? TEXTS.noLimit : duration(row.limitMs)),
    isNumber: true,
  },
  {
    id: 'seen',
    head: TEXTS.columns.observedTime,
    value: (row) => row.seenMs,
    cell: (row) => laneTime(row.seenMs),
    isNumber: true,
    isMinor: true,
  },
];
