import type { JSX } from 'preact';
import { useChange } from '../../../live/use-change.ts';
import { useMay } from '../../../live/use-may.ts';
import { useView } from '../../../live/use-view.ts';
import { linkTo } from '../../../models/base/address.ts';
import { dataOf } from '../../../models/base/view.ts';
import { type ChangeProgress, progressOf } from '../../../models/site/after-change.ts';
import { Button } from '../../../parts/button.tsx';
import { ApplyButton, ChangeNotes } from '../../../parts/change.tsx';
import { LATE as EN } from '../../../texts/late.ts';

const TEXTS = EN.history.after;
const OFTEN_MS = 1000;

/** After a change: how many nodes have applied it, what is served where, the change itself, and its undoing. */
export function AfterChange({ id }: { readonly id: string }): JSX.Element | null {
  const may = useMay();
  if (!may.watch) return null;
  return (
    <section class="after-change" aria-label={TEXTS.title}>
      <HowFar id={id} />
      <p>
        <a href={linkTo(['changes', id])}>{TEXTS.toChange(id)}</a>
      </p>
      {may.operate && <Undo id={id} />}
    </section>
  );
}

function HowFar({ id }: { readonly id: string }): JSX.Element {
  const params = { change: Number(id) };
  const often = { nouns: ['config', 'node', 'service'], everyMs: OFTEN_MS };
  const found = dataOf(useView('config.findings', { params }, often).view);
  const files = dataOf(useView('config.files', { params }, often).view);
  const pending = dataOf(useView('config.diff', {}, often).view);
  if (found === null || files === null || pending === null) return <p role="status">{TEXTS.reading}</p>;
  if (found.state === 'waiting') return <p role="status">{TEXTS.compiling}</p>;
  return <ProgressText progress={progressOf(files, pending)} />;
}

function ProgressText({ progress }: { readonly progress: ChangeProgress }): JSX.Element {
  const { nodes, applied, waits, served } = progress;
  if (nodes === 0) return <p role="status">{TEXTS.noFiles}</p>;
  return (
    <>
      <p role="status">
        {waits.length === 0 ? TEXTS.everywhere(nodes) : TEXTS.applied(applied, nodes, waits.join(', '))}
      </p>
      <ul>
        {served.map((one) => (
          <li key={one.service}>
            {TEXTS.served(one.service, one.nodes.filter((node) => !waits.includes(node)).join(', '))}
          </li>
        ))}
      </ul>
    </>
  );
}

/** Undoes the change: a preview, then the undoing; the site refuses what cannot be undone, with the reason. */
function Undo({ id }: { readonly id: string }): JSX.Element {
  const undo = useChange('config.rollback', {});
  const input = { params: { change: Number(id) } };
  const { state } = undo;
  return (
    <>
      <ChangeNotes state={state} done={TEXTS.undone(id)} />
      <p>
        {state.kind === 'form' && <Button onClick={() => undo.preview(input)}>{TEXTS.undo}</Button>}
        <ApplyButton state={state} isBarred={false} label={TEXTS.undoNow} onApply={() => undo.apply(input)} />
      </p>
    </>
  );
}
