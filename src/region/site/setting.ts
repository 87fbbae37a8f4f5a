import type { Setting } from '../../contract/site/setting.ts';
import { accept, invalid, refuse, type Rejected, rejected } from '../../core/errors.ts';
import { stableJson } from '../../core/stable-json.ts';
import { checkNoCircle } from '../../model/site/circle.ts';
import type { SettingName, Settings } from '../../model/site/settings.ts';
import { DEFAULT_SETTINGS, isSettingName, parseSetting } from '../../model/site/settings.ts';
import { checkSettingUse } from '../../model/site/setting-use.ts';
import { findDomain, lockDomain } from '../../store/queries/names/domains.ts';
import { listNodes } from '../../store/queries/cluster/nodes.ts';
import { reservedNameClash } from '../../store/queries/networks/reservations.ts';
import { namesInUse } from '../../store/queries/names/records.ts';
import { listSettings, type SettingRow, setSetting } from '../../store/queries/site/settings.ts';
import type { Tx } from '../../store/tx.ts';
import { pageBody, pageInMemory } from '../base/paging.ts';
import { noSuch } from '../base/refs.ts';
import { autocommitReading, writing } from '../base/use-case.ts';
import { domainNames } from '../names/domain.ts';

function view({ name, value }: Pick<SettingRow, 'name' | 'value'>): Setting {
  const fallback = DEFAULT_SETTINGS[name];
  return { name, value: wire(value), default: wire(fallback), isDefault: stableJson(value) === stableJson(fallback) };
}

const wire = (value: Settings[SettingName]): Setting['value'] => (typeof value === 'object' ? [...value] : value);

async function settingByRef(tx: Tx, text: string): Promise<SettingRow> {
  const rows = await listSettings(tx);
  return rows.find((row) => row.name === text) ?? refuse(noSuch('setting', text, Object.keys(DEFAULT_SETTINGS)));
}

/** The default domain exists, and no name of a node or a reservation meets an alias or a machine in it. Holds the domain until the transaction ends. */
async function checkDefaultDomain(tx: Tx, name: string): Promise<Rejected | null> {
  const domain = await findDomain(tx, { name });
  if (!domain)
    return invalid(
      'default_domain',
      `there is no domain ${name}`,
      `one of ${(await domainNames(tx)).join(', ') || 'none yet'}`,
    );
  const refusal = (await lockDomain(tx, domain.id)) ?? checkServedHere(await findDomain(tx, { name }));
  if (refusal) return refusal;
  for (const node of (await listNodes(tx, { limit: 1000 })).items) {
    const uses = await namesInUse(tx, { domainId: domain.id, name: node.name });
    const clash = uses.find((use) => use.type === 'CNAME' || use.kind === 'machine');
    if (clash)
      return rejected(
        'conflict',
        `default_domain: the node ${node.name} would meet ${clash.label} at ${node.name}.${name}.`,
      );
  }
  const clash = await reservedNameClash(tx, domain.id);
  if (!clash) return null;
  const { hostname, label } = clash;
  return rejected(
    'conflict',
    `default_domain: the reservation ${hostname} would meet ${label} at ${hostname}.${name}.`,
  );
}

/** Names of nodes are in the default domain, and other zones name them. */
function checkServedHere(domain: { readonly name: string; readonly authoritative: boolean } | null): Rejected | null {
  if (domain === null || domain.authoritative) return null;
  const rule = 'a domain that this site answers for: regent domain set NAME --authoritative on';
  return invalid('default_domain', `others answer for ${domain.name}`, rule);
}

/** A resolver or proxy is not one of our own region nodes. */
async function checkOwnNodes(tx: Tx, name: SettingName, value: unknown): Promise<Rejected | null> {
  if (name !== 'upstream_dns' && name !== 'http_proxy') return null;
  const domain = (await listSettings(tx)).find((row) => row.name === 'default_domain')?.value;
  return checkNoCircle(name, value, { nodes: (await listNodes(tx, { limit: 1000 })).items, domain: String(domain) });
}

export const settingCases = {
  'setting.list': autocommitReading('setting.list', async (tx, { query }) => {
    const order = {
      sorts: { name: (row: SettingRow) => row.name },
      defaultSort: 'name',
      key: (row: SettingRow) => row.name,
    };
    const page = accept(pageInMemory(await listSettings(tx), order, query));
    return pageBody(page, view, query);
  }),

  'setting.show': autocommitReading('setting.show', async (tx, { params }) => {
    const row = await settingByRef(tx, params.setting);
    return { body: view(row), version: row.version };
  }),

  'setting.set': writing(
    'setting.set',
    ({ params }) => `setting set ${params.setting}`,
    async (tx, { params, body }, context) => {
      const name = params.setting;
      if (!isSettingName(name)) refuse(noSuch('setting', name, Object.keys(DEFAULT_SETTINGS)));
      const value = accept(parseSetting(name, body.value));
      accept(
        checkSettingUse(name, value) ??
          (name === 'default_domain'
            ? await checkDefaultDomain(tx, String(value))
            : await checkOwnNodes(tx, name, value)),
      );
      const row = accept(await setSetting(tx, name, value, context.ifMatch));
      const shown = view(row);
      tx.emit({ kind: 'setting.changed', subject: name, data: { ...shown } });
      return { body: shown, version: row.version };
    },
  ),
};
