import { relativeName } from '../../../../model/names.ts';
import { RECORD_TYPES } from '../../../../model/record.ts';
import type { Domain } from '../../../../contract/network/domain.ts';
import type { DnsRecord } from '../../../../contract/record.ts';
import { json, nothing } from '../../answer.ts';
import type { Args } from '../../args.ts';
import type { Handlers } from '../../handler.ts';
import { createLook, type Look } from '../../look.ts';
import { viewDomain } from '../../objects/groups.ts';
import {
  type DnsResource,
  hostOfNode,
  impliedNames,
  isAddress,
  resourcesOf,
  viewRecord,
  viewResource,
} from '../../objects/names.ts';
import { readNetworks } from '../../objects/networks.ts';
import { numberOf } from '../../objects/uri.ts';
import { type Site, step, type Step } from '../../site.ts';
import { domainRef, FIRST } from '../defaults.ts';
import { badValue, conflict, notFound } from '../refusals.ts';

/** Domains, names with addresses, and other records. */
export const NAME_HANDLERS: Handlers = {
  'Domains.read': async ({ look }) => {
    const counts = Map.groupBy(await look.records(), ({ domain }) => domain);
    return json((await look.domains()).map((one) => viewDomain(one, counts.get(one.name)?.length ?? 0)));
  },
  'Domains.create': async ({ site, look, args }) => {
    const body = { name: args.text('name') ?? '', ttl: ttlOf(args), ...answeringOf(args) };
    return showDomain(look, await site.call('domain.create', { body }));
  },
  'Domain.read': async ({ site, look, path }) =>
    showDomain(look, await site.call('domain.show', { params: await at(look, path) })),
  'Domain.update': async ({ site, look, path, args }) => {
    const params = await at(look, path);
    const body = { name: args.text('name') || undefined, ttl: ttlOf(args), ...answeringOf(args) };
    return showDomain(look, await site.call('domain.set', { params, body }));
  },
  'Domain.delete': async ({ site, look, path }) => {
    await site.call('domain.delete', { params: await at(look, path) });
    return nothing();
  },
  'Domain.set_default': async ({ site, look, path }) => {
    const params = await at(look, path);
    const { name } = await site.call('domain.show', { params });
    await site.call('setting.set', { params: { setting: 'default_domain' }, body: { value: name } });
    return showDomain(createLook(site), await site.call('domain.show', { params }));
  },

  'DNSResources.read': async ({ look, args }) => {
    const isWanted = await filterOf(look, args);
    const networks = await readNetworks(look);
    const resources = (await readResources(look)).filter(({ addresses, others }) =>
      [...addresses, ...others].some(isWanted),
    );
    const shown = resources.map((resource) => viewResource(resource, networks));
    return json(args.flag('all') ? [...shown, ...(await impliedBy(look, isWanted))] : shown);
  },
  'DNSResources.create': async ({ site, look, args }) => {
    const fqdn = (await nameOf(look, args)) ?? badValue('fqdn', 'it is missing', 'a full name, or a name and a domain');
    const steps = recordSteps(fqdn, addressesOf(args), ttlOf(args, 'address_ttl'));
    if (steps.length === 0) badValue('ip_addresses', 'it is missing', 'a name needs an address here');
    if ((await readResources(look)).some((one) => one.fqdn === fqdn && one.addresses.length > 0))
      conflict(`The name ${fqdn} has addresses already. Change them instead.`);
    await site.together(steps);
    return showResource(site, fqdn);
  },
  'DNSResource.read': async ({ site, look, path }) => showResource(site, (await meantResource(look, path)).fqdn),
  'DNSResource.update': async ({ site, look, path, args }) => {
    const before = await meantResource(look, path);
    const wanted = (await nameOf(look, args, before)) ?? before.fqdn;
    await site.together(wanted === before.fqdn ? changeAddresses(before, args) : rename(before, wanted, args));
    return showResource(site, wanted);
  },
  'DNSResource.delete': async ({ site, look, path }) => {
    const { id, addresses, others } = await meantResource(look, path);
    await site.together([...[...addresses, ...others].map(deleteStep), keepNumber(id, '')]);
    return nothing();
  },

  'DNSResourceRecords.read': async ({ look, args }) => {
    const isWanted = await filterOf(look, args);
    return json((await look.records()).filter((one) => !isAddress(one) && isWanted(one)).map(viewRecord));
  },
  'DNSResourceRecords.create': async ({ site, look, args }) => {
    const fqdn = (await nameOf(look, args)) ?? badValue('fqdn', 'it is missing', 'a full name, or a name and a domain');
    const type = knownType(args.text('rrtype') ?? '');
    const body = { fqdn, type, data: args.text('rrdata') ?? '', ttl: ttlOf(args) };
    return json(viewRecord(await site.call('record.create', { body })));
  },
  'DNSResourceRecord.read': async ({ site, path }) =>
    json(viewRecord(await site.call('record.show', { params: record(path) }))),
  'DNSResourceRecord.update': async ({ site, path, args }) => {
    const { type } = await site.call('record.show', { params: record(path) });
    const wanted = args.text('rrtype');
    if (wanted && wanted.toUpperCase() !== type)
      badValue('rrtype', 'it cannot be changed', `the record stays ${type}; make a new one`);
    const body = { data: args.text('rrdata') || undefined, ttl: ttlOf(args) };
    return json(viewRecord(await site.call('record.set', { params: record(path), body })));
  },
  'DNSResourceRecord.delete': async ({ site, path }) => {
    await site.call('record.delete', { params: record(path) });
    return nothing();
  },
};

