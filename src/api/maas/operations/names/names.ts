import { RECORD_TYPES } from '../../../../model/names/record.ts';
import type { DnsRecord } from '../../../../contract/names/record.ts';
import type { Domain } from '../../../../contract/names/domain.ts';
import { json, nothing } from '../../answer.ts';
import type { Args } from '../../args.ts';
import type { Handlers, PathValues } from '../../handler.ts';
import { createSiteLists, type SiteLists } from '../../site-lists.ts';
import { viewDomain } from '../../objects/base/groups.ts';
import { isAddress, viewRecord } from '../../objects/names/names.ts';
import { step } from '../../site.ts';
import { domainRef } from '../base/defaults.ts';
import { badValue } from '../base/refusals.ts';
import { filterOf, nameOf, ttlOf } from './dns-naming.ts';
import { addressesOf, forgetBareName, meantResource, readResources, recordSteps } from './dns-resources.ts';

/** Domains, and records other than addresses. */
export const NAME_HANDLERS: Handlers = {
  'Domains.read': async ({ lists }) => {
    const counts = Map.groupBy(await lists.records(), ({ domain }) => domain);
    return json((await lists.domains()).map((one) => viewDomain(one, counts.get(one.name)?.length ?? 0)));
  },
  'Domains.create': async ({ site, lists, args }) => {
    const body = { name: args.text('name') ?? '', ttl: ttlOf(args), ...answeringOf(args) };
    return showDomain(lists, await site.call('domain.create', { body }));
  },
  'Domain.read': async ({ site, lists, path }) =>
    showDomain(lists, await site.call('domain.show', { params: await at(lists, path) })),
  'Domain.update': async ({ site, lists, path, args }) => {
    const params = await at(lists, path);
    const body = { name: args.text('name') || undefined, ttl: ttlOf(args), ...answeringOf(args) };
    return showDomain(lists, await site.call('domain.set', { params, body }));
  },
  'Domain.delete': async ({ site, lists, path }) => {
    await site.call('domain.delete', { params: await at(lists, path) });
    return nothing();
  },
  'Domain.set_default': async ({ site, lists, path }) => {
    const params = await at(lists, path);
    const { name } = await site.call('domain.show', { params });
    await site.call('setting.set', { params: { setting: 'default_domain' }, body: { value: name } });
    return showDomain(createSiteLists(site), await site.call('domain.show', { params }));
  },

  'DNSResourceRecords.read': async ({ lists, args }) => {
    const isWanted = await filterOf(lists, args);
    return json((await lists.records()).filter((one) => !isAddress(one) && isWanted(one)).map(viewRecord));
  },
  'DNSResourceRecords.create': async ({ site, lists, args }) => {
    const number = args.text('dnsresource');
    const fqdn =
      (await nameOf(lists, args)) ??
      (number ? (await meantResource(lists, number)).fqdn : null) ??
      badValue('fqdn', 'it is missing', 'a full name, or a name and a domain');
    const type = knownType(args.text('rrtype') ?? '');
    const body = { fqdn, type, data: args.text('rrdata') ?? '', ttl: ttlOf(args) };
    const wanted = addressesOf(args);
    const known = wanted.length === 0 ? undefined : (await readResources(lists)).find((one) => one.fqdn === fqdn);
    const fresh = wanted.filter((address) => !known?.addresses.some(({ data }) => data === address));
    const [made] = await site.together([
      step('record.create', { body }),
      ...recordSteps(fqdn, fresh, ttlOf(args, 'address_ttl')),
      ...(await forgetBareName(lists, fqdn)),
    ]);
    return json(viewRecord(made as DnsRecord));
  },
  'DNSResourceRecord.read': async ({ site, path }) =>
    json(viewRecord(await site.call('record.show', { params: record(path) }))),
  'DNSResourceRecord.update': async ({ site, lists, path, args }) => {
    const { type, fqdn } = await site.call('record.show', { params: record(path) });
    const wanted = args.text('rrtype');
    if (wanted && wanted.toUpperCase() !== type)
      badValue('rrtype', 'it cannot be changed', `the record stays ${type}; make a new one`);
    const number = args.text('dnsresource');
    if (number && (await meantResource(lists, number)).fqdn !== fqdn)
      badValue('dnsresource', 'a record stays with its name', `that of ${fqdn}; make a new one for another name`);
    const body = { data: args.text('rrdata') || undefined, ttl: ttlOf(args) };
    return json(viewRecord(await site.call('record.set', { params: record(path), body })));
  },
  'DNSResourceRecord.delete': async ({ site, path }) => {
    await site.call('record.delete', { params: record(path) });
    return nothing();
  },
};

const at = async (lists: SiteLists, path: PathValues) => ({ domain: await domainRef(lists, path['id']) });
const record = (path: PathValues) => ({ record: path['id'] ?? '' });

/** Who answers for a domain, as far as a call says it; MAAS writes several servers with blanks or commas between. */
function answeringOf(args: Args): { authoritative?: boolean; forwardTo?: string[] } {
  const authoritative = args.flag('authoritative');
  const servers = args.list('forward_dns_servers').flatMap((text) => text.split(/\s+/));
  return {
    ...(authoritative === undefined ? {} : { authoritative }),
    ...(args.has('forward_dns_servers') ? { forwardTo: servers } : {}),
  };
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

async function showDomain(lists: SiteLists, domain: Domain) {
  const count = (await lists.records()).filter((one) => one.domain === domain.name).length;
  return json(viewDomain(domain, count));
}
