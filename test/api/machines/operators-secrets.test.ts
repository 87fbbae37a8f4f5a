import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { NO_AUTHORITY } from '../../../src/main/region/certificate-authority.ts';
import { NOUNS } from '../../../src/contract/registry.ts';
import { POWER_SECRET_NAMES } from '../../../src/model/machines/power-secrets.ts';
import { DRIVERS } from '../../../src/power/registry.ts';
import { readPowerParameters } from '../../../src/region/machines/power/bmc.ts';
import type { CertificateAuthority } from '../../../src/region/cluster/trust/port.ts';
import { sealerOf } from '../../../src/region/base/sealer.ts';
import { closedFor } from '../../../src/region/machines/power/bmc.ts';
import { readTarget } from '../../../src/region/machines/power/target.ts';
import { createSealTask } from '../../../src/region/base/seal.ts';
import { claimCommands } from '../../../src/store/queries/base/jobs/command-claims.ts';
import { insertCommand } from '../../../src/store/queries/base/jobs/commands.ts';
import { readCopyKey, readTsigKeys } from '../../../src/store/queries/names/tsig-keys.ts';
import { createNode } from '../../../src/store/queries/cluster/nodes.ts';
import { findDeclared } from '../../../src/store/declared/rows.ts';
import { maasClient } from '../../kit/maas.ts';
import { realRandom, usePostgres } from '../../kit/postgres.ts';
import { type Method, startTestRegion, type TestRegion } from '../../kit/region.ts';
import { change, value } from '../../kit/store.ts';

/**
 * A secret goes only where it was entered for: every input with its exact answer, printed as a table. The secret parameters, and those that say where they
 * go, are found by the marks of the power types.
 */

const ca: CertificateAuthority = {
  ...NO_AUTHORITY,
  inheritance: async () => ({
    key: 'PEM of the authority',
    secrets: { superuser: '', replication: '', rewind: '', restapi: '', database: '', beacon: '' },
  }),
};

const pg = usePostgres();
const table: string[] = [];
let site: TestRegion;
beforeAll(async () => {
  site = await startTestRegion(pg.get(), { ca });
});
afterAll(async () => {
  process.stdout.write(`\nsecurity S16, S1, S9, S10, S14: input → answer\n${table.join('\n')}\n`);
  await site?.close();
});

async function say(method: Method, path: string, body?: unknown, role: 'admin' | 'operator' = 'operator') {
  const answer = await site.call(method, path, { role, ...(body === undefined ? {} : { body }) });
  const detail = answer.status < 400 ? 'done' : String(answer.body.detail);
  table.push(`${method} ${path} ${body === undefined ? '' : JSON.stringify(body)} → ${answer.status} ${detail}`);
  return { ...answer, detail };
}
async function done(method: Method, path: string, body?: unknown) {
  const answer = await say(method, path, body);
  expect(answer.status, `${method} ${path}: ${answer.detail}`).toBeLessThan(300);
  return answer;
}
async function refused(method: Method, path: string, body: unknown, detail: string) {
  const answer = await say(method, path, body);
  expect({ body, status: answer.status, detail: answer.detail }).toEqual({ body, status: 422, detail });
  return answer;
}
/** What the node that carries out an order would get. */
const inForce = (name: string) =>
  site.db.read(async (tx) => {
    const row = await findDeclared(tx, 'bmc', { name });
    return (
      row &&
      (await readPowerParameters(tx, sealerOf({ ca, random: realRandom }), { bmc: row, own: { power_id: 'vm1' } }))
    );
  });
const undo = async () => {
  const { items } = (await site.call('GET', '/config/history?limit=1')).body as { items?: { id: number }[] };
  return await done('POST', `/config/history/${items?.[0]?.id ?? 0}/rollback`);
};

const BOUND =
  'Rule: a stored secret is sent only to the address for which it was entered; give the secret again, or leave it out to remove it.';
const CLEAR = 'Rule: https:// with a secret; http:// only without one.';
const PASSWORD = 'Geheim-4711';
const MASK = '********';
const PIN = 'ab'.repeat(32);

