import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { CheckDhcpResult } from '../../../../src/contract/networks/check-dhcp.ts';
import { rejected } from '../../../../src/core/errors.ts';
import type { AgentAnswer, AskAgent } from '../../../../src/region/base/commands/ask-agent.ts';
import {
  CHECK_SECONDS,
  type CheckedChange,
  chooseTrials,
  withKeaChecks,
} from '../../../../src/region/networks/dhcp/kea-check.ts';
import type { NodeBody } from '../../../../src/services/compile-node.ts';
import type { DhcpDesired } from '../../../../src/services/dhcp/desired.ts';
import { dhcp } from '../../../../src/services/dhcp/index.ts';

type Parts = Partial<Pick<DhcpDesired, 'snippets' | 'networks' | 'options' | 'clients'>>;
const snippet = (id: number, text = '{"renew-timer":100}', scope = 'global') => ({ id, name: `s${id}`, scope, text });
const body = (parts: Parts | null, identity = 'dhcp'): NodeBody => {
  const desired = parts === null ? null : { networks: [], lostVlans: [], lostLeases: [], ...parts };
  return { services: { [identity]: { desired, restart: null } } };
};
type Bodies = Readonly<Record<string, NodeBody>>;
const change = (before: Bodies, after: Bodies, dead: readonly string[] = []): CheckedChange => ({
  services: [dhcp],
  nodes: Object.keys(after).map((id) => ({ id, name: id, isLive: !dead.includes(id) })),
  before: new Map(Object.entries(before)),
  after: new Map(Object.entries(after)),
});
const chosen = (...args: Parameters<typeof change>) => chooseTrials(change(...args)).map(({ node }) => node.name);

describe('a dry run asks', () => {
  const none = body({});

  it('nobody, where no text of an operator is another', () => {
    const old = body({ snippets: [snippet(1)] });
    const moved = body({
      snippets: [snippet(1)],
      networks: [{ vlanId: 1, vlan: 'a', interface: 'eth1', address: '10.0.0.1', subnets: [] }],
    });
    expect(chosen({ k1: old }, { k1: moved })).toEqual([]);
    expect(chosen({ k1: old }, { k1: body(null) })).toEqual([]);
    expect(chosen({}, {})).toEqual([]);
  });

  it('one rack of all that have the text, and a live one', () => {
    const after = { k1: body({ snippets: [snippet(1)] }), k2: body({ snippets: [snippet(1)] }) };
    expect(chosen({ k1: none, k2: none }, after)).toEqual(['k1']);
    expect(chosen({ k1: none, k2: none }, after, ['k1'])).toEqual(['k2']);
    expect(chosen({ k1: none, k2: none }, after, ['k1', 'k2'])).toEqual(['k1']);
  });

  it('as few as have all texts', () => {
    const [a, b, c] = [snippet(1), snippet(2), snippet(3)];
    const after = { k1: body({ snippets: [a] }), k2: body({ snippets: [a, b] }), k3: body({ snippets: [c] }) };
    expect(chosen({ k1: none, k2: none, k3: none }, after)).toEqual(['k2', 'k3']);
  });

  it('also where a text goes that another one may need, and of options', () => {
    const both = body({ snippets: [snippet(1), snippet(2)] });
    expect(chosen({ k1: both }, { k1: body({ snippets: [snippet(2)] }) })).toEqual(['k1']);
    const options = [{ code: 224, name: 'x', data: 'y' }];
    expect(chosen({ k1: none }, { k1: body({ options }) })).toEqual(['k1']);
    const subnet = { id: 1, cidr: '10.0.0.0/24', pools: [], resolvers: [], timeServers: [], nextServer: '10.0.0.1' };
    const host = { mac: '52:54:00:00:00:01', address: '10.0.0.9', options };
    const network = { vlanId: 1, vlan: 'a', interface: 'eth1', address: '10.0.0.1' };
    const networks = [{ ...network, subnets: [{ ...subnet, leases: [host] }] }];
    expect(chosen({ k1: none }, { k1: body({ networks }) })).toEqual(['k1']);
  });

  it('an instance of a pair, too', () => {
    const trials = chooseTrials(change({ k1: none }, { k1: body({ snippets: [snippet(1)] }, 'dhcp@k1_k2') }));
    expect(trials.map(({ service }) => service.name)).toEqual(['dhcp@k1_k2']);
  });
});

const ACCEPTED: CheckDhcpResult = { isAccepted: true, why: '', line: null, parts: [], unseen: [] };
const REFUSED: CheckDhcpResult = { ...ACCEPTED, isAccepted: false, why: 'no', line: 7 };
type Answer = AgentAnswer<'check-dhcp'>;
const done = (result: CheckDhcpResult): Answer => ({ kind: 'done', result });

