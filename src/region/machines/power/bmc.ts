import { BMC } from '../../../contract/machines/bmc.ts';
import { accept, invalid, isRejected, type Rejected } from '../../../core/errors.ts';
import {
  MASKED_SECRET,
  type PowerParameters,
  parsePowerParameters,
  splitParameters,
} from '../../../model/machines/power.ts';
import { POWER_SECRET_NAMES } from '../../../model/machines/power-secrets.ts';
import { type BmcHost, checkBmcHost, comparedAddress } from '../../../model/machines/bmc-hosts.ts';
import { driverOf } from '../../../power/registry.ts';
import { createDeclared, type DeclaredRow, updateDeclared, type RowValues } from '../../../store/declared/rows.ts';
import {
  addSealed,
  findOwnAddresses,
  listClosedAddresses,
  nextNumber,
  readSealed,
} from '../../../store/queries/machines/power-secrets.ts';
import { heldBy } from '../../../store/queries/base/jobs/add.ts';
import type { Tx } from '../../../store/tx.ts';
import { type Sealer, sealerOf } from '../../base/sealer.ts';
import { target, type WriteCase, writing } from '../../base/use-case.ts';
import { declaredByRef, declaredCases, readFields, viewDeclared } from '../../base/declared.ts';

type BmcRow = DeclaredRow<'bmc'>;
type BmcSecrets = Readonly<Record<string, string>>;

/** The number of the secrets that a BMC is made with. */
const FIRST = 1;

/** What is special about BMCs: the power type's law for the parameters, and secrets that are sealed. */
export const bmcCases = {
  'bmc.create': withoutSecrets(
    writing(
      'bmc.create',
      ({ body }) => `bmc create ${body.name}`,
      async (tx, { body }, context) => {
        const read = await readBmc(tx, body, null);
        const hasSecrets = Object.keys(read.secrets ?? {}).length > 0;
        const row = await createDeclared(tx, 'bmc', { ...read.values, ...(hasSecrets ? { secretNumber: FIRST } : {}) });
        await numberFor(tx, sealerOf(context), { id: row.id, old: {}, secrets: read.secrets });
        tx.emit({ kind: 'bmc.created', subject: row.name, data: viewDeclared<'bmc'>(row) });
        return { body: viewDeclared<'bmc'>(row), version: row.version };
      },
    ),
  ),

  'bmc.set': withoutSecrets(
    writing(
      'bmc.set',
      ({ params }) => `bmc set ${params.bmc}`,
      async (tx, { params, body }, context) => {
        const row = await declaredByRef(tx, 'bmc', params.bmc);
        const old = await needsSecrets(tx, sealerOf(context), { row, body });
        const read = await readBmc(tx, body, { row, secrets: old });
        const number = await numberFor(tx, sealerOf(context), { id: row.id, old, secrets: read.secrets });
        const changed = accept(await updateDeclared(tx, 'bmc', target(row.id, context), { ...read.values, ...number }));
        tx.emit({ kind: 'bmc.changed', subject: changed.name, data: viewDeclared<'bmc'>(changed) });
        return { body: viewDeclared<'bmc'>(changed), version: changed.version };
      },
    ),
  ),

  'bmc.delete': unlessBusy(declaredCases['bmc.delete'] as WriteCase<'bmc.delete'>),
};

/** A BMC that has an order is not deleted under it; else as every declared noun. */
function unlessBusy(plain: WriteCase<'bmc.delete'>): WriteCase<'bmc.delete'> {
  return {
    ...plain,
    run: async (tx, input, context) => {
      const { id } = await declaredByRef(tx, 'bmc', input.params.bmc);
      accept(await heldBy(tx, `bmc:${id}`, 'a BMC is deleted'));
      return plain.run(tx, input, context);
    },
  };
}

/** Passwords are weak secrets: a stored digest must not be one of them. */
function withoutSecrets<C extends WriteCase<'bmc.create'> | WriteCase<'bmc.set'>>(useCase: C): C {
  return {
    ...useCase,
    digested: (body: BmcBody) =>
      body.parameters === undefined ? body : { ...body, parameters: { ...body.parameters, ...SECRETS_LEFT_OUT } },
  };
}

const SECRETS_LEFT_OUT = Object.fromEntries(POWER_SECRET_NAMES.map((name) => [name, null]));

/**
 * All parameters of a BMC, with a machine's own there, secrets opened and defaults filled in, for whoever carries out its orders: never for an
 * answer. A machine's own that another power type had do not count.
 */
