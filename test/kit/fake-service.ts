import Type from 'typebox';
import type { ManagedService, Templates } from '../../src/services/kit/contract.ts';
import type { FakeDaemon } from './fake-host.ts';

/**
 * Desired state of the fake service. `mood` of its daemon with these files: `fine`, `refused` by the checker, `dies` when it
 * reads them, `deaf`: runs and answers something else.
 */
export interface FakeDesired {
  readonly serial: number;
  readonly mood: 'fine' | 'refused' | 'dies' | 'deaf';
  readonly items: readonly string[];
}

interface FakeView {
  readonly main: { readonly serial: number; readonly mood: string };
  readonly items: readonly { readonly name: string; readonly serial: number }[];
}

export const FAKE_TEMPLATES: Templates = {
  'fake/main.conf.hbs': 'serial {{serial}}\nmood {{word mood}}\n',
  'fake/item.hbs': 'item {{word name}} {{serial}}\n',
  'other/main.conf.hbs': 'serial {{serial}}\nmood {{word mood}}\n',
  'other/item.hbs': 'item {{word name}} {{serial}}\n',
};

/** A managed service whose daemon is a FakeHost's; `name` is the unit, the folder and the template folder. */
export function fakeService(name = 'fake'): ManagedService<FakeDesired, FakeView> {
  const folder = `/etc/${name}`;
  const unit = `${name}.service`;
  const owner = { mode: 0o640, owner: 'root', group: name };
  const ctl = (verb: string) => ({ argv: ['fake-ctl', verb, unit], timeoutMs: 5_000 });
  return {
    name,
    desired: Type.Object({ serial: Type.Integer(), mood: Type.String(), items: Type.Array(Type.String()) }),
    unit,
    version: { argv: ['fake-version'], timeoutMs: 1_000 },
    folder,
    commands: [],
    users: [name],
    files: [
      {
        template: 'main.conf.hbs',
        grammar: { names: 'main\\.conf', values: { serial: '[0-9]+', mood: '[a-z]+' } },
        ...owner,
        instances: (view) => [{ target: `${folder}/main.conf`, view: view.main }],
      },
      {
        template: 'item.hbs',
        grammar: { names: 'items/[a-z0-9]+', values: { name: '[a-z0-9]+', serial: '[0-9]+' } },
        ...owner,
        instances: (view) => view.items.map((item) => ({ target: `${folder}/items/${item.name}`, view: item })),
      },
    ],
    compile: () => null,
    lint: () => [],
    view: ({ serial, mood, items }) => ({
      main: { serial, mood },
      items: items.map((item) => ({ name: item, serial })),
    }),
    check: (staged) => [
      { argv: ['fake-check', ...staged.filter((file) => file.isChanged).map((file) => file.staged)], timeoutMs: 2_000 },
    ],
    activate: (changes) => {
      const isNew = changes.some((change) => change.target === `${folder}/main.conf` && change.kind === 'added');
      if (isNew) return { kind: 'restart', why: 'the first configuration' };
      return { kind: 'command', commands: [ctl('reload')], why: `${changes.length} files changed` };
    },
    onRoleChange: (role) =>
      role.kind === 'vip'
        ? { kind: 'command', commands: [ctl('scan')], why: `this node is ${role.state} for the virtual IP` }
        : { kind: 'none', why: 'not concerned' },
    probe: () => [{ argv: ['fake-ask', '', unit], timeoutMs: 1_000 }],
    metrics: ([answer], { serial }) => [
      { name: 'serial', unit: 'count', value: serial, labels: { said: answer?.stdout ?? '' } },
    ],
    parseProbe: ([answer], { serial }) => {
      const said = answer?.timedOut ? 'nothing' : (answer?.stdout ?? '');
      return {
        isHealthy: said === `serial ${serial}`,
        detail: `asked for serial ${serial}, answered ${said || 'nothing'}`,
      };
    },
  };
}

/** The daemon of `fakeService(name)`. */
export function fakeDaemon(name = 'fake'): FakeDaemon {
  const main = `/etc/${name}/main.conf`;
  return {
    unit: `${name}.service`,
    dies: (files) => files.get(main)?.includes('mood dies') ?? true,
    answer: (files) => {
      const text = files.get(main) ?? '';
      return text.includes('mood deaf') ? 'what?' : `serial ${/serial (\d+)/.exec(text)?.[1] ?? '?'}`;
    },
  };
}
