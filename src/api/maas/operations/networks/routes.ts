import type { RouteOutput } from '../../../../contract/routes.ts';
import { RejectedError } from '../../../../core/errors.ts';
import { json, nothing } from '../../answer.ts';
import type { Handlers, MaasCall } from '../../handler.ts';
import { type Networks, readNetworks } from '../../objects/networks/networks.ts';
import { uriOf } from '../../objects/base/uri.ts';
import { badValue, notFound } from '../base/refusals.ts';
import { meantSubnet } from './subnets.ts';

type Route = RouteOutput<'static-route.show'>;

/** Static routes from one subnet to another. Those of API v1 that lead to no subnet are not shown: a route of MAAS names two. */
export const ROUTE_HANDLERS: Handlers = {
  'StaticRoutes.read': async ({ site, lists }) => {
    const networks = await readNetworks(lists);
    return json((await site.all('static-route.list')).flatMap((route) => view(route, networks) ?? []));
  },
  'StaticRoutes.create': async (call) => {
    const { source, destination, gateway, metric } = await fieldsOf(call);
    const name = `${source} to ${destination} by ${gateway}`.slice(0, 64).replace(/[^A-Za-z0-9]+$/, '');
    const body = { name, source, destination, gateway, metric };
    return show(call, await call.site.call('static-route.create', { body }));
  },
  'StaticRoute.read': async (call) => show(call, await call.site.call('static-route.show', { params: ref(call) })),
  'StaticRoute.update': async (call) => {
    const body = await fieldsOf(call);
    return show(call, await call.site.call('static-route.set', { params: ref(call), body }));
  },
  'StaticRoute.delete': async (call) => {
    await call.site.call('static-route.delete', { params: ref(call) });
    return nothing();
  },
};

const ref = ({ path }: MaasCall) => ({ static_route: path['id'] ?? '' });

async function fieldsOf({ lists, args }: MaasCall) {
  const cidr = async (name: string) => {
    const text = args.text(name);
    return text ? (await meantSubnet(lists, text).catch(unknown(name, text))).cidr : undefined;
  };
  return {
    source: await cidr('source'),
    destination: await cidr('destination'),
    gateway: args.text('gateway_ip') || undefined,
    metric: args.number('metric'),
  };
}

/** A subnet that a parameter names and that is not there is a bad value. */
const unknown = (name: string, text: string) => (error: unknown) => {
  if (error instanceof RejectedError && error.rejected.code === 'not_found')
    return badValue(name, `there is no subnet ${text}`, 'id, CIDR or name of a subnet');
  throw error;
};

async function show({ lists, path }: MaasCall, route: Route) {
  return json(view(route, await readNetworks(lists)) ?? notFound('static route', path['id']));
}

function view({ id, source, destination, gateway, metric }: Route, { subnets, subnet }: Networks) {
  const of = (network: string) => subnet(subnets.find(({ cidr }) => cidr === network)?.id);
  const [from, to] = [of(source), of(destination)];
  if (from === null || to === null) return null;
  return { id, source: from, destination: to, gateway_ip: gateway, metric, resource_uri: uriOf('static-routes', id) };
}