type Path = Readonly<Record<string, string>>;
const at = async (look: Look, path: Path) => ({ domain: await domainRef(look, path['id']) });
const record = (path: Path) => ({ record: path['id'] ?? '' });

/** Who answers for a domain, as far as a call says it; MAAS writes several servers with blanks or commas between. */
function answeringOf(args: Args): { authoritative?: boolean; forwardTo?: string[] } {
  const authoritative = args.flag('authoritative');
  const servers = args.list('forward_dns_servers').flatMap((text) => text.split(/\s+/));
  return {
    ...(authoritative === undefined ? {} : { authoritative }),
    ...(args.has('forward_dns_servers') ? { forwardTo: servers } : {}),
  };
}

/** Zero, which clients in Go send for what they were not given, is the domain's own, as none is. */
function ttlOf(args: Args, field = 'ttl'): number | null | undefined {
  return args.has(field) ? args.number(field) || null : undefined;
}

/** The full name that is meant; null: none. A domain is meant by its name or its number. `before`: what it has without a word of either. */
async function nameOf(look: Look, args: Args, before?: DnsResource): Promise<string | null> {
  const fqdn = args.text('fqdn');
  if (fqdn) return fqdn.toLowerCase().replace(/\.$/, '');
  if (before && !args.text('name') && !args.text('domain')) return null;
  const old = before?.addresses[0] ?? before?.others[0];
  const name = args.text('name') || (old && relativeName(old.fqdn, old.domain));
  const domain = (await domainNamed(look, args.text('domain'))) || old?.domain;
  if (!name || !domain) return null;
  return (name === '@' ? domain : `${name}.${domain}`).toLowerCase();
}

async function domainNamed(look: Look, text = ''): Promise<string> {
  if (!/^\d+$/.test(text)) return text.toLowerCase();
  const found = (await look.domains()).find(({ id, isDefault }) => (text === FIRST ? isDefault : String(id) === text));
  return found?.name ?? notFound('domain', text);
}

type Named = Pick<DnsRecord, 'fqdn' | 'name' | 'domain' | 'type'>;

/** Whether a record is among those that are asked for. */
async function filterOf(look: Look, args: Args): Promise<(record: Named) => boolean> {
  const wanted = await nameOf(look, args);
  const domain = await domainNamed(look, args.text('domain'));
  const name = args.text('name')?.toLowerCase();
  const type = args.text('rrtype')?.toUpperCase();
  return (one) =>
    (wanted === null || one.fqdn === wanted) &&
    (!domain || one.domain === domain) &&
    (!name || one.name === name) &&
    (!type || one.type === type);
}

/** The names that machines, devices, racks and region nodes have of themselves. */
async function impliedBy(look: Look, isWanted: (record: Named) => boolean): Promise<object[]> {
  const [machines, devices, nodes, domains] = await Promise.all([
    look.machines(),
    look.devices(),
    look.nodes(),
    look.domains(),
  ]);
  const usual = domains.find(({ isDefault }) => isDefault)?.name ?? '';
  const hosts = [
    ...machines.map((one) => ({ ...one, nodeType: 0 })),
    ...devices.map((one) => ({ ...one, nodeType: 1 })),
    ...nodes.map((one) => hostOfNode(one, usual)),
  ];
  const ttls = new Map(domains.map(({ name, ttl }) => [name, ttl]));
  return hosts.flatMap((host) => impliedNames(host, ttls.get(host.domain) ?? null, isWanted));
}

