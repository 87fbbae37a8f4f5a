import type { JSX } from 'preact';
import type { ChangeFindings, PastFinding } from '../../../../contract/site/screens.ts';
import { serviceStateText } from '../../../models/base/tone.ts';
import { stamp } from '../../../models/base/time.ts';
import { State } from '../../../parts/icon.tsx';
import { LATE as EN } from '../../../texts/late.ts';

const TEXTS = EN.history.changes;

/** What was found when a change was compiled: what it brought, what stood before, and what it mended. */
export function PastFindings({ findings }: { readonly findings: ChangeFindings }): JSX.Element {
  const { state, first, last, compiledAt, items, gone, isCut } = findings;
  if (state !== 'compiled')
    return (
      <>
        <p class="waiting">{TEXTS.notCompiled[state]}</p>
        <RefusalList refusals={findings.refusals} />
      </>
    );
  return (
    <>
      <p class="faint">{TEXTS.compiled(stamp(compiledAt ?? ''), first ?? 0, last ?? 0)}</p>
      {items.length === 0 && <p>{TEXTS.foundNone}</p>}
      <FindingList findings={items} />
      {gone.length > 0 && <h3>{TEXTS.gone}</h3>}
      <FindingList findings={gone} />
      {isCut && <p class="faint">{TEXTS.foundMore}</p>}
      <RefusalList refusals={findings.refusals} />
    </>
  );
}

function FindingList({ findings }: { readonly findings: readonly PastFinding[] }): JSX.Element | null {
  if (findings.length === 0) return null;
  return (
    <ul class="findings">
      {findings.map((finding, index) => (
        <li key={index}>
          <State tone={finding.severity === 'error' ? 'bad' : 'warn'} label={finding.severity} /> {finding.node},{' '}
          {finding.service}, {finding.subject}: {finding.sentence} {finding.remedy ?? ''}{' '}
          <span class="faint">
            {TEXTS.standing(finding.isNew ? null : stamp(finding.since ?? ''), untilOf(finding))}
          </span>
        </li>
      ))}
    </ul>
  );
}

/** What the nodes' own checkers refused, in their output. */
function RefusalList({ refusals }: Pick<ChangeFindings, 'refusals'>): JSX.Element | null {
  if (refusals.length === 0) return null;
  return (
    <>
      <h3>{TEXTS.refusals}</h3>
      <ul class="findings">
        {refusals.map(({ node, service, state, why, held }) => (
          <li key={`${node} ${service}`}>
            <State
              tone={state === 'healthy' ? 'warn' : 'bad'}
              label={state === 'healthy' ? TEXTS.inPart : serviceStateText(state)}
            />{' '}
            {node}, {service}: {why}
            {held.map((part) => (
              <p key={part.name}>
                {TEXTS.without(part.name)} {part.why} {part.remedy}
              </p>
            ))}
          </li>
        ))}
      </ul>
    </>
  );
}

const untilOf = ({ untilAt }: PastFinding): string | null => (untilAt === null ? null : stamp(untilAt));
