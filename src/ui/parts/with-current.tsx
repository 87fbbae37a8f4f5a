import type { ComponentChildren, JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { RouteId, RouteInput, RouteOutput } from '../../contract/routes.ts';
import { type Tagged, useTagged } from '../live/use-view.ts';
import { type Member, membersOf } from '../models/site/history.ts';
import { dataOf } from '../models/base/view.ts';
import { EN } from '../texts/en.ts';
import { Dialog } from './dialog.tsx';
import { Shown } from './page.tsx';
import { type Column, Table } from './table.tsx';

/**
 * Reads an object once, as a dialog opens: its form is filled from that, and its change is refused (412) when somebody else was faster. A list has no
 * ETags, and may be old.
 */
export function WithCurrent<I extends RouteId>(props: {
  readonly id: I;
  readonly input: RouteInput<I>;
  readonly title: string;
  readonly onClose: () => void;
  /** `changed`: what a dialog shows when somebody was faster: as it was, and as it is now. */
  readonly children: (current: Tagged<RouteOutput<I>>, changed: JSX.Element) => ComponentChildren;
}): JSX.Element {
  const [first, setFirst] = useState<Tagged<RouteOutput<I>> | null>(null);
  const found = useTagged(props.id, props.input, { nouns: [] });
  const now = dataOf(found.view);
  if (first === null && now !== null) setFirst(now);
  if (first !== null) {
    const changed = <Versions id={props.id} input={props.input} before={first.body} />;
    return <>{props.children(first, changed)}</>;
  }
  return (
    <Dialog title={props.title} onClose={props.onClose}>
      <Shown view={found.view}>{() => null}</Shown>
    </Dialog>
  );
}

const COLUMNS: readonly Column<Member>[] = [
  { id: 'name', head: EN.members.name, value: (row) => row.name },
  { id: 'before', head: EN.change.versions.before, value: (row) => row.before ?? '–' },
  { id: 'after', head: EN.change.versions.now, value: (row) => row.after ?? '–' },
];

/** What of an object is not any more as it was when a dialog opened. */
function Versions<I extends RouteId>(props: {
  readonly id: I;
  readonly input: RouteInput<I>;
  readonly before: unknown;
}): JSX.Element {
  const found = useTagged(props.id, props.input, { nouns: [] });
  return (
    <Shown view={found.view}>
      {({ body }) => {
        const rows = membersOf({ before: props.before, after: body });
        return rows.length === 0 ? (
          <p>{EN.change.versions.same}</p>
        ) : (
          <Table name={EN.change.versions.title} rows={rows} columns={COLUMNS} keyOf={(row) => row.name} />
        );
      }}
    </Shown>
  );
}
