import { placeOf } from '../lab.ts';
import type { Layout } from '../layout.ts';
import { needState } from '../state.ts';
import { emptyDisks } from './fill.ts';
import { resumeUnits, setHostFrozen } from './hang.ts';
import { healNetwork } from './network.ts';

/**
 * Takes every fault of a host away, or of all hosts: cables, losses, partitions, what hangs, what is full. What is dead stays dead:
 * that is `start`. Does all of it whatever is known, so it also heals what a killed command left.
 */
export async function heal(layout: Layout, host?: string): Promise<void> {
  const hosts = host === undefined ? needState(layout).topology.hosts : [placeOf(layout, host).host];
  await healNetwork(layout, host);
  for (const item of hosts) {
    setHostFrozen(layout, item.name, false);
    resumeUnits(layout, item.name);
    emptyDisks(layout, item);
  }
}
