import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { pretty, goldenTemplates } from '../kit/goldens.ts';
import { pairAuthorities, PAIR_FACTS, pairDesired, pairSnapshot } from '../kit/pairs.ts';
import { serviceOf } from '../../src/services/kit/instances.ts';
import { renderService } from '../../src/services/kit/render.ts';
import { SERVICES } from '../../src/services/registry.ts';

const FOLDER = join(import.meta.dirname, 'dhcp');

/** Two racks on two VLANs, each the primary one of one of them: both instances on both sides, under their real names. */
describe.each([
  ['k1', 'instances', pairSnapshot()],
  ['k2', 'instances', pairSnapshot()],
  // One of them is of a release that has no TLS.
  ['k1', 'instances-mixed', { ...pairSnapshot(), ...pairAuthorities(1) }],
  ['k1', 'instances-tls', { ...pairSnapshot(), ...pairAuthorities(1, 2) }],
  ['k2', 'instances-tls', { ...pairSnapshot(), ...pairAuthorities(1, 2) }],
] as const)('rack %s of a pair, %s', (rack, name, snapshot) => {
  const body = pairDesired(snapshot, rack);

  it('has one instance for each direction, and none of its own', () => {
    expect(Object.keys(body).sort()).toEqual(['dhcp', 'dhcp@k1_k2', 'dhcp@k2_k1']);
    expect(body['dhcp']).toBeNull();
  });

  it.each(['dhcp@k1_k2', 'dhcp@k2_k1'])('%s', async (identity) => {
    const service = serviceOf(SERVICES, identity);
    const desired = body[identity];
    if (!service || !desired) throw new Error(`${identity} is not there`);
    const context = { facts: PAIR_FACTS, templates: goldenTemplates(), generation: 7 };
    const files = renderService(service, desired, context);
    const folder = join(FOLDER, name, rack, identity);
    await expect(`${pretty(desired)}\n`).toMatchFileSnapshot(join(folder, 'desired.json'));
    for (const file of files) {
      await expect(file.content).toMatchFileSnapshot(join(folder, file.target.slice(service.folder.length + 1)));
    }
    const names = files.map((file) => file.target.slice(service.folder.length + 1));
    const there = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
    expect(there.map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1)).sort()).toEqual(
      ['desired.json', ...names].sort(),
    );
  });
});
