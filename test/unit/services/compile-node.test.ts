import { describe, expect, it } from 'vitest';
import type { Snapshot } from '../../../src/model/snapshot.ts';
import { compileNode, compileSite, type NodeBody, wantedVersions } from '../../../src/services/compile-node.ts';
import type { AnyService } from '../../../src/services/kit/contract.ts';
import { SERVICES } from '../../../src/services/registry.ts';
import { emptySnapshot, GOLDEN_SECONDS, R1, typicalSnapshot } from '../../kit/snapshots.ts';

function changed(name: string, changes: Partial<AnyService>): readonly AnyService[] {
  return SERVICES.map((service) => (service.name === name ? { ...service, ...changes } : service));
}

const fail = (sentence: string) => () => {
  throw new Error(sentence);
};
const compile = (snapshot: Snapshot, services = SERVICES, previous: ReadonlyMap<string, NodeBody | null> = new Map()) =>
  compileSite(snapshot, services, previous, GOLDEN_SECONDS);

describe('compileSite', () => {
  it('gives every node its services, and region nodes the same serials', () => {
    const site = compile(typicalSnapshot());
    expect([...site.nodes.keys()]).toEqual(['n-r1', 'n-r2', 'n-rack1']);
    const zones = (id: string) => site.nodes.get(id)?.body.services['dns']?.desired?.['zones'];
    expect(zones('n-r1')).toEqual(zones('n-r2'));
    expect(site.nodes.get('n-rack1')?.body.services['dns']).toEqual({ desired: null, restart: null });
    expect(site.nodes.get('n-rack1')?.body.services['ntp']?.desired).not.toBeNull();
    expect(site.nodes.get('n-r1')?.body.services['dns']?.restart).toBe('f00d');
    expect(site.nodes.get('n-r2')?.body.services['dns']?.restart).toBeNull();
    expect(site.versions.map((row) => row.version)).toEqual(site.versions.map(() => GOLDEN_SECONDS));
  });

  it('gives equal text for equal configuration, and new serials for the zones that changed alone', () => {
    const first = compile(typicalSnapshot());
    const snapshot = { ...typicalSnapshot(), versions: first.versions };
    const again = compileSite(snapshot, SERVICES, new Map(), GOLDEN_SECONDS + 500);
    expect(again).toEqual(first);
    const records = [
      ...snapshot.records,
      { id: 99, domainId: 2, name: 'new', type: 'A' as const, data: '10.10.10.99', ttl: null },
    ];
    const next = compileSite({ ...snapshot, records }, SERVICES, new Map(), GOLDEN_SECONDS + 500);
    const grown = next.versions.filter((row) => row.version === GOLDEN_SECONDS + 500).map((row) => row.key);
    expect(grown).toEqual(['10.10.10.in-addr.arpa', 'example.test']);
  });

  it('keeps the last part of a service that fails, tells why, and publishes the others', () => {
    const before = compile(typicalSnapshot()).nodes.get('n-r1')?.body ?? null;
    const previous = new Map([['n-r1', before]]);
    for (const broken of [
      changed('dns', { compile: fail('no luck') }),
      changed('dns', { prepare: fail('no luck') }),
      changed('dns', { lint: fail('no luck') }),
    ]) {
      const node = compile({ ...emptySnapshot(), restarts: typicalSnapshot().restarts }, broken, previous).nodes.get(
        'n-r1',
      );
      expect(node?.body.services['dns']).toEqual(before?.services['dns']);
      expect(node?.body.services['ntp']?.desired).toMatchObject({ servers: [], clients: [] });
      expect(node?.findings).toEqual([
        {
          service: 'dns',
          code: 'compile_failed',
          severity: 'error',
          subject: 'service dns',
          sentence: 'no luck',
          held: 'service dns',
        },
      ]);
    }
  });

  it('publishes nothing that the nodes would refuse', () => {
    const settings = { ...emptySnapshot().settings, dns_rate_limit: 5000 };
    const node = compile(emptySnapshot({ settings })).nodes.get('n-r1');
    expect(node?.findings[0]).toMatchObject({ service: 'dns', code: 'compile_failed', held: 'service dns' });
    expect(node?.findings[0]?.sentence).toMatch(/^desired state of dns: \/rateLimit must be <= 1000/);
  });

  it('leaves a failed service out when nothing was published before', () => {
    const node = compile(emptySnapshot(), changed('dns', { compile: fail('no luck') })).nodes.get('n-r1');
    expect(Object.keys(node?.body.services ?? {})).toEqual(
      SERVICES.map((service) => service.name).filter((name) => name !== 'dns'),
    );
  });

  it('treats an error finding like a failure and a warning as news', () => {
    const finding = (severity: 'error' | 'warning') => ({ code: 'c', severity, subject: 's', sentence: 't' });
    const before: NodeBody = { services: { dns: { desired: { old: true }, restart: null } } };
    const body = (severity: 'error' | 'warning') =>
      compile(
        emptySnapshot(),
        changed('dns', { lint: () => [finding(severity)] }),
        new Map([['n-r1', before]]),
      ).nodes.get('n-r1');
    expect(body('error')?.body.services['dns']?.desired).toEqual({ old: true });
    expect(body('warning')?.body.services['dns']?.desired).toHaveProperty('zones');
    expect(body('warning')?.findings).toEqual([{ service: 'dns', ...finding('warning') }]);
  });

  it('wants no number for a service that cannot name its things', () => {
    const site = compile(emptySnapshot(), changed('dns', { versioned: fail('no luck') }));
    expect(site.versions).toEqual([]);
    expect(site.nodes.get('n-r1')?.findings[0]?.sentence).toBe('zone regent.internal has no serial for its content');
  });
});

