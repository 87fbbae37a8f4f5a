import Type from 'typebox';
import { METRIC_MAX, parseRouteGateway, parseRouteNetwork } from '../../model/machines/deployment/network-routes.ts';
import { commentField, declare, numberField, textField, titleField, VERBS } from '../base/declare.ts';

/** Networks and routers: an empty text takes the value away. */
const emptiable = Type.String({ maxLength: 49 });
const network = (help: string, example: string) => ({
  ...textField({ max: 49, value: 'network', help, example, rule: 'ADDRESS/PREFIX' }),
  input: emptiable,
  parse: parseRouteNetwork,
});

/** A static route, by which deployed systems with an address in one network reach another one. */
export const STATIC_ROUTE = declare({
  noun: 'static-route',
  plural: 'static-routes',
  verbs: VERBS,
  fields: {
    name: titleField(),
    comment: commentField(),
    source: network('systems with an address in this network get the route', '192.0.2.0/24'),
    destination: network('where it leads', '198.51.100.0/24'),
    gateway: {
      ...textField({
        max: 49,
        value: 'ip',
        help: 'the router, in the first network',
        example: '192.0.2.1',
        rule: 'an address',
      }),
      input: emptiable,
      parse: parseRouteGateway,
    },
    metric: numberField({
      minimum: 0,
      maximum: METRIC_MAX,
      help: 'of two routes the one with the lower metric is used; 0: as systems choose',
    }),
  },
  counts: {},
  sorts: ['name'],
  filters: { name: 'part' },
  // Where it begins.
  file: { after: ['subnet'] },
  usedBy: [],
  page: { title: 'Static routes', text: 'A static route leads deployed systems to another network.' },
  texts: {
    summary: 'static routes of deployed systems to other networks',
    example: 'to-storage',
    create: {
      summary: 'make a route; machines that are deployed from then on have it',
      examples: [
        'regent static-route create to-storage --source 10.10.0.0/24 --destination 10.20.0.0/16 --gateway 10.10.0.254',
      ],
    },
    set: { summary: 'change a route; systems that run keep theirs' },
    delete: { summary: 'delete a route; systems that run keep theirs' },
  },
});
