import type { Vlan } from '../../contract/networks/vlan.ts';
import type { Call } from '../command-spec.ts';
import { CliError, EXIT, type ExitCode } from '../exit.ts';
import { queryRegion } from './outcome.ts';
import { makeProgress } from './progress.ts';
import { waitForNodes } from './wait.ts';

const POLL_MS = 1000;

/** What a VLAN lacks until its primary rack serves it and its secondary one stands by; null: nothing, or no rack is to serve it. */
function lackOf({ fabric, name, dhcpOn, server }: Pick<Vlan, 'fabric' | 'name' | 'dhcpOn' | 'server'>): string | null {
  if (!dhcpOn || server === null) return null;
  const vlan = `${fabric}/${name}`;
  const { primary, secondary, servedBy, isWhole, why } = server;
  if (servedBy !== primary) return `${vlan} is served by ${servedBy ?? 'nobody'} and not by ${primary} yet (${why})`;
  return secondary === null || isWhole ? null : `${secondary} does not stand by for ${vlan} yet (${why})`;
}

/**
 * Waits until every present node has the configuration (as `waitForNodes`), and then, in the same time, until each of these VLANs is served by its primary rack
 * while its secondary one stands by. `vlans`: FABRIC/NAME or FABRIC/VID. A VLAN that goes to other racks is let go by the old ones first. Throws with exit code 5 at the deadline.
 */
export async function waitForServers(call: Call, vlans: readonly string[]): Promise<ExitCode> {
  const { io, change } = call;
  const end = io.monotonic() + change.timeoutSeconds * 1000;
  await waitForNodes(call);
  const progress = makeProgress(io);
  for (;;) {
    const lacks = await findMissing(call, vlans, end - io.monotonic());
    if (lacks.length === 0) {
      progress.end('');
      return EXIT.ok;
    }
    progress.say(`Waiting: ${lacks.join('; ')}`);
    if (io.monotonic() + POLL_MS >= end) {
      progress.end('');
      const sentence = `The change is in force, but after ${change.timeoutSeconds} s DHCP is not: ${lacks.join('; ')}.`;
      throw new CliError(EXIT.timeout, sentence, ['More: regent vlan show VLAN, regent doctor']);
    }
    await io.sleep(POLL_MS, io.interrupted);
  }
}

async function findMissing(call: Call, vlans: readonly string[], leftMs: number): Promise<string[]> {
  const { client } = await call.region();
  const lacks: string[] = [];
  for (const vlan of vlans) {
    const found = await queryRegion(call, leftMs, (signal) =>
      client.call('vlan.show', { params: { vlan } }, { signal }),
    );
    const lack = found === null ? 'the region does not answer' : lackOf(found.body);
    if (lack !== null) lacks.push(lack);
  }
  return lacks;
}