/** Parameters of each power type that has secrets, with all of them, and for each that says where they go another value. */
const CASES: Readonly<
  Record<string, { readonly good: Record<string, string>; readonly other: Record<string, string> }>
> = {
  ipmi: {
    good: { power_address: '10.88.1.1', power_user: 'u', power_pass: PASSWORD, k_g: 'key-4711' },
    other: { power_address: '10.88.66.6', power_driver: 'LAN' },
  },
  redfish: {
    good: { power_address: '10.88.1.2', power_user: 'u', power_pass: PASSWORD },
    other: { power_address: '10.88.1.2:8443', certificate_fingerprint: PIN },
  },
  virsh: {
    good: { power_address: 'qemu+ssh://u@10.88.1.3/system', power_pass: PASSWORD },
    other: { power_address: 'qemu+ssh://u@10.88.66.6/system' },
  },
  webhook: {
    good: {
      power_on_uri: 'https://10.88.1.4/on',
      power_off_uri: 'https://10.88.1.4/off',
      power_query_uri: 'https://10.88.1.4/state',
      power_user: 'u',
      power_pass: PASSWORD,
      power_token: 'token-4711',
      power_verify_ssl: 'y',
    },
    other: {
      power_on_uri: 'https://10.88.66.6/on',
      power_off_uri: 'http://10.88.1.4/off',
      power_query_uri: 'https://10.88.1.4:444/state',
      power_verify_ssl: 'n',
    },
  },
};

