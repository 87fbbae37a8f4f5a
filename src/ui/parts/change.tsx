import type { ComponentChildren, JSX } from 'preact';
import { useContext, useEffect, useState } from 'preact/hooks';
import type { RouteId, RouteInput } from '../../contract/routes.ts';
import { useChange } from '../live/use-change.ts';
import { type ChangeState, hasErrors } from '../models/base/change.ts';
import { AfterChangeContext } from './after-change.ts';
import { Button } from './button.tsx';
import { EN } from '../texts/en.ts';
import { Copy } from './copy.tsx';
import { Dialog } from './dialog.tsx';
import { PreviewText } from './diff.tsx';
import { Refusal } from './page.tsx';

interface ActionProps<I extends RouteId> {
  readonly title: string;
  /** The effect, in a sentence. */
  readonly text: string;
  readonly id: I;
  readonly input: RouteInput<I>;
  readonly cli: string;
  /** The text to type before an irreversible change can be applied. */
  readonly confirm?: string;
  /** ETag of what was shown when it was opened. */
  readonly ifMatch?: string | null;
  readonly isJob?: boolean;
  /** The same change with force, for warnings of the site; a check of the dialog selects it. */
  readonly forced?: { readonly label: string; readonly input: RouteInput<I>; readonly cli: string };
  /** Shown after the change was made. */
  readonly next?: ComponentChildren;
  /** Both versions, where somebody was faster. */
  readonly changed?: ComponentChildren;
  readonly onClose: () => void;
}

/** A change without a form: the dialog shows a preview first, then applies the change. */
export function ActionDialog<I extends RouteId>(props: ActionProps<I>): JSX.Element {
  const change = useChange(props.id, props.ifMatch == null ? {} : { ifMatch: props.ifMatch });
  const [written, setWritten] = useState('');
  const [isForced, setForced] = useState(false);
  const { input, cli } = (isForced ? props.forced : undefined) ?? props;
  useEffect(() => change.preview(input), [isForced]);
  const { state } = change;
  const isConfirmed = props.confirm === undefined || written === props.confirm;
  return (
    <Dialog title={props.title} onClose={props.onClose}>
      <p>{props.text}</p>
      {props.forced !== undefined && ['previewed', 'refused'].includes(state.kind) && (
        <label class="check">
          <input
            type="checkbox"
            checked={isForced}
            onChange={(event) => {
              // With force it is another change.
              change.back();
              setForced(event.currentTarget.checked);
            }}
          />
          {props.forced.label}
        </label>
      )}
      <ChangeNotes
        state={state}
        done={
          <>
            {props.isJob ? EN.change.started : EN.change.done}
            {props.next}
          </>
        }
        changed={props.changed}
      />
      {props.confirm !== undefined && state.kind === 'previewed' && (
        <label class="field">
          <span>{EN.change.confirm(props.confirm)}</span>
          <input value={written} autocomplete="off" onInput={(event) => setWritten(event.currentTarget.value)} />
        </label>
      )}
      <Copy text={cli} />
      <footer>
        <Button onClick={props.onClose}>{state.kind === 'done' ? EN.close : EN.cancel}</Button>
        <ApplyButton state={state} isBarred={!isConfirmed} onApply={() => change.apply(input)} />
      </footer>
    </Dialog>
  );
}

/** The state of a change as text; `done`: the text after the change was made. */
export function ChangeNotes(props: {
  readonly state: ChangeState;
  readonly done: ComponentChildren;
  /** Both versions, where somebody was faster. */
  readonly changed?: ComponentChildren;
}): JSX.Element {
  const { state, done } = props;
  const afterChange = useContext(AfterChangeContext);
  return (
    <>
      {state.kind === 'previewing' && <p role="status">{EN.change.previewing}</p>}
      {(state.kind === 'previewing' || state.kind === 'applying') && state.why !== '' && (
        <p class="waiting" role="status">
          {EN.change.waiting}
        </p>
      )}
      {'preview' in state && state.preview !== null && <PreviewText preview={state.preview} />}
      {state.kind === 'previewed' && hasErrors(state.preview) && <p class="waiting">{EN.change.errors}</p>}
      {(state.kind === 'refused' || state.kind === 'changed-meanwhile') && <Refusal problem={state.problem} />}
      {state.kind === 'changed-meanwhile' && (
        <>
          <p>{EN.change.meanwhile}</p>
          {props.changed}
        </>
      )}
      {state.kind === 'unsure' && (
        <p class="waiting" role="alert">
          {EN.change.unsure} {state.why}
        </p>
      )}
      {state.kind === 'done' && <div role="status">{done}</div>}
      {state.kind === 'done' && state.change !== null && afterChange(String(state.change))}
    </>
  );
}

/** The button that applies a change, or sends it again with the same key. */
export function ApplyButton(props: {
  readonly state: ChangeState;
  readonly isBarred: boolean;
  /** Left out: `Apply`. */
  readonly label?: string;
  readonly onApply: () => void;
}): JSX.Element | null {
  const { state } = props;
  if (state.kind === 'unsure')
    return (
      <button type="button" class="main" onClick={props.onApply}>
        {EN.change.again}
      </button>
    );
  const isApplying = state.kind === 'applying';
  if (state.kind !== 'previewed' && !isApplying) return null;
  return (
    <button type="button" class="main" disabled={props.isBarred || isApplying} onClick={props.onApply} data-apply>
      {isApplying ? EN.change.applying : (props.label ?? EN.change.apply)}
    </button>
  );
}
