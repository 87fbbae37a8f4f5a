import type { ComponentChildren, JSX } from 'preact';
import type { Machine } from '../../../contract/machines/machine.ts';
import { useTagged } from '../../live/use-view.ts';
import { linkTo } from '../../models/base/address.ts';
import { machineTone, noteOf, powerTone, machineStateText } from '../../models/machines/machines.ts';
import { dataOf } from '../../models/base/view.ts';
import { Copy } from '../../parts/copy.tsx';
import { State } from '../../parts/icon.tsx';
import { Facts, Page, Shown } from '../../parts/page.tsx';
import { Tabs } from '../../parts/tabs.tsx';
import { Ago, For, Until } from '../../parts/time.tsx';
import { CLI, cliLines } from '../../texts/base/cli.ts';
import { LATE as EN } from '../../texts/late.ts';
import { MachineActions } from './actions.tsx';
import { MachineEvents } from './events.tsx';
import { Hardware } from './hardware.tsx';
import { Interfaces } from './network.tsx';
import { Scripts } from './scripts.tsx';
import { Storage } from './storage.tsx';
import { Timeline } from './timeline.tsx';

const TEXTS = EN.machines;
/** Parts of the page; each is requested when it is opened. */
const TABS = ['summary', 'hardware', 'network', 'storage', 'scripts', 'events'] as const;
export type MachineTab = (typeof TABS)[number];

/** The part of the page that a path names; null: there is none. */
export const machineTab = (text: string | undefined): MachineTab | null =>
  text === undefined ? 'summary' : (TABS.find((tab) => tab === text) ?? null);

/** One machine. */
export function MachinePage({ id, tab }: { readonly id: string; readonly tab: MachineTab }): JSX.Element {
  const params = { machine: id };
  const machine = useTagged(
    'machine.show',
    { params },
    { nouns: ['machine', 'interface', 'tag', 'job'], everyMs: 5000 },
  );
  const shown = dataOf(machine.view);
  const name = shown?.body.hostname ?? id;
  return (
    <Page
      title={shown?.body.fqdn ?? id}
      cli={cliLines(CLI[`machine-${tab}`], { NAME: name })}
      actions={shown && <MachineActions machine={shown.body} />}
    >
      <Tabs
        name={TEXTS.tabs.name}
        at={tab}
        tabs={TABS.map((one) => ({
          id: one,
          label: TEXTS.tabs[one],
          link: linkTo(['machines', id, ...(one === 'summary' ? [] : [one])]),
        }))}
      />
      {(tab === 'summary' || tab === 'network' || shown === null) && (
        <Shown view={machine.view}>
          {({ body }) => (tab === 'network' ? <Interfaces machine={body} /> : <Facts rows={factRows(body)} />)}
        </Shown>
      )}
      {tab === 'summary' && <Timeline machine={id} />}
      {tab === 'hardware' && <Hardware machine={id} />}
      {tab === 'storage' && <Storage machine={id} name={name} />}
      {tab === 'scripts' && <Scripts machine={id} />}
      {tab === 'events' && shown && <MachineEvents fqdn={shown.body.fqdn} />}
    </Page>
  );
}

type FactRow = readonly [string, ComponentChildren];
const { facts: F } = TEXTS;

function factRows(machine: Machine): readonly FactRow[] {
  const { owner, deployment, suggestedBmc, job } = machine;
  const note = noteOf(machine);
  const addresses = machine.interfaces.flatMap((nic) => nic.addresses.map(({ address }) => address));
  const annotations = Object.entries(machine.annotations ?? {});
  return [
    [F.state, <StateText key="state" machine={machine} />],
    ...(note === '' ? [] : [[F.why, note] as const]),
    ...(typeof machine.deadline === 'string'
      ? [[F.until, <Deadline key="until" at={machine.deadline} />] as const]
      : []),
    [F.power, <Power key="power" machine={machine} />],
    [F.bmc, machine.bmc ?? TEXTS.noBmc],
    ...(suggestedBmc === undefined ? [] : [[F.suggested, `${suggestedBmc.type} ${suggestedBmc.address}`] as const]),
    [F.owner, owner ?? TEXTS.nobody],
    ...(deployment === undefined ? [] : [[F.image, <Deployed key="image" deployment={deployment} />] as const]),
    [F.pool, machine.pool ?? ''],
    [F.zone, machine.zone ?? ''],
    [F.tags, machine.tags.join(', ') || EN.none],
    [F.rack, machine.rack === null ? TEXTS.master : <a href={linkTo(['nodes', machine.rack])}>{machine.rack}</a>],
    [F.addresses, addresses.length === 0 ? EN.none : addresses.map((text) => <Copy key={text} text={text} />)],
    ...(machine.description ? [[F.description, machine.description] as const] : []),
    ...(annotations.length === 0
      ? []
      : [[F.annotations, annotations.map(([name, text]) => `${name}=${text}`).join(', ')] as const]),
    ...(typeof job === 'number' ? [[F.job, String(job)] as const] : []),
    [F.id, <Copy key="id" text={machine.id} />],
  ];
}

function StateText({ machine }: { readonly machine: Machine }): JSX.Element {
  const stateText = machineStateText(machine.state);
  return (
    <>
      <State
        tone={machineTone(machine.state)}
        label={machine.locked === true ? `${stateText}, ${TEXTS.locked}` : stateText}
      />{' '}
      <For since={machine.stateSince ?? null} />
    </>
  );
}

function Deadline({ at }: { readonly at: string }): JSX.Element {
  return (
    <>
      <Until at={at} />, {TEXTS.untilText}
    </>
  );
}

function Power({ machine }: { readonly machine: Machine }): JSX.Element {
  const power = machine.powerState ?? 'unknown';
  const why = [machine.powerWhy, machine.powerRemedy].filter(Boolean).join(' ');
  return (
    <>
      <State tone={powerTone(power)} label={power} /> <Ago at={machine.powerStateAt ?? null} />
      {machine.powerSeenBy ? `, ${TEXTS.seenBy(machine.powerSeenBy)}` : ''} {why}
    </>
  );
}

function Deployed({ deployment }: { readonly deployment: NonNullable<Machine['deployment']> }): JSX.Element {
  return (
    <>
      {deployment.image ?? TEXTS.inMemory} {deployment.digest?.slice(0, 12)}{' '}
      {deployment.deployedAt === null ? TEXTS.notYet : <Ago at={deployment.deployedAt} />}
    </>
  );
}
