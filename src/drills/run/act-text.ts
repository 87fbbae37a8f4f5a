import type { Act } from '../hazards/hazard.ts';

/** What is done, as a short text for a mark: `kill r1`, `STOP postgres on r2`. */
export function actText(act: Act): string {
  switch (act.do) {
    case 'signal':
      return `${act.signal} ${bare(act.unit)} on ${act.host}`;
    case 'unit':
      return `${act.verb} ${bare(act.unit)} on ${act.host}`;
    case 'cut':
      return `cut ${act.host}${act.network === undefined ? '' : ` from ${act.network}`}`;
    case 'partition':
      return `partition ${act.sides.map((side) => side.join(',')).join(' | ')}`;
    case 'oneway':
      return `nothing of ${act.from.join(',')} reaches ${act.to.join(',')}`;
    case 'halfopen':
      return `connections of ${act.from} and ${act.to} half open`;
    case 'loss':
      return `${act.percent} % loss at ${act.host}`;
    case 'fill':
    case 'empty':
      return `${act.do} ${act.path} of ${act.host}`;
    case 'halve':
      return `${act.path} of ${act.host} cut in half`;
    case 'clock':
      return act.aheadS === 0 ? `clock of ${act.host} right` : `clock of ${act.host} ${act.aheadS} s ahead`;
    case 'block':
      return `nothing of ${act.host} reaches port ${act.port}`;
    case 'terminate':
      return `terminate all sessions on ${act.host}`;
    case 'regent':
      return `regent ${act.argv.join(' ')} on ${act.host}`;
    case 'recover':
      return `a cluster is made of ${act.host} alone`;
    case 'rejoin':
      return `${act.host} is ${act.after === 'loss' ? 'found down, cleaned,' : 'cleaned'} and joins again`;
    case 'jobs':
      return 'until every job is done';
    case 'pause':
      return `pause ${act.host} for ${act.ms / 1000} s`;
    case 'burn':
      return `all processors busy for ${act.seconds} s`;
    case 'crowd':
      return `${act.callers} callers at once for ${act.seconds} s`;
    case 'heal':
      return act.host === undefined ? 'heal everything' : `heal ${act.host}`;
    case 'switchover':
      return 'switchover of the database';
    case 'lead':
      return `etcd is led by ${act.host}`;
    case 'kill':
    case 'start':
    case 'stop':
    case 'reboot':
    case 'freeze':
    case 'thaw':
      return `${act.do} ${act.host}`;
  }
}

const bare = (unit: string): string => unit.replace(/\.service$/, '').replace(/^regent-/, '');

/** Does it take a fault away, or only set the scene? */
export function isHealing(act: Act): boolean {
  const heals = ['start', 'thaw', 'heal', 'empty', 'lead', 'jobs', 'recover', 'rejoin'];
  return (
    heals.includes(act.do) ||
    (act.do === 'clock' && act.aheadS === 0) ||
    (act.do === 'signal' && act.signal === 'CONT') ||
    (act.do === 'unit' && act.verb === 'start') ||
    (act.do === 'regent' && act.argv.includes('undrain'))
  );
}
