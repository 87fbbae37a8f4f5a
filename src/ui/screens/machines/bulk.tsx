import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { useMay } from '../../live/use-may.ts';
import { useList } from '../../live/use-view.ts';
import { allowedActions, type MachineAction } from '../../models/machines/machine-verbs.ts';
import type { MachineRow } from '../../models/machines/machines.ts';
import { dataOf } from '../../models/base/view.ts';
import { Button } from '../../parts/button.tsx';
import { LATE as EN } from '../../texts/late.ts';
import { BulkDialog } from './bulk-dialog.tsx';
import { PlaceMany, TagMany } from './bulk-place.tsx';

const TEXTS = EN.machines.bulk;
const TITLES = EN.machineActions.verbs;
type Chosen = MachineAction | 'tag' | 'place';

/** What one does with the machines that are chosen. */
export function BulkBar(props: { readonly chosen: readonly MachineRow[]; readonly onNone: () => void }): JSX.Element {
  const may = useMay();
  // The selection may change while a dialog is open: the dialog uses the selection at its opening.
  const [open, setOpen] = useState<{ action: Chosen; machines: readonly MachineRow[] } | null>(null);
  const actions: readonly Chosen[] = [...allowedActions(may), ...(may.operate ? (['tag', 'place'] as const) : [])];
  const close = () => setOpen(null);
  return (
    <div class="bulk" role="region" aria-label={TEXTS.region}>
      <span role="status">{TEXTS.chosen(props.chosen.length)}</span>
      <Button onClick={props.onNone}>{TEXTS.none}</Button>
      <label>
        <span class="hidden">{TEXTS.what}</span>
        <select
          value=""
          onChange={(event) => {
            const action = event.currentTarget.value as Chosen | '';
            if (action !== '') setOpen({ action, machines: props.chosen });
            event.currentTarget.value = '';
          }}
        >
          <option value="">{TEXTS.what} …</option>
          {actions.map((action) => (
            <option key={action} value={action}>
              {TITLES[action][0]}
            </option>
          ))}
        </select>
      </label>
      {open !== null &&
        (open.action === 'tag' ? (
          <TagMany machines={open.machines} onClose={close} />
        ) : open.action === 'place' ? (
          <PlaceMany machines={open.machines} onClose={close} />
        ) : open.action === 'deploy' ? (
          <DeployMany machines={open.machines} onClose={close} />
        ) : (
          <BulkDialog action={open.action} machines={open.machines} onClose={close} />
        ))}
    </div>
  );
}

function DeployMany(props: { readonly machines: readonly MachineRow[]; readonly onClose: () => void }): JSX.Element {
  const images = useList('image.list', { query: { kind: 'deployable' } }, { nouns: ['image'] });
  return (
    <BulkDialog action="deploy" images={[...new Set((dataOf(images.view) ?? []).map(({ name }) => name))]} {...props} />
  );
}
