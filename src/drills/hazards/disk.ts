import { held } from './draw.ts';
import { type Bounds, expecting, REDUNDANT_MS, UNFELT } from './expect.ts';
import type { Hazard } from './hazard.ts';
import { hostAt, PARTS } from './units.ts';

const FULL_MS = 20_000;

/** The file systems of a region node that can be filled: the lab bounds them. PostgreSQL's WAL lies with its data. */
const DISKS = {
  data: { path: '/var/lib/postgresql', text: "PostgreSQL's disk", row: 'the disk of the database is full' },
  etcd: { path: '/var/lib/etcd', text: "etcd's disk", row: 'the disk of etcd is full' },
  logs: { path: '/var/log', text: 'the disk of the logs', row: 'the disk of the logs is full' },
} as const;

type DiskFault = keyof typeof DISKS;

/** Disks that are full, and then have room again. */
export const DISK: readonly Hazard[] = [
  // Nothing promises writes while there is no room; they are back soon after there is.
  full('data', 'primary', { ...UNFELT, write: FULL_MS + 10_000, read: FULL_MS + 10_000 }, 1),
  // Its server breaks down, and may come back and break down again: each time the primary waits for it (5 s).
  full('data', 'standby', { ...UNFELT, write: 10_000 }),
  // One of three members is gone: an election if it led, and Patroni asks the next one. Its host gives the VIP away.
  full('etcd', 'primary', { ...UNFELT, write: 4_000, read: 4_000 }),
  full('etcd', 'standby', { ...UNFELT, write: 4_000, read: 4_000 }),
  // Messages go to the journal. A service that cannot write them continues to serve.
  full('logs', 'primary', UNFELT),
  full('logs', 'standby', UNFELT),
];

function full(disk: DiskFault, place: 'primary' | 'standby', bounds: Bounds, failovers = 0): Hazard {
  const { path, text, row } = DISKS[disk];
  return {
    id: `disk-${disk}-${place}`,
    title: `${text} of ${PARTS[place]} full for ${FULL_MS / 1000} s`,
    row,
    group: 'disk',
    headline: null,
    steps: (cast, chance) => {
      const host = hostAt(place, cast, chance);
      return held(chance, [{ do: 'fill', host, path }], FULL_MS, [{ do: 'empty', host, path }]);
    },
    expects: expecting(bounds),
    redundantMs: REDUNDANT_MS,
    failovers,
  };
}