describe('S16: a stored secret stays where it was entered for', () => {
  it('of every power type that has secrets', () => {
    const withSecrets = DRIVERS.filter(({ settings }) => settings.some(({ isSecret }) => isSecret === true));
    expect(Object.keys(CASES).sort()).toEqual(withSecrets.map(({ type }) => type).sort());
    for (const { type, settings } of withSecrets) {
      const names = (mark: 'isSecret' | 'bindsSecrets') =>
        settings
          .filter((setting) => setting[mark] === true)
          .map(({ name }) => name)
          .sort();
      expect(Object.keys(CASES[type]?.other ?? {}).sort(), type).toEqual(names('bindsSecrets'));
      expect(Object.keys(CASES[type]?.good ?? {}), type).toEqual(expect.arrayContaining(names('isSecret')));
      // What holds an address, or chooses how a peer is judged, decides where secrets go.
      const places = settings.filter(
        ({ name }) => /address|uri|ssl|fingerprint|driver/.test(name) && name !== 'mac_address',
      );
      expect(names('bindsSecrets'), type).toEqual(places.map(({ name }) => name).sort());
    }
  });

  it('and of every noun: another field with a secret needs its own rows here', () => {
    const marked = NOUNS.flatMap(({ noun, fields }) =>
      Object.entries(fields).flatMap(([name, field]) => {
        const { isHidden, secretMembers } = field as { isHidden?: true; secretMembers?: readonly string[] };
        return [
          ...(isHidden === true ? [`${noun}.${name}`] : []),
          ...(secretMembers ?? []).map((member) => `${noun}.${name}.${member}`),
        ];
      }),
    );
    // A TSIG key leads nowhere by itself, and its secret is written, never left masked.
    expect(marked.sort()).toEqual([
      'bmc.parameters.k_g',
      'bmc.parameters.power_pass',
      'bmc.parameters.power_token',
      'tsig-key.secret',
    ]);
    const ofDrivers = new Set(
      DRIVERS.flatMap(({ settings }) => settings.filter(({ isSecret }) => isSecret === true).map(({ name }) => name)),
    );
    expect([...ofDrivers].sort()).toEqual([...POWER_SECRET_NAMES].sort());
  });

  it.each(Object.keys(CASES))('%s: another place, or another protection on the way', async (powerType) => {
    const { good, other } = CASES[powerType] ?? { good: {}, other: {} };
    const secrets = Object.keys(good).filter((name) => ['power_pass', 'k_g', 'power_token'].includes(name));
    await done('POST', '/bmcs', { name: `b-${powerType}`, powerType, parameters: good });
    const masked = { ...good, ...Object.fromEntries(secrets.map((name) => [name, MASK])) };
    for (const [name, text] of Object.entries(other)) {
      const first =
        DRIVERS.find(({ type }) => type === powerType)?.settings.find(({ isSecret }) => isSecret)?.name ?? '';
      await refused(
        'PATCH',
        `/bmcs/b-${powerType}`,
        { parameters: { ...masked, [name]: text } },
        `parameters/${first}: it is masked, and ${name} changes. ${BOUND}`,
      );
      // One secret that is given does not take the others along.
      for (const kept of secrets) {
        const given = { ...good, [kept]: MASK, [name]: text };
        const answer = await say('PATCH', `/bmcs/b-${powerType}`, { parameters: given });
        expect(answer.detail).toBe(`parameters/${kept}: it is masked, and ${name} changes. ${BOUND}`);
      }
    }
    expect(await inForce(`b-${powerType}`)).toMatchObject(good);
    await done('PATCH', `/bmcs/b-${powerType}`, {
      parameters: { ...masked, ...(powerType === 'virsh' ? {} : { power_user: 'v' }) },
    });
    expect(await inForce(`b-${powerType}`)).toMatchObject({ power_pass: PASSWORD });
  });

  it('when it becomes another power type', async () => {
    const uri = 'https://10.88.1.1/x';
    const parameters = { power_on_uri: uri, power_off_uri: uri, power_query_uri: uri, power_pass: MASK };
    await refused(
      'PATCH',
      '/bmcs/b-ipmi',
      { powerType: 'webhook', parameters },
      `parameters/power_pass: it is masked, and the power type changes from ipmi to webhook. ${BOUND}`,
    );
    await refused(
      'PATCH',
      '/bmcs/b-ipmi',
      { powerType: 'redfish', parameters: { power_address: '10.88.1.1', power_user: 'u', power_pass: MASK } },
      `parameters/power_pass: it is masked, and the power type changes from ipmi to redfish. ${BOUND}`,
    );
  });

  it('in one form: the same place written otherwise is no change', async () => {
    await done('PATCH', '/bmcs/b-redfish', {
      parameters: { power_address: 'https://10.88.1.2:443/', power_user: 'u', power_pass: MASK },
    });
    await done('PATCH', '/bmcs/b-ipmi', {
      parameters: {
        power_address: '10.88.1.1:623',
        power_driver: 'LAN_2_0',
        power_user: 'u',
        power_pass: MASK,
        k_g: MASK,
      },
    });
    expect(await inForce('b-ipmi')).toMatchObject({ power_pass: PASSWORD, k_g: 'key-4711' });
  });

  it('also by steps: what was moved without a secret does not get it back', async () => {
    await done('PATCH', '/bmcs/b-ipmi', { parameters: { power_address: '10.88.66.6' } });
    await refused(
      'PATCH',
      '/bmcs/b-ipmi',
      { parameters: { power_address: '10.88.66.6', power_pass: MASK } },
      'parameters/power_pass: it is masked, but no secret is stored. Rule: the secret itself.',
    );
    // Taken back, it is where it was entered for.
    await undo();
    expect(await inForce('b-ipmi')).toMatchObject({ power_address: '10.88.1.1', power_pass: PASSWORD });
  });

  it('and by the API of MAAS', async () => {
    const maas = maasClient(site);
    const fields = {
      power_type: 'ipmi',
      power_parameters_power_address: '10.88.1.8',
      power_parameters_power_pass: PASSWORD,
    };
    const made = await maas.post('machines/', null, {
      hostname: 'viamaas',
      mac_addresses: '52:54:00:99:00:01',
      architecture: 'amd64/generic',
      commission: 'false',
      ...fields,
    });
    expect(made.status, made.raw).toBe(200);
    const { system_id: id } = made.body as { system_id: string };
    const moved = await maas.put(`machines/${id}/`, { power_parameters_power_address: '10.88.66.6' });
    table.push(
      `PUT /MAAS/api/2.0/machines/${id}/ power_parameters_power_address=10.88.66.6 → ${moved.status} ${moved.raw}`,
    );
    expect(moved.status).toBe(400);
    expect(moved.body).toEqual({ power_pass: [`it is masked, and power_address changes. ${BOUND}`] });
    const both = { power_parameters_power_address: '10.88.66.6', power_parameters_power_pass: 'given-again' };
    expect((await maas.put(`machines/${id}/`, both)).status).toBe(200);
    expect(await inForce('viamaas-bmc')).toMatchObject({ power_address: '10.88.66.6', power_pass: 'given-again' });
  });
});

