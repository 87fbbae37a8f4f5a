import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { ConfigChange } from '../../../../contract/site/config.ts';
import type { ChangeFiles } from '../../../../contract/site/screens.ts';
import { changeSentence } from '../../../../contract/site/wire/change-sentence.ts';
import { useMay } from '../../../live/use-may.ts';
import { useView } from '../../../live/use-view.ts';
import { linkTo } from '../../../models/base/address.ts';
import { keyText, type Member, membersOf } from '../../../models/site/history.ts';
import { stamp } from '../../../models/base/time.ts';
import { dataOf } from '../../../models/base/view.ts';
import { Button } from '../../../parts/button.tsx';
import { ActionDialog } from '../../../parts/change.tsx';
import { PreviewText } from '../../../parts/diff.tsx';
import { Empty, Facts, Page, Section, Shown } from '../../../parts/page.tsx';
import { SentenceText } from '../../../parts/sentence.tsx';
import { type Column, Table } from '../../../parts/table.tsx';
import { CLI, cliLines } from '../../../texts/base/cli.ts';
import { LATE as EN } from '../../../texts/late.ts';
import { PastFindings } from './past-findings.tsx';

const TEXTS = EN.history.changes;

/** One change: its rows, what was found when it was compiled, what it did to the files of each node, and how it is taken back. */
export function ChangePage({ id }: { readonly id: string }): JSX.Element {
  const may = useMay();
  const [isOpen, setOpen] = useState(false);
  const params = { change: Number(id) };
  const change = useView('config.show', { params }, { nouns: [] });
  const found = useView('config.findings', { params }, { nouns: ['config'] });
  const files = useView('config.files', { params }, { nouns: ['config', 'node'] });
  const isWaiting = dataOf(found.view)?.state === 'waiting';
  return (
    <Page
      title={TEXTS.name(id)}
      cli={cliLines(CLI.change, { ID: id })}
      actions={
        may.operate && dataOf(change.view) !== null && <Button onClick={() => setOpen(true)}>{TEXTS.rollback}</Button>
      }
    >
      <Shown view={change.view}>{(data) => <ChangeText change={data} />}</Shown>
      <Section title={TEXTS.found}>
        <Shown view={found.view}>{(data) => <PastFindings findings={data} />}</Shown>
      </Section>
      {!isWaiting && (
        <Section title={TEXTS.files}>
          <Shown view={files.view}>{(data) => <FilesText files={data} />}</Shown>
        </Section>
      )}
      {isOpen && (
        <ActionDialog
          title={`${TEXTS.rollback} ${id}`}
          text={TEXTS.rollbackText(Number(id))}
          id="config.rollback"
          input={{ params }}
          cli={`regent config rollback ${id}`}
          onClose={() => setOpen(false)}
        />
      )}
    </Page>
  );
}

function ChangeText({ change }: { readonly change: ConfigChange }): JSX.Element {
  return (
    <>
      <Facts
        rows={[
          [TEXTS.facts.summary, <SentenceText key="what" pieces={changeSentence(change)} />],
          [TEXTS.facts.command, <code key="command">{change.summary}</code>],
          [TEXTS.facts.at, stamp(change.at)],
          [TEXTS.facts.who, change.who],
          [TEXTS.facts.origin, change.origin],
          ...(change.reverts === null
            ? []
            : [
                [
                  TEXTS.facts.reverts,
                  <a key="reverts" href={linkTo(['changes', String(change.reverts)])}>
                    {TEXTS.name(String(change.reverts))}
                  </a>,
                ] as const,
              ]),
        ]}
      />
      <Section title={TEXTS.rows}>
        {change.rows.length === 0 ? <Empty text={TEXTS.rowsNone} /> : change.rows.map(rowText)}
      </Section>
    </>
  );
}

const MEMBERS: readonly Column<Member>[] = [
  { id: 'name', head: EN.members.name, value: (row) => row.name },
  { id: 'before', head: EN.members.before, value: (row) => row.before ?? '–' },
  { id: 'after', head: EN.members.after, value: (row) => row.after ?? '–' },
];

function rowText(row: ConfigChange['rows'][number], index: number, rows: ConfigChange['rows']): JSX.Element {
  const name = `${row.table}, ${keyText(row.key)}`;
  return (
    <details key={index} open={rows.length <= 5}>
      <summary>
        {name} <span class="faint">{TEXTS.op[row.op]}</span>
      </summary>
      <Table name={name} rows={membersOf(row)} columns={MEMBERS} keyOf={(member) => member.name} />
    </details>
  );
}

function FilesText({ files }: { readonly files: ChangeFiles }): JSX.Element {
  return (
    <>
      {files.lost.length > 0 && <p class="waiting">{TEXTS.lost(files.lost.join(', '))}</p>}
      {files.nodes.length === 0 && files.lost.length === 0 && <Empty text={TEXTS.filesNone} />}
      {files.nodes.map((node) => (
        <div key={node.node}>
          <h3>
            {node.node} <span class="faint">{TEXTS.generation(node.generation, node.first, node.last)}</span>
          </h3>
          <PreviewText preview={{ dryRun: true, object: null, nodes: [{ ...node, findings: [] }] }} isPast />
        </div>
      ))}
    </>
  );
}
