import type { Machine } from '../../../../contract/machines/machine.ts';
import type { RouteOutput } from '../../../../contract/routes.ts';
import { json } from '../../answer.ts';
import type { Handlers, MaasCall } from '../../handler.ts';
import type { SiteLists } from '../../site-lists.ts';
import { type Networks, readNetworks } from '../../objects/networks/networks.ts';
import { uriOf } from '../../objects/base/uri.ts';
import { type Birth, momentOfBirth, readBirths } from '../base/births.ts';
import { nounHandlers, param } from '../base/nouns.ts';
import { badValue } from '../base/refusals.ts';
import { meantSubnet } from './subnets.ts';

const EARLIER = 'the id of the text that stands; for earlier ones: regent config history, regent config rollback';
type SnippetView = RouteOutput<'dhcp-snippet.show'>;

/** Fragments of the DHCP server's configuration: statements of dhcpd.conf, or Kea's JSON. They are read back as they were written. */
export const SNIPPET_HANDLERS: Handlers = {
  ...nounHandlers({
    noun: 'dhcp-snippet',
    all: 'DHCPSnippets',
    one: 'DHCPSnippet',
    fields: { name: param.filled('name'), text: param.filled('value'), comment: param.text('description') },
    create: {
      enabled: ({ args }) => args.flag('enabled') ?? true,
      scope: async (call) => (await scopeOf(call)) ?? 'global',
    },
    update: { enabled: param.flag('enabled'), scope: scopeOf },
    view: viewer,
  }),
  // Only its current text is stored with it; earlier ones are in the history of the site.
  'DHCPSnippet.revert': async (call) => {
    const { site, path, args } = call;
    const snippet = await site.call('dhcp-snippet.show', { params: { dhcp_snippet: path['id'] ?? '' } });
    if (args.text('to') !== String(snippet.id)) badValue('to', 'it is not stored here', EARLIER);
    return json((await viewer(call, [snippet]))(snippet));
  },
};

/** Whom a snippet is for; undefined: it stays. */
async function scopeOf({ lists, args }: MaasCall): Promise<string | undefined> {
  if (args.text('iprange')) badValue('iprange', 'it cannot be', 'a snippet is for all, for a subnet, or for a machine');
  if (args.flag('global_snippet')) return 'global';
  const [node, subnet] = [args.text('node'), args.text('subnet')];
  if (node) return macOf(lists, node);
  return subnet ? (await meantSubnet(lists, subnet)).cidr : undefined;
}

type Owner = Pick<Machine, 'id' | 'hostname' | 'fqdn'> & { readonly interfaces: readonly { readonly mac: string }[] };

async function ownersOf(lists: SiteLists): Promise<Owner[]> {
  const [machines, devices] = await Promise.all([lists.machines(), lists.devices()]);
  return [...machines, ...devices];
}

/** A machine is meant by its first interface: it boots there. */
async function macOf(lists: SiteLists, node: string): Promise<string> {
  const owner = (await ownersOf(lists)).find(({ id }) => id === node);
  if (!owner) return badValue('node', `there is no machine and no device ${node}`, 'the system_id of one');
  return (
    owner.interfaces[0]?.mac ?? badValue('node', `${owner.hostname} has no interface`, 'a machine with an interface')
  );
}

/** Machines are read only if a snippet is for one. */
async function viewer({ site, lists }: MaasCall, snippets: readonly SnippetView[]) {
  const births = snippets.length === 0 ? new Map<string, Birth>() : await readBirths(site, 'dhcp-snippet');
  const networks = await readNetworks(lists);
  const owners = snippets.some(({ scope }) => isMac(scope)) ? await ownersOf(lists) : [];
  return (one: SnippetView) => viewSnippet(one, { networks, owners, birth: births.get(one.name) });
}

const isMac = (scope: string) => /^[\da-f]{2}(?::[\da-f]{2}){5}$/.test(scope);

/** What a snippet is shown with. */
type Beside = { readonly networks: Networks; readonly owners: readonly Owner[]; readonly birth: Birth | undefined };

function viewSnippet({ id, name, comment, enabled, scope, text }: SnippetView, { networks, owners, birth }: Beside) {
  const of = networks.subnets.find(({ cidr, name: title }) => cidr === scope || title === scope);
  const owner = isMac(scope) ? owners.find(({ interfaces }) => interfaces.some(({ mac }) => mac === scope)) : undefined;
  return {
    id,
    name,
    value: text,
    history: [{ id, value: text, created: momentOfBirth(birth) }],
    description: comment,
    enabled,
    node: owner ? viewOwner(owner) : null,
    subnet: networks.subnet(of?.id),
    global_snippet: scope === 'global',
    resource_uri: uriOf('dhcp-snippets', id),
  };
}

function viewOwner({ id, hostname, fqdn }: Owner) {
  return { system_id: id, hostname, fqdn, resource_uri: uriOf('nodes', id) };
}
