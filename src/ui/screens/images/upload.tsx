import type { JSX, TargetedSubmitEvent } from 'preact';
import { useState } from 'preact/hooks';
import type { Interruption } from '../../live/files/upload.ts';
import { useUpload, type UploadState } from '../../live/files/use-upload.ts';
import { linkTo } from '../../models/base/address.ts';
import { sizeText } from '../../models/base/size.ts';
import { formatOf, packingOf } from '../../models/images/images.ts';
import { quoted } from '../../models/base/command-text.ts';
import { Copy } from '../../parts/copy.tsx';
import { Dialog } from '../../parts/dialog.tsx';
import type { Values } from '../../models/base/typed.ts';
import { Button } from '../../parts/button.tsx';
import { Field } from '../../parts/field.tsx';
import { Refusal } from '../../parts/page.tsx';
import { LATE as EN } from '../../texts/late.ts';

const TEXTS = EN.images.upload;
const HEAD_BYTES = 8;

/** Uploads an image: a file of this computer's. */
export function UploadDialog({ onClose }: { readonly onClose: () => void }): JSX.Element {
  const upload = useUpload();
  const [file, setFile] = useState<File | null>(null);
  const [wrong, setWrong] = useState('');
  const [values, setValues] = useState<Values>({ architecture: 'amd64', format: 'tar', cloudInit: 'yes', name: '' });
  const set = (name: string) => (value: string) => setValues((now) => ({ ...now, [name]: value }));
  const { state } = upload;
  const isRunning = state.kind === 'hashing' || state.kind === 'sending';
  const choose = (chosen: File | null) => {
    setFile(chosen);
    setWrong('');
    const format = chosen && formatOf(chosen.name);
    if (format) set('format')(format);
  };
  const begin = async () => {
    if (file === null) return setWrong(TEXTS.noFile);
    if (file.size === 0) return setWrong(TEXTS.empty);
    const packing = packingOf(new Uint8Array(await file.slice(0, HEAD_BYTES).arrayBuffer()));
    if (packing === 'qcow2') return setWrong(TEXTS.qcow2);
    setWrong('');
    upload.begin(file, {
      name: values['name'] ?? '',
      architecture: values['architecture'] ?? '',
      format: values['format'] === 'raw' ? 'raw' : 'tar',
      packing,
      hasCloudInit: Boolean(values['cloudInit']),
    });
  };
  const submit = (event: TargetedSubmitEvent<HTMLFormElement>) => {
    event.preventDefault();
    void begin();
  };
  const shared = { values, isFixed: isRunning, set };
  return (
    <Dialog title={TEXTS.title} onClose={onClose}>
      <p>{TEXTS.text}</p>
      <form class="fields" onSubmit={submit}>
        <label class="field">
          <span>{TEXTS.file}</span>
          <input
            type="file"
            disabled={isRunning}
            aria-describedby="upload-wrong"
            onChange={(event) => choose(event.currentTarget.files?.[0] ?? null)}
          />
          <span id="upload-wrong" class="wrong" role="alert">
            {wrong}
          </span>
        </label>
        <Fields {...shared} />
        <Progress state={state} />
        <Copy
          text={`regent image upload ${quoted(file?.name ?? 'FILE')} --name ${quoted(values['name'] || 'NAME')} --architecture ${values['architecture']}`}
        />
        <footer>
          <Button onClick={onClose}>{state.kind === 'done' ? EN.close : EN.cancel}</Button>
          {isRunning ? (
            <Button onClick={() => upload.stop()}>{TEXTS.stop}</Button>
          ) : (
            state.kind !== 'done' && (
              <button type="submit" class="main">
                {TEXTS.begin}
              </button>
            )
          )}
        </footer>
      </form>
    </Dialog>
  );
}

function Fields(props: {
  readonly values: Values;
  readonly isFixed: boolean;
  readonly set: (name: string) => (value: string) => void;
}): JSX.Element {
  const { values, isFixed, set } = props;
  const field = (name: string) => ({ value: values[name] ?? '', problem: null, isFixed, onInput: set(name) });
  return (
    <>
      <Field field={{ name: 'name', label: TEXTS.name }} {...field('name')} />
      <Field
        field={{
          name: 'architecture',
          label: TEXTS.architecture,
          kind: 'choice',
          choices: [
            ['amd64', 'amd64'],
            ['arm64', 'arm64'],
          ],
        }}
        {...field('architecture')}
      />
      <Field
        field={{
          name: 'format',
          label: TEXTS.format,
          kind: 'choice',
          choices: [
            ['tar', TEXTS.formats.tar],
            ['raw', TEXTS.formats.raw],
          ],
        }}
        {...field('format')}
      />
      <Field field={{ name: 'cloudInit', label: TEXTS.cloudInit, kind: 'check' }} {...field('cloudInit')} />
    </>
  );
}

function interruptionText({ at, reason }: Interruption): string {
  if (at === null) return TEXTS.interrupted(reason);
  return at === 0 ? TEXTS.restarting : TEXTS.continuing(sizeText(at, 1024));
}

function Progress({ state }: { readonly state: UploadState }): JSX.Element {
  if (state.kind === 'form') return <p class="faint">{TEXTS.resumes}</p>;
  if (state.kind === 'refused') return <Refusal problem={state.problem} />;
  if (state.kind === 'broken') return <p class="waiting">{state.why}</p>;
  if (state.kind === 'stopped') return <p role="status">{TEXTS.stopped}</p>;
  if (state.kind === 'done')
    return (
      <p role="status">
        {TEXTS.done} <a href={linkTo(['images', state.digest])}>{state.digest.slice(0, 12)}</a>
      </p>
    );
  const [done, all] = [sizeText(state.done, 1024), sizeText(state.size, 1024)];
  const text =
    state.kind === 'hashing'
      ? TEXTS.hashing(done, all)
      : state.done >= state.size
        ? TEXTS.looking
        : TEXTS.sending(done, all);
  return (
    <div>
      <p class="progress" role="status">
        <progress max={state.size} value={state.done} aria-label={text} /> {text}
      </p>
      {state.kind === 'sending' && state.interruption && <p class="waiting">{interruptionText(state.interruption)}</p>}
    </div>
  );
}
