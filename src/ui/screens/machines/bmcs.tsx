import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { RouteInput, RouteOutput } from '../../../contract/routes.ts';
import { useMay } from '../../live/use-may.ts';
import { useList } from '../../live/use-view.ts';
import type { Values } from '../../models/base/typed.ts';
import { fieldName, parameterFields, parametersOf } from './bmc-form.ts';
import { WithPowerTypes } from './create.tsx';
import { ActionDialog } from '../../parts/change.tsx';
import { FormDialog } from '../../parts/form.tsx';
import { SectionList } from '../../parts/main-list.tsx';
import { Section } from '../../parts/page.tsx';
import { actionColumn } from '../../parts/row-actions.tsx';
import type { Column } from '../../parts/table.tsx';
import { LATE as EN } from '../../texts/late.ts';

const TEXTS = EN.machines.bmcs;
const { fields: F } = EN.machineActions;
type Bmc = RouteOutput<'bmc.list'>['items'][number];

const COLUMNS: readonly Column<Bmc>[] = [
  { id: 'name', head: TEXTS.columns.name, value: (row) => row.name },
  { id: 'type', head: TEXTS.columns.type, value: (row) => row.powerType },
  { id: 'machines', head: TEXTS.columns.machines, value: (row) => row.machines, isNumber: true },
  { id: 'comment', head: TEXTS.columns.comment, value: (row) => row.comment, isMinor: true },
];

/** What switches machines. */
export function Bmcs(): JSX.Element {
  const may = useMay();
  const list = useList('bmc.list', {}, { nouns: ['bmc', 'machine'] });
  const [open, setOpen] = useState<{ readonly bmc: Bmc; readonly isDelete: boolean } | null>(null);
  const columns = may.operate
    ? [
        ...COLUMNS,
        actionColumn<Bmc>(
          TEXTS.do,
          (bmc) => bmc.name,
          (bmc) => [
            { label: TEXTS.change, run: () => setOpen({ bmc, isDelete: false }) },
            { label: TEXTS.delete, run: () => setOpen({ bmc, isDelete: true }) },
          ],
        ),
      ]
    : COLUMNS;
  return (
    <Section title={TEXTS.title}>
      <SectionList view={list.view} texts={TEXTS} columns={columns} keyOf={(row) => row.name} />
      {open !== null && open.isDelete && (
        <ActionDialog
          title={`${TEXTS.delete} ${open.bmc.name}`}
          text={TEXTS.deleteText(open.bmc.name)}
          id="bmc.delete"
          input={{ params: { bmc: open.bmc.name } }}
          cli={`regent bmc delete ${open.bmc.name}`}
          confirm={open.bmc.name}
          onClose={() => setOpen(null)}
        />
      )}
      {open !== null && !open.isDelete && <SetBmc bmc={open.bmc} onClose={() => setOpen(null)} />}
    </Section>
  );
}

/** Parameters are sent when they were changed; a secret that stays masked stays what it is. */
function SetBmc({ bmc, onClose }: { readonly bmc: Bmc; readonly onClose: () => void }): JSX.Element {
  const title = `${TEXTS.change} ${bmc.name}`;
  return (
    <WithPowerTypes title={title} onClose={onClose}>
      {(types) => {
        const fields = parameterFields(types, bmc.parameters).filter((field) =>
          field.isShown({ powerType: bmc.powerType }),
        );
        const isChanged = (values: Values) => fields.some(({ name, initial }) => (values[name] ?? '') !== initial);
        // A BMC may have what else is a machine's own: it stays.
        const others = Object.entries(bmc.parameters).filter(
          ([name]) => !fields.some((one) => one.name === fieldName(name)),
        );
        const parameters = (values: Values) => ({
          ...Object.fromEntries(others),
          ...parametersOf(types, { ...values, powerType: bmc.powerType }),
        });
        return (
          <FormDialog
            title={title}
            text={EN.machineActions.setText}
            id="bmc.set"
            fields={[
              { name: 'name', label: F.name, initial: bmc.name },
              { name: 'comment', label: TEXTS.columns.comment, initial: bmc.comment, isOptional: true },
              ...fields.map((field) => ({ ...field, isShown: () => true })),
            ]}
            input={(values) =>
              ({
                params: { bmc: bmc.name },
                body: {
                  ...(values['name'] === bmc.name ? {} : { name: values['name'] }),
                  ...(values['comment'] === bmc.comment ? {} : { comment: values['comment'] }),
                  ...(isChanged(values) ? { parameters: parameters(values) } : {}),
                },
              }) as RouteInput<'bmc.set'>
            }
            // A secret is in no line that one copies.
            cli={(values) => `regent bmc set ${bmc.name}${isChanged(values) ? ' --parameters @bmc.json' : ''}`}
            onClose={onClose}
          />
        );
      }}
    </WithPowerTypes>
  );
}
