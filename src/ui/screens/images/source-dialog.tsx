import type { JSX } from 'preact';
import type { RouteInput, RouteOutput } from '../../../contract/routes.ts';
import { quoted } from '../../models/base/command-text.ts';
import type { Values } from '../../models/base/typed.ts';
import { FormDialog, type FormField } from '../../parts/form.tsx';
import { LATE as EN } from '../../texts/late.ts';

const TEXTS = EN.images.sources;
const { fields: F } = TEXTS;
/** As the site has them (model/images/boot-source.ts). */
const TYPES = ['simplestreams', 'regent'] as const;

export type BootSourceRow = RouteOutput<'boot-source.list'>['items'][number];

/** Creates a boot source, or changes one. */
export function SourceDialog(props: {
  readonly source: BootSourceRow | null;
  readonly onClose: () => void;
}): JSX.Element {
  const { source } = props;
  const fields: readonly FormField[] = [
    { name: 'name', label: F.name, initial: source?.name ?? '' },
    {
      name: 'type',
      label: F.type,
      kind: 'choice',
      choices: TYPES.map((type) => [type, type] as const),
      initial: source?.type ?? 'simplestreams',
    },
    { name: 'sourceUrl', label: F.url, help: F.urlHelp, initial: source?.sourceUrl ?? '' },
    {
      name: 'selections',
      label: F.selections,
      help: F.selectionsHelp,
      initial: source?.selections ?? '',
      isOptional: true,
    },
    {
      name: 'keyring',
      label: F.keyring,
      kind: 'area',
      help: F.keyringHelp,
      initial: source?.keyring ?? '',
      isOptional: true,
    },
    { name: 'comment', label: F.comment, initial: source?.comment ?? '', isOptional: true },
  ];
  const options = (values: Values) =>
    [
      ['type', '--type'],
      ['sourceUrl', '--source-url'],
      ['selections', '--selections'],
    ]
      .flatMap(([name = '', option]) => (values[name] ? [` ${option} ${quoted(values[name])}`] : []))
      .join('') + (values['keyring'] ? ' --keyring @key.asc' : '');
  const shared = { fields, onClose: props.onClose };
  if (source === null)
    return (
      <FormDialog
        {...shared}
        title={TEXTS.add}
        id="boot-source.create"
        input={(values) => ({ body: bodyOf(values) }) as RouteInput<'boot-source.create'>}
        cli={(values) => `regent boot-source create ${quoted(values['name'] || 'NAME')}${options(values)}`}
      />
    );
  return (
    <FormDialog
      {...shared}
      title={`${TEXTS.change} ${source.name}`}
      id="boot-source.set"
      input={(values) =>
        ({ params: { boot_source: source.name }, body: bodyOf(values) }) as RouteInput<'boot-source.set'>
      }
      cli={(values) => `regent boot-source set ${quoted(source.name)}${options(values)}`}
    />
  );
}

const bodyOf = (values: Values) => ({
  name: values['name'] ?? '',
  type: values['type'] ?? '',
  sourceUrl: values['sourceUrl'] ?? '',
  selections: values['selections'] ?? '',
  keyring: values['keyring'] ?? '',
  comment: values['comment'] ?? '',
});
