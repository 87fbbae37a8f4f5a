import type { ComponentChildren, JSX } from 'preact';
import type { RouteOutput } from '../../../contract/routes.ts';
import { useView } from '../../live/use-view.ts';
import { type CardRow, cardRow, type DiskRow, diskRow, wordsOf } from '../../models/machines/hardware.ts';
import { Empty, Facts, Refusal, Section, Shown } from '../../parts/page.tsx';
import { type Column, Table } from '../../parts/table.tsx';
import { Ago } from '../../parts/time.tsx';
import { EN } from '../../words/en.ts';
import { sizeText } from '../../models/base/size.ts';

const WORDS = EN.machines.hardware;
const { facts: F, diskColumns: D, cardColumns: C } = WORDS;
type Told = RouteOutput<'machine.inventory'>;

/** What a machine told of its hardware. */
export function Hardware({ machine }: { readonly machine: string }): JSX.Element {
  const told = useView('machine.inventory', { params: { machine } }, { nouns: ['machine', 'machine-inventory'] });
  const { view } = told;
  // A machine that has not told is no fault.
  if (view.kind === 'refused') {
    return view.problem.status === 404 ? <Empty text={WORDS.none} /> : <Refusal problem={view.problem} />;
  }
  return <Shown view={view}>{(data) => <Parts told={data} />}</Shown>;
}

function Parts({ told }: { readonly told: Told }): JSX.Element {
  const { disks = [], interfaces = [] } = told.inventory;
  return (
    <>
      <Facts rows={factRows(told)} />
      <Section title={WORDS.disks}>
        {disks.length === 0 ? (
          <Empty text={EN.none} />
        ) : (
          <Table name={WORDS.disks} rows={disks.map(diskRow)} columns={DISK_COLUMNS} keyOf={(row) => row.name} />
        )}
      </Section>
      <Section title={WORDS.cards}>
        {interfaces.length === 0 ? (
          <Empty text={EN.none} />
        ) : (
          <Table name={WORDS.cards} rows={interfaces.map(cardRow)} columns={CARD_COLUMNS} keyOf={(row) => row.name} />
        )}
      </Section>
      <Devices told={told} />
    </>
  );
}

function factRows(told: Told): readonly (readonly [string, ComponentChildren])[] {
  const { cpu, memory, firmware, system, virtual, kernel, numa = [] } = told.inventory;
  const boot = [firmware?.kind, firmware?.secureBoot === true ? WORDS.secureBoot : undefined];
  const rows: readonly (readonly [string, ComponentChildren])[] = [
    [F.told, <Ago key="told" at={told.at} />],
    [F.system, wordsOf(system?.vendor, system?.product, system?.version)],
    [F.serial, system?.serial ?? ''],
    [
      F.cpu,
      cpu === undefined
        ? ''
        : `${wordsOf(cpu.model, cpu.architecture)}, ${WORDS.cores(cpu.count ?? 0, cpu.cores ?? 0)}`,
    ],
    [F.memory, memory?.kb === undefined ? '' : sizeText(memory.kb * 1024, 1024)],
    [WORDS.numa, numa.length > 1 ? String(numa.length) : ''],
    [F.firmware, wordsOf(firmware?.vendor, firmware?.version, firmware?.date, ...boot)],
    [F.virtual, virtual ?? ''],
    [F.kernel, kernel ?? ''],
    [F.problems, told.problems.join('; ')],
  ];
  return rows.filter(([, value]) => value !== '');
}

const DISK_COLUMNS: readonly Column<DiskRow>[] = [
  { id: 'name', head: D.name, value: (row) => row.name },
  { id: 'size', head: D.size, value: (row) => row.bytes, cell: (row) => row.size, isNumber: true },
  {
    id: 'kind',
    head: D.kind,
    value: (row) =>
      wordsOf(row.bus, row.isRotational === null ? '' : row.isRotational ? WORDS.rotational : WORDS.solid),
  },
  { id: 'model', head: D.model, value: (row) => row.model },
  { id: 'serial', head: D.serial, value: (row) => row.serial, isMinor: true },
];

const CARD_COLUMNS: readonly Column<CardRow>[] = [
  { id: 'name', head: C.name, value: (row) => row.name },
  { id: 'mac', head: C.mac, value: (row) => row.mac },
  {
    id: 'link',
    head: C.link,
    value: (row) => wordsOf(row.isUp === null ? '' : row.isUp ? WORDS.linkUp : WORDS.linkDown, row.speed),
  },
  { id: 'product', head: C.product, value: (row) => row.product, isMinor: true },
  { id: 'neighbour', head: C.neighbour, value: (row) => row.neighbours, isMinor: true },
];

/** PCI and USB devices: many, and seldom asked for. */
function Devices({ told }: { readonly told: Told }): JSX.Element | null {
  const { pci = [], usb = [] } = told.inventory;
  if (pci.length + usb.length === 0) return null;
  return (
    <Section title={F.devices}>
      {pci.length > 0 && (
        <details>
          <summary>{WORDS.pci(pci.length)}</summary>
          <ul>
            {pci.map((one) => (
              <li key={one.address}>
                <code>{one.address}</code> {wordsOf(one.name ?? `${one.vendor}:${one.device}`, one.driver)}
              </li>
            ))}
          </ul>
        </details>
      )}
      {usb.length > 0 && (
        <details>
          <summary>{WORDS.usb(usb.length)}</summary>
          <ul>
            {usb.map((one) => (
              <li key={one.address}>
                <code>{one.address}</code> {one.name ?? `${one.vendor}:${one.product}`}
              </li>
            ))}
          </ul>
        </details>
      )}
    </Section>
  );
}
