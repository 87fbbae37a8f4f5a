import { afterAll, beforeAll, expect, it } from 'vitest';
import { NO_AUTHORITY } from '../../../src/main/region/certificate-authority.ts';
import type { PowerParameters, PowerType } from '../../../src/model/machines/power.ts';
import { comparedAddress } from '../../../src/model/machines/bmc-hosts.ts';
import { DRIVERS, driverOf } from '../../../src/power/registry.ts';
import { createPublishTask } from '../../../src/region/site/publish.ts';
import type { ProxyDesired } from '../../../src/services/proxy/desired.ts';
import type { CertificateAuthority } from '../../../src/region/cluster/trust/port.ts';
import { SERVICES } from '../../../src/services/registry.ts';
import { readHeads } from '../../../src/store/publication/heads.ts';
import { realClock, silentLog, usePostgres } from '../../kit/postgres.ts';
import { startTestRegion, type TestRegion } from '../../kit/region.ts';
import { value } from '../../kit/store.ts';

/** The proxy leads no machine to a BMC: each host that a driver names is closed, whatever parameter names it. */

const PASSWORD = 'bmc-Password-2';

/** BMCs of each type by addresses: each parameter that may lead to a host leads to one of its own. */
const PARAMETERS: Readonly<Record<PowerType, readonly PowerParameters[]>> = {
  ipmi: [
    { power_address: '192.0.2.11:6623', power_pass: PASSWORD },
    { power_address: '2001:db8:1::11', power_pass: PASSWORD },
    { power_address: '[2001:db8:1::12]:6623', power_pass: PASSWORD },
  ],
  redfish: [
    { power_address: '192.0.2.21', power_user: 'root', power_pass: PASSWORD },
    { power_address: '192.0.2.22:8443', power_user: 'root', power_pass: PASSWORD },
    { power_address: '[2001:db8:2::21]:8443', power_user: 'root', power_pass: PASSWORD },
  ],
  virsh: [
    { power_address: 'qemu+ssh://admin@192.0.2.31/system' },
    { power_address: 'qemu+tls://[2001:db8:3::31]:16515/system', power_pass: PASSWORD },
  ],
  webhook: [
    {
      power_on_uri: 'https://192.0.2.41/on',
      power_off_uri: 'https://192.0.2.42:8443/off',
      power_query_uri: 'https://[2001:db8:4::41]:8443/state',
      power_token: PASSWORD,
    },
    {
      power_on_uri: 'http://192.0.2.43/on',
      power_off_uri: 'http://bmc.example.test/off',
      power_query_uri: 'http://3221225991/state',
    },
  ],
  manual: [{}],
};

/** The authority of a cluster, as far as secrets are sealed by it. */
const ca: CertificateAuthority = {
  ...NO_AUTHORITY,
  inheritance: async () => ({
    key: 'PEM of the authority',
    secrets: { superuser: '', replication: '', rewind: '', restapi: '', database: '', beacon: '' },
  }),
};

/** How many of them are addresses. */
const EXPECTED: Readonly<Record<PowerType, readonly number[]>> = {
  ipmi: [1, 1, 1],
  redfish: [1, 1, 1],
  virsh: [1, 1],
  webhook: [3, 2],
  manual: [0],
};

const pg = usePostgres();
let site: TestRegion;
let publish: () => Promise<unknown>;
beforeAll(async () => {
  site = await startTestRegion(pg.get(), { ca });
  const ports = { db: site.db, clock: realClock, log: silentLog, services: SERVICES, compiler: '1.0.0' };
  const task = createPublishTask({ ...ports, process: 'p' });
  publish = () => {
    task.demand();
    return task.run();
  };
});
afterAll(() => site.close());

const closed = async () => {
  await publish();
  const [head] = value(await site.db.read((tx) => readHeads(tx)));
  const desired = head?.body?.services['proxy']?.desired as ProxyDesired | undefined;
  return desired?.closed ?? [];
};
const networkOf = (address: string) => `${address}/${address.includes(':') ? 128 : 32}`;
/** Networks of the addresses among the hosts that the driver of a stored BMC names. */
const networksOf = (type: PowerType, parameters: PowerParameters) =>
  driverOf(type)
    .hostsOf(parameters)
    .flatMap(({ host }) => comparedAddress(host) ?? [])
    .map(networkOf);

it.each(DRIVERS.map(({ type }) => type))('%s: every host that its driver names is closed', async (type) => {
  for (const [index, parameters] of PARAMETERS[type].entries()) {
    const name = `${type}-${index}`;
    const body = { name, powerType: type, parameters };
    const dry = await site.call('POST', '/bmcs?dry_run=true', { body });
    const made = await site.call('POST', '/bmcs', { body });
    expect(made.status, made.raw).toBe(201);
    const hosts = networksOf(type, made.body['parameters'] as PowerParameters);
    expect(hosts.length).toBe(EXPECTED[type][index]);
    const lines = await closed();
    for (const network of hosts) {
      expect(lines).toContain(network);
      expect(dry.raw).toContain(`+acl closed dst ${network}`);
    }
    expect(dry.raw).not.toContain(PASSWORD);
  }
});

it('names hosts by parameters of the BMC alone, so that no machine leads elsewhere', () => {
  for (const driver of DRIVERS) {
    const own = driver.settings.filter(({ scope }) => scope === 'machine');
    const elsewhere = Object.fromEntries(own.map(({ name }) => [name, 'https://192.0.2.99/']));
    for (const parameters of PARAMETERS[driver.type])
      expect(driver.hostsOf({ ...parameters, ...elsewhere })).toEqual(driver.hostsOf(parameters));
  }
});

it('follows a change of the BMC, and its end', async () => {
  const body = { parameters: { ...PARAMETERS.webhook[0], power_off_uri: 'https://192.0.2.49/off' } };
  expect((await site.call('PATCH', '/bmcs/webhook-0', { body })).status).toBe(200);
  expect(await closed()).toContain('192.0.2.49/32');
  expect(await closed()).not.toContain('192.0.2.42/32');
  expect((await site.call('DELETE', '/bmcs/webhook-0')).status).toBe(200);
  expect(await closed()).not.toContain('192.0.2.49/32');
});
