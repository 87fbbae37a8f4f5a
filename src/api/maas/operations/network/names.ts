import { RECORD_TYPES } from '../../../../model/record.ts';
import type { Domain } from '../../../../contract/network/domain.ts';
import type { DnsRecord } from '../../../../contract/record.ts';
import { json, nothing } from '../../answer.ts';
import type { Args } from '../../args.ts';
import type { Handlers } from '../../handler.ts';
import { createLook, type Look } from '../../look.ts';
import { viewDomain } from '../../objects/groups.ts';
import { isAddress, resourcesOf, viewRecord, viewResource } from '../../objects/names.ts';
import { readNetworks, readTexts } from '../../objects/networks.ts';
import { type Site, step, type Step } from '../../site.ts';
import { badValue, conflict, notFound } from '../refusals.ts';
import { annotateSteps } from './annotated.ts';

/** Domains, names with addresses, and other records. */
export const NAME_HANDLERS: Handlers = {
  'Domains.read': async ({ look }) => {
    const counts = Map.groupBy(await look.records(), ({ domain }) => domain);
    const textsOf = await readTexts(look);
    const view = (one: Domain) => viewDomain(one, counts.get(one.name)?.length ?? 0, textsOf('domain', one.id));
    return json((await look.domains()).map(view));
  },
  'Domains.create': async ({ site, look, args }) => {
    const name = args.text('name') ?? '';
    const made = step('domain.create', { body: { name, ttl: ttlOf(args) } });
    const [domain] = await site.together([made, ...annotateSteps('domain', name, args)]);
    return showDomain(look, domain as Domain);
  },
  'Domain.read': async ({ site, look, path }) => showDomain(look, await site.call('domain.show', { params: at(path) })),
  'Domain.update': async ({ site, look, path, args }) => {
    await site.call('domain.show', { params: at(path) });
    const body = { name: args.text('name') || undefined, ttl: ttlOf(args) };
    const steps = [...annotateSteps('domain', path['id'] ?? '', args), step('domain.set', { params: at(path), body })];
    return showDomain(look, (await site.together(steps)).at(-1) as Domain);
  },
  'Domain.delete': async ({ site, path }) => {
    await site.call('domain.delete', { params: at(path) });
    return nothing();
  },
  'Domain.set_default': async ({ site, path }) => {
    const { name } = await site.call('domain.show', { params: at(path) });
    await site.call('setting.set', { params: { setting: 'default_domain' }, body: { value: name } });
    return showDomain(createLook(site), await site.call('domain.show', { params: at(path) }));
  },

  'DNSResources.read': async ({ look, args }) => {
    const wanted = nameOf(args);
    const networks = await readNetworks(look);
    const type = args.text('rrtype')?.toUpperCase();
    const records = (await look.records()).filter(
      (record) =>
        (wanted === null || record.fqdn === wanted) &&
        (!args.text('domain') || isOfDomain(record, args.text('domain') ?? '')) &&
        (!type || record.type === type),
    );
    return json(resourcesOf(records).map((resource) => viewResource(resource, networks)));
  },
  'DNSResources.create': async ({ site, look, args }) => {
    const fqdn = nameOf(args) ?? badValue('fqdn', 'it is missing', 'a full name, or a name and a domain');
    const steps = recordSteps(fqdn, addressesOf(args), args.number('address_ttl'));
    if (steps.length === 0) badValue('ip_addresses', 'it is missing', 'a name needs an address here');
    if (resourcesOf(await look.records()).some((one) => one.fqdn === fqdn && one.addresses.length > 0))
      conflict(`The name ${fqdn} has addresses already. Change them instead.`);
    await site.together(steps);
    return showResource(site, fqdn);
  },
  'DNSResource.read': async ({ site, look, path }) => showResource(site, (await meantResource(look, path)).fqdn),
  'DNSResource.update': async ({ site, look, path, args }) => {
    const { fqdn, addresses } = await meantResource(look, path);
    const wanted = nameOf(args);
    if (wanted !== null && wanted !== fqdn && args.text('name') !== fqdn.split('.')[0])
      badValue('name', 'it cannot be changed', `the name stays ${fqdn}; make a new one`);
    await site.together(changeAddresses(fqdn, addresses, args));
    return showResource(site, fqdn);
  },
  'DNSResource.delete': async ({ site, look, path }) => {
    const { addresses, others } = await meantResource(look, path);
    await site.together(
      [...addresses, ...others].map(({ id }) => step('record.delete', { params: { record: String(id) } })),
    );
    return nothing();
  },

  'DNSResourceRecords.read': async ({ look, args }) => {
    const wanted = nameOf(args);
    const type = args.text('rrtype')?.toUpperCase();
    const records = (await look.records()).filter(
      (record) =>
        !isAddress(record) &&
        (wanted === null || record.fqdn === wanted) &&
        (!args.text('domain') || isOfDomain(record, args.text('domain') ?? '')) &&
        (!type || record.type === type),
    );
    return json(records.map(viewRecord));
  },
  'DNSResourceRecords.create': async ({ site, args }) => {
    const fqdn = nameOf(args) ?? badValue('fqdn', 'it is missing', 'a full name, or a name and a domain');
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
const at = (path: Path) => ({ domain: path['id'] ?? '' });
const record = (path: Path) => ({ record: path['id'] ?? '' });
type Resource = ReturnType<typeof resourcesOf>[number];

function ttlOf(args: Args): number | null | undefined {
  return args.has('ttl') ? (args.number('ttl') ?? null) : undefined;
}

/** The full name that is meant; null: none. */
function nameOf(args: Args): string | null {
  const fqdn = args.text('fqdn');
  if (fqdn) return fqdn.toLowerCase().replace(/\.$/, '');
  const [name, domain] = [args.text('name'), args.text('domain')];
  if (!name || !domain) return null;
  return (name === '@' ? domain : `${name}.${domain}`).toLowerCase();
}

function isOfDomain({ domain }: DnsRecord, wanted: string): boolean {
  return domain === wanted.toLowerCase();
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

/** From the addresses that a name has to those that it is to have. */
function changeAddresses(fqdn: string, before: readonly DnsRecord[], args: Args): Step[] {
  const ttl = args.has('address_ttl') ? (args.number('address_ttl') ?? null) : undefined;
  const wanted = args.has('ip_addresses') ? addressesOf(args) : before.map(({ data }) => data);
  const gone = before.filter(({ data }) => !wanted.includes(data));
  const stay = before.filter(({ data }) => wanted.includes(data));
  const fresh = wanted.filter((data) => !before.some((one) => one.data === data));
  return [
    ...gone.map(({ id }) => step('record.delete', { params: { record: String(id) } })),
    ...(ttl === undefined
      ? []
      : stay.map(({ id }) => step('record.set', { params: { record: String(id) }, body: { ttl } }))),
    ...recordSteps(fqdn, fresh, ttl ?? before[0]?.ttl),
  ];
}

async function meantResource(look: Look, path: Path): Promise<Resource> {
  const found = resourcesOf(await look.records()).find(({ id }) => String(id) === path['id']);
  return found ?? notFound('DNS name', path['id']);
}

async function showResource(site: Site, fqdn: string) {
  const look = createLook(site);
  const found = resourcesOf(await look.records()).find((one) => one.fqdn === fqdn);
  return json(viewResource(found ?? notFound('DNS name', fqdn), await readNetworks(look)));
}

async function showDomain(look: Look, domain: Domain) {
  const count = (await look.records()).filter((one) => one.domain === domain.name).length;
  return json(viewDomain(domain, count, (await readTexts(look))('domain', domain.id)));
}
