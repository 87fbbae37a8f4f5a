import type { JSX, TargetedSubmitEvent } from 'preact';
import { useState } from 'preact/hooks';
import type { Lookup, LookupAnswer, LookupType } from '../../../contract/site/screens.ts';
import { useView } from '../../live/use-view.ts';
import { codeTone, LOOKUP_KINDS } from '../../models/names/dns.ts';
import { State } from '../../parts/icon.tsx';
import { stateColumn } from '../../parts/kinds.tsx';
import { Empty, Section, Shown } from '../../parts/page.tsx';
import { type Column, Table } from '../../parts/table.tsx';
import { LATE as EN } from '../../texts/late.ts';

const TEXTS = EN.dns.lookup;
const EVERY_MS = 10_000;

const COLUMNS: readonly Column<LookupAnswer>[] = [
  { id: 'node', head: TEXTS.columns.node, value: (row) => row.node },
  stateColumn('code', TEXTS.columns.code, { label: (row) => row.code, tone: (row) => codeTone(row.code) }),
  { id: 'answers', head: TEXTS.columns.answers, value: (row) => row.answers.join(', ') },
  { id: 'ms', head: TEXTS.columns.ms, value: (row) => row.ms, isNumber: true, isMinor: true },
];
const SERIALS: readonly Column<LookupAnswer>[] = [
  ...COLUMNS.filter(({ id }) => id === 'node' || id === 'code'),
  { id: 'serial', head: TEXTS.columns.serial, value: (row) => row.serial, isNumber: true },
  ...COLUMNS.filter(({ id }) => id === 'ms'),
];

/** Asks all name servers for a name that somebody writes. */
export function LookupTest(): JSX.Element {
  const [query, setQuery] = useState<{ readonly name: string; readonly type: LookupType } | null>(null);
  const submit = (event: TargetedSubmitEvent<HTMLFormElement>) => {
    event.preventDefault();
    const fields = new FormData(event.currentTarget);
    const written = fields.get('name');
    const name = typeof written === 'string' ? written.trim() : '';
    const type = LOOKUP_KINDS.find((kind) => kind === fields.get('type')) ?? 'A';
    if (name !== '') setQuery({ name, type });
  };
  return (
    <Section title={TEXTS.title} note={TEXTS.note}>
      <form class="filters" onSubmit={submit}>
        <label class="field">
          <span>{TEXTS.name}</span>
          <input name="name" required maxLength={254} spellcheck={false} autocomplete="off" />
        </label>
        <label class="field">
          <span>{TEXTS.type}</span>
          <select name="type">
            {LOOKUP_KINDS.map((kind) => (
              <option key={kind} value={kind}>
                {kind}
              </option>
            ))}
          </select>
        </label>
        <button type="submit">{TEXTS.ask}</button>
      </form>
      {query !== null && <Answers key={`${query.name} ${query.type}`} {...query} columns={COLUMNS} />}
    </Section>
  );
}

/** The serial number of a zone that each name server has. */
export function Serials({ domain }: { readonly domain: string }): JSX.Element {
  return (
    <Section title={TEXTS.serials}>
      <Answers name={domain} type="SOA" columns={SERIALS} />
    </Section>
  );
}

function Answers(props: {
  readonly name: string;
  readonly type: LookupType;
  readonly columns: readonly Column<LookupAnswer>[];
}): JSX.Element {
  const { name, type } = props;
  const found = useView('dns.lookup', { query: { name, type } }, { nouns: ['record', 'domain'], everyMs: EVERY_MS });
  return <Shown view={found.view}>{(data) => <AnswerTable lookup={data} columns={props.columns} />}</Shown>;
}

function AnswerTable(props: {
  readonly lookup: Lookup;
  readonly columns: readonly Column<LookupAnswer>[];
}): JSX.Element {
  const { items, agree, name, type } = props.lookup;
  if (items.length === 0) return <Empty text={TEXTS.empty} />;
  return (
    <>
      <p>
        <State tone={agree ? 'ok' : 'warn'} label={agree ? TEXTS.agree : TEXTS.disagree} />
      </p>
      <Table name={`${name} ${type}`} rows={items} columns={props.columns} keyOf={(row) => row.node} />
    </>
  );
}
