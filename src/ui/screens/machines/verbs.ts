import type { RouteId } from '../../../contract/routes.ts';
import type { MachineAction } from '../../models/machines/machine-verbs.ts';
import type { Values } from '../../models/base/typed.ts';
import type { FormField } from '../../parts/form.tsx';
import { LATE as EN } from '../../texts/late.ts';
import { deployBody, deployCli, deployFields } from './order/deploy-form.ts';
import { listOf, quoted } from '../../models/base/command-text.ts';

const TEXTS = EN.machineActions;
const { fields: F } = TEXTS;

/** Calls that do something with one machine. */
export type MachineRoute = Extract<RouteId, `machine.${string}`>;

/** An action: its call, its form, what is sent, and the same by CLI. */
export interface Verb {
  readonly id: MachineAction;
  readonly title: string;
  readonly text: string;
  readonly route: MachineRoute;
  readonly fields: readonly FormField[];
  readonly body: (values: Values) => object;
  /** `names`: of the machines. */
  readonly cli: (names: string, values: Values) => string;
}

const COMMENT: FormField = { name: 'comment', label: F.comment, help: F.commentHelp, isOptional: true };
const RUN_FIELDS: readonly FormField[] = [
  { name: 'scripts', label: F.scripts, help: F.scriptsHelp, isOptional: true },
  { name: 'skip', label: F.skip, isOptional: true },
  { name: 'enableSsh', label: F.enableSsh, kind: 'check' },
  COMMENT,
];
const RELEASE_FIELDS: readonly FormField[] = [
  { name: 'erase', label: F.erase, kind: 'check' },
  { name: 'quickErase', label: F.quickErase, kind: 'check' },
  { name: 'secureErase', label: F.secureErase, kind: 'check' },
  COMMENT,
];
const BOOT: FormField = {
  name: 'boot',
  label: F.boot,
  kind: 'choice',
  isOptional: true,
  choices: [
    ['', F.bootUsual],
    ['pxe', TEXTS.pxe],
    ['disk', TEXTS.disk],
  ],
};
const STOP: FormField = {
  name: 'stopMode',
  label: F.stopMode,
  kind: 'choice',
  isOptional: true,
  choices: [
    ['', F.stopUsual],
    ['soft', TEXTS.soft],
    ['hard', TEXTS.hard],
  ],
};
const POWER_FIELDS: Readonly<Record<string, readonly FormField[]>> = {
  on: [BOOT],
  off: [STOP],
  cycle: [BOOT, STOP],
  query: [],
};

/** Every action. `images`: names of images that machines are deployed with. */
export function verbOf(id: MachineAction, images: readonly string[] = []): Verb {
  const [title, text] = TEXTS.verbs[id];
  const power = /^power-(on|off|cycle|query)$/.exec(id)?.[1];
  const named = { id, title, text };
  if (power !== undefined)
    return {
      ...named,
      route: 'machine.power',
      fields: POWER_FIELDS[power] ?? [],
      body: (values) => ({ verb: power, ...some(values, 'boot'), ...some(values, 'stopMode') }),
      cli: (names, values) =>
        commandLine(`regent machine power ${power} ${names}`, [
          ['--boot', values['boot']],
          [values['stopMode'] ? `--${values['stopMode']}` : '', values['stopMode'] ? '' : undefined],
        ]),
    };
  const route = `machine.${id}` as MachineRoute;
  const line = (names: string, values: Values, options: readonly CommandOption[]) =>
    commandLine(`regent machine ${id} ${names}`, [...options, ['--comment', values['comment']]]);
  if (id === 'deploy')
    return {
      ...named,
      route,
      fields: [...deployFields(images), COMMENT],
      body: (values) => ({ ...deployBody(values), ...some(values, 'comment') }),
      cli: (names, values) => line(names, values, deployCli(values)),
    };
  if (id === 'release') {
    const flags = ['erase', 'quickErase', 'secureErase'] as const;
    return {
      ...named,
      route,
      fields: RELEASE_FIELDS,
      body: (values) => ({
        ...Object.fromEntries(flags.flatMap((flag) => (values[flag] ? [[flag, true]] : []))),
        ...some(values, 'comment'),
      }),
      cli: (names, values) =>
        line(names, values, [
          flag('--erase', values['erase']),
          flag('--quick', values['quickErase']),
          flag('--secure', values['secureErase']),
        ]),
    };
  }
  if (id === 'commission' || id === 'test')
    return {
      ...named,
      route,
      fields: RUN_FIELDS,
      body: (values) => ({
        ...many(values, 'scripts'),
        ...many(values, 'skip'),
        ...(values['enableSsh'] ? { enableSsh: true } : {}),
        ...some(values, 'comment'),
      }),
      cli: (names, values) =>
        line(names, values, [
          ...listOf(values['scripts'] ?? '').map((name): CommandOption => ['--script', name]),
          ...listOf(values['skip'] ?? '').map((name): CommandOption => ['--skip', name]),
          flag('--enable-ssh', values['enableSsh']),
        ]),
    };
  return {
    ...named,
    route,
    fields: [COMMENT],
    body: (values) => some(values, 'comment'),
    cli: (names, values) => line(names, values, []),
  };
}

type CommandOption = readonly [name: string, value: string | undefined];

/** An option that has no value. */
export const flag = (name: string, value: string | undefined): CommandOption => [name, value ? '' : undefined];

/** A command line: options without a value are left out. */
function commandLine(command: string, options: readonly CommandOption[]): string {
  const parts = options.flatMap(([name, value]) => {
    if (value === undefined || name === '' || (value === '' && !name.startsWith('--'))) return [];
    return value === '' ? [name] : [`${name} ${quoted(value)}`];
  });
  return [command, ...parts].join(' ');
}

const some = (values: Values, name: string): Record<string, string> => (values[name] ? { [name]: values[name] } : {});

const many = (values: Values, name: string): Record<string, string[]> => {
  const list = listOf(values[name] ?? '');
  return list.length > 0 ? { [name]: list } : {};
};