describe('S16: never in clear', () => {
  const uris = (scheme: string) => ({
    power_on_uri: `${scheme}://10.88.1.5/on`,
    power_off_uri: `${scheme}://10.88.1.5/off`,
    power_query_uri: `${scheme}://10.88.1.5/state`,
  });

  it('a webhook with a secret speaks https', async () => {
    const body = (extra: object, scheme = 'http') => ({
      name: 'hook',
      powerType: 'webhook',
      parameters: { ...uris(scheme), ...extra },
    });
    await refused(
      'POST',
      '/bmcs',
      body({ power_token: 't' }),
      `parameters/power_on_uri: power_token would be sent unencrypted. ${CLEAR}`,
    );
    await refused(
      'POST',
      '/bmcs',
      body({ power_user: 'u', power_pass: 'p' }),
      `parameters/power_on_uri: power_pass would be sent unencrypted. ${CLEAR}`,
    );
    await refused(
      'POST',
      '/bmcs',
      body({ power_token: 't', power_query_uri: 'http://10.88.1.5/state' }, 'https'),
      `parameters/power_query_uri: power_token would be sent unencrypted. ${CLEAR}`,
    );
    await done('POST', '/bmcs', body({}));
    await refused(
      'PATCH',
      '/bmcs/hook',
      { parameters: { ...uris('http'), power_token: 't' } },
      `parameters/power_on_uri: power_token would be sent unencrypted. ${CLEAR}`,
    );
    await done('PATCH', '/bmcs/hook', { parameters: { ...uris('https'), power_token: 't' } });
  });

  it('one of an earlier release goes on until its secret changes', async () => {
    value(
      await site.db.repeatable((tx) =>
        tx
          .run(sql`select set_config('regent.operation', 'test', true)`)
          .then(() =>
            tx.run(
              sql`update bmcs set parameters = parameters || ${JSON.stringify(uris('http'))}::jsonb where name = 'hook'`,
            ),
          ),
      ),
    );
    expect(await inForce('hook')).toMatchObject({ ...uris('http'), power_token: 't' });
    await done('PATCH', '/bmcs/hook', { parameters: { ...uris('http'), power_token: MASK, power_on_regex: 'on' } });
    await refused(
      'PATCH',
      '/bmcs/hook',
      { parameters: { ...uris('http'), power_token: 'u' } },
      `parameters/power_on_uri: power_token would be sent unencrypted. ${CLEAR}`,
    );
  });

  it('and the doctor names it', async () => {
    const { invariants } = (await site.call('GET', '/cluster/doctor')).body as unknown as {
      invariants: { id: string; state: string; detail: string }[];
    };
    const found = invariants.find(({ id }) => id === 'bmcs');
    table.push(`cluster doctor, bmcs → ${found?.state} ${found?.detail}`);
    expect(found).toMatchObject({ state: 'warning', detail: 'hook: its secret travels in clear by power_on_uri.' });
  });

  it('a Redfish address is never http', async () => {
    const parameters = { power_address: 'http://10.88.1.6', power_user: 'u', power_pass: 'p' };
    await refused(
      'POST',
      '/bmcs',
      { name: 'rf', powerType: 'redfish', parameters },
      'parameters/power_address: "http://10.88.1.6" is not encrypted. Rule: https://…, or only an address.',
    );
  });
});

