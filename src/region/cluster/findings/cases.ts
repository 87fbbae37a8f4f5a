import {
  FINDING_STATES,
  MUTE_DAYS_MAX,
  PAST_FINDINGS,
  type StandingFinding,
} from '../../../contract/cluster/finding.ts';
import { accept, invalid, refuse, type Rejected } from '../../../core/errors.ts';
import { deleteMute, listMutes, listPastFindings, storeMute } from '../../../store/queries/cluster/findings.ts';
import type { Tx } from '../../../store/tx.ts';
import { readSeenNodes } from '../../base/seen.ts';
import { askingFirst, type CaseContext, reading, writing } from '../../base/use-case.ts';
import { CHECKS, judge } from '../doctor.ts';
import { readWholeSite } from '../whole-site.ts';
import { nodesIn, viewMute } from './covers.ts';

const DAY_MS = 86_400_000;

async function judgeNow(tx: Tx, context: CaseContext) {
  const site = await readWholeSite(tx, context, { known: await readSeenNodes(tx, context), isExact: false });
  const invariants = judge(site);
  const now = new Date(site.now).toISOString();
  const items = invariants.flatMap(
    ({ id, title, state, detail, explanation, remedy, since, mute }): StandingFinding[] =>
      state === 'ok'
        ? []
        : [{ id, title, state, detail, risk: explanation, remedy, since: since ?? now, mute: mute ?? null }],
  );
  return { items, names: site.nodes.map(({ name }) => name) };
}

const rank = ({ state }: StandingFinding) => -FINDING_STATES.indexOf(state);

function refuseUnknown(id: string): void {
  if (CHECKS.every((check) => check.id !== id))
    refuse('not_found', `There is no finding ${id.slice(0, 64)}. List them: regent finding list; all: regent doctor`);
}

/** Null, or the refusal of a moment at which no mute can end. `now` in ms. */
export function refuseUntil(until: string, now: number): Rejected | null {
  const rule = `after now, at most ${MUTE_DAYS_MAX} days ahead`;
  const at = Date.parse(until);
  if (!Number.isFinite(at)) return invalid('until', `"${until.slice(0, 40)}" is not a moment`, rule);
  if (at <= now) return invalid('until', `${until} is past`, rule);
  return at > now + MUTE_DAYS_MAX * DAY_MS ? invalid('until', `${until} is too far ahead`, rule) : null;
}

export const findingCases = {
  'finding.list': reading('finding.list', async (tx, _input, context) => {
    const { items } = await judgeNow(tx, context);
    const standing = new Set(items.map(({ id }) => id));
    const others = (await listMutes(tx)).filter(({ id }) => !standing.has(id));
    return {
      body: {
        items: items.toSorted((one, other) => rank(one) - rank(other)),
        mutes: others.map((row) => ({ id: row.id, mute: viewMute(row, null) })),
      },
    };
  }),

  'finding.past': reading('finding.past', async (tx) => ({
    body: { items: await listPastFindings(tx, PAST_FINDINGS) },
  })),

  'finding.mute': askingFirst(
    'finding.mute',
    ({ params, body }) => `finding mute ${params.finding} until ${body.until}: ${body.reason}`,
    (_input, context, read) => read((tx) => judgeNow(tx, context)),
    async (tx, { params, body }, context, { items, names }) => {
      refuseUnknown(params.finding);
      accept(refuseUntil(body.until, context.clock.now()));
      const standing = items.find(({ id }) => id === params.finding);
      const covers = standing ? { state: standing.state, nodes: nodesIn(standing.detail, names) } : null;
      const { until, reason } = body;
      const row = await storeMute(tx, { id: params.finding, until, reason, covers, by: context.caller.user });
      tx.emit({ kind: 'finding.muted', subject: `finding/${row.id}`, data: { until: row.until, reason } });
      return { body: { id: row.id, mute: viewMute(row, null) } };
    },
  ),

  'finding.unmute': writing(
    'finding.unmute',
    ({ params }) => `finding unmute ${params.finding}`,
    async (tx, { params }) => {
      refuseUnknown(params.finding);
      const row = await deleteMute(tx, params.finding);
      if (row === null) refuse('not_found', `${params.finding} is not muted.`);
      tx.emit({ kind: 'finding.unmuted', subject: `finding/${row.id}`, data: {} });
      return { body: { id: row.id, mute: viewMute(row, null) } };
    },
  ),
};
