import type { JSX } from 'preact';
import type { RouteInput } from '../../../../contract/routes.ts';
import { linkTo } from '../../../models/base/address.ts';
import { listOf, quoted } from '../../../models/base/command-text.ts';
import type { Values } from '../../../models/base/typed.ts';
import { FormDialog, type FormField, given } from '../../../parts/form.tsx';
import { LATE as EN } from '../../../texts/late.ts';

const TEXTS = EN.machineActions.fitting;
const { fields: F } = TEXTS;

type AllocateBody = RouteInput<'machine.allocate-any'>['body'];

/** Constraints that are lists: the field, its member of the body, and its option. */
const LISTS = [
  ['architectures', '--arch'],
  ['tags', '--tag'],
  ['notTags', '--not-tag'],
  ['zones', '--zone'],
  ['pools', '--pool'],
  ['subnets', '--subnet'],
] as const;
const NUMBERS = [
  ['cpus', '--cpus'],
  ['memoryMb', '--memory'],
] as const;
const TEXT_MEMBERS = [
  ['interfaces', '--interfaces'],
  ['storage', '--storage'],
] as const;

const FIELDS: readonly FormField[] = [
  ...LISTS.map(([name]) => ({ name, label: F[name], help: TEXTS.listHelp, isOptional: true })),
  ...NUMBERS.map(([name]) => ({ name, label: F[name], kind: 'number' as const, isOptional: true })),
  { name: 'interfaces', label: F.interfaces, help: TEXTS.interfacesHelp, isOptional: true },
  { name: 'storage', label: F.storage, help: TEXTS.storageHelp, isOptional: true },
];

/** The body of the request: empty fields are left out. */
function requestOf(values: Values): AllocateBody {
  const lists = LISTS.map(([name]) => [name, listOf(values[name] ?? '')] as const).filter(
    ([, list]) => list.length > 0,
  );
  const numbers = NUMBERS.filter(([name]) => values[name]).map(([name]) => [name, Number(values[name])] as const);
  return {
    ...Object.fromEntries(lists),
    ...Object.fromEntries(numbers),
    ...given(values, 'interfaces'),
    ...given(values, 'storage'),
  };
}

function cliOf(values: Values): string {
  const lists = LISTS.flatMap(([name, option]) => listOf(values[name] ?? '').map((value) => [option, value] as const));
  const others = [...NUMBERS, ...TEXT_MEMBERS].flatMap(([name, option]) =>
    values[name] ? [[option, values[name]] as const] : [],
  );
  return [
    'regent machine allocate',
    ...[...lists, ...others].map(([option, value]) => `${option} ${quoted(value)}`),
  ].join(' ');
}

/** Allocates any ready machine that meets the constraints. */
export function AllocateFitting({ onClose }: { readonly onClose: () => void }): JSX.Element {
  return (
    <FormDialog
      title={TEXTS.title}
      text={TEXTS.text}
      id="machine.allocate-any"
      fields={FIELDS}
      input={(values) => ({ body: requestOf(values) })}
      cli={cliOf}
      done={({ machine, storage, interfaces }) => (
        <>
          {' '}
          <a href={linkTo(['machines', machine.id])}>{machine.fqdn}</a>
          <ul>
            {[...Object.entries(storage), ...Object.entries(interfaces)].map(([label, what]) => (
              <li key={label}>{`${label}: ${what}`}</li>
            ))}
          </ul>
        </>
      )}
      onClose={onClose}
    />
  );
}
