import { type Rejected, rejected } from '../../core/errors.ts';
import { interfaceLabel } from '../../model/machines/machine.ts';
import { absoluteName } from '../../model/names/names.ts';
import type { NameUse, RecordType } from '../../model/names/record.ts';
import { findDomain } from '../../store/queries/names/domains.ts';
import { findMachine } from '../../store/queries/machines/machines.ts';
import { namesInUse } from '../../store/queries/names/records.ts';
import { readSettings } from '../../store/snapshot.ts';
import type { Tx } from '../../store/tx.ts';

/** A name of a domain. `name` relative. */
export type NameAt = { readonly domainId: number; readonly domain: string; readonly name: string };

/** Everything that owns a name: records, the machine, the node, and the second interface of a machine (`eth1.web`). */
export async function usesOf(tx: Tx, at: NameAt, exceptRecordId?: number): Promise<NameUse[]> {
  const { default_domain: defaultDomain } = await readSettings(tx);
  const uses = await namesInUse(tx, {
    domainId: at.domainId,
    name: at.name,
    isNodeDomain: at.domain === defaultDomain,
    ...(exceptRecordId === undefined ? {} : { exceptRecordId }),
  });
  return [...uses, ...(await interfaceUses(tx, at))];
}

async function interfaceUses(tx: Tx, at: NameAt): Promise<NameUse[]> {
  const [card, hostname, ...more] = at.name.split('.');
  if (!card || !hostname || more.length > 0) return [];
  const machine = await findMachine(tx, { fqdn: `${hostname}.${at.domain}` });
  const found = machine?.interfaces.slice(1).find((item) => interfaceLabel(item.name) === card);
  return (found?.addresses ?? []).map(({ address }) => ({
    kind: 'machine',
    type: addressType(address),
    data: address,
    label: `the interface ${found?.name ?? card} of the machine ${machine?.fqdn}`,
  }));
}

/** The names that a machine publishes: its own, and one per further interface. */
export function machineNames(hostname: string, interfaces: readonly { readonly name: string }[]): string[] {
  return [hostname, ...interfaces.slice(1).map((card) => `${interfaceLabel(card.name)}.${hostname}`)];
}

/**
 * May a machine have these names? Not where a CNAME stands (RFC 1034 §3.6.2), not a node's name, and not the name of another
 * domain, whose zone would hide it, and not a reservation's, unless the machine has the interface (one of `macs`) that it is for. Other
 * machines are the database's unique constraint.
 */
export async function checkMachineNames(
  tx: Tx,
  domain: { id: number; name: string },
  names: readonly string[],
  macs: readonly string[],
): Promise<Rejected | null> {
  for (const name of names) {
    const fqdn = absoluteName(name, domain.name);
    const hiding = await findDomain(tx, { name: fqdn });
    if (hiding) return rejected('conflict', `${fqdn} is a domain of its own, which would hide the machine's name.`);
    const uses = await usesOf(tx, { domainId: domain.id, domain: domain.name, name });
    const alias = uses.find((use) => use.type === 'CNAME');
    if (alias)
      return rejected(
        'conflict',
        `${fqdn}: a machine cannot stand beside ${alias.label}. Rule: a CNAME is the only data of its name (RFC 1034 §3.6.2).`,
      );
    const node = uses.find((use) => use.kind === 'node');
    if (node) return rejected('conflict', `${fqdn} is the name of ${node.label}.`);
    const other = uses.find((use) => use.kind === 'reservation' && !macs.includes(use.mac ?? ''));
    if (other) return rejected('conflict', `${fqdn} is the name of ${other.label}.`);
  }
  return null;
}

/** The record type of an address. */
const addressType = (address: string): RecordType => (address.includes(':') ? 'AAAA' : 'A');
