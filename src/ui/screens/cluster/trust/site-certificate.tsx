import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { RouteOutput } from '../../../../contract/routes.ts';
import { useMay } from '../../../live/use-may.ts';
import { type Tagged, useTagged } from '../../../live/use-view.ts';
import { stamp } from '../../../models/base/time.ts';
import { dataOf } from '../../../models/base/view.ts';
import { Button } from '../../../parts/button.tsx';
import { ActionDialog } from '../../../parts/change.tsx';
import { FormDialog } from '../../../parts/form.tsx';
import { State } from '../../../parts/icon.tsx';
import { Facts, Section, Shown } from '../../../parts/page.tsx';
import { Versions } from '../../../parts/with-current.tsx';
import { EN } from '../../../texts/en.ts';

const TEXTS = EN.access.siteCertificate;
type Certificate = Tagged<RouteOutput<'site-certificate.show'>>;
const SET = 'regent site-certificate set --cert FILE --key FILE';

/** The certificate that browsers see, the same on all region nodes; an operator's own in its place. */
export function SiteCertificate(): JSX.Element {
  const may = useMay();
  // With what was shown as the dialog opened: another one since then is somebody else's.
  const [open, setOpen] = useState<{ readonly kind: 'set' | 'unset'; readonly before: Certificate } | null>(null);
  const shown = useTagged('site-certificate.show', {}, { nouns: ['site-certificate'] });
  const now = dataOf(shown.view);
  const begin = (kind: 'set' | 'unset') => now !== null && setOpen({ kind, before: now });
  const close = () => setOpen(null);
  const guard = open && {
    ifMatch: open.before.etag,
    changed: <Versions id="site-certificate.show" input={{}} before={open.before.body} />,
  };
  return (
    <Section title={TEXTS.title}>
      <Shown view={shown.view}>
        {({ body }) => (
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
                <Button onClick={() => begin('set')}>{TEXTS.set}</Button>{' '}
                {body.isOwn && <Button onClick={() => begin('unset')}>{TEXTS.unset}</Button>}
              </p>
            )}
          </>
        )}
      </Shown>
      {open?.kind === 'set' && (
        <FormDialog
          title={TEXTS.set}
          text={TEXTS.setText}
          id="site-certificate.set"
          {...guard}
          fields={[
            { name: 'certificate', label: TEXTS.fields.certificate, kind: 'area', help: TEXTS.certificateHelp },
            { name: 'privateKey', label: TEXTS.fields.privateKey, kind: 'area', help: TEXTS.privateKeyHelp },
          ]}
          input={({ certificate = '', privateKey = '' }) => ({ body: { certificate, privateKey } })}
          cli={() => SET}
          onClose={close}
        />
      )}
      {open?.kind === 'unset' && (
        <ActionDialog
          title={TEXTS.unset}
          text={TEXTS.unsetText}
          id="site-certificate.unset"
          input={{}}
          {...guard}
          cli="regent site-certificate unset"
          onClose={close}
        />
      )}
    </Section>
  );
}