describe('a dry run tells', () => {
  const changed = change({ k1: body({}) }, { k1: body({ snippets: [snippet(1)] }) });
  const findings = async (answer: () => Promise<unknown>, what = changed) => {
    const ask = (() => answer()) as unknown as AskAgent;
    const nodes = await withKeaChecks({ askAgent: ask, caller: 'ada' }, what, []);
    return nodes.flatMap((node) => node.findings.map(({ code, severity, sentence }) => [code, severity, sentence]));
  };
  const notAsked = (why: string) => [['kea_unchecked', 'warning', `Kea on k1 has not judged this change: ${why}.`]];

  it('nothing, where Kea takes it, and its refusal with snippet and line', async () => {
    expect(await findings(async () => done(ACCEPTED))).toEqual([]);
    const parts = [{ name: 'snippet s1', why: 'no such option', remedy: 'Change it.' }];
    expect(await findings(async () => done({ ...REFUSED, parts }))).toEqual([
      [
        'kea_refuses',
        'warning',
        'Kea on k1 refuses the snippet s1: no such option (line 7 of /etc/kea/regent/kea-dhcp4.conf).',
      ],
    ]);
    expect(await findings(async () => done(REFUSED))).toEqual([
      ['kea_refuses', 'warning', 'Kea on k1 refuses its file: no (line 7 of /etc/kea/regent/kea-dhcp4.conf).'],
    ]);
    const two = [...parts, { name: 'snippet s2', why: REFUSED.why, remedy: '' }];
    const told = await findings(async () => done({ ...REFUSED, parts: two }));
    // Kea stops at the first fault: the line is that of the snippet whose fault it named.
    expect(told.map(([, , sentence]) => sentence?.includes('line 7'))).toEqual([false, true]);
  });

  it('why Kea has not judged it, and is never refused', async () => {
    const says = (why: string) => findings(async () => ({ kind: 'none', why }));
    expect(await says('The agent of k1 does not know this kind of command: it is of an earlier release.')).toEqual(
      notAsked('the agent of k1 does not know this kind of command: it is of an earlier release'),
    );
    expect(await findings(async () => rejected('unavailable', 'The database is away.'))).toEqual(
      notAsked('the database is away'),
    );
    expect(await findings(() => Promise.reject(new Error('broken')))).toEqual(notAsked('broken'));
    const dead = change({ k1: body({}) }, { k1: body({ snippets: [snippet(1)] }) }, ['k1']);
    expect(await findings(() => Promise.reject(new Error('asked')), dead)).toEqual(
      notAsked('the agent of k1 does not report'),
    );
    const unseen = { ...ACCEPTED, unseen: ['VLAN lab is not in the file: there is no interface eth1'] };
    expect(await findings(async () => done(unseen))).toEqual(
      notAsked('VLAN lab is not in the file: there is no interface eth1'),
    );
    const large = snippet(1, `{"x":"${'y'.repeat(65_000)}"}`);
    const huge = change({ k1: body({}) }, { k1: body({ snippets: [large, { ...large, id: 2 }] }) });
    expect(await findings(async () => done(ACCEPTED), huge)).toEqual(
      notAsked('its configuration is larger than 65536 bytes'),
    );
  });

  it('of at most four racks, and adds to what a node has', async () => {
    const ids = ['k1', 'k2', 'k3', 'k4', 'k5', 'k6'];
    const bodies = (of: (index: number) => Parts) => Object.fromEntries(ids.map((id, index) => [id, body(of(index))]));
    const many = change(
      bodies(() => ({})),
      bodies((index) => ({ snippets: [snippet(index + 1)] })),
    );
    let asked = 0;
    const ask = (async () => {
      asked += 1;
      return done(ACCEPTED);
    }) as unknown as AskAgent;
    const before = [{ node: 'k5', files: [], findings: [] }];
    const nodes = await withKeaChecks({ askAgent: ask, caller: 'ada' }, many, before);
    expect(asked).toBe(4);
    expect(nodes).toMatchObject([
      { node: 'k5', findings: [{ sentence: expect.stringContaining('at most 4 racks, and 2 more') }] },
    ]);
  });

  it('a site that is too large without what Regent judges itself', async () => {
    const subnet = { id: 1, cidr: '10.0.0.0/16', pools: [], resolvers: [], timeServers: [], nextServer: '10.0.0.1' };
    const leases = Array.from({ length: 2000 }, (_, n) => ({
      mac: `52:54:00:00:${(n >> 8).toString(16).padStart(2, '0')}:${(n & 255).toString(16).padStart(2, '0')}`,
      address: `10.0.${n >> 8}.${n & 255}`,
    }));
    const network = { vlanId: 1, vlan: 'a', interface: 'eth1', address: '10.0.0.1' };
    const networks = [{ ...network, subnets: [{ ...subnet, leases }] }];
    const snippets = [snippet(1), snippet(2, '{"boot-file-name":"x"}', '52:54:00:00:01:07')];
    const sent: DhcpDesired[] = [];
    const ask = (async ({ args }: { args: { desired: DhcpDesired } }) => {
      sent.push(args.desired);
      return done(REFUSED);
    }) as unknown as AskAgent;
    const large = change({ k1: body({}) }, { k1: body({ networks, snippets }) });
    // A smaller file has other lines.
    expect(await withKeaChecks({ askAgent: ask, caller: 'ada' }, large, [])).toMatchObject([
      { findings: [{ sentence: 'Kea on k1 refuses its file: no.' }] },
    ]);
    expect(sent[0]?.snippets).toEqual(snippets);
    expect(sent[0]?.networks[0]?.subnets[0]?.leases.map(({ mac }) => mac)).toEqual(['52:54:00:00:01:07']);
  });
});

describe('a dry run whose rack is silent', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it('ends at the deadline', async () => {
    const ask = (() => new Promise(() => {})) as unknown as AskAgent;
    const changed = change({ k1: body({}) }, { k1: body({ snippets: [snippet(1)] }) });
    const answer = withKeaChecks({ askAgent: ask, caller: 'ada' }, changed, []);
    await vi.advanceTimersByTimeAsync(CHECK_SECONDS * 1000);
    expect(await answer).toMatchObject([
      { node: 'k1', findings: [{ sentence: expect.stringContaining(`did not answer within ${CHECK_SECONDS} s`) }] },
    ]);
  });
});
