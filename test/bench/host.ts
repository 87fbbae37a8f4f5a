import { createClient } from '../../src/contract/client.ts';
import { startDnsAsker } from '../../src/drills/probes/dns/asker.ts';
import { systemRandom } from '../../src/main/process.ts';
import { openProductLab } from '../kit/lab.ts';
import { pause } from '../kit/until.ts';
import { type Figure, median, most, percentile } from './report.ts';
import { unitMb } from './unit-memory.ts';

const ROUNDS = 40;
const DOMAIN = 'bench.example';

/** A whole host: from the acknowledged write to the answer of its BIND, and the memory of its processes. Needs root. */
export async function benchHost(): Promise<Figure[]> {
  const lab = await openProductLab('bench');
  const dns = startDnsAsker(lab.layout.clientNetns('vlan10'), '10.10.10.1');
  try {
    const client = createClient({ url: lab.url, apiKey: lab.apiKey, random: systemRandom() });
    await client.call('domain.create', { body: { name: DOMAIN } });
    const latencies: number[] = [];
    for (let round = 0; round <= ROUNDS; round += 1) {
      const fqdn = `h${round}.${DOMAIN}`;
      const data = `10.10.10.${round + 101}`;
      await client.call('record.create', { body: { fqdn, type: 'A', data } });
      const acknowledged = performance.now();
      while (!(await dns.ask(fqdn, 'A', 500)).data.includes(data)) {
        if (performance.now() - acknowledged > 30_000) throw new Error(`${fqdn} is not answered within 30 s`);
        await pause(10);
      }
      // The first one waits for the zone itself; the phase between writes is random.
      if (round > 0) latencies.push(performance.now() - acknowledged);
      await pause(Math.random() * 300);
    }
    const note = `median ${median(latencies).toFixed(0)} ms, most ${Math.max(...latencies).toFixed(0)} ms, ${ROUNDS} rounds`;
    return [
      most('row changed → BIND answers it, p95', percentile(latencies, 0.95), { unit: 'ms', target: 2000, note }),
      most('agent, memory idle', await unitMb(lab, 'r1', 'regent-agent.service'), { unit: 'MB', target: 100 }),
      most('helper, memory idle', await unitMb(lab, 'r1', 'regent-helper.service'), { unit: 'MB', target: null }),
      most('regiond on the host, memory idle', await unitMb(lab, 'r1', 'regent-regiond.service'), {
        unit: 'MB',
        target: 150,
      }),
    ];
  } finally {
    dns.close();
    await lab.close();
  }
}
