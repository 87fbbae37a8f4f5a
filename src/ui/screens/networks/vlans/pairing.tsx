import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { Pairing as Proposal, PairingChange } from '../../../../contract/networks/pairing.ts';
import { useMay } from '../../../live/use-may.ts';
import { useView } from '../../../live/use-view.ts';
import { Button } from '../../../parts/button.tsx';
import { ActionDialog } from '../../../parts/change.tsx';
import { Section, Shown } from '../../../parts/page.tsx';
import { type Column, Table } from '../../../parts/table.tsx';
import { LATE as EN } from '../../../texts/late.ts';

const TEXTS = EN.networks.pairing;
const pairText = ({ primary, secondary }: PairingChange['before']) =>
  TEXTS.pair(primary ?? EN.none, secondary ?? EN.none);

const COLUMNS: readonly Column<PairingChange>[] = [
  { id: 'vlan', head: TEXTS.columns.vlan, value: (row) => row.vlan },
  { id: 'before', head: TEXTS.columns.before, value: (row) => pairText(row.before) },
  { id: 'after', head: TEXTS.columns.after, value: (row) => pairText(row.after) },
  { id: 'why', head: TEXTS.columns.why, value: (row) => row.why, isMinor: true },
];

/**
 * What Regent proposes for the pairs of racks; it changes nothing until somebody applies it. `vlan`: only of this VLAN.
 */
export function Pairing({ vlan }: { readonly vlan?: string }): JSX.Element {
  const may = useMay();
  // The digest of the proposal that the dialog shows: the site refuses to apply another one.
  const [open, setOpen] = useState<string | null>(null);
  const pairing = useView('pairing.propose', {}, { nouns: ['vlan', 'rack', 'node'], everyMs: 15_000 });
  return (
    <Section title={TEXTS.title}>
      <Shown view={pairing.view}>
        {(data) => (
          <Proposed data={data} {...(vlan === undefined ? {} : { vlan })}>
            {may.operate && (
              <p>
                <Button onClick={() => setOpen(data.digest)}>{TEXTS.apply}</Button>
              </p>
            )}
          </Proposed>
        )}
      </Shown>
      {open !== null && (
        <ActionDialog
          title={TEXTS.apply}
          text={TEXTS.applyText}
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
          {TEXTS.left(row.vlan, row.why)}
        </p>
      ))}
      {changes.length === 0 && left.length === 0 && <p>{TEXTS.none}</p>}
      {changes.length > 0 && (
        <>
          <Table name={TEXTS.title} rows={changes} columns={COLUMNS} keyOf={(row) => row.vlan} />
          {props.children}
        </>
      )}
    </>
  );
}
