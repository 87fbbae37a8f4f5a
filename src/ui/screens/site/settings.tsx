import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { Setting } from '../../../contract/site/setting.ts';
import { usePlaces } from '../../live/place.ts';
import { useMay } from '../../live/use-may.ts';
import { useList } from '../../live/use-view.ts';
import { formOf, readValue, valueArguments, valueText, writtenValue } from '../../models/site/settings.ts';
import { dataOf, mapView } from '../../models/base/view.ts';
import { ActionDialog } from '../../parts/change.tsx';
import { FlagFilter } from '../../parts/filters.tsx';
import { FormDialog } from '../../parts/form.tsx';
import { MainList } from '../../parts/main-list.tsx';
import { Empty, Page, Shown } from '../../parts/page.tsx';
import { actionColumn } from '../../parts/row-actions.tsx';
import type { Column } from '../../parts/table.tsx';
import { WithCurrent } from '../../parts/with-current.tsx';
import { CLI } from '../../texts/base/cli.ts';
import { LATE as EN } from '../../texts/late.ts';

const TEXTS = EN.settings;

const COLUMNS: readonly Column<Setting>[] = [
  { id: 'name', head: TEXTS.columns.name, value: (row) => row.name },
  {
    id: 'value',
    head: TEXTS.columns.value,
    value: (row) => valueText(row.value, TEXTS),
    cell: (row) => (row.isDefault ? valueText(row.value, TEXTS) : <strong>{valueText(row.value, TEXTS)}</strong>),
  },
  { id: 'help', head: TEXTS.columns.help, value: (row) => TEXTS.help[row.name] ?? '', isMinor: true },
  { id: 'default', head: TEXTS.columns.fallback, value: (row) => valueText(row.default, TEXTS), isMinor: true },
];

/** Settings of the whole site. */
export function Settings(): JSX.Element {
  const may = useMay();
  const places = usePlaces();
  const [open, setOpen] = useState<{ readonly kind: 'change' | 'reset'; readonly setting: Setting } | null>(null);
  const settings = useList('setting.list', {}, { nouns: ['setting'] });
  const isOnlyChanged = places.place.value.query['changed'] === 'yes';
  const all = dataOf(settings.view);
  const view = mapView(settings.view, (rows) => rows.filter((row) => !isOnlyChanged || !row.isDefault));
  const actions = actionColumn<Setting>(
    TEXTS.actions,
    (row) => row.name,
    (setting) => [
      { label: TEXTS.change, run: () => setOpen({ kind: 'change', setting }) },
      ...(setting.isDefault ? [] : [{ label: TEXTS.reset, run: () => setOpen({ kind: 'reset', setting }) }]),
    ],
  );
  return (
    <Page title={TEXTS.title} cli={CLI.settings}>
      <p>
        <FlagFilter id="changed" label={TEXTS.onlyChanged} cursor="cursor" />
      </p>
      {isOnlyChanged && all !== null && all.length > 0 && dataOf(view)?.length === 0 ? (
        <Shown view={view}>{() => <Empty text={TEXTS.allDefault} />}</Shown>
      ) : (
        <MainList
          view={view}
          texts={TEXTS}
          columns={may.administer ? [...COLUMNS, actions] : COLUMNS}
          keyOf={(row) => row.name}
        />
      )}
      {open !== null && <SettingDialog {...open} onClose={() => setOpen(null)} />}
    </Page>
  );
}

function SettingDialog(props: {
  readonly kind: 'change' | 'reset';
  readonly setting: Setting;
  readonly onClose: () => void;
}): JSX.Element {
  const { name } = props.setting;
  const title = `${TEXTS[props.kind]} ${name}`;
  return (
    <WithCurrent id="setting.show" input={{ params: { setting: name } }} title={title} onClose={props.onClose}>
      {({ body, etag }, changed) => (
        <CurrentDialog {...props} title={title} setting={body} etag={etag} changed={changed} />
      )}
    </WithCurrent>
  );
}

function CurrentDialog(props: {
  readonly kind: 'change' | 'reset';
  readonly setting: Setting;
  readonly etag: string | null;
  readonly changed: JSX.Element;
  readonly title: string;
  readonly onClose: () => void;
}): JSX.Element {
  const { setting, etag, title } = props;
  const { name } = setting;
  const params = { setting: name };
  if (props.kind === 'reset')
    return (
      <ActionDialog
        title={title}
        text={TEXTS.resetText(name, valueText(setting.default, TEXTS))}
        id="setting.set"
        input={{ params, body: { value: setting.default } }}
        cli={`regent setting set ${name} --default`}
        ifMatch={etag}
        changed={props.changed}
        onClose={props.onClose}
      />
    );
  const form = formOf(setting);
  const help = TEXTS.help[name] ?? '';
  return (
    <FormDialog
      title={title}
      id="setting.set"
      fields={[
        {
          name,
          label: name,
          kind: form,
          initial: writtenValue(setting.value),
          help: form === 'area' ? `${help}. ${TEXTS.listHelp}` : help,
          isOptional: true,
        },
      ]}
      input={(values) => ({ params, body: { value: readValue(form, values[name] ?? '') } })}
      cli={(values) => `regent setting set ${name} ${valueArguments(readValue(form, values[name] ?? ''))}`}
      ifMatch={etag}
      changed={props.changed}
      onClose={props.onClose}
    />
  );
}
