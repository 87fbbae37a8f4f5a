import type { DnsRecord } from '../../../../contract/names/record.ts';
import { isRejected, RejectedError } from '../../../../core/errors.ts';
import { domainOf, parseOwnerName, relativeName } from '../../../../model/names/names.ts';
import { json, nothing } from '../../answer.ts';
import type { Args } from '../../args.ts';
import type { Handlers } from '../../handler.ts';
import { createSiteLists, type SiteLists } from '../../site-lists.ts';
import type { DnsResource, Holders } from '../../objects/names/names.ts';
import { hostOfNode, impliedNames, resourcesOf, viewResource } from '../../objects/names/names.ts';
import { numberOf } from '../../objects/base/uri.ts';
import { type Site, step, type SiteStep } from '../../site.ts';
import { badValue, conflict, notFound } from '../base/refusals.ts';
import { filterOf, nameOf, type NamedRecord, ttlOf } from './dns-naming.ts';

/** Reads which subnet holds an address. */
type ReadHolders = (lists: SiteLists) => Promise<Holders>;

/** Names with addresses and other records, also without any yet. */
export const resourceHandlers = (readHolders: ReadHolders): Handlers => ({
  'DNSResources.read': async ({ lists, args }) => {
    const isWanted = await filterOf(lists, args);
    const holders = await readHolders(lists);
    const resources = (await readResources(lists)).filter((one) => recordsOf(one).some(isWanted));
    const shown = resources.map((resource) => viewResource(resource, holders));
    return json(args.flag('all') ? [...shown, ...(await impliedBy(lists, isWanted))] : shown);
  },
  'DNSResources.create': async ({ site, lists, args }) => {
    const fqdn =
      (await nameOf(lists, args)) ?? badValue('fqdn', 'it is missing', 'a full name, or a name and a domain');
    const steps = recordSteps(fqdn, addressesOf(args), ttlOf(args, 'address_ttl'));
    const known = (await readResources(lists)).find((one) => one.fqdn === fqdn);
    if (known && known.addresses.length > 0) conflict(`The name ${fqdn} has addresses already. Change them instead.`);
    if (steps.length > 0) await site.together([...steps, ...forgetBare(known)]);
    else if (known) conflict(`The name ${fqdn} is there already. Give it addresses, or other records.`);
    else await site.together([keepBare(numberOf('dnsresource', fqdn), await ownerIn(lists, fqdn))]);
    return showResource(site, fqdn, readHolders);
  },
  'DNSResource.read': async ({ site, lists, path }) =>
    showResource(site, (await meantResource(lists, path['id'])).fqdn, readHolders),
  'DNSResource.update': async ({ site, lists, path, args }) => {
    const before = await meantResource(lists, path['id']);
    const wanted = (await nameOf(lists, args, before)) ?? before.fqdn;
    const steps = wanted === before.fqdn ? changeAddresses(before, args) : rename(before, wanted, args);
    const isBare = before.others.length === 0 && wantedAddresses(before, args).length === 0;
    const bareSteps = isBare ? [keepBare(before.id, await ownerIn(lists, wanted))] : forgetBare(before);
    await site.together([...steps, ...bareSteps]);
    return showResource(site, wanted, readHolders);
  },
  'DNSResource.delete': async ({ site, lists, path }) => {
    const gone = await meantResource(lists, path['id']);
    const { id, addresses, others } = gone;
    await site.together([...[...addresses, ...others].map(deleteStep), keepNumber(id, ''), ...forgetBare(gone)]);
    return nothing();
  },
});

