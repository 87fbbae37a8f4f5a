import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { useMay } from '../../live/use-may.ts';
import { type Named, useNamed } from '../../live/use-named.ts';
import { dataOf } from '../../models/base/view.ts';
import { ActionDialog } from '../../parts/change.tsx';
import { Facts, Page, Shown } from '../../parts/page.tsx';
import { WithCurrent } from '../../parts/with-current.tsx';
import { CLI, cliLines } from '../../texts/base/cli.ts';
import { LATE as EN } from '../../texts/late.ts';
import { NounDialog } from '../base/catalog/noun-dialog.tsx';
import { Serials } from './lookup.tsx';
import { RecordDialog, Records } from './records.tsx';

const TEXTS = EN.dns.domains;

const DOMAIN: Named<'domain.show'> = {
  input: (domain) => ({ params: { domain } }),
  ref: ({ id }) => String(id),
  path: ({ name }) => ['dns', 'domains', name],
};

/** A dialog about the domain, as it was called when the dialog opened. */
interface Opened {
  readonly kind: 'set' | 'remove' | 'record';
  readonly name: string;
  readonly id: number;
}

/** One domain, and its records. `name`: in the address of the page. */
export function DomainPage(props: { readonly name: string }): JSX.Element {
  const may = useMay();
  const [open, setOpen] = useState<Opened | null>(null);
  const domain = useNamed('domain.show', DOMAIN, props.name, { nouns: ['domain', 'setting'] });
  const shown = dataOf(domain.view);
  const name = shown?.body.name ?? props.name;
  const close = () => setOpen(null);
  return (
    <Page
      title={name}
      cli={cliLines(CLI.domain, { NAME: name })}
      actions={
        may.operate &&
        shown !== null &&
        (['record', 'set', 'remove'] as const).map((kind) => (
          <button key={kind} type="button" onClick={() => setOpen({ kind, name, id: shown.body.id })}>
            {kind === 'record' ? EN.dns.records.create : TEXTS[kind]}
          </button>
        ))
      }
    >
      <Shown view={domain.view}>
        {({ body }) => (
          <Facts
            rows={[
              [TEXTS.columns.ttl, body.ttl ?? TEXTS.byDefault],
              [TEXTS.answered, body.authoritative ? TEXTS.here : body.forwardTo.join(', ') || TEXTS.elsewhere],
              [TEXTS.columns.leases, body.leaseNames ? TEXTS.yes : TEXTS.no],
              [TEXTS.columns.copies, body.transferTo.join(', ') || EN.none],
              [TEXTS.transferKey, body.transferKey ?? EN.none],
            ]}
          />
        )}
      </Shown>
      <Records domain={name} />
      <Serials domain={name} />
      {open !== null && <Work open={open} onClose={close} />}
    </Page>
  );
}

function Work({ open, onClose }: { readonly open: Opened; readonly onClose: () => void }): JSX.Element {
  const { kind, name } = open;
  if (kind === 'record') return <RecordDialog open="create" suffix={`.${name}`} onClose={onClose} />;
  if (kind === 'set') return <NounDialog noun="domain" work={{ verb: 'set', ref: name }} onClose={onClose} />;
  const title = `${TEXTS.remove} ${name}`;
  return (
    <WithCurrent id="domain.show" input={{ params: { domain: String(open.id) } }} title={title} onClose={onClose}>
      {({ etag }, changed) => (
        <ActionDialog
          title={title}
          text={TEXTS.removeText(name)}
          id="domain.delete"
          input={{ params: { domain: name } }}
          cli={`regent domain delete ${name}`}
          forced={{
            label: TEXTS.cascade,
            input: { params: { domain: name }, query: { cascade: true } },
            cli: `regent domain delete ${name} --cascade`,
          }}
          confirm={name}
          ifMatch={etag}
          changed={changed}
          onClose={onClose}
        />
      )}
    </WithCurrent>
  );
}
