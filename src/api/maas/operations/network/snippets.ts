import type { RouteOutput } from '../../../../contract/routes.ts';
import { json, nothing } from '../../answer.ts';
import type { Args } from '../../args.ts';
import type { Handlers, MaasCall } from '../../handler.ts';
import { type Networks, readNetworks } from '../../objects/networks.ts';
import { uriOf } from '../../objects/uri.ts';
import { badValue } from '../refusals.ts';
import { meantSubnet } from './subnets.ts';

const EARLIER = 'the id of the text that stands; for earlier ones: regent config history, regent config rollback';
type Snippet = RouteOutput<'dhcp-snippet.show'>;

/** Fragments of the DHCP server's configuration; they are Kea's JSON here, and not text of another server. */
export const SNIPPET_HANDLERS: Handlers = {
  'DHCPSnippets.read': async ({ site, look }) => {
    const networks = await readNetworks(look);
    return json((await site.all('dhcp-snippet.list')).map((one) => viewSnippet(one, networks)));
  },
  'DHCPSnippets.create': async (call) => {
    const { site, look, args } = call;
    const body = {
      name: args.text('name') ?? '',
      text: args.text('value') ?? '',
      comment: args.text('description'),
      enabled: args.flag('enabled') ?? true,
      scope: (await scopeOf(call)) ?? 'global',
    };
    return json(viewSnippet(await site.call('dhcp-snippet.create', { body }), await readNetworks(look)));
  },
  'DHCPSnippet.read': async ({ site, look, path }) =>
    json(viewSnippet(await site.call('dhcp-snippet.show', { params: ref(path) }), await readNetworks(look))),
  'DHCPSnippet.update': async (call) => {
    const { site, look, path, args } = call;
    const body = { ...given(args), scope: await scopeOf(call) };
    return json(
      viewSnippet(await site.call('dhcp-snippet.set', { params: ref(path), body }), await readNetworks(look)),
    );
  },
  // Its text alone is kept with it; earlier ones are in the history of the site.
  'DHCPSnippet.revert': async ({ site, look, path, args }) => {
    const snippet = await site.call('dhcp-snippet.show', { params: ref(path) });
    if (args.text('to') !== String(snippet.id)) badValue('to', 'it is not kept', EARLIER);
    return json(viewSnippet(snippet, await readNetworks(look)));
  },
  'DHCPSnippet.delete': async ({ site, path }) => {
    await site.call('dhcp-snippet.delete', { params: ref(path) });
    return nothing();
  },
};

type Path = Readonly<Record<string, string>>;
const ref = (path: Path) => ({ dhcp_snippet: path['id'] ?? '' });

function given(args: Args) {
  return {
    name: args.text('name') || undefined,
    text: args.text('value') || undefined,
    comment: args.text('description'),
    enabled: args.flag('enabled'),
  };
}

/** Whom a snippet is for; undefined: it stays. */
async function scopeOf({ look, args }: MaasCall): Promise<string | undefined> {
  if (args.text('node') || args.text('iprange'))
    badValue(args.text('node') ? 'node' : 'iprange', 'it cannot be', 'a snippet is for all, or for a subnet');
  if (args.flag('global_snippet')) return 'global';
  const subnet = args.text('subnet');
  return subnet ? (await meantSubnet(look, subnet)).cidr : undefined;
}

function viewSnippet({ id, name, comment, enabled, scope, text }: Snippet, { subnets, subnet }: Networks) {
  const of = subnets.find(({ cidr, name: title }) => cidr === scope || title === scope);
  return {
    id,
    name,
    value: text,
    history: [{ id, value: text, created: '' }],
    description: comment,
    enabled,
    node: null,
    subnet: subnet(of?.id),
    global_snippet: scope === 'global',
    resource_uri: uriOf('dhcp-snippets', id),
  };
}
