import type { Act, Hazard } from './hazard.ts';

/** A host of the lab boots so long; its redundancy is back later. */
const BOOT_MS = 12_000;
/** A command hands roles on; all of three hosts is restarted within minutes. */
const MOVE_MS = 8_000;
const RESTART_MS = 240_000;
/** A cluster of one, or a host that joins. */
const MADE_MS = 60_000;
/** systemd carries out a request in a moment. */
const SYSTEMD_MS = 1_000;

/** How long a hazard's steps take in the cluster that the lab has, with everything random in the middle of its range, ms. */
export function usualLengthMs(hazard: Hazard): number {
  const cast = {
    regions: ['r1', 'r2', 'r3'],
    racks: ['k1', 'k2'],
    primary: 'r1',
    standbys: ['r2', 'r3'],
    holder: 'r1',
    etcdLeader: 'r1',
  };
  return hazard.steps(cast, () => 0.5).reduce((sum, { afterMs, act }) => sum + afterMs + ownMs(act), 0);
}

function ownMs(act: Act): number {
  if (act.do === 'start' || act.do === 'reboot') return BOOT_MS;
  if (act.do === 'jobs') return RESTART_MS;
  if (act.do === 'recover' || act.do === 'rejoin') return MADE_MS;
  if (act.do === 'regent' && act.argv.includes('--no-wait')) return SYSTEMD_MS;
  if (act.do === 'regent') return act.argv.includes('restart') ? RESTART_MS : MOVE_MS;
  if (act.do === 'burn' || act.do === 'crowd') return act.seconds * 1000;
  if (act.do === 'pause') return act.ms;
  return act.do === 'unit' ? SYSTEMD_MS : 0;
}
