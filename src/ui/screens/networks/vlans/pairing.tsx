import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { Pairing as Proposal, PairingChange } from '../../../../contract/networks/pairing.ts';
import { useMay } from '../../../live/use-may.ts';
import { useView } from '../../../live/use-view.ts';
import { ActionDialog } from '../../../parts/change.tsx';
import { Section, Shown } from '../../../parts/page.tsx';
import { type Column, Table } from '../../../parts/table.tsx';
import { EN } from '../../../words/en.ts';

const WORDS = EN.networks.pairing;
const pairText = ({ primary, secondary }: PairingChange['before']) =>
  WORDS.pair(primary ?? EN.none, secondary ?? EN.none);

const COLUMNS: readonly Column<PairingChange>[] = [
  { id: 'vlan', head: WORDS.columns.vlan, value: (row) => row.vlan },
  { id: 'before', head: WORDS.columns.before, value: (row) => pairText(row.before) },
  { id: 'after', head: WORDS.columns.after, value: (row) => pairText(row.after) },
  { id: 'why', head: WORDS.columns.why, value: (row) => row.why, isMinor: true },
];

/** What Regent proposes for the pairs of racks; it changes nothing until somebody applies it. `vlan`: of this VLAN alone. */
export function Pairing({ vlan }: { readonly vlan?: string }): JSX.Element {
  const may = useMay();
  // The proposal that was looked at: another one is refused.
  const [open, setOpen] = useState<string | null>(null);
  const pairing = useView('pairing.propose', {}, { nouns: ['vlan', 'rack', 'node'], everyMs: 15_000 });
  return (
    <Section title={WORDS.title}>
      <Shown view={pairing.view}>
        {(data) => (
          <Proposed data={data} {...(vlan === undefined ? {} : { vlan })}>
            {may.operate && (
              <p>
                <button type="button" onClick={() => setOpen(data.digest)}>
                  {WORDS.apply}
                </button>
              </p>
            )}
          </Proposed>
        )}
      </Shown>
      {open !== null && (
        <ActionDialog
          title={WORDS.apply}
          text={WORDS.applyText}
          id="pairing.apply"
          input={{ body: { digest: open } }}
          cli="regent pairing apply"
          onClose={() => setOpen(null)}
        />
      )}
    </Section>
  );
}

function Proposed(props: {
  readonly data: Proposal;
  readonly vlan?: string;
  readonly children: JSX.Element | false;
}): JSX.Element {
  const { data, vlan } = props;
  const isOwn = (row: { readonly vlan: string }) => vlan === undefined || row.vlan === vlan;
  const [changes, left] = [data.changes.filter(isOwn), data.left.filter(isOwn)];
  return (
    <>
      {left.map((row) => (
        <p key={row.vlan} class="faint">
          {WORDS.left(row.vlan, row.why)}
        </p>
      ))}
      {changes.length === 0 && left.length === 0 && <p>{WORDS.none}</p>}
      {changes.length > 0 && (
        <>
          <Table name={WORDS.title} rows={changes} columns={COLUMNS} keyOf={(row) => row.vlan} />
          {props.children}
        </>
      )}
    </>
  );
}
