import { once } from 'node:events';
import { createServer, type Server } from 'node:https';
import {
  type AddressInfo,
  connect,
  createServer as createPlainServer,
  type Server as PlainServer,
  type Socket,
} from 'node:net';
import { connect as connectTls, type TLSSocket } from 'node:tls';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { handLeadOn, heirOf, type Status } from '../../../../ha/etcd/lead.ts';
import { bestOf, isAstray } from '../../../../ha/etcd/members.ts';
import { EtcdRelay } from '../../../../ha/etcd/way.ts';
import type { Identity } from '../../../../ha/kit/host.ts';
import { testAuthority, testIdentity } from '../../../kit/cluster/pki.ts';
import { until } from '../../../kit/until.ts';

describe('where to', () => {
  const own = (aliveSince: number | null) => ({ place: 'own', aliveSince });
  const other = (aliveSince: number | null) => ({ place: 'other', aliveSince });

  it.each([
    ['all answer', [own(1), other(1)], 'own'],
    ['its own is silent', [own(null), other(1)], 'other'],
    ['nobody answers', [own(null), other(null)], 'own'],
  ])('%s', (_, members, place) => {
    expect(bestOf(members)?.place).toBe(place);
  });

  it.each([
    ['it leads home', 'own', [own(1), other(1)], false],
    ['home is silent, another answers', 'own', [own(null), other(0)], true],
    ['home is silent, another has just come back: an election is over', 'own', [own(null), other(1)], false],
    ['home is silent as all are: nothing is gained', 'own', [own(null), other(null)], false],
    ['another is silent, home answers', 'other', [own(900), other(null)], true],
    ['home has just come back', 'other', [own(600), other(1)], false],
    ['home is back for long', 'other', [own(500), other(1)], true],
    ['it is no member any more', 'third', [own(null), other(null)], true],
  ])('%s', (_, place, members, isCut) => {
    expect(isAstray(place, members, 1000, 500)).toBe(isCut);
  });
});

describe('who is to lead etcd', () => {
  const said = (id: string, changes: Partial<Status> = {}): Status => ({
    id,
    leader: '1',
    index: 1000,
    isLearner: false,
    ...changes,
  });

  it.each([
    ['another one, the least behind', said('1'), [said('2', { index: 990 }), said('3', { index: 995 })], '3'],
    ['it is led elsewhere already', said('1', { leader: '2' }), [said('2'), said('3')], null],
    ['nobody leads', said('1', { leader: '0' }), [said('2'), said('3')], null],
    ['one is away', said('1'), [said('2'), null], null],
    ['its own does not answer', null, [said('2'), said('3')], null],
    ['it is alone', said('1'), [], null],
    ['the others are far behind', said('1'), [said('2', { index: 900 }), said('3', { index: 1 })], null],
    ['one is a learner', said('1'), [said('2', { isLearner: true }), said('3', { index: 980 })], '3'],
    ['another sees another leader', said('1'), [said('2', { leader: '3' }), said('3', { leader: '3' })], null],
  ])('%s', (_, own, others, id) => {
    expect(heirOf(own, others)?.id ?? null).toBe(id);
  });
});

