import type { JSX } from 'preact';
import type { NodeAction } from '../../../../contract/cluster/action.ts';
import { useView } from '../../../live/use-view.ts';
import { SectionList } from '../../../parts/main-list.tsx';
import { Section, Shown } from '../../../parts/page.tsx';
import type { Column } from '../../../parts/table.tsx';
import { Ago } from '../../../parts/time.tsx';
import { mapView } from '../../../models/base/view.ts';
import { EN } from '../../../texts/en.ts';

const TEXTS = EN.services;
const ACTIONS_MAX = 50;
const COLUMNS: readonly Column<NodeAction>[] = [
  { id: 'at', head: TEXTS.actionColumns.at, value: (row) => row.at, cell: (row) => <Ago at={row.at} /> },
  { id: 'kind', head: TEXTS.actionColumns.kind, value: (row) => row.kind },
  { id: 'why', head: TEXTS.actionColumns.why, value: (row) => row.why },
  { id: 'trigger', head: TEXTS.actionColumns.trigger, value: (row) => row.trigger, isMinor: true },
];

type OfService = { readonly node: string; readonly service: string };

/** What its agent did to a service, the newest first. */
export function ServiceActions({ node, service }: OfService): JSX.Element {
  const actions = useView('service.actions', { query: { node, service, limit: ACTIONS_MAX } }, { nouns: ['service'] });
  return (
    <Section title={TEXTS.actionTitle}>
      <SectionList
        view={mapView(actions.view, ({ items }) => items.toReversed())}
        texts={{ title: TEXTS.actionTitle, empty: TEXTS.noActions }}
        columns={COLUMNS}
        keyOf={(row) => `${row.at} ${row.kind} ${row.why}`}
      />
    </Section>
  );
}

/** The files of a service, as they are published; secrets are masked. */
export function ServiceFiles({ node, service }: OfService): JSX.Element {
  const files = useView('service.files', { params: { node, service } }, { nouns: ['config', 'node'] });
  return (
    <Section title={TEXTS.files}>
      <Shown view={files.view}>
        {(data) => (
          <>
            <p class="faint">{TEXTS.generation(data.generation, data.isApplied)}</p>
            {data.files.map((file) => (
              <details key={file.target}>
                <summary>
                  <code>{file.target}</code>
                </summary>
                <pre tabIndex={0}>{file.content}</pre>
              </details>
            ))}
          </>
        )}
      </Shown>
    </Section>
  );
}
