import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { Problem } from '../../../../contract/base/common.ts';
import { ProblemError } from '../../../../contract/base/wire/transport.ts';
import { useLive } from '../../../live/live.ts';
import { saveText } from '../../../live/files/save-text.ts';
import { Refusal, Section } from '../../../parts/page.tsx';
import { LATE as EN } from '../../../texts/late.ts';

const TEXTS = EN.drills.round;
const FORMATS = {
  html: ['html', 'text/html'],
  junit: ['xml', 'application/xml'],
  text: ['txt', 'text/plain'],
  json: ['json', 'application/json'],
} as const;
type Format = keyof typeof FORMATS;

/** The report of a round: opened in another tab, or saved as a file. */
export function Report({ round }: { readonly round: string }): JSX.Element {
  const { calls } = useLive();
  const [state, setState] = useState<'ready' | 'requested' | Problem>('ready');
  const save = async (format: Format) => {
    setState('requested');
    try {
      const text =
        format === 'json'
          ? JSON.stringify((await calls.read.call('drill.show', { params: { round } })).body, null, 2)
          : (await calls.read.call('drill.report', { query: { round, format } })).body.text;
      const [ending, type] = FORMATS[format];
      saveText(`drill-${round}.${ending}`, type, text);
      setState('ready');
    } catch (error) {
      setState(error instanceof ProblemError ? error.problem : unanswered(error));
    }
  };
  return (
    <Section title={TEXTS.report} note={TEXTS.reportNote}>
      <div class="actions">
        <a href={`/api/v1/drills/report?round=${round}&format=html`} target="_blank" rel="noopener noreferrer">
          {TEXTS.open}
        </a>
        {(Object.keys(FORMATS) as Format[]).map((format) => (
          <button key={format} type="button" disabled={state === 'requested'} onClick={() => void save(format)}>
            {TEXTS.download} {TEXTS.formats[format]}
          </button>
        ))}
      </div>
      {state === 'requested' && <p role="status">{TEXTS.preparing}</p>}
      {typeof state === 'object' && <Refusal problem={state} />}
    </Section>
  );
}

function unanswered(error: unknown): Problem {
  const detail = error instanceof Error ? error.message : String(error);
  return { type: 'about:blank', title: '', status: 503, code: 'unavailable', detail, requestId: '' };
}
