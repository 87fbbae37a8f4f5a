import { textOption } from '../../../contract/base/command-texts.ts';
import { listOf, showOf } from '../base/plain.ts';
import type { Lease } from '../../../contract/networks/lease.ts';
import { LEASE_STATES } from '../../../model/networks/lease.ts';
import { runChange } from '../../change.ts';
import type { Call, NounSpec } from '../../command-spec.ts';
import { CliError, EXIT, type ExitCode } from '../../exit.ts';
import type { Shape } from '../../format/output.ts';
import { moment, relative, stamp } from '../../format/when.ts';
import { need } from '../../values.ts';
import { queryRegion } from '../../waiting/outcome.ts';
import { makeProgress } from '../../waiting/progress.ts';

const POLL_MS = 500;
const WHICH = [{ name: '<address>', help: 'an address', complete: 'lease' }] as const;

/** `regent lease`. */
export const LEASE: NounSpec = {
  noun: 'lease',
  summary: 'addresses that DHCP gave out',
  commands: [
    listOf<Lease>(
      'lease.list',
      {
        summary: 'list the leases that are in force',
        options: {
          subnet: textOption('subnet', 'only those of this subnet'),
          vlan: textOption('vlan', 'only those of this VLAN'),
          node: textOption('node', 'only those that this node has, serving or as partner'),
          mac: textOption('mac', 'only those of this MAC address'),
          address: textOption('ip', 'only the one of this address'),
          hostname: textOption('text', "only those with this in the client's own name"),
          state: textOption('state', 'only those in this state; expired ones are stored for a week', LEASE_STATES),
        },
        watchSeconds: 1,
        examples: ['regent lease list --watch', 'regent lease list --vlan vlan10 --state expired'],
      },
      shapeOf,
    ),
    showOf(
      'lease.show',
      'address',
      { summary: 'show the last lease of an address', args: WHICH, examples: ['regent lease show 10.10.20.100'] },
      shapeOf,
    ),
    {
      verb: 'release',
      summary: 'end the lease of an address now; its client uses the address until its next renewal is refused',
      args: WHICH,
      isChange: true,
      waitsFor: 'leaseEnd',
      examples: ['regent lease release 10.10.20.100 --wait'],
      run: (call) =>
        runChange(call, {
          route: 'lease.release',
          input: { params: { address: need(call, 0) } },
          shape: shapeOf(call),
          done: 'is being ended',
          waitFor: (lease) => waitForEnd(call, lease),
        }),
    },
  ],
};

/** Waits until no server has the lease any more: both racks of a pair forget it. */
async function waitForEnd(call: Call, released: Lease): Promise<ExitCode> {
  const { io, change } = call;
  // Nobody serves an address that only the system of a machine had.
  if (released.state === 'expired') return EXIT.ok;
  const { client } = await call.region();
  const end = io.monotonic() + change.timeoutSeconds * 1000;
  const progress = makeProgress(io);
  const readLease = async (signal: AbortSignal) =>
    (await client.call('lease.show', { params: { address: released.address } }, { signal })).body;
  let holders = holdersOf(released);
  for (;;) {
    const seen = await queryRegion(call, end - io.monotonic(), readLease);
    if (seen !== null && isOver(seen, released)) {
      progress.end(`The lease of ${released.address} has ended.`);
      return EXIT.ok;
    }
    holders = seen === null ? holders : holdersOf(seen);
    progress.say(`Waiting: ${holders} the lease of ${released.address} still`);
    if (io.monotonic() + POLL_MS >= end) {
      progress.end('');
      throw new CliError(
        EXIT.timeout,
        `The request is made, but after ${change.timeoutSeconds} s ${holders} the lease of ${released.address} still.`,
        [`regent lease show ${released.address}`, `regent service list`],
      );
    }
    await io.sleep(POLL_MS, io.interrupted);
  }
}

/** Is the lease that was released gone from every server? */
function isOver(seen: Lease, released: Lease): boolean {
  if (seen.mac !== released.mac) return true;
  return seen.state === 'expired' && (seen.heldBy ?? []).length === 0;
}

/** `k1 has`, `k1 and k2 have`. */
function holdersOf({ node, heldBy = [] }: Lease): string {
  return heldBy.length > 1 ? `${heldBy.join(' and ')} have` : `${heldBy[0] ?? node} has`;
}

/** The partner's knowledge of it; empty if there is no pair or the lease is over. */
function partnerOf({ partner, heldBy, state }: Lease): string {
  if (partner == null || heldBy === undefined || (state === 'expired' && heldBy.length === 0)) return '';
  return heldBy.includes(partner) ? `${partner} has it` : `${partner} lacks it`;
}

function shapeOf(call: Call): Shape<Lease> {
  const now = call.io.now();
  return {
    kind: 'lease',
    name: (lease) => lease.address,
    columns: [
      { header: 'address', value: (lease) => lease.address },
      { header: 'mac', value: (lease) => lease.mac ?? '' },
      { header: 'name', value: (lease) => lease.machine ?? lease.hostname },
      { header: 'kind', value: (lease) => lease.kind },
      { header: 'state', value: (lease) => lease.state },
      { header: 'expires', value: (lease) => whenOver(lease, now) },
      { header: 'subnet', value: (lease) => lease.subnet ?? '' },
      { header: 'vlan', wide: true, value: (lease) => lease.vlan ?? '' },
      { header: 'node', wide: true, value: (lease) => lease.node },
      { header: 'partner', wide: true, value: partnerOf },
      { header: 'hostname', wide: true, value: (lease) => lease.hostname },
      { header: 'machine', wide: true, value: (lease) => lease.machine ?? '' },
      { header: 'client id', wide: true, value: (lease) => lease.clientId ?? '' },
      { header: 'since', wide: true, value: (lease) => stamp(lease.startsAt) },
    ],
    details: (lease) => [
      ['Address', lease.address],
      ['Kind', lease.kind === 'static' ? 'static: reserved for this client' : 'dynamic'],
      ['State', lease.state],
      ['MAC', lease.mac ?? ''],
      ['Machine', lease.machine ?? ''],
      ["Client's name", lease.hostname],
      ['Client id', lease.clientId ?? ''],
      ['Given', moment(lease.startsAt, now)],
      ['Expires', `${stamp(lease.expiresAt)} (${whenOver(lease, now)})`],
      ['Subnet', lease.subnet ?? 'none holds the address any more'],
      ['VLAN', lease.vlan ?? ''],
      ['Node', lease.node],
      ...(partnerOf(lease) === '' ? [] : ([['Partner', partnerOf(lease)]] as const)),
    ],
  };
}

function whenOver(lease: Lease, now: number): string {
  return relative(lease.expiresAt, now);
}
