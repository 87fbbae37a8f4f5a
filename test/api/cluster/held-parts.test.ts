import { afterAll, beforeAll, expect, it } from 'vitest';
import { storeObservation } from '../../../src/store/queries/cluster/observations.ts';
import { createNode } from '../../../src/store/queries/cluster/nodes.ts';
import { anObservation, aServiceReport } from '../../kit/observation.ts';
import { usePostgres } from '../../kit/postgres.ts';
import { startTestRegion, type TestRegion } from '../../kit/region.ts';
import { change, value } from '../../kit/store.ts';

const pg = usePostgres();
let site: TestRegion;
beforeAll(async () => {
  site = await startTestRegion(pg.get());
  value(
    await change(site.db, (tx) =>
      createNode(tx, { id: 'k1', name: 'k1', isRegion: false, isRack: true, addresses: [] }),
    ),
  );
});
afterAll(() => site.close());

const tell = async (held?: { name: string; why: string; remedy: string }[]) => {
  const services = [aServiceReport('dhcp', held === undefined ? {} : { held })];
  const report = anObservation('k1', { generation: 1, digest: 'd', services });
  value(await site.db.repeatable((tx) => storeObservation(tx, { id: 'k1', name: 'k1' }, report)));
};
const findings = async () => (await site.call('GET', '/services/k1/dhcp')).body['findings'];

it('what the daemon’s checker did not take is an error of the service while it stays so, with its words', async () => {
  await tell([{ name: 'snippet phones', why: 'kea-dhcp4 refuses the files: no such option', remedy: 'Change it.' }]);
  expect(await findings()).toEqual([
    {
      code: 'part_refused',
      severity: 'error',
      subject: 'snippet phones',
      sentence: 'The snippet phones is not in force: kea-dhcp4 refuses the files: no such option: it is left out.',
      held: 'snippet phones',
      remedy: 'Change it.',
    },
  ]);
  // What ends a wait, and the exit code, look at the status.
  const status = (await site.call('GET', '/status')).body;
  expect(status['findings']).toContainEqual(expect.objectContaining({ code: 'part_refused', severity: 'error' }));
  await tell();
  expect(await findings()).toEqual([]);
});