describe('S16: the certificate that a BMC showed first', () => {
  const learned = async () =>
    value(
      await site.db.read((tx) =>
        tx.one(sql<{ learned: object }>`
      select p.learned from bmc_power p join bmcs b on b.id = p.bmc_id where b.name = 'pinned'`),
      ),
    )?.learned;
  const GOOD = { power_address: '10.88.1.7', power_user: 'u', power_pass: PASSWORD };

  it('outlives changes of other parameters, undone changes and an undone deletion', async () => {
    await done('POST', '/bmcs', { name: 'pinned', powerType: 'redfish', parameters: GOOD });
    const seen = JSON.stringify({ certificate_fingerprint: PIN, manufacturer: 'Dell' });
    value(
      await site.db.repeatable((tx) =>
        tx.run(sql`
      insert into bmc_power (bmc_id, learned) select id, ${seen}::jsonb from bmcs where name = 'pinned'
      on conflict (bmc_id) do update set learned = excluded.learned`),
      ),
    );
    await done('PATCH', '/bmcs/pinned', { parameters: { ...GOOD, power_user: 'v', power_pass: MASK } });
    expect(await learned()).toEqual({ certificate_fingerprint: PIN });
    await done('PATCH', '/bmcs/pinned', { parameters: { ...GOOD, power_pass: 'another' } });
    expect(await learned()).toEqual({ certificate_fingerprint: PIN });
    await done('PATCH', '/bmcs/pinned', { parameters: { ...GOOD, power_address: '10.88.66.6' } });
    expect(await learned()).toEqual({});
    await undo();
    expect(await learned()).toEqual({ certificate_fingerprint: PIN });
    await done('DELETE', '/bmcs/pinned');
    await undo();
    expect(await learned()).toEqual({ certificate_fingerprint: PIN });
  });
});

