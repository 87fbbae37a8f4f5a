import type { Domain } from '../../contract/network/domain.ts';
import { printerOf, runChange } from '../change.ts';
import type { Call, NounSpec } from '../command.ts';
import { printList, printOne, type Shape } from '../format/output.ts';
import { collect, flag, need, nothingToSet, text, ttlOf } from '../values.ts';

const SHAPE: Shape<Domain> = {
  kind: 'domain',
  name: (domain) => domain.name,
  columns: [
    { header: 'name', value: (domain) => domain.name },
    { header: 'ttl', value: (domain) => (domain.ttl === null ? 'default' : String(domain.ttl)) },
    { header: 'default', value: (domain) => (domain.isDefault ? 'yes' : 'no') },
    { header: 'lease names', value: (domain) => (domain.leaseNames ? 'on' : 'off') },
    { header: 'id', wide: true, value: (domain) => String(domain.id) },
  ],
};

const TTL = { flags: '--ttl <seconds>', help: 'TTL of records that name none; "default" for the site\'s' };
const LEASE_NAMES = {
  flags: '--lease-names <on|off>',
  help: 'publish the names that DHCP clients give themselves',
  values: ['on', 'off'],
};
const FORCE = { flags: '--force', help: 'take a public top-level domain, such as com, as meant' };
const NAME = { name: '<name>', help: 'domain name or id', complete: 'domain' } as const;

function forceOf(call: Call): { force?: boolean } {
  return call.options['force'] === true ? { force: true } : {};
}

/** `regent domain`. */
export const DOMAIN: NounSpec = {
  noun: 'domain',
  summary: 'domains, each served as a DNS zone',
  commands: [
    {
      verb: 'list',
      summary: 'list domains',
      options: [{ flags: '--name <text>', help: 'only those whose name holds this' }],
      run: async (call) => {
        const { client } = await call.region();
        const rows = await collect(client.all('domain.list', { query: { ...text(call, 'name') } }));
        await printList(printerOf(call), SHAPE, rows);
      },
    },
    {
      verb: 'show',
      summary: 'show a domain',
      args: [NAME],
      run: async (call) => {
        const { client } = await call.region();
        await printOne(
          printerOf(call),
          SHAPE,
          (await client.call('domain.show', { params: { domain: need(call, 0) } })).body,
        );
      },
    },
    {
      verb: 'create',
      summary: 'create a domain',
      args: [{ name: '<name>', help: 'such as example.test' }],
      options: [TTL, LEASE_NAMES, FORCE],
      isChange: true,
      examples: ['regent domain create example.test', 'regent domain create example.test --ttl 300 --dry-run'],
      run: (call) =>
        runChange(call, {
          route: 'domain.create',
          input: {
            body: { name: need(call, 0), ...ttlOf(call), ...flag(call, 'leaseNames', 'leaseNames'), ...forceOf(call) },
          },
          shape: SHAPE,
          done: 'created',
        }),
    },
    {
      verb: 'set',
      summary: 'change a domain',
      args: [NAME],
      options: [{ flags: '--name <name>', help: 'new name' }, TTL, LEASE_NAMES, FORCE],
      isChange: true,
      examples: ['regent domain set lab.example.test --lease-names on'],
      run: (call) => {
        const body = { ...text(call, 'name'), ...ttlOf(call), ...flag(call, 'leaseNames', 'leaseNames') };
        nothingToSet(body, '--name, --ttl or --lease-names');
        return runChange(call, {
          route: 'domain.set',
          input: { params: { domain: need(call, 0) }, body: { ...body, ...forceOf(call) } },
          shape: SHAPE,
          done: 'changed',
        });
      },
    },
    {
      verb: 'delete',
      summary: 'delete a domain',
      args: [NAME],
      options: [{ flags: '--cascade', help: 'delete its records too (machines are never deleted this way)' }],
      isChange: true,
      run: (call) =>
        runChange(call, {
          route: 'domain.delete',
          input: {
            params: { domain: need(call, 0) },
            ...(call.options['cascade'] === true ? { query: { cascade: true } } : {}),
          },
          shape: SHAPE,
          done: 'deleted',
        }),
    },
  ],
};
