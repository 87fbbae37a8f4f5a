import type { RouteOutput } from '../../../../contract/routes.ts';
import { RejectedError } from '../../../../core/errors.ts';
import type { Handlers, MaasCall } from '../../handler.ts';
import { type Networks, readNetworks } from '../../objects/networks/networks.ts';
import { uriOf } from '../../objects/base/uri.ts';
import { nounHandlers, param } from '../base/nouns.ts';
import { badValue } from '../base/refusals.ts';
import { meantSubnet } from './subnets.ts';

type Route = RouteOutput<'static-route.show'>;

/** Static routes from one subnet to another. Those of API v1 that lead to no subnet are not shown: a route of MAAS names two. */
export const ROUTE_HANDLERS: Handlers = {
  ...nounHandlers({
    noun: 'static-route',
    all: 'StaticRoutes',
    one: 'StaticRoute',
    fields: {
      source: cidrOf('source'),
      destination: cidrOf('destination'),
      gateway: param.filled('gateway_ip'),
      metric: param.number('metric'),
    },
    create: {
      name: async (call) => {
        const [source, destination] = [await cidrOf('source')(call), await cidrOf('destination')(call)];
        const name = `${source} to ${destination} by ${call.args.text('gateway_ip')}`;
        return name.slice(0, 64).replace(/[^A-Za-z0-9]+$/, '');
      },
    },
    view: async ({ lists }) => {
      const networks = await readNetworks(lists);
      return (route) => view(route, networks);
    },
  }),
};

function cidrOf(name: string) {
  return async ({ lists, args }: MaasCall) => {
    const text = args.text(name);
    return text ? (await meantSubnet(lists, text).catch(unknown(name, text))).cidr : undefined;
  };
}

/** A subnet that a parameter names and that is not there is a bad value. */
const unknown = (name: string, text: string) => (error: unknown) => {
  if (error instanceof RejectedError && error.rejected.code === 'not_found')
    return badValue(name, `there is no subnet ${text}`, 'id, CIDR or name of a subnet');
  throw error;
};

function view({ id, source, destination, gateway, metric }: Route, { subnets, subnet }: Networks) {
  const of = (network: string) => subnet(subnets.find(({ cidr }) => cidr === network)?.id);
  const [from, to] = [of(source), of(destination)];
  if (from === null || to === null) return null;
  return { id, source: from, destination: to, gateway_ip: gateway, metric, resource_uri: uriOf('static-routes', id) };
}
