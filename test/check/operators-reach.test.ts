import { once } from 'node:events';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DebianHost, type Ran } from '../kit/debian-root.ts';
import { until } from '../kit/until.ts';

const OWNERS = join(import.meta.dirname, '../../ha/vip/owners');
const REACH = join(import.meta.dirname, '../../ha/vip/reach.ts');
const VIP = '10.77.0.5';
/** Answers as the haproxy of r2 does, for 600 s. */
const SERVER = `
import http.server, sys
class Answer(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200); self.send_header('Regent-Node', 'r2'); self.end_headers(); self.wfile.write(b'live')
    def log_message(self, *_): pass
http.server.HTTPServer(('0.0.0.0', 5240), Answer).serve_forever()`;
const PROBE = `
const { Reach } = await import(${JSON.stringify(REACH)});
const reach = new Reach();
for (let turn = 0; turn < 2; turn += 1) await reach.probe(${JSON.stringify(VIP)}, () => performance.now());
console.log(JSON.stringify(reach.status(performance.now())));`;

/** Two hosts on a real network: this one is a region node, the other has the floating address, with or without right. */
describe('who answers at the floating address', () => {
  let host: DebianHost;
  let other: (argv: readonly string[]) => Promise<Ran>;
  let mac = '';

  const beside = async (...argv: readonly string[]) => {
    const child = host.startBeside(argv);
    let text = '';
    child.stdout?.on('data', (data: Buffer) => (text += data.toString()));
    await once(child, 'close');
    return text.trim();
  };
  const probe = async () => JSON.parse(await beside(process.execPath, '--input-type=module', '-e', PROBE)) as object;
  const owners = () => beside(OWNERS, 'v1', VIP);

  beforeAll(async () => {
    host = await DebianHost.open();
    other = await host.stranger('10.77.0.11/24', '10.77.0.66/24');
    mac = /ether (\S+)/.exec((await other(['ip', 'link', 'show', 'eth0'])).stdout)?.[1] ?? 'none';
  });
  afterAll(async () => {
    await host[Symbol.asyncDispose]();
  });

  it('is nobody where nobody has the address', async () => {
    expect(await owners()).toBe('');
    expect(await probe()).toMatchObject({ reach: { isAnswered: false, node: null, mac: null, times: 2 } });
  });

  it('is found by its hardware address where it answers ARP and nothing else', async () => {
    await other(['ip', 'address', 'add', `${VIP}/24`, 'dev', 'eth0']);
    expect(await probe()).toMatchObject({ reach: { isAnswered: false, node: null, mac, times: 2 } });
    // The holder finds it, too, though the address is its own.
    await host.run(['ip', 'address', 'add', `${VIP}/24`, 'dev', 'v1']);
    expect(await owners()).toBe(mac);
    await host.run(['ip', 'address', 'del', `${VIP}/24`, 'dev', 'v1']);
  });

  it('names itself where it is a node of the cluster', async () => {
    void other(['timeout', '60', 'python3', '-c', SERVER]);
    const named = await until('an answer', async () => {
      const seen = await probe();
      return JSON.stringify(seen).includes('r2') ? seen : null;
    });
    expect(named).toMatchObject({ reach: { isAnswered: true, node: 'r2', mac } });
  });

  it('is told of by the holder as its own, with nobody beside it', async () => {
    await other(['ip', 'address', 'del', `${VIP}/24`, 'dev', 'eth0']);
    await host.run(['ip', 'address', 'add', `${VIP}/24`, 'dev', 'v1']);
    expect(await owners()).toBe('');
    await host.run(['ip', 'address', 'del', `${VIP}/24`, 'dev', 'v1']);
  });
});
