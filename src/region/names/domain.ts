import { defined } from '../../core/members.ts';
import type { Domain, DomainSet } from '../../contract/names/domain.ts';
import { accept, invalid, refuse, type Rejected, rejected } from '../../core/errors.ts';
import { parseDomainName, relativeName } from '../../model/names/names.ts';
import { checkForwardNoCircle } from '../../model/site/circle.ts';
import { parseForwardServer } from '../../model/names/forward-server.ts';
import { checkPublicSuffix, checkSpecialName } from '../../model/names/special-use.ts';
import { parseTtl } from '../../model/names/record.ts';
import { parseReachableAddress } from '../../model/names/reachable-address.ts';
import { everyRow } from '../../store/page.ts';
import * as domains from '../../store/queries/names/domains.ts';
import { listMachines } from '../../store/queries/machines/machines.ts';
import { listNodes } from '../../store/queries/cluster/nodes.ts';
import { listRecords } from '../../store/queries/names/records.ts';
import { readSettings } from '../../store/snapshot.ts';
import type { Tx } from '../../store/tx.ts';
import { resolveName } from '../base/known-names.ts';
import { pageBody } from '../base/paging.ts';
import { declaredByRef } from '../base/declared.ts';
import { domainText, noSuch, parseRef } from '../base/refs.ts';
import { autocommitReading, reading, target, writing } from '../base/use-case.ts';

type DomainRow = domains.DomainRow;

/** The domain that an operator names by id or name. */
export function domainByRef(tx: Tx, text: string): Promise<DomainRow> {
  return resolveName(tx, 'domain', text, () => readByRef(tx, text));
}

async function readByRef(tx: Tx, text: string): Promise<DomainRow> {
  const ref = parseRef(text);
  const row = await domains.findDomain(tx, 'id' in ref ? ref : { name: domainText(ref.text) });
  return row ?? refuse(noSuch('domain', text, await domainNames(tx)));
}

/** Some domains that exist, for error texts. */
export async function domainNames(tx: Tx): Promise<string[]> {
  return (await domains.listDomains(tx, { limit: 11, sort: 'name' })).items.map((domain) => domain.name);
}

/** Parses a TTL that may be null (the default applies) or missing. */
export function optionalTtl(ttl: number | null | undefined): number | null | undefined {
  return ttl === null || ttl === undefined ? ttl : accept(parseTtl(ttl));
}

function view({ transferTo, forwardTo, ...row }: DomainRow): Domain {
  const { id, name, ttl, leaseNames, transferKey, authoritative, isDefault } = row;
  const servers = { transferTo: [...transferTo], transferKey, authoritative, forwardTo: [...forwardTo] };
  return { id, name, ttl, leaseNames, ...servers, isDefault };
}

/** The servers that may copy the domain after a change. A member that the body does not name stays. */
async function readTransfers(
  tx: Tx,
  body: Pick<DomainSet, 'transferTo' | 'transferKey'>,
): Promise<Pick<domains.NewDomain, 'transferTo' | 'transferKeyId'>> {
  const transferTo = body.transferTo?.map((text) => accept(parseReachableAddress(text, 'transferTo')));
  const { transferKey } = body;
  const key = typeof transferKey === 'string' ? await declaredByRef(tx, 'tsig-key', transferKey) : null;
  return {
    ...(transferTo === undefined ? {} : { transferTo: [...new Set(transferTo)] }),
    ...(transferKey === undefined ? {} : { transferKeyId: key?.id ?? null }),
  };
}

/** Who answers for the domain after a change. `old`: as it is; null for a new one. */
async function readForwarding(
  tx: Tx,
  body: Pick<DomainSet, 'authoritative' | 'forwardTo'>,
  old: Pick<DomainRow, 'authoritative' | 'forwardTo'> | null,
): Promise<Pick<domains.NewDomain, 'authoritative' | 'forwardTo'>> {
  const given = [...new Set((body.forwardTo ?? []).map((text) => accept(parseForwardServer(text, 'forwardTo'))))];
  const forwardTo = body.forwardTo === undefined ? (old?.forwardTo ?? []) : given;
  const isHere = body.authoritative ?? old?.authoritative ?? true;
  if (isHere && forwardTo.length > 0) {
    const problem = `this site answers for the domain, so no query for it goes to ${forwardTo.join(', ')}`;
    const rule = 'other servers only with authoritative off, or none of them';
    refuse(invalid(body.forwardTo === undefined ? 'authoritative' : 'forwardTo', problem, rule));
  }
  if (given.length > 0) accept(checkForwardNoCircle(given, (await listNodes(tx, { limit: 1000 })).items));
  return {
    ...(body.authoritative === undefined ? {} : { authoritative: body.authoritative }),
    ...(body.forwardTo === undefined ? {} : { forwardTo: given }),
  };
}

/**
 * Names of the domain above that the new domain would cover: they would vanish behind its zone, so they must go first. Holds the domain
 * above until the transaction ends.
 */
async function checkCoversNothing(tx: Tx, name: string, exceptId: number | null): Promise<Rejected | null> {
  const above = await domains.findDomainOf(tx, name);
  if (!above || above.id === exceptId || above.name === name) return null;
  const refusal = await domains.lockDomain(tx, above.id);
  if (refusal) return refusal;
  const covered = relativeName(name, above.name);
  const clash = (owner: string) =>
    rejected(
      'conflict',
      `${name} would cover ${owner} of the domain ${above.name}. Rule: a name lies in the longest domain that holds it; move or delete it first.`,
    );
  const machines = await listMachines(tx, { domainId: above.id, hostname: covered, limit: 1000 });
  const machine = machines.items.find((item) => item.hostname === covered);
  if (machine) return clash(`the machine ${machine.fqdn}`);
  for await (const record of everyRow((page) => listRecords(tx, { domainId: above.id, ...page }))) {
    if (record.name === covered || record.name.endsWith(`.${covered}`))
      return clash(`the record ${record.fqdn} ${record.type}`);
  }
  return null;
}

