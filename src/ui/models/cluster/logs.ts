import type { LogLine } from '../../../contract/base/command.ts';
import { clockTime } from '../base/time.ts';

/** A line of a log by the viewer's clock: `09:57:15 named warning: zone example.test: …`; the level of ordinary lines is left out. */
export function lineText({ at, program, level, text }: LogLine): string {
  const head = [clockTime(Date.parse(at)), program, level === 'info' ? '' : level].filter((part) => part !== '');
  return `${head.join(' ')}: ${text}`;
}

/** What of a node has a log: its services, then the programs of Regent on it. */
export function logPartsOf(services: readonly string[], isRegion: boolean): readonly string[] {
  return [...services, 'agent', 'helper', ...(isRegion ? ['region'] : [])];
}
