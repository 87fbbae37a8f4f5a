import type { Domain } from '../../../contract/names/domain.ts';
import { printerOf, runChange } from '../../change.ts';
import type { Call, NounSpec, OptionSpec } from '../../command-spec.ts';
import { printList, printOne, type Shape } from '../../format/output.ts';
import { collect, flag, forceOf, need, nothingToSet, option, text, textOrNone, ttlOf } from '../../values.ts';

const SHAPE: Shape<Domain> = {
  kind: 'domain',
  name: (domain) => domain.name,
  columns: [
    { header: 'name', value: (domain) => domain.name },
    { header: 'ttl', value: (domain) => (domain.ttl === null ? 'default' : String(domain.ttl)) },
    { header: 'default', value: (domain) => (domain.isDefault ? 'yes' : 'no') },
    { header: 'lease names', value: (domain) => (domain.leaseNames ? 'on' : 'off') },
    { header: 'answered', wide: true, value: answeredOf },
    { header: 'transfer to', wide: true, value: (domain) => domain.transferTo.join(', ') },
    { header: 'transfer key', wide: true, value: (domain) => domain.transferKey ?? '' },
    { header: 'id', wide: true, value: (domain) => String(domain.id) },
  ],
};

/** Who answers for the domain, in short. */
function answeredOf({ authoritative, forwardTo }: Domain): string {
  return authoritative ? 'here' : forwardTo.join(', ') || 'elsewhere';
}

const TTL = { flags: '--ttl <seconds>', help: 'TTL of records that name none; "default" for the site\'s' };
const LEASE_NAMES = {
  flags: '--lease-names <on|off>',
  help: 'publish the names that DHCP clients give themselves',
  values: ['on', 'off'],
};
const TRANSFERS: readonly OptionSpec[] = [
  { flags: '--transfer-to <addresses>', help: 'other name servers that may copy it, with commas; "none": nobody' },
  { flags: '--transfer-key <key|none>', help: 'the tsig-key that they need; "none": their address is enough' },
];
const FORWARDING: readonly OptionSpec[] = [
  {
    flags: '--authoritative <on|off>',
    help: 'off: others answer for it, and no zone of it is served here',
    values: ['on', 'off'],
  },
  {
    flags: '--forward-to <servers>',
    help: 'with --authoritative off: name servers that questions about it go to, ADDRESS or ADDRESS:PORT, with commas; "none"',
  },
];
const FORCE = { flags: '--force', help: 'allow a public top-level domain, such as com' };
const NAME = { name: '<name>', help: 'domain name or id', complete: 'domain' } as const;

/** What options say of other name servers, as members of a body. */
function serversOf(call: Call) {
  const transferTo = listOf(call, 'transferTo');
  const forwardTo = listOf(call, 'forwardTo');
  return {
    ...(transferTo === undefined ? {} : { transferTo }),
    ...textOrNone(call, 'transferKey'),
    ...flag(call, 'authoritative', 'authoritative'),
    ...(forwardTo === undefined ? {} : { forwardTo }),
  };
}

/** A list with commas between; "none" is an empty one. */
function listOf(call: Call, name: string): string[] | undefined {
  const text = option(call, name);
  return text === 'none' ? [] : text?.split(',').map((one) => one.trim());
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
      options: [TTL, LEASE_NAMES, ...TRANSFERS, ...FORWARDING, FORCE],
      isChange: true,
      examples: [
        'regent domain create example.test',
        'regent domain create example.test --ttl 300 --dry-run',
        'regent domain create corp.example.net --authoritative off --forward-to 192.0.2.53,192.0.2.54:5353',
      ],
      run: (call) =>
        runChange(call, {
          route: 'domain.create',
          input: {
            body: {
              name: need(call, 0),
              ...ttlOf(call),
              ...flag(call, 'leaseNames', 'leaseNames'),
              ...serversOf(call),
              ...forceOf(call),
            },
          },
          shape: SHAPE,
          done: 'created',
        }),
    },
    {
      verb: 'set',
      summary: 'change a domain',
      args: [NAME],
      options: [{ flags: '--name <name>', help: 'new name' }, TTL, LEASE_NAMES, ...TRANSFERS, ...FORWARDING, FORCE],
      isChange: true,
      examples: [
        'regent domain set lab.example.test --lease-names on',
        'regent domain set example.test --transfer-to 192.0.2.5,192.0.2.6 --transfer-key ns-partner',
      ],
      run: (call) => {
        const body = {
          ...text(call, 'name'),
          ...ttlOf(call),
          ...flag(call, 'leaseNames', 'leaseNames'),
          ...serversOf(call),
        };
        nothingToSet(
          body,
          '--name, --ttl, --lease-names, --authoritative, --forward-to, --transfer-to or --transfer-key',
        );
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
      options: [{ flags: '--cascade', help: 'delete its records too (machines are never deleted by it)' }],
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
