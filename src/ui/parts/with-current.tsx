import type { ComponentChildren, JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { RouteId, RouteInput, RouteOutput } from '../../contract/routes.ts';
import { type Tagged, useTagged } from '../live/use-view.ts';
import { dataOf } from '../models/view.ts';
import { Dialog } from './dialog.tsx';
import { Shown } from './page.tsx';

/**
 * Reads an object once, as a dialog opens: its form is filled from that, and its change is refused (412) when somebody else was faster. A list has no
 * ETags, and may be old.
 */
export function WithCurrent<I extends RouteId>(props: {
  readonly id: I;
  readonly input: RouteInput<I>;
  readonly title: string;
  readonly onClose: () => void;
  readonly children: (current: Tagged<RouteOutput<I>>) => ComponentChildren;
}): JSX.Element {
  const [first, setFirst] = useState<Tagged<RouteOutput<I>> | null>(null);
  const found = useTagged(props.id, props.input, { nouns: [] });
  const now = dataOf(found.view);
  if (first === null && now !== null) setFirst(now);
  if (first !== null) return <>{props.children(first)}</>;
  return (
    <Dialog title={props.title} onClose={props.onClose}>
      <Shown view={found.view}>{() => null}</Shown>
    </Dialog>
  );
}
