import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { useMay } from '../../live/use-may.ts';
import { useTagged } from '../../live/use-view.ts';
import { dataOf } from '../../models/view.ts';
import { ActionDialog } from '../../parts/change.tsx';
import { Facts, Page, Shown } from '../../parts/page.tsx';
import { CLI, cliLines } from '../../words/cli.ts';
import { EN } from '../../words/en.ts';
import { NounDialog } from '../catalog/noun-dialog.tsx';
import { Serials } from './lookup.tsx';
import { RecordDialog, Records } from './records.tsx';

const WORDS = EN.dns.domains;

interface Opened {
  readonly kind: 'set' | 'remove' | 'record';
  readonly etag: string | null;
}

/** One domain, and its records. */
export function DomainPage({ name }: { readonly name: string }): JSX.Element {
  const may = useMay();
  const [open, setOpen] = useState<Opened | null>(null);
  const domain = useTagged('domain.show', { params: { domain: name } }, { nouns: ['domain', 'setting'] });
  const shown = dataOf(domain.view);
  const close = () => setOpen(null);
  return (
    <Page
      title={name}
      cli={cliLines(CLI.domain, { NAME: name })}
      actions={
        may.operate &&
        shown !== null &&
        (['record', 'set', 'remove'] as const).map((kind) => (
          <button key={kind} type="button" onClick={() => setOpen({ kind, etag: shown.etag })}>
            {kind === 'record' ? EN.dns.records.create : WORDS[kind]}
          </button>
        ))
      }
    >
      <Shown view={domain.view}>
        {({ body }) => (
          <Facts
            rows={[
              [WORDS.columns.ttl, body.ttl ?? WORDS.byDefault],
              [WORDS.columns.leases, body.leaseNames ? WORDS.yes : WORDS.no],
              [WORDS.columns.copies, body.transferTo.join(', ') || EN.none],
              [WORDS.transferKey, body.transferKey ?? EN.none],
            ]}
          />
        )}
      </Shown>
      <Records domain={name} />
      <Serials domain={name} />
      {open?.kind === 'record' && <RecordDialog open="create" suffix={`.${name}`} onClose={close} />}
      {open?.kind === 'remove' && (
        <ActionDialog
          title={`${WORDS.remove} ${name}`}
          text={WORDS.removeText(name)}
          id="domain.delete"
          input={{ params: { domain: name } }}
          cli={`regent domain delete ${name}`}
          forced={{
            label: WORDS.cascade,
            input: { params: { domain: name }, query: { cascade: true } },
            cli: `regent domain delete ${name} --cascade`,
          }}
          confirm={name}
          ifMatch={open.etag}
          onClose={close}
        />
      )}
      {open?.kind === 'set' && <NounDialog noun="domain" work={{ verb: 'set', ref: name }} onClose={close} />}
    </Page>
  );
}