describe('S9: a BMC is another host', () => {
  const RULE =
    'Rule: the address of a BMC, which is another host: no loopback, link-local, multicast or reserved address.';
  const NAME = 'Rule: ';
  const hosts: readonly (readonly [string, string])[] = [
    ['127.0.0.1', '127.0.0.1 lies in 127.0.0.0/8, which is loopback (RFC 1122 §3.2.1.3)'],
    ['127.255.0.9', '127.255.0.9 lies in 127.0.0.0/8, which is loopback (RFC 1122 §3.2.1.3)'],
    ['::1', '::1 lies in ::1/128, which is loopback (RFC 4291 §2.5.3)'],
    ['0.0.0.0', '0.0.0.0 lies in 0.0.0.0/8, which is "this network" (RFC 791 §3.2)'],
    ['::', ':: lies in ::/128, which is unspecified address (RFC 4291 §2.5.2)'],
    ['169.254.169.254', '169.254.169.254 lies in 169.254.0.0/16, which is link-local (RFC 3927)'],
    ['fe80::1', 'fe80::1 lies in fe80::/10, which is link-local (RFC 4291 §2.5.6)'],
    ['224.0.0.1', '224.0.0.1 lies in 224.0.0.0/4, which is multicast (RFC 5771)'],
    ['255.255.255.255', '255.255.255.255 lies in 255.255.255.255/32, which is limited broadcast (RFC 919 §7)'],
    ['::ffff:127.0.0.1', '::ffff:127.0.0.1 lies in 127.0.0.0/8, which is loopback (RFC 1122 §3.2.1.3)'],
    ['::ffff:10.88.1.1', '::ffff:10.88.1.1 lies in ::ffff:0:0/96, which is IPv4-mapped (RFC 4291 §2.5.5.2)'],
  ];
  const bodies = (host: string) => {
    const inUri = host.includes(':') ? `[${host}]` : host;
    const uri = `https://${inUri}/x`;
    return {
      ipmi: { power_address: host },
      redfish: { power_address: host, power_user: 'u', power_pass: 'p' },
      virsh: { power_address: `qemu+ssh://u@${inUri}/system` },
      webhook: { power_on_uri: 'https://10.88.1.9/', power_off_uri: 'https://10.88.1.9/', power_query_uri: uri },
    };
  };

  it.each(hosts)('%s is refused at entry by every power type', async (host, problem) => {
    for (const [powerType, parameters] of Object.entries(bodies(host))) {
      const field = powerType === 'webhook' ? 'power_query_uri' : 'power_address';
      await refused(
        'POST',
        '/bmcs',
        { name: 'self', powerType, parameters },
        `parameters/${field}: ${problem}. ${RULE}`,
      );
    }
  });

  it.each(['localhost', 'a.localhost', 'x.invalid'])('the name %s is refused', async (host) => {
    for (const [powerType, parameters] of Object.entries(bodies(host))) {
      const answer = await say('POST', '/bmcs', { name: 'self', powerType, parameters });
      expect({ powerType, status: answer.status }).toEqual({ powerType, status: 422 });
      expect(answer.detail).toContain(NAME);
    }
  });

  it('URLs that write loopback otherwise are loopback', async () => {
    for (const host of ['127.1', '2130706433', '0x7f.1', '017700000001', '[::ffff:7f00:1]', '%31%32%37.0.0.1']) {
      const uri = `http://${host}/`;
      const answer = await say('POST', '/bmcs', {
        name: 'self',
        powerType: 'webhook',
        parameters: { power_on_uri: uri, power_off_uri: uri, power_query_uri: uri },
      });
      expect(answer.detail, host).toContain('which is loopback');
    }
  });

  it('addresses of nodes and the floating one are refused, also when a node came later', async () => {
    const node = { id: 'n-k7', name: 'k7', isRegion: false, isRack: true, addresses: ['10.77.0.7'] };
    await done('POST', '/bmcs', {
      name: 'early',
      powerType: 'ipmi',
      parameters: { power_address: '10.77.0.7', power_pass: PASSWORD },
    });
    await done('POST', '/machines', { hostname: 'early', bmc: 'early' });
    value(await change(site.db, (tx) => createNode(tx, node)));
    for (const [powerType, parameters] of Object.entries(bodies('10.77.0.7'))) {
      const field = powerType === 'webhook' ? 'power_query_uri' : 'power_address';
      await refused(
        'POST',
        '/bmcs',
        { name: 'self', powerType, parameters },
        `parameters/${field}: 10.77.0.7 is an address of the node k7. Rule: the address of a BMC, which is no node’s.`,
      );
    }
    const { id } = (await site.call('GET', '/machines/early')).body as { id?: unknown };
    const target = await site.db.read((tx) => readTarget(tx, sealerOf({ ca, random: realRandom }), String(id)));
    expect(target).toMatchObject({
      kind: 'rejected',
      message: 'power_address: 10.77.0.7 is an address of the node k7. Rule: the address of a BMC, which is no node’s.',
    });
    table.push(
      `an order to a BMC at 10.77.0.7, which a node has since → ${(target as unknown as { message: string }).message}`,
    );
  });

  it('nodes that resolve a name are given the addresses of the cluster', async () => {
    const closed = await site.db.read(async (tx) => ({
      name: await closedFor(tx, [{ name: 'power_address', host: 'bmc.example.test' }]),
      literal: await closedFor(tx, [{ name: 'power_address', host: '10.88.1.1' }]),
    }));
    expect(closed).toEqual({ name: { closed: expect.arrayContaining(['10.77.0.7']) }, literal: {} });
  });
});

