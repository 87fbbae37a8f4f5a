import { createServer } from 'node:net';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { Link } from '../../../../ha/dhcp/link.ts';
import { Listener } from '../../../../ha/dhcp/listen.ts';
import { type Heartbeat, type Reply, splitLines } from '../../../../ha/dhcp/messages.ts';
import type { Identity } from '../../../../ha/kit/host.ts';
import { testAuthority, testIdentity } from '../../../kit/cluster/pki.ts';
import { until } from '../../../kit/until.ts';

const clock = () => performance.now();
const identities = new Map<string, Identity>();
const open: { close(): void }[] = [];

beforeAll(async () => {
  const [own, foreign] = [await testAuthority('c1'), await testAuthority('c2')];
  for (const [name, authority] of [
    ['r1', own],
    ['k1', own],
    ['k2', own],
    ['k3', own],
    ['stranger', foreign],
  ] as const) {
    const nodeId = name === 'stranger' ? 'k1' : name;
    const { authority: ca, certificate, key } = await testIdentity(authority, { nodeId });
    identities.set(name, { ca: Buffer.from(ca), cert: Buffer.from(certificate), key: Buffer.from(key) });
  }
});
afterEach(() => {
  for (const one of open.splice(0)) one.close();
});

const identityOf = (name: string): Identity => {
  const found = identities.get(name);
  if (!found) throw new Error(name);
  return found;
};

/** A port that is free now. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await until('a port', () => server.listening);
  const address = server.address();
  server.close();
  return typeof address === 'object' && address !== null ? address.port : 0;
}

/** A region that lets k1 and k2 speak, and what it heard and said about its work. */
async function region() {
  const port = await freePort();
  const [heard, said]: [Heartbeat[], string[]] = [[], []];
  const answer = (beat: Heartbeat): Reply => {
    heard.push(beat);
    return { echo: beat.number, votes: [] };
  };
  const ports = { names: () => ['k1', 'k2'], answer, log: (text: string) => void said.push(text) };
  const listener = new Listener({ address: '127.0.0.1', port }, identityOf('r1'), ports);
  open.push(listener);
  await until('it to listen', () => said.some((text) => text.startsWith('listens')));
  return { port, heard, said };
}

/** A rack's way there, and the answers that it got. */
function rack(as: string, port: number, name = 'r1') {
  const [replies, said]: [Reply[], string[]] = [[], []];
  const hear = (reply: Reply) => void replies.push(reply);
  const log = (text: string) => void said.push(text);
  const link = new Link(
    { name, address: '127.0.0.1', port },
    { identity: () => identityOf(as), clock, random: () => 0, receive: hear, log },
  );
  open.push(link);
  let number = 0;
  const send = (from: string, run = 1, next = (number += 1)) =>
    link.send({ from, run, number: next, said: next, pairs: [] }, {});
  return { send, replies, said };
}

describe('beats between racks and regions', () => {
  it('go out and are answered', async () => {
    const { port, heard } = await region();
    const { send, replies } = rack('k1', port);
    await until('an answer', () => {
      send('k1');
      return replies.length > 0;
    });
    expect(heard.every(({ from }) => from === 'k1')).toBe(true);
  });

  it.each([
    ['a rack that speaks as another one', 'k2', 'k1'],
    ['a node that has no pair', 'k3', 'k3'],
    ['somebody with another authority’s certificate', 'stranger', 'k1'],
  ])('are not heard from %s', async (_, as, from) => {
    const { port, heard, said } = await region();
    const { send, replies } = rack(as, port);
    await until('a refusal', () => {
      send(from);
      return said.some((text) => text.startsWith('refused'));
    });
    expect([heard, replies]).toEqual([[], []]);
  });

  it('are not sent to who is somebody else', async () => {
    const { port, heard } = await region();
    const { send, said } = rack('k1', port, 'r2');
    await until('a refusal', () => {
      send('k1');
      return said.some((text) => text.includes('does not match'));
    });
    expect(heard).toEqual([]);
  });

  it('count once, and not after a later start', async () => {
    const { port, heard } = await region();
    const { send, replies } = rack('k1', port);
    await until('an answer', () => {
      send('k1', 7);
      return replies.length > 0;
    });
    send('k1', 7, 500);
    send('k1', 6, 501);
    await until('the word that it is stale', () => replies.some(({ staleRun }) => staleRun === 7));
    send('k1', 7, 400);
    send('k1', 7, 1000);
    const numbers = await until('the next one', () => {
      const all = heard.map(({ number }) => number);
      return all.includes(1000) ? all : null;
    });
    expect(numbers.slice(numbers.indexOf(500))).toEqual([500, 1000]);
  });

  it('find their way again after a silence', async () => {
    // Accepts, and says nothing for ever.
    const port = await freePort();
    const mute = createServer().listen(port, '127.0.0.1');
    const { send, said } = rack('k1', port);
    await until('it to be given up', () => {
      send('k1');
      return said.includes('r1 (127.0.0.1): no connection in time');
    });
    mute.close();
    expect(said.length).toBeLessThan(4);
  });

  it('come in lines, cut anywhere', () => {
    const lines: string[] = [];
    const split = splitLines((line) => void lines.push(line));
    const text = Buffer.from('{"ö":1}\n{"b":2}\n');
    for (const byte of text) expect(split.add(Buffer.from([byte]))).toBe(true);
    expect(lines).toEqual(['{"ö":1}', '{"b":2}']);
    expect(split.add(Buffer.alloc(300_000, 'x'))).toBe(false);
  });
});
