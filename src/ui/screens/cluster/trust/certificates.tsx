import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { Certificate } from '../../../../contract/cluster/trust.ts';
import { useLive } from '../../../live/live.ts';
import { useMay } from '../../../live/use-may.ts';
import { useList } from '../../../live/use-view.ts';
import { certificateTone } from '../../../models/cluster/trust.ts';
import { stamp } from '../../../models/base/time.ts';
import { FormDialog, given } from '../../../parts/form.tsx';
import { State } from '../../../parts/icon.tsx';
import { MainList } from '../../../parts/main-list.tsx';
import { Page } from '../../../parts/page.tsx';
import { actionColumn } from '../../../parts/row-actions.tsx';
import type { Column } from '../../../parts/table.tsx';
import { CLI } from '../../../texts/base/cli.ts';
import { LATE as EN } from '../../../texts/late.ts';
import { SiteCertificate } from './site-certificate.tsx';

const TEXTS = EN.access.certificates;
const nodeOf = (row: Certificate) => row.node ?? TEXTS.gone;

const COLUMNS: readonly Column<Certificate>[] = [
  { id: 'node', head: TEXTS.columns.node, value: nodeOf },
  {
    id: 'state',
    head: TEXTS.columns.state,
    value: (row) => row.state,
    cell: (row) => <CertificateState certificate={row} />,
  },
  {
    id: 'serial',
    head: TEXTS.columns.serial,
    value: (row) => row.serial,
    cell: (row) => <code>{row.serial}</code>,
    isMinor: true,
  },
  {
    id: 'from',
    head: TEXTS.columns.from,
    value: (row) => row.notBefore,
    cell: (row) => stamp(row.notBefore),
    isMinor: true,
  },
  { id: 'ends', head: TEXTS.columns.ends, value: (row) => row.notAfter, cell: (row) => stamp(row.notAfter) },
  { id: 'why', head: TEXTS.columns.why, value: (row) => row.revokedWhy ?? '', isMinor: true },
];

/** Certificates by which nodes know each other. */
export function Certificates(): JSX.Element {
  const may = useMay();
  const [open, setOpen] = useState<Certificate | null>(null);
  const certificates = useList('certificate.list', {}, { nouns: ['certificate', 'node'] });
  const actions = actionColumn<Certificate>(
    EN.access.actions,
    (row) => `${nodeOf(row)} ${row.serial}`,
    (row) => (row.state === 'good' ? [{ label: TEXTS.revoke, run: () => setOpen(row) }] : []),
  );
  return (
    <Page title={TEXTS.title} cli={CLI.certificates}>
      <MainList
        view={certificates.view}
        texts={TEXTS}
        columns={may.administer ? [...COLUMNS, actions] : COLUMNS}
        keyOf={(row) => row.serial}
      />
      <SiteCertificate />
      {open !== null && (
        <FormDialog
          title={`${TEXTS.revoke}: ${nodeOf(open)}`}
          text={TEXTS.revokeText(nodeOf(open))}
          id="certificate.revoke"
          fields={[{ name: 'why', label: TEXTS.fields.why, isOptional: true }]}
          input={(values) => ({ params: { certificate: open.serial }, body: given(values, 'why') })}
          cli={() => `regent certificate revoke ${open.serial}`}
          onClose={() => setOpen(null)}
        />
      )}
    </Page>
  );
}

function CertificateState({ certificate }: { readonly certificate: Certificate }): JSX.Element {
  const { now } = useLive();
  return <State tone={certificateTone(certificate, now.value)} label={certificate.state} />;
}