describe('S10, S14: patterns and addresses of libvirt', () => {
  it('an address of libvirt is of a closed grammar', async () => {
    const add = (power_address: string) =>
      say('POST', '/bmcs', { name: 'lv', powerType: 'virsh', parameters: { power_address } });
    for (const [uri, problem] of [
      ['qemu:///system', 'it names no host'],
      ['test:///default', 'the driver "test" is not taken'],
      ['qemu+ext://h/system?command=/bin/sh', 'the transport "ext" is not taken'],
      ['qemu+unix:///system', 'the transport "unix" is not taken'],
      ['qemu+ssh://-oProxyCommand=id/system', 'the host "-oProxyCommand=id" is not taken'],
      ['qemu+ssh://-x@h/system', 'the user "-x" is not taken'],
      ['qemu+ssh://u:p@h/system', 'it holds a password'],
      ['qemu+ssh://h/system?netcat=/bin/sh', 'the parameter "netcat=/bin/sh" is not taken'],
      ['qemu+ssh://h/system?keyfile=../x', 'the parameter "keyfile=../x" is not taken'],
      ['qemu+ssh://h/etc', 'the path "/etc" is not taken'],
    ] as const) {
      const answer = await add(uri);
      expect({ uri, status: answer.status, detail: answer.detail.split('. Rule: ')[0] }).toEqual({
        uri,
        status: 422,
        detail: `parameters/power_address: ${problem}`,
      });
    }
  });

  it('an address of Redfish with a system names node_id', async () => {
    const add = (power_address: string) => ({
      name: 'rf1',
      powerType: 'redfish',
      parameters: { power_address, power_user: 'u', power_pass: 'p' },
    });
    await refused(
      'POST',
      '/bmcs',
      add('https://10.88.1.11/redfish/v1/Systems/1'),
      'parameters/power_address: "https://10.88.1.11/redfish/v1/Systems/1" also names a system. Rule: only an address; the system "1" goes into node_id.',
    );
    const made = await done('POST', '/bmcs', add('https://10.88.1.11/redfish/v1/'));
    expect(made.body['parameters']).toMatchObject({ power_address: '10.88.1.11' });
  });
});

describe('clients.md: a BMC that came with its machine', () => {
  const maas = () => maasClient(site);
  const bmcs = async () =>
    ((await site.call('GET', '/bmcs?limit=1000')).body['items'] as { name: string }[]).map(({ name }) => name);
  const make = async (hostname: string, mac: string, address: string) => {
    const fields = {
      power_type: 'ipmi',
      power_parameters_power_address: address,
      power_parameters_power_pass: PASSWORD,
    };
    const made = await maas().post('machines/', null, {
      hostname,
      mac_addresses: mac,
      architecture: 'amd64/generic',
      commission: 'false',
      ...fields,
    });
    expect(made.status, made.raw).toBe(200);
    return (made.body as { system_id: string }).system_id;
  };

  it('goes with its password when the machine gets another one, and with the machine', async () => {
    const id = await make('acc-two', '52:54:00:99:00:02', '10.88.1.21');
    expect(await bmcs()).toContain('acc-two-bmc');
    expect((await maas().put(`machines/${id}/`, { power_type: 'manual' })).status).toBe(200);
    expect(await bmcs()).not.toContain('acc-two-bmc');
    expect((await maas().remove(`machines/${id}/`)).status).toBe(204);
    expect((await bmcs()).filter((name) => name.startsWith('acc-two'))).toEqual([]);
    table.push('a machine made with ipmi, set to manual, deleted → no BMC of it is left');
  });

  it('stays when another machine uses it, or a person wrote a comment', async () => {
    const one = await make('pair-a', '52:54:00:99:00:03', '10.88.1.22');
    const two = await make('pair-b', '52:54:00:99:00:04', '10.88.1.22');
    expect((await maas().remove(`machines/${one}/`)).status).toBe(204);
    expect(await bmcs()).toContain('pair-a-bmc');
    await done('PATCH', '/bmcs/pair-a-bmc', { comment: 'ours' });
    expect((await maas().remove(`machines/${two}/`)).status).toBe(204);
    expect(await bmcs()).toContain('pair-a-bmc');
  });
});

