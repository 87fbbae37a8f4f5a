import { spawn } from 'node:child_process';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { lightFetch } from '../../src/cli/light-fetch.ts';
import { usePostgres } from '../kit/postgres.ts';
import { startTestRegion, type TestRegion } from '../kit/region.ts';
import { until } from '../kit/until.ts';
import { run } from '../unit/cli/fake-region.ts';

const REGENT = join(import.meta.dirname, '..', '..', 'bin', 'regent');

/** The command line against a real region on a real database, over HTTP. */
describe('regent', () => {
  const pg = usePostgres();
  let region: TestRegion;
  let url: string;
  beforeAll(async () => {
    region = await startTestRegion(pg.get());
    await region.api.listen({ host: '127.0.0.1', port: 0 });
    url = `http://127.0.0.1:${(region.api.server.address() as AddressInfo).port}`;
  });
  afterAll(() => region.close());

  const regent = (line: string, role: 'admin' | 'operator' | 'user' | 'auditor' = 'admin') =>
    run({ url }, line.split(' '), {
      env: { REGENT_URL: url, REGENT_API_KEY: region.keys[role] },
      fetch: lightFetch,
      now: () => Date.now(),
    });
  const good = async (line: string) => {
    const { code, out, err } = await regent(line);
    expect({ line, code, err }).toEqual({ line, code: 0, err: '' });
    return out;
  };

  it('carries every noun through its life', async () => {
    expect(await good('domain create example.test --ttl 300')).toBe('domain example.test created\n');
    expect(await good('domain set example.test --ttl default')).toBe('domain example.test changed\n');
    expect(await good('subnet create 10.20.0.0/24 --name lab')).toBe(
      'subnet 10.20.0.0/24 created\nReverse names: zone 0.20.10.in-addr.arpa.\n',
    );
    expect(await good('subnet set 10.20.0.0/24 --dns off')).toBe('subnet 10.20.0.0/24 changed\n');
    const preview = await good('record create www.example.test A 10.20.0.10 --dry-run');
    expect(preview).toMatch(/zones\/db\.example\.test/);
    expect(preview).toMatch(/\n {2}\+.*10\.20\.0\.10/);
    expect(await good('record list -o name')).toBe('');
    expect(await good('record create www.example.test A 10.20.0.10')).toBe(
      'record www.example.test A 10.20.0.10 created\n',
    );
    expect(await good('record set www.example.test A --ttl 60')).toContain('changed');
    expect(await good('record show www.example.test')).toMatch(/ttl: +60/);
    expect(
      await good('machine create web1 --domain example.test --mac 52:54:00:00:00:01 --address auto --subnet lab'),
    ).toBe('machine web1.example.test created (10.20.0.1)\n');
    expect(await good('machine show web1')).toContain('10.20.0.1 (10.20.0.0/24)');
    expect(await good('machine list -o csv')).toMatch(/^name,id,state,since,owner,deadline,addresses/);
    expect(await good('machine set web1 --hostname web2')).toContain('web2.example.test changed');
    expect(await good('setting set upstream_dns 192.0.2.53 192.0.2.54')).toBe(
      'setting upstream_dns is 192.0.2.53, 192.0.2.54\n',
    );
    expect(await good('setting get upstream_dns')).toBe('192.0.2.53, 192.0.2.54\n');
    expect(await good('setting set upstream_dns --default')).toBe('setting upstream_dns is \n');
    expect(await good('user create ada --role operator')).toBe('user ada created\n');
    expect(await good('key create ci --user ada --expires 30d -o name')).toMatch(/^\w+:\w+:\w+\n$/);
    expect(await good('key list --user ada')).toMatch(/\n\w+ +ci +ada/);
    expect(await good('node list')).toContain('r1');
    expect(await good('node show r1')).toContain('10.77.0.11');
    expect(await good('vlan list')).toContain('untagged');
    expect(await good('machine delete web2')).toContain('deleted');
    expect(await good('record delete www.example.test')).toBe('record www.example.test A 10.20.0.10 deleted\n');
    const [newest] = JSON.parse(await good('config history --limit 1 -o json')) as { id: number }[];
    expect(await good(`config show ${newest?.id}`)).toContain('delete records');
    expect(await good(`config rollback ${newest?.id}`)).toContain(`change ${newest?.id} undone`);
    expect(await good('record list -o name')).toBe('www.example.test,A,10.20.0.10\n');
    expect(await good('config diff')).toMatch(/r1|in force/);
    expect(await good('events --after 0 --kind record -o name')).toMatch(/^(\d+\n){3,}$/);
    expect(await good('domain delete example.test --cascade')).toBe('domain example.test deleted\n');
    expect(await good('subnet delete lab')).toContain('deleted');
    expect(await good('user delete ada')).toBe('user ada deleted\n');
  });

  it('carries a network through its life', async () => {
    expect(await good('fabric create hall-2')).toBe('fabric hall-2 created\n');
    expect(await good('fabric list')).toMatch(/\nhall-2 +1\n/);
    expect(await good('space create dmz')).toBe('space dmz created\n');
    expect(await good('vlan create --vid 10 --name web --fabric hall-2 --space dmz')).toBe('VLAN hall-2/web created\n');
    expect(await regent('vlan set web --dhcp on')).toMatchObject({
      code: 4,
      err: expect.stringMatching(/has no IPv4 subnet[^]*regent range create/),
    });
    expect(await good('subnet create 10.30.0.0/24 --vlan hall-2/10 --gateway 10.30.0.254 --proxy off')).toContain(
      'created',
    );
    expect(await good('range create 10.30.0.100-10.30.0.199 --kind dynamic')).toBe(
      'dynamic range 10.30.0.100-10.30.0.199 created in 10.30.0.0/24 (100)\n',
    );
    expect(await good('range create 10.30.0.1 10.30.0.9 --kind reserved --comment switches')).toContain('created');
    expect(await good('vlan set hall-2/web --dhcp on')).toContain('; DHCP is on, but no accepted rack');
    expect(await good('vlan list --dhcp on -o name')).toBe('hall-2/web\n');
    expect(await good('reservation create auto --subnet 10.30.0.0/24 --mac 52:54:00:00:30:01 --hostname printer')).toBe(
      'reservation 10.30.0.10 created (for 52:54:00:00:30:01)\n',
    );
    expect(await good('machine create app1 --mac 52:54:00:00:30:02 --address auto --vlan hall-2/web')).toContain(
      '(10.30.0.11)',
    );
    const subnet = await good('subnet show 10.30.0.0/24');
    expect(subnet).toMatch(
      /Ranges: +10\.30\.0\.1-10\.30\.0\.9 {2}reserved, 9 {2}switches\n +10\.30\.0\.100-10\.30\.0\.199 {2}dynamic, 100/,
    );
    expect(subnet).toMatch(/VLAN: +hall-2\/web \(VID 10\)/);
    expect(await good('vlan show web')).toMatch(
      /Subnets: +10\.30\.0\.0\/24 {2}gateway 10\.30\.0\.254, 100 dynamic, 2 fixed/,
    );
    expect(await good('__complete -- vlan show hall')).toBe('hall-2/untagged\nhall-2/web\n');
    expect(await good('range set 10.30.0.100 10.30.0.199 --last 10.30.0.149')).toContain('changed');
    expect(await good('reservation set 10.30.0.10 --mac none --hostname none')).toContain('(nobody gets it)');
    expect(await good('subnet set 10.30.0.0/24 --gateway none --resolver 192.0.2.53 --managed off')).toContain(
      'changed',
    );
    expect(await good('subnet list -o wide')).toMatch(
      /10\.30\.0\.0\/24 +10\.30\.0\.0\/24 +web +- +on +off +50 +2 +192\.0\.2\.53 +no/,
    );
    expect(await good('vlan set web --dhcp off --space none --vid 11')).toBe('VLAN hall-2/web changed\n');
    for (const line of [
      'machine delete app1',
      'reservation delete 10.30.0.10',
      'range delete 10.30.0.100-10.30.0.149',
      'range delete 10.30.0.1 10.30.0.9',
      'subnet delete 10.30.0.0/24',
      'vlan delete hall-2/11',
      'fabric delete hall-2',
      'space delete dmz',
    ]) {
      expect(await good(line)).toContain('deleted');
    }
  });

  it('gives machines tags, finds them by these, and takes a change back', async () => {
    expect(await good('tag create gpu --comment graphics')).toBe('tag gpu created\n');
    expect(await good('tag create ssd')).toBe('tag ssd created\n');
    expect(await good('machine create tagged --tags gpu,ssd')).toContain('created');
    expect(await good('machine list --tag gpu -o name')).toBe('tagged.regent.internal\n');
    expect(await good('machine show tagged')).toMatch(/Tags: +gpu, ssd\n/);
    expect(await good('tag list')).toMatch(
      /NAME +COMMENT +DEFINITION +KERNEL OPTIONS +MACHINES\ngpu +graphics +- +- +1\nssd +- +- +- +1\n/,
    );
    expect(await good('__complete -- machine list --tag g')).toBe('gpu\n');
    expect(await regent('tag delete gpu')).toMatchObject({
      code: 4,
      err: expect.stringMatching(/gpu is on the machines tagged\.regent\.internal[^]*regent machine list --tag gpu/),
    });
    expect(await good('machine set tagged --tags none --dry-run')).not.toBe('');
    expect(await good('machine set tagged --tags none')).toContain('changed');
    const [newest] = JSON.parse(await good('config history --limit 1 -o json')) as { id: number }[];
    expect(await good(`config rollback ${newest?.id}`)).toContain('undone');
    expect(await good('machine list --tag ssd -o name')).toBe('tagged.regent.internal\n');
    for (const line of ['machine delete tagged', 'tag delete gpu', 'tag delete ssd']) {
      expect(await good(line)).toContain('deleted');
    }
  });

  it('refuses in the network what cannot be, and names both sides', async () => {
    await good('vlan create --vid 40 --name busy');
    await good('subnet create 10.40.0.0/24 --vlan busy');
    await good('range create 10.40.0.100-10.40.0.199 --kind dynamic');
    await good('vlan set busy --dhcp on');
    await good('fabric create other');
    await good('reservation create 10.40.0.20');
    const refusals: [string, number, RegExp][] = [
      [
        'range create 10.40.0.150-10.40.0.160 --kind reserved',
        4,
        /10\.40\.0\.150-10\.40\.0\.160[^]*10\.40\.0\.100-10\.40\.0\.199/,
      ],
      ['range create 10.40.0.10-10.40.0.30 --kind dynamic', 4, /10\.40\.0\.20/],
      ['range create 10.40.0.250-10.40.1.5 --kind dynamic', 1, /10\.40\.0\.0\/24/],
      ['reservation create 10.40.0.20 --mac 52:54:00:00:40:01', 4, /10\.40\.0\.20/],
      ['reservation create 10.40.0.120 --mac 52:54:00:00:40:01', 4, /dynamic range 10\.40\.0\.100-10\.40\.0\.199/],
      ['subnet set 10.40.0.0/24 --gateway 10.41.0.1', 1, /outside the subnet/],
      ['subnet delete 10.40.0.0/24', 4, /regent range list --subnet 10\.40\.0\.0\/24/],
      ['vlan delete busy', 4, /regent vlan show busy/],
      ['vlan show untagged', 4, /fabric-1\/untagged[^]*other\/untagged/],
      ['vlan create --vid 4095', 1, /4094/],
      ['vlan show nope', 3, /no VLAN/],
      ['space show nope', 3, /no space/],
    ];
    for (const [line, code, wanted] of refusals) {
      const result = await regent(line);
      expect({ line, code: result.code, out: result.out }).toEqual({ line, code, out: '' });
      expect(result.err, line).toMatch(wanted);
    }
  });

  it.each([
    ['domain show nope.test', 3, /no domain/],
    ['domain create regent.internal', 4, /exists/],
    ['record create x.regent.internal A 10.0.0.300', 1, /IPv?4? ?|address/],
    ['record create x.nowhere.test A 10.0.0.3', 1, /domain/],
    ['config rollback 99999', 3, /no change|99999/],
    ['service show nothing', 3, /no service/],
  ])('answers "%s" with %i', async (line, code, wanted) => {
    const result = await regent(line);
    expect(result).toMatchObject({ code, out: '' });
    expect(result.err).toMatch(wanted);
  });

  it('keeps to the role of the key', async () => {
    expect(await regent('domain create mine.test', 'user')).toMatchObject({
      code: 1,
      err: expect.stringContaining('role'),
    });
    expect((await regent('domain list', 'user')).code).toBe(0);
  });

  it('says degraded while the node has not reported', async () => {
    const { code, out } = await regent('status');
    expect(code).toBe(6);
    expect(out).toMatch(/^DEGRADED: /);
  });

  it('follows events and writes as a process of its own', async () => {
    const env = { ...process.env, REGENT_URL: url, REGENT_API_KEY: region.keys.admin };
    const child = spawn(REGENT, ['events', '--follow', '--after', '0', '--kind', 'domain', '-o', 'json'], { env });
    let out = '';
    child.stdout.on('data', (chunk: Buffer) => {
      out += chunk.toString('utf8');
    });
    const ended = new Promise<number | null>((resolve) => child.on('exit', resolve));
    try {
      await good('domain create followed.test');
      await until('the event', async () => out.includes('followed.test'), { deadlineMs: 20_000 });
    } finally {
      child.kill('SIGTERM');
    }
    // SIGTERM is 15.
    expect(await ended).toBe(143);
    expect(
      out
        .trim()
        .split('\n')
        .map((line) => (JSON.parse(line) as { kind: string }).kind),
    ).toContain('domain.created');
  });
});
