import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { useMay } from '../../../live/use-may.ts';
import { useView } from '../../../live/use-view.ts';
import { stamp } from '../../../models/base/time.ts';
import { Button } from '../../../parts/button.tsx';
import { ActionDialog } from '../../../parts/change.tsx';
import { FormDialog } from '../../../parts/form.tsx';
import { State } from '../../../parts/icon.tsx';
import { Facts, Section, Shown } from '../../../parts/page.tsx';
import { WithCurrent } from '../../../parts/with-current.tsx';
import { LATE as EN } from '../../../texts/late.ts';

const TEXTS = EN.access.siteCertificate;
const SET = 'regent site-certificate set --cert FILE --key FILE';

/** The certificate that browsers see, the same on all region nodes; an operator's own in its place. */
export function SiteCertificate(): JSX.Element {
  const may = useMay();
  const [open, setOpen] = useState<'set' | 'unset' | null>(null);
  const shown = useView('site-certificate.show', {}, { nouns: ['site-certificate'] });
  return (
    <Section title={TEXTS.title}>
      <Shown view={shown.view}>
        {(body) => (
          <>
            {body.warnings.map((sentence) => (
              <p key={sentence}>
                <State tone="warn" label={sentence} />
              </p>
            ))}
            <Facts
              rows={[
                [TEXTS.of, body.isOwn ? TEXTS.own : TEXTS.cluster],
                [TEXTS.names, body.names.join(', ')],
                [TEXTS.ends, stamp(body.notAfter)],
                [TEXTS.issuer, body.issuer],
                [TEXTS.fingerprint, <code key="fingerprint">{body.fingerprint}</code>],
              ]}
            />
            {may.administer && (
              <p>
                <Button onClick={() => setOpen('set')}>{TEXTS.set}</Button>{' '}
                {body.isOwn && <Button onClick={() => setOpen('unset')}>{TEXTS.unset}</Button>}
              </p>
            )}
          </>
        )}
      </Shown>
      {open !== null && <CertificateDialog kind={open} onClose={() => setOpen(null)} />}
    </Section>
  );
}

function CertificateDialog(props: { readonly kind: 'set' | 'unset'; readonly onClose: () => void }): JSX.Element {
  const { kind, onClose } = props;
  const title = TEXTS[kind];
  return (
    <WithCurrent id="site-certificate.show" input={{}} title={title} onClose={onClose}>
      {({ etag }, changed) =>
        kind === 'set' ? (
          <FormDialog
            title={title}
            text={TEXTS.setText}
            id="site-certificate.set"
            ifMatch={etag}
            changed={changed}
            fields={[
              { name: 'certificate', label: TEXTS.fields.certificate, kind: 'area', help: TEXTS.certificateHelp },
              { name: 'privateKey', label: TEXTS.fields.privateKey, kind: 'area', help: TEXTS.privateKeyHelp },
            ]}
            input={({ certificate = '', privateKey = '' }) => ({ body: { certificate, privateKey } })}
            cli={() => SET}
            onClose={onClose}
          />
        ) : (
          <ActionDialog
            title={title}
            text={TEXTS.unsetText}
            id="site-certificate.unset"
            input={{}}
            ifMatch={etag}
            changed={changed}
            cli="regent site-certificate unset"
            onClose={onClose}
          />
        )
      }
    </WithCurrent>
  );
}