describe('S1: a site of an earlier release', () => {
  it('goes on, and its secrets are sealed when every region node knows how to', async () => {
    const given = Buffer.from('0123456789abcdefghijkl').toString('base64');
    await done('POST', '/tsig-keys', { name: 'old', secret: given });
    const rows = async () =>
      value(
        await site.db.read((tx) =>
          tx.all(sql<{ id: number; secret: string | null; sealed: string | null }>`
        select key_id as id, secret, sealed from tsig_secrets order by key_id, number`),
        ),
      );
    expect((await rows()).every(({ secret, sealed }) => secret !== null && sealed === null)).toBe(true);
    const before = value(
      await site.db.read(async (tx) => ({ copy: await readCopyKey(tx), keys: await readTsigKeys(tx) })),
    );
    const task = createSealTask(site.db);
    expect(await task.run()).toBeNull();
    value(await site.db.repeatable((tx) => tx.run(sql`insert into features (name) values ('sealed-secrets')`)));
    const words = await task.run();
    table.push(`the feature sealed-secrets is on → ${words}`);
    expect(words).toBe('2 secrets of earlier releases are sealed now');
    expect((await rows()).every(({ id, secret, sealed }) => secret === null && (sealed !== null || id === 0))).toBe(
      true,
    );
    const after = value(
      await site.db.read(async (tx) => ({ copy: await readCopyKey(tx), keys: await readTsigKeys(tx) })),
    );
    expect(after.keys).toEqual(before.keys);
    // What lay in clear in backups signs nothing any more.
    expect(after.copy?.number).toBe((before.copy?.number ?? 0) + 1);
    expect(after.copy?.secret).not.toBe(before.copy?.secret);
    expect(await task.run()).toBeNull();
    const made = await done('PATCH', '/tsig-keys/old', { secret: 'new' });
    const keys = value(await site.db.read(async (tx) => ({ keys: await readTsigKeys(tx) }))).keys;
    expect(keys.find(({ name }) => name === 'old')).toMatchObject({ number: 2, secret: made.body['secret'] });
    await undo();
    const back = value(await site.db.read(async (tx) => ({ keys: await readTsigKeys(tx) }))).keys;
    expect(back.find(({ name }) => name === 'old')?.secret).toBe(given);
  });

  it('a secret that another authority sealed holds up no other command and no publication', async () => {
    const row = {
      nodeId: 'r1',
      kind: 'power',
      args: {},
      isRepeatable: false,
      claimSeconds: 30,
      deadlineSeconds: 60,
      caller: 'ada',
    };
    const insert = async (secrets: Record<string, string> | null) =>
      value(await change(site.db, (tx) => insertCommand(tx, { ...row, secrets }))).id;
    const broken = await insert({ power_pass: PASSWORD });
    value(
      await site.db.repeatable((tx) =>
        tx.run(sql`update command_secrets set sealed = regexp_replace(sealed, '^v1\.[0-9a-f]{8}', 'v1.00000000')`),
      ),
    );
    const good = await insert({ power_pass: PASSWORD });
    const claimed = value(
      await site.db.repeatable((tx) => claimCommands(tx, 'r1', { key: 'a'.repeat(16), kinds: ['power'], limit: 8 })),
    );
    expect(claimed.map(({ id, secrets }) => ({ id, secrets }))).toEqual([
      { id: good, secrets: { power_pass: PASSWORD } },
    ]);
    const { items } = (await site.call('GET', '/commands')).body as unknown as {
      items: { id: number; state: string; sentence: string }[];
    };
    expect(items.find(({ id }) => id === broken)).toMatchObject({
      state: 'failed',
      sentence: expect.stringContaining('A stored secret cannot be opened'),
    });
    value(
      await site.db.repeatable((tx) =>
        tx.run(
          sql`update tsig_secrets set sealed = regexp_replace(sealed, '^v1\.[0-9a-f]{8}', 'v1.00000000') where sealed is not null`,
        ),
      ),
    );
    const keys = value(
      await site.db.read(async (tx) => ({ keys: await readTsigKeys(tx), copy: await readCopyKey(tx) })),
    );
    expect(keys.keys).toEqual([]);
    expect(keys.copy).not.toBeNull();
  });
});
