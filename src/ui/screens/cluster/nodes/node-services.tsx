import type { JSX } from 'preact';
import type { Service } from '../../../../contract/cluster/service.ts';
import { useList } from '../../../live/use-view.ts';
import { linkTo } from '../../../models/base/address.ts';
import { logPartsOf } from '../../../models/cluster/logs.ts';
import { serviceTone, serviceStateText } from '../../../models/base/tone.ts';
import { dataOf } from '../../../models/base/view.ts';
import { State } from '../../../parts/icon.tsx';
import { forColumn, linkColumn } from '../../../parts/kinds.tsx';
import { Empty, Section, Shown } from '../../../parts/page.tsx';
import { type Column, Table } from '../../../parts/table.tsx';
import { EN } from '../../../texts/en.ts';
import { NodeLog } from '../services/log.tsx';

const TEXTS = EN.nodes;
const EVERY_MS = 5000;
const linkOf = (row: Service) => linkTo(['services', row.node, row.service]);

const COLUMNS: readonly Column<Service>[] = [
  linkColumn('service', TEXTS.serviceColumns.service, (row) => row.service, linkOf),
  {
    id: 'state',
    head: TEXTS.serviceColumns.state,
    value: (row) => row.state,
    cell: (row) => <State tone={serviceTone(row.state)} label={serviceStateText(row.state)} />,
  },
  forColumn('since', TEXTS.serviceColumns.since, (row) => row.since),
  { id: 'why', head: TEXTS.serviceColumns.why, value: (row) => row.why },
  {
    id: 'action',
    head: TEXTS.serviceColumns.action,
    value: (row) => (row.lastAction === null ? '' : `${row.lastAction.kind}: ${row.lastAction.why}`),
    isMinor: true,
  },
];

/** The node does not have this service, and is not to have it. */
const isNotWanted = (row: Service): boolean => row.state === 'absent';

function NotWanted({ rows }: { readonly rows: readonly Service[] }): JSX.Element | null {
  if (rows.length === 0) return null;
  return (
    <details>
      <summary>{TEXTS.notWanted(rows.length)}</summary>
      <p>{rows.map(({ service }) => service).join(', ')}</p>
    </details>
  );
}

/** Services of a node: what each is, since when, why, and what was done to it last; and what they and the programs of Regent say. */
export function NodeServices({ node, isRegion }: { readonly node: string; readonly isRegion: boolean }): JSX.Element {
  const services = useList('service.list', { query: { node } }, { nouns: ['node', 'service'], everyMs: EVERY_MS });
  const names = (dataOf(services.view) ?? []).map((row) => row.service);
  return (
    <>
      <Section title={TEXTS.services}>
        <Shown view={services.view}>
          {(rows) =>
            rows.length === 0 ? (
              <Empty text={TEXTS.noServices} />
            ) : (
              <>
                <Table
                  name={TEXTS.services}
                  rows={rows.filter((row) => !isNotWanted(row))}
                  columns={COLUMNS}
                  keyOf={(row) => row.service}
                  linkOf={linkOf}
                  isMain
                />
                <NotWanted rows={rows.filter(isNotWanted)} />
              </>
            )
          }
        </Shown>
      </Section>
      <NodeLog node={node} parts={logPartsOf(names, isRegion)} />
    </>
  );
}