describe('what no node shows', () => {
  const finding = { code: 'unserved', severity: 'warning' as const, subject: 'VLAN a', sentence: 'Nobody.' };

  it('is told once, by the first region node', () => {
    const { nodes } = compile(typicalSnapshot(), changed('ntp', { lintSite: () => [finding] }));
    const told = [...nodes].flatMap(([id, node]) =>
      node.findings.filter((item) => item.service === 'ntp').map(() => id),
    );
    expect(told).toEqual(['n-r1']);
    expect(nodes.get('n-r1')?.findings).toContainEqual({ service: 'ntp', ...finding });
  });

  it('is an error when it cannot be found out', () => {
    const { nodes } = compile(emptySnapshot(), changed('ntp', { lintSite: fail('no luck') }));
    expect(nodes.get('n-r1')?.findings).toMatchObject([
      { service: 'ntp', code: 'compile_failed', sentence: 'no luck' },
    ]);
    expect(compile({ ...emptySnapshot(), nodes: [] }).nodes.size).toBe(0);
  });
});

describe('compileNode', () => {
  it('needs numbers that fit the content', () => {
    const snapshot = emptySnapshot();
    expect(compileNode(snapshot, R1.id, SERVICES, null).findings[0]?.code).toBe('compile_failed');
    const versions = wantedVersions(snapshot, SERVICES).map((row) => ({ ...row, version: 5 }));
    const good = compileNode({ ...snapshot, versions }, R1.id, SERVICES, null);
    expect(good.findings).toEqual([]);
    expect(good.body.services['dns']?.desired?.['zones']).toMatchObject([{ name: 'regent.internal', serial: 5 }]);
    const stale = versions.map((row) => ({ ...row, digest: 'other' }));
    expect(compileNode({ ...snapshot, versions: stale }, R1.id, SERVICES, null).findings[0]?.sentence).toContain(
      'no serial',
    );
  });

  it('gives a node that is gone nothing to run', () => {
    const node = compileNode(emptySnapshot(), 'n-nobody', SERVICES, null);
    expect(Object.values(node.body.services).map((part) => part.desired)).toEqual(SERVICES.map(() => null));
  });
});
