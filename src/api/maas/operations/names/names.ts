import { RECORD_TYPES } from '../../../../model/names/record.ts';
import type { DnsRecord } from '../../../../contract/names/record.ts';
import type { Domain } from '../../../../contract/names/domain.ts';
import { json } from '../../answer.ts';
import type { Handlers, MaasCall } from '../../handler.ts';
import { createSiteLists } from '../../site-lists.ts';
import { viewDomain } from '../../objects/base/groups.ts';
import { isAddress, viewRecord } from '../../objects/names/names.ts';
import { step } from '../../site.ts';
import { domainRef } from '../base/defaults.ts';
import { nounHandlers, param } from '../base/nouns.ts';
import { badValue } from '../base/refusals.ts';
import { filterOf, nameOf, ttlOf } from './dns-naming.ts';
import { addressesOf, forgetBareName, meantResource, readResources, recordSteps } from './dns-resources.ts';

/** Domains, and records other than addresses. */
export const NAME_HANDLERS: Handlers = {
  ...nounHandlers({
    noun: 'domain',
    all: 'Domains',
    one: 'Domain',
    list: ({ lists }) => lists.domains(),
    ref: domainAt,
    fields: {
      name: param.filled('name'),
      ttl: ({ args }) => ttlOf(args),
      authoritative: param.flag('authoritative'),
      // MAAS writes several servers with blanks or commas between.
      forwardTo: ({ args }) =>
        args.has('forward_dns_servers')
          ? args.list('forward_dns_servers').flatMap((text) => text.split(/\s+/))
          : undefined,
    },
    view: domainViewer,
  }),
  'Domain.set_default': async (call) => {
    const { site } = call;
    const params = { domain: await domainAt(call) };
    const { name } = await site.call('domain.show', { params });
    await site.call('setting.set', { params: { setting: 'default_domain' }, body: { value: name } });
    return json((await domainViewer({ lists: createSiteLists(site) }))(await site.call('domain.show', { params })));
  },

  ...nounHandlers({
    noun: 'record',
    all: 'DNSResourceRecords',
    one: 'DNSResourceRecord',
    update: { data: param.filled('rrdata'), ttl: ({ args }) => ttlOf(args) },
    check: checkRecord,
    view: () => viewRecord,
  }),
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
};

function domainAt({ lists, path }: MaasCall): Promise<string> {
  return domainRef(lists, path['id']);
}

/** A record stays with its name, and of its type. */
async function checkRecord({ lists, args }: MaasCall, { type, fqdn }: DnsRecord): Promise<void> {
  const wanted = args.text('rrtype');
  if (wanted && wanted.toUpperCase() !== type)
    badValue('rrtype', 'it cannot be changed', `the record stays ${type}; make a new one`);
  const number = args.text('dnsresource');
  if (number && (await meantResource(lists, number)).fqdn !== fqdn)
    badValue('dnsresource', 'a record stays with its name', `that of ${fqdn}; make a new one for another name`);
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

async function domainViewer({ lists }: Pick<MaasCall, 'lists'>) {
  const counts = Map.groupBy(await lists.records(), ({ domain }) => domain);
  return (one: Domain) => viewDomain(one, counts.get(one.name)?.length ?? 0);
}
