import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { realBmcAccess } from '../../../../src/host/ask/bmc/real.ts';
import { type Chassis, redfishService } from '../../../../src/lab/machines/redfish/service.ts';
import { parsed, testExecutor } from '../../../kit/power/rig.ts';
import { bmcCertificate } from '../../../kit/redfish/certificate.ts';

/** The lab's BMC, asked by the product's own driver over real TLS. */

const PASSWORD = 'bmc:Geheim"1';
let machine: { isOn: boolean; boot: string; done: string[] };
let server: ReturnType<typeof redfishService>;
let rig: Parameters<typeof testExecutor>[0];
let place: string;

beforeEach(async () => {
  machine = { isOn: false, boot: 'default', done: [] };
  const chassis: Chassis = {
    isOn: () => Promise.resolve(machine.isOn),
    boot: () => Promise.resolve(machine.boot),
    set: (what, value) => {
      machine.done.push(`${what} ${value}`);
      if (what === 'boot') machine.boot = value;
      if (what === 'power') machine.isOn = value === '1';
      return Promise.resolve();
    },
  };
  const login = { user: 'operator', password: PASSWORD, system: 'm4', chassis };
  server = redfishService({ ...(await bmcCertificate()), ...login });
  await new Promise<void>((done) => {
    server.listen(0, '127.0.0.1', done);
  });
  place = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  const parameters = { power_address: place, power_user: 'operator', power_pass: PASSWORD };
  rig = {
    type: 'redfish',
    parameters,
    secret: 'power_pass',
    elsewhere: parameters,
    reach: realBmcAccess(),
    isOn: () => machine.isOn,
    put: (state) => {
      machine.isOn = state === 'on';
    },
    bootDevice: () => machine.boot,
    setFault: () => {},
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
});
afterEach(() => {
  server.closeAllConnections();
  server.close();
});

it('switches its machine on with a boot device, and off', async () => {
  const { run } = await testExecutor(rig);
  expect(await run({ verb: 'on', boot: 'pxe' })).toMatchObject({ kind: 'done', state: 'on', isVerified: true });
  expect(machine.done).toEqual(['boot pxe', 'power 1']);
  expect(await run({ verb: 'off', stopMode: 'hard', epoch: 2 })).toMatchObject({ kind: 'done', state: 'off' });
  expect(machine.isOn).toBe(false);
  expect(await run({ verb: 'query', epoch: 3 })).toMatchObject({ kind: 'done', state: 'off' });
});

it('a wrong password does nothing', async () => {
  const { run } = await testExecutor(rig);
  const wrong = parsed('redfish', { ...rig.parameters, power_pass: 'another' });
  expect(await run({ verb: 'on' }, wrong)).toMatchObject({ kind: 'failed', code: 'refused-credentials' });
  expect(machine.done).toEqual([]);
});

it('what it does not know is refused, and it goes on', async () => {
  const base = '/redfish/v1/Systems';
  const basic = Buffer.from(`operator:${PASSWORD}`).toString('base64');
  const ask = async (method: 'GET' | 'POST' | 'PATCH', path: string, body?: string) => {
    const answer = await realBmcAccess().web({
      method,
      url: `https://${place}${path}`,
      headers: { authorization: `Basic ${basic}`, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body }),
      trust: { kind: 'any' },
      timeoutMs: 5_000,
    });
    return answer.kind === 'answer' ? answer.status : answer;
  };
  const reset = `${base}/m4/Actions/ComputerSystem.Reset`;
  expect(await ask('POST', reset, '{"ResetType":"Explode"}')).toBe(400);
  expect(await ask('POST', reset, '{')).toBe(400);
  expect(await ask('POST', reset, JSON.stringify({ ResetType: 'On', more: 'x'.repeat(70_000) }))).toBe(400);
  expect(await ask('PATCH', `${base}/m4`, '{"Boot":{"BootSourceOverrideTarget":"Tape"}}')).toBe(400);
  expect(await ask('GET', reset)).toBe(405);
  expect(await ask('GET', `${base}/other`)).toBe(404);
  expect(await ask('GET', '/elsewhere')).toBe(404);
  expect(machine.done).toEqual([]);
  expect(await ask('GET', `${base}/m4`)).toBe(200);
});
