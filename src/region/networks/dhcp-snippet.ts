import { DHCP_SNIPPET } from '../../contract/networks/dhcp-snippet.ts';
import { accept, invalid, isRejected, refuse, type Rejected } from '../../core/errors.ts';
import { orRefusal } from '../base/or-refusal.ts';
import { parseMac } from '../../model/machines/machine.ts';
import { isStatements } from '../../model/networks/dhcp-snippet/notation.ts';
import { parseSnippet } from '../../model/networks/dhcp-snippet.ts';
import { createDeclared, type DeclaredRow, updateDeclared, type RowValues } from '../../store/declared/rows.ts';
import { isFeatureOn } from '../../store/queries/base/features.ts';
import { findMachine } from '../../store/queries/machines/machines.ts';
import { listReservations } from '../../store/queries/networks/reservations.ts';
import type { Tx } from '../../store/tx.ts';
import { target, writing } from '../base/use-case.ts';
import { declaredByRef, readFields, viewDeclared } from '../base/declared.ts';
import { subnetByRef } from './network-refs.ts';

type DhcpSnippetRow = DeclaredRow<'dhcp-snippet'>;

/** What is special about snippets: the scope is a thing that exists, and the text is what this scope allows. */
export const dhcpSnippetCases = {
  'dhcp-snippet.create': writing(
    'dhcp-snippet.create',
    ({ body }) => `dhcp-snippet create ${body.name}`,
    async (tx, { body }) => {
      const values = await readSnippet(tx, body, null);
      const row = await createDeclared(tx, 'dhcp-snippet', values);
      tx.emit({ kind: 'dhcp-snippet.created', subject: row.name, data: viewDeclared<'dhcp-snippet'>(row) });
      return { body: viewDeclared<'dhcp-snippet'>(row), version: row.version };
    },
  ),

  'dhcp-snippet.set': writing(
    'dhcp-snippet.set',
    ({ params }) => `dhcp-snippet set ${params.dhcp_snippet}`,
    async (tx, { params, body }, context) => {
      const old = await declaredByRef(tx, 'dhcp-snippet', params.dhcp_snippet);
      const values = await readSnippet(tx, body, old);
      const row = accept(await updateDeclared(tx, 'dhcp-snippet', target(old.id, context), values));
      tx.emit({ kind: 'dhcp-snippet.changed', subject: row.name, data: viewDeclared<'dhcp-snippet'>(row) });
      return { body: viewDeclared<'dhcp-snippet'>(row), version: row.version };
    },
  ),
};

async function readSnippet(
  tx: Tx,
  body: Partial<Pick<DhcpSnippetRow, 'scope' | 'text'>>,
  old: DhcpSnippetRow | null,
): Promise<RowValues<'dhcp-snippet'>> {
  const values = await readFields(tx, DHCP_SNIPPET.fields, body);
  const scope = body.scope === undefined ? (old?.scope ?? 'global') : await readScope(tx, body.scope);
  const given = body.text ?? old?.text ?? '{}';
  const text = isStatements(given) ? given : given.trim();
  const isNew = scope !== old?.scope || text !== old.text;
  accept(isNew ? parseSnippet(scope, text) : null);
  if (isNew && isStatements(text) && !(await isFeatureOn(tx, 'dhcp-statements')))
    refuse('conflict', 'Statements of dhcpd.conf are possible once every region node has this release.');
  return { ...values, scope, text };
}

/** The scope's one text. Whom nothing is known of gets no snippet: it would wait for somebody who never comes. */
async function readScope(tx: Tx, text: string): Promise<string> {
  if (text === 'global') return text;
  const mac = parseMac(text);
  if (!isRejected(mac)) return (await isKnown(tx, mac)) ? mac : refuse(unknown(mac));
  if (/^[0-9a-fA-F]{2}([:-][0-9a-fA-F]{2}){5}$/.test(text)) return accept(parseMac(text, 'scope'));
  const subnet = await orRefusal(() => subnetByRef(tx, text));
  if (isRejected(subnet)) {
    refuse(
      invalid(
        'scope',
        subnet.message.replace(/\.$/, ''),
        'global, a subnet, or the MAC of an interface with a static lease',
      ),
    );
  }
  if (!subnet.cidr.includes(':')) return subnet.cidr;
  refuse(invalid('scope', `${subnet.cidr} is an IPv6 subnet`, 'DHCP serves IPv4 subnets'));
}

async function isKnown(tx: Tx, mac: string): Promise<boolean> {
  if (await findMachine(tx, { mac })) return true;
  return (await listReservations(tx, { mac, limit: 1 })).items.length > 0;
}

function unknown(mac: string): Rejected {
  const problem = `no machine and no reservation has the MAC ${mac}`;
  return invalid('scope', problem, 'a snippet for a host is for an interface with a static lease');
}
