import type { ComponentChildren, JSX } from 'preact';
import type { RouteOutput } from '../../../contract/routes.ts';
import { useView } from '../../live/use-view.ts';
import { type CardRow, cardRow, type DiskRow, diskRow, joinParts } from '../../models/machines/hardware.ts';
import { Empty, Facts, Refusal, Section, Shown } from '../../parts/page.tsx';
import { type Column, Table } from '../../parts/table.tsx';
import { Ago } from '../../parts/time.tsx';
import { LATE as EN } from '../../texts/late.ts';
import { sizeText } from '../../models/base/size.ts';

const TEXTS = EN.machines.hardware;
const { facts: F, diskColumns: D, cardColumns: C } = TEXTS;
type HardwareReport = RouteOutput<'machine.inventory'>;

/** The hardware that a machine reported. */
export function Hardware({ machine }: { readonly machine: string }): JSX.Element {
  const inventory = useView('machine.inventory', { params: { machine } }, { nouns: ['machine', 'machine-inventory'] });
  const { view } = inventory;
  // A machine that has not reported its hardware is not a fault.
  if (view.kind === 'refused')
    return view.problem.status === 404 ? <Empty text={TEXTS.none} /> : <Refusal problem={view.problem} />;
  return <Shown view={view}>{(data) => <Parts report={data} />}</Shown>;
}

function Parts({ report }: { readonly report: HardwareReport }): JSX.Element {
  const { disks = [], interfaces = [] } = report.inventory;
  return (
    <>
      <Facts rows={factRows(report)} />
      <Section title={TEXTS.disks}>
        {disks.length === 0 ? (
          <Empty text={EN.none} />
        ) : (
          <Table name={TEXTS.disks} rows={disks.map(diskRow)} columns={DISK_COLUMNS} keyOf={(row) => row.name} />
        )}
      </Section>
      <Section title={TEXTS.cards}>
        {interfaces.length === 0 ? (
          <Empty text={EN.none} />
        ) : (
          <Table name={TEXTS.cards} rows={interfaces.map(cardRow)} columns={CARD_COLUMNS} keyOf={(row) => row.name} />
        )}
      </Section>
      <Devices report={report} />
    </>
  );
}

function factRows(report: HardwareReport): readonly (readonly [string, ComponentChildren])[] {
  const { cpu, memory, firmware, system, virtual, kernel, numa = [] } = report.inventory;
  const boot = [firmware?.kind, firmware?.secureBoot === true ? TEXTS.secureBoot : undefined];
  const rows: readonly (readonly [string, ComponentChildren])[] = [
    [F.reportedAt, <Ago key="reportedAt" at={report.at} />],
    [F.system, joinParts(system?.vendor, system?.product, system?.version)],
    [F.serial, system?.serial ?? ''],
    [
      F.cpu,
      cpu === undefined
        ? ''
        : `${joinParts(cpu.model, cpu.architecture)}, ${TEXTS.cores(cpu.count ?? 0, cpu.cores ?? 0)}`,
    ],
    [F.memory, memory?.kb === undefined ? '' : sizeText(memory.kb * 1024, 1024)],
    [TEXTS.numa, numa.length > 1 ? String(numa.length) : ''],
    [F.firmware, joinParts(firmware?.vendor, firmware?.version, firmware?.date, ...boot)],
    [F.virtual, virtual ?? ''],
    [F.kernel, kernel ?? ''],
    [F.problems, report.problems.join('; ')],
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
      joinParts(row.bus, row.isRotational === null ? '' : row.isRotational ? TEXTS.rotational : TEXTS.solid),
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
    value: (row) => joinParts(row.isUp === null ? '' : row.isUp ? TEXTS.linkUp : TEXTS.linkDown, row.speed),
  },
  { id: 'product', head: C.product, value: (row) => row.product, isMinor: true },
  { id: 'neighbour', head: C.neighbour, value: (row) => row.neighbours, isMinor: true },
];

/** PCI and USB devices: many, and seldom needed. */
function Devices({ report }: { readonly report: HardwareReport }): JSX.Element | null {
  const { pci = [], usb = [] } = report.inventory;
  if (pci.length + usb.length === 0) return null;
  return (
    <Section title={F.devices}>
      {pci.length > 0 && (
        <details>
          <summary>{TEXTS.pci(pci.length)}</summary>
          <ul>
            {pci.map((one) => (
              <li key={one.address}>
                <code>{one.address}</code> {joinParts(one.name ?? `${one.vendor}:${one.device}`, one.driver)}
              </li>
            ))}
          </ul>
        </details>
      )}
      {usb.length > 0 && (
        <details>
          <summary>{TEXTS.usb(usb.length)}</summary>
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
