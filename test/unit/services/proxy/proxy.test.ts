import { describe, expect, it } from 'vitest';
import type { Settings } from '../../../../src/model/site/settings.ts';
import { compileProxy, prepareProxy } from '../../../../src/services/proxy/compile.ts';
import { activateProxy, ORIGIN, parseProbeProxy, roleChangeProxy } from '../../../../src/services/proxy/daemon.ts';
import type { ProxyDesired } from '../../../../src/services/proxy/desired.ts';
import { lintProxy } from '../../../../src/services/proxy/lint.ts';
import { markOf, SQUID_CONF, viewProxy } from '../../../../src/services/proxy/view.ts';
import { aSubnet, emptySnapshot, R1 } from '../../../kit/snapshots.ts';
import { answer, notAsked, SILENT } from '../../../kit/exec-result.ts';

const R2 = {
  id: 'n-r2',
  name: 'r2',
  isRegion: true,
  isRack: false,
  addresses: ['10.77.0.12', 'fd00:77::12'],
  state: 'member' as const,
};
const RACK = {
  id: 'n-rack1',
  name: 'rack1',
  isRegion: false,
  isRack: true,
  addresses: ['10.77.0.21'],
  state: 'member' as const,
};

function compile(settings: Partial<Settings> = {}, nodeId = R1.id): ProxyDesired | null {
  const snapshot = emptySnapshot({
    nodes: [R1, R2, RACK],
    attachments: [{ nodeId: RACK.id, vlanId: 1, interface: 'eth1', addresses: ['10.10.10.2/24', '10.77.0.21/24'] }],
    subnets: [
      aSubnet(1, 'b', '10.10.10.0/24'),
      aSubnet(2, 'six', '2001:db8:10::/64'),
      aSubnet(3, 'a', '9.0.0.0/24', { dnsOn: false }),
      aSubnet(4, 'closed', '10.77.0.0/24', { proxyOn: false }),
    ],
  });
  const whole = { ...snapshot, settings: { ...snapshot.settings, ...settings } };
  return compileProxy(whole, nodeId, prepareProxy(whole));
}

function desired(settings: Partial<Settings> = {}): ProxyDesired {
  const part = compile(settings);
  if (part === null) throw new Error('off');
  return part;
}

describe('compile', () => {
  it('gives region nodes a proxy for the subnets that may use one, and says whose addresses are closed', () => {
    expect(compile()).toEqual({
      name: 'r1.regent.internal',
      port: 8000,
      clients: ['9.0.0.0/24', '10.10.10.0/24', '2001:db8:10::/64'],
      nodes: ['10.10.10.2', '10.77.0.11', '10.77.0.12', '10.77.0.21', 'fd00:77::12'],
      nodeNames: ['r1.regent.internal', 'r2.regent.internal', 'rack1.regent.internal'],
      resolvers: ['127.0.0.1', '10.77.0.12'],
      parent: null,
      cacheMb: 4096,
    });
    expect(compile({}, R2.id)).toMatchObject({ name: 'r2.regent.internal', resolvers: ['127.0.0.1', '10.77.0.11'] });
    expect(compile({}, RACK.id)).toBeNull();
    expect(compile({}, 'n-nobody')).toBeNull();
  });

  it('is absent when it is switched off, and when machines use another proxy themselves', () => {
    expect(compile({ enable_http_proxy: false })).toBeNull();
    expect(compile({ http_proxy: 'http://192.0.2.1:3128', use_peer_proxy: false })).toBeNull();
    expect(compile({ use_peer_proxy: false })).not.toBeNull();
  });

  it('takes the parent apart, and leaves an own node out', () => {
    expect(compile({ http_proxy: 'http://[2001:db8::1]:3128' })?.parent).toEqual({ host: '2001:db8::1', port: 3128 });
    for (const host of ['10.77.0.12', 'r2.regent.internal']) {
      expect(compile({ http_proxy: `http://${host}:3128` })?.parent).toBeNull();
    }
    expect(compile({ http_proxy: 'http://[fd00:77::12]:1' }, RACK.id)).toBeNull();
  });
});

describe('lint', () => {
  it('never opens the proxy to everybody', () => {
    expect(lintProxy(desired())).toEqual([]);
    for (const cidr of ['0.0.0.0/0', '128.0.0.0/1', '::/0']) {
      expect(lintProxy({ ...desired(), clients: [cidr] })).toMatchObject([{ code: 'proxy_open', severity: 'error' }]);
    }
  });
});

