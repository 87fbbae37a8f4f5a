import { join } from 'node:path';
import { expect, it } from 'vitest';
import { renderService } from '../../src/services/kit/render.ts';
import { dhcp } from '../../src/services/dhcp/index.ts';
import { goldenTemplates, pretty } from '../kit/goldens.ts';
import { PAIR_FACTS, pairDesired } from '../kit/pairs.ts';
import { relayedSnapshot } from '../kit/relayed.ts';

const FOLDER = join(import.meta.dirname, 'dhcp/relay');

it('a VLAN without a rack, of two subnets, is served by a relay to the VLAN of rack k1', async () => {
  const desired = pairDesired(relayedSnapshot(), 'k1')['dhcp'];
  const [, conf] = renderService(dhcp, desired, { facts: PAIR_FACTS, templates: goldenTemplates(), generation: 7 });
  await expect(`${pretty(desired)}\n`).toMatchFileSnapshot(join(FOLDER, 'desired.json'));
  await expect(conf?.content ?? '').toMatchFileSnapshot(join(FOLDER, 'kea-dhcp4.conf'));
});
