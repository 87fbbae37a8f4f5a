import { join } from 'node:path';
import type { HostFacts } from '../../src/core/host-values.ts';
import { readTemplates } from '../../src/main/templates.ts';
import type { Snapshot } from '../../src/model/snapshot.ts';
import { compileSite, type NodeBody } from '../../src/services/compile-node.ts';
import type { Templates } from '../../src/services/kit/contract.ts';
import { renderService } from '../../src/services/kit/render.ts';
import { SERVICES } from '../../src/services/registry.ts';
import { type Figure, median, most, timed } from './report.ts';
import { siteOf, withOneChange } from './site.ts';

const FACTS: HostFacts = {
  hostname: 'r1',
  os: { id: 'debian', version: '13' },
  isContainer: false,
  interfaces: [],
  versions: {},
};
const SECONDS = 1_790_000_000;

/** Compile and lint of every node, and render of what one region node gets: the whole pure way. */
export async function benchCompile(): Promise<Figure[]> {
  const templates = await readTemplates(join(import.meta.dirname, '../../templates'));
  const [small, large] = [siteOf(1000), siteOf(10_000)];
  const one = median(await timed(5, () => pass(small, templates)));
  const ten = median(await timed(3, () => pass(large, templates)));
  const before = compileSite(small, SERVICES, new Map(), SECONDS);
  const changed = { ...withOneChange(small), versions: before.versions };
  const previous = new Map([...before.nodes].map(([id, node]) => [id, node.body]));
  const change = median(await timed(5, () => pass(changed, templates, previous)));
  return [
    most('compile + lint + render, 1,000 machines, 200 VLANs, 13 nodes', one, {
      unit: 'ms',
      target: 1000,
      note: 'median of 5',
    }),
    most('the same with 10,000 machines', ten, { unit: 'ms', target: null, note: 'median of 3' }),
    most('ratio 10,000 to 1,000', ten / one, { unit: 'x', target: 12 }),
    most('one machine changed, 1,000 machines', change, {
      unit: 'ms',
      target: 100,
      note: 'everything compiled and rendered anew',
    }),
  ];
}

function pass(snapshot: Snapshot, templates: Templates, previous: ReadonlyMap<string, NodeBody> = new Map()): number {
  const site = compileSite(snapshot, SERVICES, previous, SECONDS + 1);
  let files = 0;
  for (const service of SERVICES) {
    const desired = site.nodes.get('n-r1')?.body.services[service.name]?.desired;
    if (desired) files += renderService(service, desired, { facts: FACTS, templates, generation: 1 }).length;
  }
  if (files === 0) throw new Error('nothing was rendered: the bench measures nothing');
  return files;
}