describe('view', () => {
  it('bounds the largest object by half of the cache', () => {
    expect(viewProxy(desired()).objectMb).toBe(2048);
    expect(viewProxy(desired({ proxy_cache_size: 100 })).objectMb).toBe(50);
  });

  it('marks each configuration with a name of its own', () => {
    const marks = [{}, { proxy_cache_size: 65 }, { maas_proxy_port: 3128 }].map((settings) =>
      markOf(desired(settings)),
    );
    expect(new Set(marks).size).toBe(3);
    expect(markOf(desired())).toBe(marks[0]);
  });
});

describe('activation', () => {
  it.each([
    [[{ target: SQUID_CONF, kind: 'added' }], 'restart'],
    [[{ target: SQUID_CONF, kind: 'changed' }], 'reload'],
    [[{ target: `${SQUID_CONF}.old`, kind: 'removed' }], 'none'],
    [[], 'none'],
  ] as const)('takes %j by %s', (changes, kind) => {
    expect(activateProxy(changes).kind).toBe(kind);
    expect(activateProxy(changes).why).not.toBe('');
  });

  it('does nothing when roles change', () => {
    expect(roleChangeProxy({ kind: 'vip', state: 'active' }).kind).toBe('none');
    expect(roleChangeProxy({ kind: 'database', state: 'standby' }).kind).toBe('none');
  });
});

describe('probe', () => {
  const head = (status: number, ...fields: readonly string[]) =>
    answer([`HTTP/1.1 ${status} X`, ...fields, '', ''].join('\r\n'));
  const mark = `Regent-Configuration: ${markOf(desired())}`;
  const store = (most: number, used: string) =>
    answer(
      `${head(200, mark).stdout}Store Directory Statistics:\nMaximum Swap Size      : ${most} KB\nCurrent Store Swap Size: ${used} KB\n`,
    );
  const good = store(4096 * 1024, '2049.50');
  const relayed = head(200, 'Via: 1.1 r1.regent.internal (squid)', mark);
  const refused = notAsked('connect ECONNREFUSED 127.0.0.1:8000');

  it.each([
    ['well', [good, relayed], true, 'Squid fetches on port 8000; cache 3 of 4096 MB'],
    [
      'a cut cache',
      [store(1024 * 1024, '0.00'), relayed],
      true,
      /cache 0 of 1024 MB, cut from 4096 MB because its disk/,
    ],
    ['no disk', [store(0, '0.00'), relayed], true, /it stores nothing on disk/],
    [
      'origin down',
      [good, head(503, 'X-Squid-Error: ERR_CONNECT_FAIL 111', mark)],
      true,
      /not the origin of the probe, http:\/\/127.0.0.1:5240\/health\/live \(ERR_CONNECT_FAIL\)/,
    ],
    ['origin silent', [good, SILENT], true, /\(no answer in time\)/],
    ['origin in trouble', [good, head(500, 'Via: 1.1 r1 (squid)')], true, /\(status 500\)/],
    [
      'fetch denied',
      [good, head(403, 'X-Squid-Error: ERR_ACCESS_DENIED 0', mark)],
      false,
      'Squid on port 8000: ERR_ACCESS_DENIED',
    ],
    ['answer past Squid', [good, head(200)], false, /did not come through Squid/],
    [
      'another configuration',
      [head(200, 'Regent-Configuration: 0000'), relayed],
      false,
      /it runs the configuration 0000, published is/,
    ],
    ['a stranger', [head(200, 'Server: nginx'), relayed], false, /something else than Regent's Squid/],
    ['a stranger that speaks no HTTP', [answer('220 ready\r\n'), relayed], false, /something else than Regent's Squid/],
    ['no state', [head(404, mark), relayed], false, /status 404/],
    ['hung', [SILENT, SILENT], false, /no answer within 2 seconds/],
    ['dead', [refused, refused], false, /: connect ECONNREFUSED/],
    ['dead meanwhile', [good, refused], false, /the fetch of .* failed: connect ECONNREFUSED/],
    ['not asked', [], false, /no query was sent/],
    ['not asked to fetch', [good], false, /no query was sent/],
  ] as const)('%s', (...[, answers, isHealthy, detail]) => {
    const health = parseProbeProxy(answers, desired());
    expect(health.detail).toMatch(detail);
    expect(health.isHealthy).toBe(isHealthy);
  });

  it('asks for an origin that every region node has', () => {
    expect(ORIGIN).toBe('http://127.0.0.1:5240/health/live');
  });
});
