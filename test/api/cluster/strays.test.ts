import { createServer, type Server } from 'node:https';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openEtcd } from '../../../src/main/region/etcd/etcd.ts';
import type { EtcdMember, EtcdPort } from '../../../src/region/cluster/trust/port.ts';
import { createStrayTask } from '../../../src/region/cluster/trust/strays.ts';
import { createNode, deleteNode } from '../../../src/store/queries/cluster/nodes.ts';
import { startTrustedRegion, type TrustedRegion } from '../../kit/cluster/trusted-region.ts';
import { usePostgres } from '../../kit/postgres.ts';
import { change, value } from '../../kit/store.ts';

const pg = usePostgres();
let site: TrustedRegion;
beforeEach(async () => {
  site = await startTrustedRegion(pg.get());
});
afterEach(() => site.close());

const R1: EtcdMember = { id: '1', name: 'r1', isLearner: false, peerUrls: ['https://10.77.0.11:2380'] };
const R2: EtcdMember = { id: '2', name: '', isLearner: true, peerUrls: ['https://10.77.0.12:2380'] };

/** etcd's list in memory. */
function anEtcd(members: readonly EtcdMember[] | null) {
  const removed: string[] = [];
  const etcd: EtcdPort = {
    members: async () => members?.filter(({ id }) => !removed.includes(id)) ?? null,
    storedLearners: async () => [],
    remove: async (id) => void removed.push(id),
  };
  return { etcd, removed };
}

const joining = (id: string) =>
  change(site.db, (tx) =>
    createNode(tx, { id, name: 'r2', isRegion: true, isRack: false, addresses: ['10.77.0.12'], state: 'joining' }),
  );

describe('the etcd member of a region node', () => {
  it('that is joining stays; when an admin has forgotten the node it goes at the second look', async () => {
    value(await joining('n2'));
    const { etcd, removed } = anEtcd([R1, R2]);
    const task = createStrayTask(site.db, etcd);
    for (let round = 0; round < 3; round += 1) expect(await task.run()).toBeNull();
    value(await change(site.db, (tx) => deleteNode(tx, { key: 'n2' })));
    expect(await task.run()).toBeNull();
    expect(removed).toEqual([]);
    expect(await task.run()).toContain('etcd lost its learner (never started) at https://10.77.0.12:2380');
    expect(removed).toEqual(['2']);
    expect(await task.run()).toBeNull();
  });

  it('that joins again between two looks stays', async () => {
    const { etcd, removed } = anEtcd([R1, R2]);
    const task = createStrayTask(site.db, etcd);
    await task.run();
    value(await joining('n3'));
    await task.run();
    expect(removed).toEqual([]);
  });

  it('is left alone while etcd does not answer', async () => {
    const { etcd } = anEtcd(null);
    expect(await createStrayTask(site.db, etcd).run()).toBeNull();
  });
});

describe('etcd of this host', () => {
  const servers: Server[] = [];
  afterEach(() => {
    for (const server of servers.splice(0)) server.close();
  });
  /** Answers as etcd 3.5's gateway does, to whoever shows a certificate of the cluster. */
  const aGateway = async (answers: Readonly<Record<string, readonly [number, unknown]>>) => {
    const calls: string[] = [];
    const { key, certificate: cert, authority: ca } = site.own;
    const server = createServer({ key, cert, ca, requestCert: true, rejectUnauthorized: true }, (request, response) => {
      const [status, body] = answers[request.url ?? ''] ?? [404, {}];
      request.setEncoding('utf8').on('data', (text: string) => calls.push(`${request.url ?? ''} ${text}`));
      request.on('end', () => response.writeHead(status).end(JSON.stringify(body)));
    });
    servers.push(server);
    await new Promise<void>((done) => {
      server.listen(0, '127.0.0.1', done);
    });
    const address = server.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    const at = (name: string) => join(site.folder, name);
    return {
      etcd: openEtcd({ authority: at('ca.crt'), certificate: at('node.crt'), key: at('node.key') }, port),
      calls,
    };
  };
  const LIST = '/v3/cluster/member/list';
  const REMOVE = '/v3/cluster/member/remove';

  it('tells its members and removes one, over mutual TLS', async () => {
    const members = [
      { ID: '10276657743932975437', name: 'r1', peerURLs: ['https://10.77.0.11:2380'] },
      { ID: '12', peerURLs: ['https://10.77.0.12:2380'], isLearner: true },
    ];
    const { etcd, calls } = await aGateway({ [LIST]: [200, { header: {}, members }], [REMOVE]: [200, {}] });
    expect(await etcd.members()).toEqual([
      { ...R1, id: '10276657743932975437' },
      { ...R2, id: '12' },
    ]);
    await etcd.remove('12');
    expect(calls.at(-1)).toBe(`${REMOVE} {"ID":"12"}`);
  });

  it('without a majority tells none; what it refuses is a fault in its words; who is gone is none', async () => {
    const unhealthy = { error: 'etcdserver: unhealthy cluster', code: 14 };
    const { etcd } = await aGateway({ [LIST]: [503, {}], [REMOVE]: [503, unhealthy] });
    expect(await etcd.members()).toBeNull();
    await expect(etcd.remove('12')).rejects.toThrow('etcdserver: unhealthy cluster');
    const gone = await aGateway({ [REMOVE]: [404, { error: 'etcdserver: member not found', code: 5 }] });
    await gone.etcd.remove('12');
  });
});
