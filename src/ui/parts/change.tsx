import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import type { RouteId, RouteInput } from '../../contract/routes.ts';
import { useChange } from '../live/use-change.ts';
import { hasErrors } from '../models/change.ts';
import { EN } from '../words/en.ts';
import { Copy } from './copy.tsx';
import { Dialog } from './dialog.tsx';
import { PreviewText } from './diff.tsx';
import { Refusal } from './page.tsx';

interface ActionProps<I extends RouteId> {
  readonly title: string;
  /** What it does, in a sentence. */
  readonly text: string;
  readonly id: I;
  readonly input: RouteInput<I>;
  readonly cli: string;
  /** What has to be written before it may be applied: for what cannot be taken back. */
  readonly confirm?: string;
  /** ETag of what was shown when it was opened. */
  readonly ifMatch?: string | null;
  readonly isJob?: boolean;
  readonly onClose: () => void;
}

/** A change without a form: it is looked at first, then applied. */
export function ActionDialog<I extends RouteId>(props: ActionProps<I>): JSX.Element {
  const { id, input } = props;
  const change = useChange(id, props.ifMatch == null ? {} : { ifMatch: props.ifMatch });
  const [written, setWritten] = useState('');
  useEffect(() => change.preview(input), []);
  const { state } = change;
  const isConfirmed = props.confirm === undefined || written === props.confirm;
  const isApplying = state.kind === 'applying';
  return (
    <Dialog title={props.title} onClose={props.onClose}>
      <p>{props.text}</p>
      {state.kind === 'previewing' && <p role="status">{EN.change.previewing}</p>}
      {(state.kind === 'previewing' || isApplying) && state.why !== '' && (
        <p class="waiting" role="status">
          {EN.change.waiting}
        </p>
      )}
      {'preview' in state && state.preview !== null && <PreviewText preview={state.preview} />}
      {state.kind === 'previewed' && hasErrors(state.preview) && <p class="waiting">{EN.change.errors}</p>}
      {(state.kind === 'refused' || state.kind === 'changed-meanwhile') && <Refusal problem={state.problem} />}
      {state.kind === 'changed-meanwhile' && <p>{EN.change.meanwhile}</p>}
      {state.kind === 'unsure' && (
        <p class="waiting" role="alert">
          {EN.change.unsure} {state.why}
        </p>
      )}
      {state.kind === 'done' && <p role="status">{props.isJob ? EN.change.begun : EN.change.done}</p>}
      {props.confirm !== undefined && state.kind === 'previewed' && (
        <label class="field">
          <span>{EN.change.confirm(props.confirm)}</span>
          <input value={written} autocomplete="off" onInput={(event) => setWritten(event.currentTarget.value)} />
        </label>
      )}
      <Copy text={props.cli} />
      <footer>
        <button type="button" onClick={props.onClose}>
          {state.kind === 'done' ? EN.close : EN.cancel}
        </button>
        {(state.kind === 'previewed' || isApplying) && (
          <button
            type="button"
            class="main"
            disabled={!isConfirmed || isApplying}
            onClick={() => change.apply(input)}
            data-apply
          >
            {isApplying ? EN.change.applying : EN.change.apply}
          </button>
        )}
        {state.kind === 'unsure' && (
          <button type="button" class="main" onClick={() => change.apply(input)}>
            {EN.change.again}
          </button>
        )}
      </footer>
    </Dialog>
  );
}
