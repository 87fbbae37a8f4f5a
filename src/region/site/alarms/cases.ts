import type { AlertTarget } from '../../../contract/site/alert-target.ts';
import { accept, invalid, refuse } from '../../../core/errors.ts';
import {
  type AlertPlace,
  boundTo,
  hostOfPlace,
  isClear,
  parseAlertPlace,
  refuseAlertSecret,
} from '../../../model/site/alert-target.ts';
import { noteAttempt } from '../../../store/queries/site/alert-deliveries.ts';
import {
  type AlertTargetRow,
  createAlertTarget,
  deleteAlertTarget,
  findAlertTarget,
  listAlertTargets,
  ownHost,
  readAlertSecret,
  updateAlertTarget,
} from '../../../store/queries/site/alert-targets.ts';
import { listClosedAddresses } from '../../../store/queries/machines/power-secrets.ts';
import { readCluster } from '../../../store/snapshot.ts';
import type { Tx } from '../../../store/tx.ts';
import { askingFirst, autocommitReading, type CaseContext, writing } from '../../base/use-case.ts';

/** Bytes of a secret that Regent makes for a webhook. */
const SECRET_BYTES = 32;

function view({ version: _version, settings, ...row }: AlertTargetRow): AlertTarget {
  return { ...row, settings: settings as AlertTarget['settings'], secret: null };
}

const must = async (tx: Tx, ref: string): Promise<AlertTargetRow> =>
  (await findAlertTarget(tx, ref)) ??
  refuse('not_found', `There is no target of alarms ${ref.slice(0, 64)}. List them: regent alert-target list`);

/** The place, parsed; refused if it is one of the cluster's own: an alarm about an outage must not depend on what is out. */
async function placeOf(tx: Tx, given: unknown): Promise<AlertPlace> {
  const place = accept(parseAlertPlace(given as AlertPlace));
  const own = await ownHost(tx, hostOfPlace(place));
  if (own === null) return place;
  const field = place.kind === 'webhook' ? 'settings/url' : 'settings/server';
  return refuse(invalid(field, `${hostOfPlace(place)} is ${own}`, 'a host outside of the cluster'));
}

/** A new secret for a webhook that has none and may have one. */
const newSecret = (context: CaseContext, place: AlertPlace): string | null =>
  place.kind === 'webhook' && !isClear(place)
    ? `whsec_${Buffer.from(context.random.hex(SECRET_BYTES), 'hex').toString('base64')}`
    : null;

const digested = <B extends { readonly secret?: string } | undefined>(body: B) =>
  body === undefined ? body : { ...body, secret: undefined };

/** Calls about targets of alarms. */
export const alertTargetCases = {
  'alert-target.list': autocommitReading('alert-target.list', async (tx) => ({
    body: { items: (await listAlertTargets(tx)).map(view) },
  })),

  'alert-target.show': autocommitReading('alert-target.show', async (tx, { params }) => {
    const row = await must(tx, params.target);
    return { body: view(row), version: row.version };
  }),

  'alert-target.create': {
    ...writing(
      'alert-target.create',
      ({ body }) => `alert-target create ${body.settings.kind} ${body.name}`,
      async (tx, { body }, context) => {
        const { name, least = 'warning', isEnabled = true } = body;
        const settings = await placeOf(tx, body.settings);
        const made = body.secret === undefined ? newSecret(context, settings) : null;
        const secret = body.secret ?? made;
        accept(refuseAlertSecret(settings, secret));
        const row = await createAlertTarget(tx, { name, settings, secret, least, isEnabled });
        tx.emit({ kind: 'alert-target.created', subject: `alert-target/${name}`, data: { kind: settings.kind } });
        return { body: view(row), version: row.version, ...(made === null ? {} : { secrets: { secret: made } }) };
      },
    ),
    digested,
  },

  'alert-target.set': {
    ...writing(
      'alert-target.set',
      ({ params }) => `alert-target set ${params.target}`,
      async (tx, { params, body }, context) => {
        const before = await must(tx, params.target);
        const settings = body.settings === undefined ? before.settings : await placeOf(tx, body.settings);
        const isMoved = boundTo(settings) !== boundTo(before.settings);
        const made = body.secret === undefined && isMoved ? newSecret(context, settings) : null;
        const stored = isMoved || !before.hasSecret ? null : await readAlertSecret(tx, before.name);
        accept(refuseAlertSecret(settings, body.secret ?? made ?? stored));
        const secret = body.secret ?? made ?? (isMoved ? null : undefined);
        const { least = before.least, isEnabled = before.isEnabled } = body;
        const values = { name: before.name, settings, secret, least, isEnabled };
        const row = accept(await updateAlertTarget(tx, values, context.ifMatch));
        tx.emit({ kind: 'alert-target.changed', subject: `alert-target/${row.name}`, data: { least, isEnabled } });
        return { body: view(row), version: row.version, ...(made === null ? {} : { secrets: { secret: made } }) };
      },
    ),
    digested,
  },

  'alert-target.delete': writing(
    'alert-target.delete',
    ({ params }) => `alert-target delete ${params.target}`,
    async (tx, { params }, context) => {
      const row = await must(tx, params.target);
      if (context.ifMatch !== null && context.ifMatch !== row.version)
        refuse('precondition_failed', `${row.name} has changed since it was read.`);
      await deleteAlertTarget(tx, row.id);
      tx.emit({ kind: 'alert-target.deleted', subject: `alert-target/${row.name}`, data: {} });
      return { body: view(row), version: row.version };
    },
  ),

  'alert-target.test': askingFirst(
    'alert-target.test',
    ({ params }) => `alert-target test ${params.target}`,
    async ({ params, query }, context, read) => {
      const id = uuidOf(context.random.hex(16));
      const found = await read(async (tx) => {
        const row = await must(tx, params.target);
        const secret = row.hasSecret ? await readAlertSecret(tx, row.name) : null;
        const site = (await readCluster(tx))?.id ?? 'single node';
        return { row, secret, site, closed: await listClosedAddresses(tx) };
      });
      if (query?.dry_run === true) return { ...found, id, failure: null };
      const { row, secret, site, closed } = found;
      const finding = { ...TRIAL, since: new Date(context.clock.now()).toISOString() };
      const message = { id, kind: 'test' as const, site, at: finding.since, finding };
      return { row, id, failure: await context.sendAlarm({ place: row.settings, secret, message, closed }) };
    },
    async (tx, _input, _context, { row, id, failure }) => {
      await noteAttempt(tx, row.id, failure);
      const detail = failure ?? 'The target took the message.';
      return { body: { isDelivered: failure === null, detail, id } };
    },
  ),
};

const TRIAL = {
  id: 'test',
  state: 'warning',
  title: 'This is a test',
  detail: 'An operator tries whether alarms arrive.',
  risk: '',
  remedy: 'Nothing: this is a test.',
  endReason: null,
} as const;

/** Random hex as an id of version 4 (RFC 9562). */
const uuidOf = (hex: string): string =>
  `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