describe('the way', () => {
  let identity: Identity | null = null;
  const ends: (() => void)[] = [];
  beforeAll(async () => {
    const one = await testIdentity(await testAuthority(), { nodeId: 'n-r1', isRegion: true });
    identity = { ca: Buffer.from(one.authority), cert: Buffer.from(one.certificate), key: Buffer.from(one.key) };
  });
  afterEach(() => {
    for (const end of ends.splice(0)) end();
  });
  const shown = () => identity ?? expect.fail('no certificate');

  /** An etcd that asks for a certificate and says its name on every connection. */
  async function etcd(name: string, isHealthy = () => true): Promise<{ place: string; server: Server }> {
    const server = createServer({ ...shown(), requestCert: true, rejectUnauthorized: true }, ({ url }, response) => {
      response.statusCode = url === '/v3/kv/range' && !isHealthy() ? 503 : 200;
      response.end(JSON.stringify({ name }));
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    ends.push(() => server.close().closeAllConnections());
    return { place: `127.0.0.1:${(server.address() as AddressInfo).port}`, server };
  }

  /** Takes connections and says nothing, like a process that is stopped. */
  async function silent(): Promise<string> {
    const sockets = new Set<Socket>();
    const server: PlainServer = createPlainServer((socket) => {
      sockets.add(socket);
      socket.on('error', () => {});
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    ends.push(() => {
      server.close();
      for (const socket of sockets) socket.destroy();
    });
    return `127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  async function open(places: readonly string[], isProven = () => false): Promise<{ way: EtcdRelay; said: string[] }> {
    const said: string[] = [];
    const way = new EtcdRelay((text) => said.push(text), isProven);
    ends.push(() => way.close());
    await way.listen(0);
    way.lead(places, shown());
    return { way, said };
  }

  /** Asks once over TLS, by the name 127.0.0.1; the connection stays. */
  async function ask(way: EtcdRelay): Promise<{ name: string; socket: TLSSocket }> {
    const socket = connectTls({ host: '127.0.0.1', port: way.port, ...shown() });
    ends.push(() => socket.destroy());
    await once(socket, 'secureConnect');
    socket.write('GET / HTTP/1.1\r\nhost: etcd\r\n\r\n');
    const [answer] = (await once(socket, 'data')) as [Buffer];
    return { name: /"name":"(\w+)"/.exec(answer.toString())?.[1] ?? '', socket };
  }

  it('leads home, TLS untouched', async () => {
    const { way, said } = await open([(await etcd('own')).place, (await etcd('other')).place]);
    await until('both answer', () => said.length === 2);
    expect((await ask(way)).name).toBe('own');
  });

  it('leads elsewhere while its own is gone', async () => {
    const own = await etcd('own');
    const { way, said } = await open([own.place, (await etcd('other')).place]);
    await until('both answer', () => said.length === 2);
    const { socket } = await ask(way);
    const closed = once(socket, 'close');
    own.server.close().closeAllConnections();
    await closed;
    await until('it is noticed', () => said.includes(`${own.place} does not answer`));
    expect((await ask(way)).name).toBe('other');
  });

  it('leads elsewhere while its own hears nobody who leads etcd, and cuts what led there', async () => {
    let isHealthy = true;
    const own = await etcd('own', () => isHealthy);
    const { way, said } = await open([own.place, (await etcd('other')).place]);
    await until('both answer', () => said.length === 2);
    const { socket } = await ask(way);
    let isClosed = false;
    socket.on('close', () => (isClosed = true));
    isHealthy = false;
    await until('it is noticed', () => said.includes(`${own.place} does not answer`));
    expect((await ask(way)).name).toBe('other');
    await until('it is cut', () => {
      way.cutAstray();
      return isClosed;
    });
  });

  it('does not ask its own while somebody else has just heard it, and asks the others all the same', async () => {
    let isProven = true;
    const [own, other] = [await silent(), await silent()];
    const { way, said } = await open([own, other], () => isProven);
    await until('its own counts as heard', () => said.includes(`${own} answers`));
    expect(said).not.toContain(`${other} answers`);
    isProven = false;
    await until('it is asked itself', () => said.includes(`${own} does not answer`));
    way.close();
  });

  it('leads elsewhere when its own takes connections and says nothing', async () => {
    const { way, said } = await open([await silent(), (await etcd('other')).place]);
    await until('the other answers', () => said.length === 1);
    expect((await ask(way)).name).toBe('other');
  });

  it('follows members: a connection to one that was taken out is cut', async () => {
    const [own, other] = [await etcd('own'), await etcd('other')];
    const { way, said } = await open([own.place, other.place]);
    await until('both answer', () => said.length === 2);
    const { socket } = await ask(way);
    const closed = once(socket, 'close');
    way.lead([other.place], shown());
    way.cutAstray();
    await closed;
    expect((await ask(way)).name).toBe('other');
  });

  it('hands the lead of etcd on, asking the leader itself', async () => {
    const asked: string[] = [];
    const member = async (id: string) => {
      const server = createServer({ ...shown(), requestCert: true, rejectUnauthorized: true }, (request, response) => {
        let text = '';
        request.on('data', (part: Buffer) => (text += part.toString()));
        request.on('end', () => {
          if (request.url !== '/v3/maintenance/status') asked.push(`${id} ${request.url} ${text}`);
          response.end(JSON.stringify({ header: { member_id: id }, leader: '71', raftIndex: '12' }));
        });
      });
      server.listen(0, '127.0.0.1');
      await once(server, 'listening');
      ends.push(() => server.close().closeAllConnections());
      return `127.0.0.1:${(server.address() as AddressInfo).port}`;
    };
    const places = [await member('71'), await member('72'), await member('73')];
    expect(await handLeadOn(places, shown())).toBe(places[1]);
    expect(asked).toEqual(['71 /v3/maintenance/transfer-leadership {"targetID":"72"}']);
    expect(await handLeadOn([...places.slice(1), places[0] ?? ''], shown())).toBeNull();
  });

  it('ends a client for whom there is nobody', async () => {
    const way = new EtcdRelay(
      () => {},
      () => false,
    );
    ends.push(() => way.close());
    await way.listen(0);
    const socket = connect({ host: '127.0.0.1', port: way.port });
    socket.on('error', () => {});
    await once(socket, 'close');
  });
});
