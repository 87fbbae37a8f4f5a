import { useEffect, useRef, useState } from 'preact/hooks';
import type { RouteId, RouteInput, RouteOutput } from '../../contract/routes.ts';
import { afterFailure, type ChangeState, whileAway } from '../models/base/change.ts';
import { useLive } from './live.ts';

/** The state of a change: form, preview, applied. `back`: to the form, with what was typed. */
export interface PreviewedChange<I extends RouteId> {
  readonly state: ChangeState;
  preview(input: RouteInput<I>): void;
  apply(input: RouteInput<I>): void;
  back(): void;
}

/**
 * One change. Its Idempotency-Key is made here, once, so the site makes the change once, however often it is sent. It
 * waits for a site that does not answer. `ifMatch`: the ETag that the object had when the form was filled. `onDone`:
 * called when the site has made the change.
 */
export function useChange<I extends RouteId>(
  id: I,
  options: { readonly ifMatch?: string; readonly onDone?: (result: RouteOutput<I>) => void },
): PreviewedChange<I> {
  const live = useLive();
  const [state, setState] = useState<ChangeState>({ kind: 'form' });
  const key = useRef(live.hex(16));
  const left = useRef(new AbortController());
  useEffect(() => () => left.current.abort(), []);

  const update = (next: ChangeState | ((state: ChangeState) => ChangeState)) => {
    if (!left.current.signal.aborted) setState(next);
  };
  const caller = () => live.calls.changing((why) => update((now) => whileAway(now, why)));
  const shownPreview = () => ('preview' in state ? state.preview : null);
  const match = options.ifMatch === undefined ? {} : { ifMatch: options.ifMatch };

  return {
    state,
    preview(input) {
      update({ kind: 'previewing', why: '' });
      // A dry run stores nothing, so it has a key of its own. A user who closes the dialog does not wait for it.
      caller()
        .preview(id, input, { ...match, signal: left.current.signal })
        .then(
          (preview) => update({ kind: 'previewed', preview }),
          (error: unknown) => update(afterFailure(error, null)),
        );
    },
    apply(input) {
      const preview = shownPreview();
      if (preview) update({ kind: 'applying', preview, why: '' });
      // The change continues when the dialog is closed: the user requested it.
      caller()
        .call(id, input, { ...match, idempotencyKey: key.current })
        .then(
          (reply) => {
            update({ kind: 'done', result: reply.body, change: reply.change });
            options.onDone?.(reply.body);
          },
          (error: unknown) => update(afterFailure(error, preview)),
        );
    },
    back() {
      // A changed form is another change, so it gets a new key.
      key.current = live.hex(16);
      update({ kind: 'form' });
    },
  };
}
