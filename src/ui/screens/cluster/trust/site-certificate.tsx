import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { RouteOutput } from '../../../../contract/routes.ts';
import { useMay } from '../../../live/use-may.ts';
import { type Tagged, useTagged } from '../../../live/use-view.ts';
import { stamp } from '../../../models/base/time.ts';
import { dataOf } from '../../../models/base/view.ts';
import { ActionDialog } from '../../../parts/change.tsx';
import { FormDialog } from '../../../parts/form.tsx';
import { State } from '../../../parts/icon.tsx';
import { Facts, Section, Shown } from '../../../parts/page.tsx';
import { Versions } from '../../../parts/with-current.tsx';
import { EN } from '../../../words/en.ts';

const WORDS = EN.access.siteCertificate;
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
    <Section title={WORDS.title}>
      <Shown view={shown.view}>
        {({ body }) => (
          <>
            {body.warnings.map((sentence) => (
              <p key={sentence}>
                <State tone="warn" word={sentence} />
              </p>
            ))}
            <Facts
              rows={[
                [WORDS.of, body.isOwn ? WORDS.own : WORDS.cluster],
                [WORDS.names, body.names.join(', ')],
                [WORDS.ends, stamp(body.notAfter)],
                [WORDS.issuer, body.issuer],
                [WORDS.fingerprint, <code key="fingerprint">{body.fingerprint}</code>],
              ]}
            />
            {may.administer && (
              <p>
                <button type="button" onClick={() => begin('set')}>
                  {WORDS.set}
                </button>{' '}
                {body.isOwn && (
                  <button type="button" onClick={() => begin('unset')}>
                    {WORDS.unset}
                  </button>
                )}
              </p>
            )}
          </>
        )}
      </Shown>
      {open?.kind === 'set' && (
        <FormDialog
          title={WORDS.set}
          text={WORDS.setText}
          id="site-certificate.set"
          {...guard}
          fields={[
            { name: 'certificate', label: WORDS.fields.certificate, kind: 'area', help: WORDS.certificateHelp },
            { name: 'privateKey', label: WORDS.fields.privateKey, kind: 'area', help: WORDS.privateKeyHelp },
          ]}
          input={({ certificate = '', privateKey = '' }) => ({ body: { certificate, privateKey } })}
          cli={() => SET}
          onClose={close}
        />
      )}
      {open?.kind === 'unset' && (
        <ActionDialog
          title={WORDS.unset}
          text={WORDS.unsetText}
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
