import type { JSX } from 'preact';
import { useList } from '../../live/use-view.ts';
import { quoted } from '../../models/base/command-text.ts';
import type { MachineRow } from '../../models/machines/machines.ts';
import { dataOf } from '../../models/base/view.ts';
import { FormDialog, given } from '../../parts/form.tsx';
import { LATE as EN } from '../../texts/late.ts';
import { ManyDialog, namesOf } from './bulk-dialog.tsx';

const TEXTS = EN.machineActions;

type ManyProps = { readonly machines: readonly MachineRow[]; readonly onClose: () => void };

/** One tag for many, in one change. */
export function TagMany({ machines, onClose }: ManyProps): JSX.Element {
  const tags = useList('tag.list', {}, { nouns: ['tag'] });
  const names = (dataOf(tags.view) ?? []).map(({ name }) => name);
  return (
    <FormDialog
      title={`${TEXTS.verbs.tag[0]}: ${EN.machines.bulk.chosen(machines.length)}`}
      text={TEXTS.verbs.tag[1]}
      id="machine.tag-many"
      fields={[
        { name: 'tag', label: TEXTS.fields.tag, kind: 'choice', choices: names.map((name) => [name, name] as const) },
        {
          name: 'do',
          label: TEXTS.fields.tagDo,
          kind: 'choice',
          initial: 'add',
          choices: [
            ['add', TEXTS.give],
            ['remove', TEXTS.take],
          ],
        },
      ]}
      input={(values) => ({
        body: {
          tag: values['tag'] ?? '',
          [values['do'] === 'remove' ? 'remove' : 'add']: machines.map(({ id }) => id),
        },
      })}
      cli={(values) =>
        `regent machine set ${namesOf(machines)} --tag ${values['do'] === 'remove' ? 'none' : quoted(values['tag'] || 'TAG')}`
      }
      onClose={onClose}
    />
  );
}

/** Pool and zone of many; what is left out stays. */
export function PlaceMany({ machines, onClose }: ManyProps): JSX.Element {
  const pools = useList('resource-pool.list', {}, { nouns: ['resource-pool'] });
  const zones = useList('zone.list', {}, { nouns: ['zone'] });
  const choices = (names: readonly { readonly name: string }[] | null) => [
    ['', EN.machineActions.setText] as const,
    ...(names ?? []).map(({ name }) => [name, name] as const),
  ];
  return (
    <ManyDialog
      title={`${TEXTS.verbs.place[0]}: ${EN.machines.bulk.chosen(machines.length)}`}
      text={TEXTS.verbs.place[1]}
      route="machine.set"
      fields={[
        {
          name: 'pool',
          label: TEXTS.fields.pool,
          kind: 'choice',
          isOptional: true,
          choices: choices(dataOf(pools.view)),
        },
        {
          name: 'zone',
          label: TEXTS.fields.zone,
          kind: 'choice',
          isOptional: true,
          choices: choices(dataOf(zones.view)),
        },
      ]}
      bodyOf={(values) => ({ ...given(values, 'pool'), ...given(values, 'zone') })}
      cli={(names, values) =>
        [
          'regent machine set',
          names,
          ...(['pool', 'zone'] as const).flatMap((name) => (values[name] ? [`--${name} ${quoted(values[name])}`] : [])),
        ].join(' ')
      }
      machines={machines}
      onClose={onClose}
    />
  );
}