function knownType(text: string): string {
  const type = text.toUpperCase();
  if (isAddress({ type })) badValue('rrtype', `${type} is made with the name`, 'use dnsresources and ip_addresses');
  return (RECORD_TYPES as readonly string[]).includes(type)
    ? type
    : badValue(
        'rrtype',
        `${text} cannot be served yet`,
        RECORD_TYPES.filter((known) => !isAddress({ type: known })).join(', '),
      );
}

function addressesOf(args: Args): string[] {
  return [...new Set(args.list('ip_addresses').flatMap((text) => text.split(/\s+/)))];
}

function recordSteps(fqdn: string, addresses: readonly string[], ttl: number | null | undefined): Step[] {
  return addresses.map((data) =>
    step('record.create', { body: { fqdn, type: data.includes(':') ? 'AAAA' : 'A', data, ttl } }),
  );
}

const deleteStep = ({ id }: DnsRecord) => step('record.delete', { params: { record: String(id) } });

/** From the addresses that a name has to those that it is to have. */
function changeAddresses({ fqdn, addresses: before }: DnsResource, args: Args): Step[] {
  const ttl = ttlOf(args, 'address_ttl');
  const wanted = args.has('ip_addresses') ? addressesOf(args) : before.map(({ data }) => data);
  const gone = before.filter(({ data }) => !wanted.includes(data));
  const stay = before.filter(({ data }) => wanted.includes(data));
  const fresh = wanted.filter((data) => !before.some((one) => one.data === data));
  // Records are listed as they were made, and clients compare the list: another order is made anew.
  const isInOrder = [...stay.map(({ data }) => data), ...fresh].join() === wanted.join();
  if (!isInOrder)
    return [...before.map(deleteStep), ...recordSteps(fqdn, wanted, ttl === undefined ? before[0]?.ttl : ttl)];
  return [
    ...gone.map(deleteStep),
    ...(ttl === undefined
      ? []
      : stay.map(({ id }) => step('record.set', { params: { record: String(id) }, body: { ttl } }))),
    ...recordSteps(fqdn, fresh, ttl ?? before[0]?.ttl),
  ];
}

/** All that a name has, under another one. Clients go on with the number that they know. */
function rename({ id, addresses, others }: DnsResource, fqdn: string, args: Args): Step[] {
  const wanted = args.has('ip_addresses') ? addressesOf(args) : addresses.map(({ data }) => data);
  return [
    ...[...addresses, ...others].map(deleteStep),
    ...recordSteps(fqdn, wanted, ttlOf(args, 'address_ttl') ?? addresses[0]?.ttl),
    ...others.map(({ type, data, written, ttl }) =>
      step('record.create', { body: { fqdn, type, data: written ?? data, ttl } }),
    ),
    keepNumber(id, numberOf('dnsresource', fqdn) === id ? '' : fqdn),
  ];
}

/** The numbers of names that were others before, among the annotations of the site. */
const NUMBER = /^dns-name\.(\d+)$/;

function keepNumber(id: number, fqdn: string): Step {
  const texts = { [`dns-name.${id}`]: fqdn };
  return step('annotation.set', { params: { kind: 'site', object: 'site' }, body: { texts } });
}

async function readResources(look: Look): Promise<DnsResource[]> {
  const texts = (await look.annotations()).find(({ kind }) => kind === 'site')?.texts ?? {};
  const numbers = Object.entries(texts).flatMap(([name, fqdn]): [string, number][] => {
    const number = NUMBER.exec(name)?.[1];
    return number === undefined ? [] : [[fqdn, Number(number)]];
  });
  return resourcesOf(await look.records(), new Map(numbers));
}

async function meantResource(look: Look, path: Path): Promise<DnsResource> {
  const found = (await readResources(look)).find(({ id }) => String(id) === path['id']);
  return found ?? notFound('DNS name', path['id']);
}

async function showResource(site: Site, fqdn: string) {
  const look = createLook(site);
  const found = (await readResources(look)).find((one) => one.fqdn === fqdn);
  return json(viewResource(found ?? notFound('DNS name', fqdn), await readNetworks(look)));
}

async function showDomain(look: Look, domain: Domain) {
  const count = (await look.records()).filter((one) => one.domain === domain.name).length;
  return json(viewDomain(domain, count));
}