/** The name has no special use, and is a public top-level domain only if the operator says that it is meant. */
function checkUse(name: string, force: boolean | undefined): Rejected | null {
  return checkSpecialName(name) ?? checkPublicSuffix(name, force === true);
}

export const domainCases = {
  'domain.list': reading('domain.list', async (tx, { query }) => {
    const { default_domain: name } = await readSettings(tx);
    const isDefault = query?.is_default;
    const page = await domains.listDomains(tx, {
      ...query,
      name: query?.name === undefined ? undefined : domainText(query.name),
      is: isDefault === true ? name : undefined,
      isNot: isDefault === false ? name : undefined,
    });
    return pageBody(page, view, query);
  }),

  'domain.show': autocommitReading('domain.show', async (tx, { params }) => {
    const row = await domainByRef(tx, params.domain);
    return { body: view(row), version: row.version };
  }),

  'domain.create': writing(
    'domain.create',
    ({ body }) => `domain create ${body.name}${body.force === true ? ' with force' : ''}`,
    async (tx, { body }) => {
      const name = accept(parseDomainName(body.name));
      const ttl = optionalTtl(body.ttl);
      accept(checkUse(name, body.force) ?? (await checkCoversNothing(tx, name, null)));
      const transfers = await readTransfers(tx, body);
      const forwarding = await readForwarding(tx, body, null);
      const made = { name, ttl: ttl ?? null, leaseNames: body.leaseNames, ...transfers, ...forwarding };
      const row = await domains.createDomain(tx, made);
      const shown = view(row);
      tx.emit({ kind: 'domain.created', subject: row.name, data: { ...shown } });
      return { body: shown, version: row.version };
    },
  ),

  'domain.set': writing(
    'domain.set',
    ({ params, body }) =>
      `domain set ${params.domain}${body.name === undefined ? '' : ` name ${body.name}`}${body.force === true ? ' with force' : ''}`,
    async (tx, { params, body }, context) => {
      const old = await domainByRef(tx, params.domain);
      const name = accept(body.name === undefined ? old.name : parseDomainName(body.name));
      const ttl = optionalTtl(body.ttl);
      if (name !== old.name) {
        if (old.isDefault)
          refuse(
            'in_use',
            `${old.name} is the default domain. Make another one the default first: setting default_domain.`,
          );
        accept(checkUse(name, body.force) ?? (await checkCoversNothing(tx, name, old.id)));
      }
      const transfers = await readTransfers(tx, body);
      const forwarding = await readForwarding(tx, body, old);
      const row = accept(
        await domains.updateDomain(tx, target(old.id, context), {
          ...transfers,
          ...forwarding,
          ...defined({ name: body.name === undefined ? undefined : name, ttl, leaseNames: body.leaseNames }),
        }),
      );
      if (row.isDefault && !row.authoritative) {
        const problem = `${row.name} is the default domain, in which the site's own nodes have their names`;
        refuse(invalid('authoritative', problem, 'make another one the default first: setting default_domain'));
      }
      const shown = view(row);
      tx.emit({ kind: 'domain.changed', subject: row.name, data: { ...shown } });
      return { body: shown, version: row.version };
    },
  ),

  'domain.delete': writing(
    'domain.delete',
    ({ params, query }) => `domain delete ${params.domain}${query?.cascade ? ' with its records' : ''}`,
    async (tx, { params, query }, context) => {
      const old = await domainByRef(tx, params.domain);
      if (old.isDefault)
        refuse(
          'in_use',
          `${old.name} is the default domain and cannot be deleted. Make another one the default first: setting default_domain.`,
        );
      accept(await contentsOf(tx, old, query?.cascade === true));
      const row = accept(
        await domains.deleteDomain(tx, { ...target(old.id, context), isCascade: query?.cascade === true }),
      );
      const shown = view(row);
      tx.emit({ kind: 'domain.deleted', subject: row.name, data: { ...shown } });
      return { body: shown };
    },
  ),
};

/** The database refuses as well; this names the objects that block the deletion and how to go on. */
async function contentsOf(tx: Tx, domain: DomainRow, isCascade: boolean): Promise<Rejected | null> {
  const machine = (await listMachines(tx, { domainId: domain.id, limit: 1 })).items[0];
  if (machine)
    return rejected(
      'in_use',
      `${domain.name} has machines, such as ${machine.fqdn}. Move or delete them first; ?cascade=true takes only records along.`,
    );
  const record = isCascade ? undefined : (await listRecords(tx, { domainId: domain.id, limit: 1 })).items[0];
  if (!record) return null;
  return rejected(
    'in_use',
    `${domain.name} has records, such as ${record.fqdn} ${record.type}. Delete them first, or with ?cascade=true.`,
  );
}

/** The domain of a machine that names none. */
export async function defaultDomain(tx: Tx): Promise<DomainRow> {
  const { default_domain: name } = await readSettings(tx);
  const row = await domains.findDomain(tx, { name });
  return (
    row ??
    refuse(
      invalid(
        'domain',
        `it is missing, and the default domain ${name} does not exist`,
        'name a domain, or create that one',
      ),
    )
  );
}