/** The names that machines, devices, racks and region nodes have of themselves. */
async function impliedBy(lists: SiteLists, isWanted: (record: NamedRecord) => boolean): Promise<object[]> {
  const [machines, devices, nodes, domains] = await Promise.all([
    lists.machines(),
    lists.devices(),
    lists.nodes(),
    lists.domains(),
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

/** Addresses of a call, with blanks or commas between, each once. */
export function addressesOf(args: Args): string[] {
  return [...new Set(args.list('ip_addresses').flatMap((text) => text.split(/\s+/)))];
}

/** Steps that give a name addresses. */
export function recordSteps(fqdn: string, addresses: readonly string[], ttl: number | null | undefined): SiteStep[] {
  return addresses.map((data) =>
    step('record.create', { body: { fqdn, type: data.includes(':') ? 'AAAA' : 'A', data, ttl } }),
  );
}

const deleteStep = ({ id }: DnsRecord) => step('record.delete', { params: { record: String(id) } });

/** The addresses that a name is to have after a change. */
function wantedAddresses({ addresses }: DnsResource, args: Args): string[] {
  return args.has('ip_addresses') ? addressesOf(args) : addresses.map(({ data }) => data);
}

/** From the addresses that a name has to those that it is to have. */
function changeAddresses(resource: DnsResource, args: Args): SiteStep[] {
  const { fqdn, addresses: before } = resource;
  const ttl = ttlOf(args, 'address_ttl');
  const wanted = wantedAddresses(resource, args);
  const gone = before.filter(({ data }) => !wanted.includes(data));
  const stay = before.filter(({ data }) => wanted.includes(data));
  const fresh = wanted.filter((data) => !before.some((one) => one.data === data));
  // Records are listed as they were made, and clients compare the list: for another order the records are made again.
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
function rename(resource: DnsResource, fqdn: string, args: Args): SiteStep[] {
  const { id, addresses, others } = resource;
  const wanted = wantedAddresses(resource, args);
  return [
    ...[...addresses, ...others].map(deleteStep),
    ...recordSteps(fqdn, wanted, ttlOf(args, 'address_ttl') ?? addresses[0]?.ttl),
    ...others.map(({ type, data, written, ttl }) =>
      step('record.create', { body: { fqdn, type, data: written ?? data, ttl } }),
    ),
    keepNumber(id, numberOf('dnsresource', fqdn) === id ? '' : fqdn),
  ];
}

/** Among the annotations of the site: the numbers of names that were others before, and names that tools made before what they are to have. */
const NUMBER = /^dns-name\.(\d+)$/;
const BARE = /^dns-bare\.(\d+)$/;

function keepNumber(id: number, fqdn: string): SiteStep {
  const texts = { [`dns-name.${id}`]: fqdn };
  return step('annotation.set', { params: { kind: 'site', object: 'site' }, body: { texts } });
}

/** Stores a name without any record, until it has one, or goes. An empty text removes it. */
function keepBare(id: number, fqdn: string): SiteStep {
  const texts = { [`dns-bare.${id}`]: fqdn };
  return step('annotation.set', { params: { kind: 'site', object: 'site' }, body: { texts } });
}

/** Deletes the note of a name without records, because the name gets records now or is deleted. */
function forgetBare(resource: DnsResource | undefined): SiteStep[] {
  return resource?.isBare ? [keepBare(resource.id, '')] : [];
}

/** The name in its canonical form, which must lie in a domain of the site. */
async function ownerIn(lists: SiteLists, fqdn: string): Promise<string> {
  const name = parseOwnerName(fqdn, 'fqdn');
  if (isRejected(name)) throw new RejectedError(name);
  if (domainOf(name, await lists.domains()) === undefined)
    badValue('fqdn', `no domain of the site holds ${name}`, 'a name in a domain: domains create name=NAME');
  return name;
}

async function siteTexts(lists: SiteLists): Promise<Readonly<Record<string, string>>> {
  return (await lists.annotations()).find(({ kind }) => kind === 'site')?.texts ?? {};
}

/** Numbers by names, of annotations of a form. */
function numbersIn(texts: Readonly<Record<string, string>>, form: RegExp): [string, number][] {
  return Object.entries(texts).flatMap(([name, fqdn]): [string, number][] => {
    const number = form.exec(name)?.[1];
    return number === undefined ? [] : [[fqdn, Number(number)]];
  });
}

/** The step that forgets that a name was made without any record; none if it was not. */
export async function forgetBareName(lists: SiteLists, fqdn: string): Promise<SiteStep[]> {
  const id = new Map(numbersIn(await siteTexts(lists), BARE)).get(fqdn);
  return id === undefined ? [] : [keepBare(id, '')];
}

/** All names with what they have. */
export async function readResources(lists: SiteLists): Promise<DnsResource[]> {
  const [texts, domains] = [await siteTexts(lists), await lists.domains()];
  const bare = new Map(numbersIn(texts, BARE));
  const found = resourcesOf(await lists.records(), new Map([...bare, ...numbersIn(texts, NUMBER)]));
  const known = new Set(found.map(({ fqdn }) => fqdn));
  const empty = [...bare].flatMap(([fqdn, id]): DnsResource[] => {
    const domain = known.has(fqdn) ? undefined : domainOf(fqdn, domains)?.name;
    return domain === undefined ? [] : [{ id, fqdn, domain, addresses: [], others: [], isBare: true }];
  });
  return [...found.map((one) => ({ ...one, isBare: bare.has(one.fqdn) })), ...empty];
}

/** What filters compare: its records, or only the name if it has none. */
function recordsOf({ fqdn, domain, addresses, others }: DnsResource): NamedRecord[] {
  const records = [...addresses, ...others];
  return records.length > 0 ? records : [{ fqdn, name: relativeName(fqdn, domain), domain, type: '' }];
}

/** The name that a path or a parameter means by its number. */
export async function meantResource(lists: SiteLists, id: string | undefined): Promise<DnsResource> {
  const found = (await readResources(lists)).find((one) => String(one.id) === id);
  return found ?? notFound('DNS name', id);
}

async function showResource(site: Site, fqdn: string, readHolders: ReadHolders) {
  const lists = createSiteLists(site);
  const found = (await readResources(lists)).find((one) => one.fqdn === fqdn);
  return json(viewResource(found ?? notFound('DNS name', fqdn), await readHolders(lists)));
}
