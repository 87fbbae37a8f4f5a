import type { JSX } from 'preact';
import type { Doctor, Invariant } from '../../../contract/cluster/doctor.ts';
import { usePlaces } from '../../live/place.ts';
import { useView } from '../../live/use-view.ts';
import { commandsIn, invariantTone, stateCounts, worstFirst } from '../../models/cluster/doctor.ts';
import { Ago } from '../../parts/time.tsx';
import { Copy } from '../../parts/copy.tsx';
import { State } from '../../parts/icon.tsx';
import { Empty, Page, Shown } from '../../parts/page.tsx';
import { CLI } from '../../texts/base/cli.ts';
import { EN } from '../../texts/en.ts';

const TEXTS = EN.doctor;
const EVERY_MS = 10_000;

/** What always has to be true: why it matters, and what to do where it is not. */
export function DoctorPage(): JSX.Element {
  const doctor = useView('cluster.doctor', {}, { nouns: ['node', 'job'], everyMs: EVERY_MS });
  return (
    <Page title={TEXTS.title} cli={CLI.doctor}>
      <Shown view={doctor.view}>{(data) => <Invariants doctor={data} />}</Shown>
    </Page>
  );
}

function Invariants({ doctor }: { readonly doctor: Doctor }): JSX.Element {
  const places = usePlaces();
  const isOnlyWrong = places.place.value.query['wrong'] === 'yes';
  const shown = worstFirst(doctor).filter((invariant) => !isOnlyWrong || invariant.state !== 'ok');
  if (doctor.invariants.length === 0) return <Empty text={TEXTS.empty} />;
  return (
    <>
      <p class="summary">{doctor.summary}</p>
      {doctor.source === 'memory' && <p class="waiting">{TEXTS.fromMemory}</p>}
      <ul class="counts">
        {stateCounts(doctor).map(({ state, count }) => (
          <li key={state}>
            <State tone={invariantTone(state)} label={`${count} ${TEXTS.states[state]}`} />
          </li>
        ))}
      </ul>
      <label class="check">
        <input
          type="checkbox"
          checked={isOnlyWrong}
          onChange={(event) => places.setQuery({ wrong: event.currentTarget.checked ? 'yes' : '' })}
        />
        {TEXTS.onlyWrong}
      </label>
      {shown.length === 0 ? (
        <Empty text={TEXTS.allWell} />
      ) : (
        <ul class="invariants">
          {shown.map((invariant) => (
            <InvariantText key={invariant.id} invariant={invariant} />
          ))}
        </ul>
      )}
    </>
  );
}

function InvariantText({ invariant }: { readonly invariant: Invariant }): JSX.Element {
  const tone = invariantTone(invariant.state);
  return (
    <li class={tone}>
      <details open={invariant.state !== 'ok'}>
        <summary>
          <State tone={tone} label={TEXTS.states[invariant.state]} /> <strong>{invariant.title}</strong>{' '}
          <span class="faint">{invariant.id}</span>
        </summary>
        <p>{invariant.detail}</p>
        {invariant.since != null && (
          <p class="faint">
            {TEXTS.since}: <Ago at={invariant.since} />
          </p>
        )}
        {invariant.mute != null && (
          <p class="waiting">
            {invariant.mute.isInForce ? TEXTS.muted : TEXTS.muteOver}: {TEXTS.until} <Ago at={invariant.mute.until} />,{' '}
            {invariant.mute.by}: {invariant.mute.reason}
          </p>
        )}
        <p class="faint">
          {TEXTS.why}: {invariant.explanation}
        </p>
        {invariant.remedy !== '' && (
          <p>
            {TEXTS.remedy}:{' '}
            {commandsIn(invariant.remedy).map((part) =>
              part.isCommand ? <Copy key={part.text} text={part.text} /> : part.text,
            )}
          </p>
        )}
      </details>
    </li>
  );
}
