import type { JSX } from 'preact';
import { useRef, useState } from 'preact/hooks';
import type { Machine } from '../../../contract/machines/machine.ts';
import type { RouteInput } from '../../../contract/routes.ts';
import { useList } from '../../live/use-view.ts';
import { useMay } from '../../live/use-may.ts';
import { allowedActions, likelyActions, type MachineAction } from '../../models/machines/machine-verbs.ts';
import { dataOf } from '../../models/base/view.ts';
import { ActionDialog } from '../../parts/change.tsx';
import { FormDialog } from '../../parts/form.tsx';
import { WithCurrent } from '../../parts/with-current.tsx';
import { LATE as EN } from '../../texts/late.ts';
import { SetMachine } from './set.tsx';
import { type MachineRoute, verbOf } from './verbs.ts';

const TEXTS = EN.machineActions;
type MachineDialogState = MachineAction | 'set' | 'delete' | 'ignore';

/** What one can do with a machine: what one most likely wants of it as buttons, all else in a menu. */
export function MachineActions({ machine }: { readonly machine: Machine }): JSX.Element | null {
  const may = useMay();
  const [open, setOpen] = useState<MachineDialogState | null>(null);
  const menu = useRef<HTMLDetailsElement>(null);
  const allowed = allowedActions(may);
  const likely = likelyActions(machine.state, machine.locked === true).filter((action) => allowed.includes(action));
  const others: readonly MachineDialogState[] = [
    ...allowed.filter((action) => !likely.includes(action)),
    ...(may.operate ? (['set', 'ignore', 'delete'] as const) : []),
  ];
  if (allowed.length === 0) return null;
  const close = () => setOpen(null);
  const begin = (action: MachineDialogState) => {
    if (menu.current) menu.current.open = false;
    setOpen(action);
  };
  const name = machine.hostname;
  const params = { machine: machine.id };
  return (
    <>
      {likely.map((action) => (
        <button key={action} type="button" onClick={() => begin(action)}>
          {titleOf(action)}
        </button>
      ))}
      <details class="menu" ref={menu}>
        <summary>{TEXTS.more} …</summary>
        <ul>
          {others.map((action) => (
            <li key={action}>
              <button type="button" class="quiet" onClick={() => begin(action)}>
                {titleOf(action)}
              </button>
            </li>
          ))}
        </ul>
      </details>
      {open === null ? null : open === 'set' || open === 'delete' ? (
        <WithCurrent id="machine.show" input={{ params }} title={`${TEXTS[open]} ${name}`} onClose={close}>
          {({ body, etag }, changed) =>
            open === 'set' ? (
              <SetMachine machine={body} etag={etag} changed={changed} onClose={close} />
            ) : (
              <ActionDialog
                title={`${TEXTS.delete} ${name}`}
                text={TEXTS.deleteText(name)}
                id="machine.delete"
                input={{ params }}
                cli={`regent machine delete ${name}`}
                confirm={name}
                ifMatch={etag}
                changed={changed}
                onClose={close}
              />
            )
          }
        </WithCurrent>
      ) : open === 'ignore' ? (
        <ActionDialog
          title={`${TEXTS.ignore} ${name}`}
          text={TEXTS.ignoreText(name)}
          id="machine.ignore"
          input={{ params, body: {} }}
          cli={`regent machine ignore ${name}`}
          confirm={name}
          onClose={close}
        />
      ) : open === 'deploy' ? (
        <Deploy machine={machine} onClose={close} />
      ) : (
        <Act action={open} machine={machine} onClose={close} />
      )}
    </>
  );
}

function titleOf(action: MachineDialogState): string {
  if (action === 'set' || action === 'delete' || action === 'ignore') return TEXTS[action];
  return TEXTS.verbs[action][0];
}

interface ActProps {
  readonly action: MachineAction;
  readonly images?: readonly string[];
  readonly machine: Machine;
  readonly onClose: () => void;
}

function Act({ action, images, machine, onClose }: ActProps): JSX.Element {
  const verb = verbOf(action, images);
  const name = machine.hostname;
  return (
    <FormDialog<MachineRoute>
      title={`${verb.title} ${name}`}
      text={verb.text}
      id={verb.route}
      fields={verb.fields}
      input={(values) =>
        ({ params: { machine: machine.id }, body: verb.body(values) }) as unknown as RouteInput<MachineRoute>
      }
      cli={(values) => verb.cli(name, values)}
      onClose={onClose}
    />
  );
}

function Deploy(props: Omit<ActProps, 'action' | 'images'>): JSX.Element {
  const images = useList('image.list', { query: { kind: 'deployable' } }, { nouns: ['image'] });
  return <Act action="deploy" images={[...new Set((dataOf(images.view) ?? []).map(({ name }) => name))]} {...props} />;
}