export async function readPowerParameters(
  tx: Tx,
  sealer: Sealer,
  { bmc, own }: { readonly bmc: BmcRow; readonly own: PowerParameters },
): Promise<PowerParameters | Rejected> {
  const secrets = await openSecrets(tx, sealer, bmc.id);
  if (isRejected(secrets)) return secrets;
  const { settings } = driverOf(bmc.powerType);
  const names = new Set(settings.filter(({ scope }) => scope === 'machine').map(({ name }) => name));
  const known = Object.entries(own).filter(([name]) => names.has(name));
  return parsePowerParameters(settings, { ...bmc.parameters, ...Object.fromEntries(known), ...secrets });
}

interface BmcInput {
  readonly values: RowValues<'bmc'>;
  /** Undefined: they stay as they are. */
  readonly secrets: BmcSecrets | undefined;
}

type BmcBody = Partial<Pick<BmcRow, 'name' | 'comment' | 'powerType' | 'parameters'>>;

async function readBmc(
  tx: Tx,
  body: BmcBody,
  old: { readonly row: BmcRow; readonly secrets: BmcSecrets } | null,
): Promise<BmcInput> {
  const values = await readFields(tx, BMC.fields, body);
  if (body.powerType === undefined && body.parameters === undefined) return { values, secrets: undefined };
  const type = body.powerType ?? old?.row.powerType ?? 'manual';
  const given = body.parameters ?? old?.row.parameters ?? {};
  const stored = old && { law: driverOf(old.row.powerType), shown: old.row.parameters, secrets: old.secrets };
  const driver = driverOf(type);
  const split = accept(splitParameters(driver, given, stored));
  accept(await refuseHosts(tx, driver.hostsOf(split.shown), 'parameters/'));
  return { values: { ...values, parameters: split.shown }, secrets: split.secrets };
}

/**
 * A BMC is another host: none at an address of a node, of the cluster or of loopback. Orders come from nodes, so such an address would get the order from within.
 * A name is judged by the node that resolves it.
 */
export async function refuseHosts(tx: Tx, hosts: readonly BmcHost[], prefix = ''): Promise<Rejected | null> {
  for (const host of hosts) {
    const refusal = checkBmcHost(host, prefix);
    if (refusal) return refusal;
  }
  const literals = hosts.flatMap(({ host }) => comparedAddress(host) ?? []);
  const [own] = literals.length === 0 ? [] : await findOwnAddresses(tx, literals);
  if (own === undefined) return null;
  const at = hosts.find(({ host }) => comparedAddress(host) === own.address);
  return invalid(
    `${prefix}${at?.name ?? ''}`,
    `${own.address} is ${own.words}`,
    'the address of a BMC, which is no node’s',
  );
}

/** Addresses that a node must not send an order to when it resolves the name of a BMC; undefined: no name is resolved. */
export async function closedFor(tx: Tx, hosts: readonly BmcHost[]): Promise<{ closed?: string[] }> {
  if (hosts.every(({ host }) => comparedAddress(host) !== null)) return {};
  return { closed: (await listClosedAddresses(tx)).slice(0, CLOSED_MAX) };
}

const CLOSED_MAX = 1000;

/** The secrets that are there, opened when a masked or a given one may be one of them: another change must work where they cannot be opened. */
async function needsSecrets(
  tx: Tx,
  sealer: Sealer,
  { row, body }: { readonly row: BmcRow; readonly body: BmcBody },
): Promise<BmcSecrets> {
  const given = body.parameters ?? (body.powerType === undefined ? {} : row.parameters);
  if (Object.values(given).includes(MASKED_SECRET)) return accept(await openSecrets(tx, sealer, row.id));
  // Those that are in force are no change.
  if (!POWER_SECRET_NAMES.some((name) => given[name] !== undefined)) return {};
  const stored = await openSecrets(tx, sealer, row.id);
  return isRejected(stored) ? {} : stored;
}

async function openSecrets(tx: Tx, sealer: Sealer, id: number): Promise<BmcSecrets | Rejected> {
  const stored = await readSealed(tx, id);
  if (stored === null) return {};
  const text = await sealer.open(placeOf(id, stored.number), stored.sealed);
  return isRejected(text) ? text : (JSON.parse(text) as BmcSecrets);
}

type SecretChange = { readonly id: number; readonly old: BmcSecrets; readonly secrets: BmcSecrets | undefined };

/** The column that names the secrets of a change: another number when they are others. */
async function numberFor(
  tx: Tx,
  sealer: Sealer,
  { id, old, secrets }: SecretChange,
): Promise<{ secretNumber?: number }> {
  if (secrets === undefined) return {};
  const names = Object.keys(secrets);
  if (names.length === 0) return { secretNumber: 0 };
  if (names.length === Object.keys(old).length && names.every((name) => old[name] === secrets[name])) return {};
  const number = await nextNumber(tx, id);
  const sealed = accept(await sealer.seal(placeOf(id, number), JSON.stringify(secrets)));
  await addSealed(tx, id, { number, sealed });
  return { secretNumber: number };
}

function placeOf(id: number, number: number): string {
  return `bmc/${id}/${number}`;
}
