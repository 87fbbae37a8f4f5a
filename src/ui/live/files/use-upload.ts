import { useEffect, useRef, useState } from 'preact/hooks';
import type { Problem } from '../../../contract/base/common.ts';
import { ProblemError } from '../../../contract/base/wire/transport.ts';
import { type Upload, uploadManifest } from '../../models/images/images.ts';
import { createSha256 } from '../../models/images/sha256.ts';
import { useLive } from '../live.ts';
import type { Interruption } from './upload.ts';

/** The state of an upload, in bytes. `digest`: of the image, once the site knows it. */
export type UploadState =
  | { readonly kind: 'form' }
  | { readonly kind: 'hashing'; readonly done: number; readonly size: number }
  | {
      readonly kind: 'sending';
      readonly done: number;
      readonly size: number;
      readonly interruption: Interruption | null;
    }
  | { readonly kind: 'done'; readonly digest: string }
  | { readonly kind: 'stopped' }
  | { readonly kind: 'refused'; readonly problem: Problem }
  | { readonly kind: 'broken'; readonly why: string };

/** Uploads a file: computes its digest, then sends the bytes that the site does not have. */
export function useUpload(): {
  readonly state: UploadState;
  begin(file: File, request: Omit<Upload, 'size' | 'sha256'>): void;
  stop(): void;
} {
  const live = useLive();
  const [state, setState] = useState<UploadState>({ kind: 'form' });
  const running = useRef<AbortController | null>(null);
  useEffect(() => () => running.current?.abort(), []);

  const run = async (file: File, request: Omit<Upload, 'size' | 'sha256'>, signal: AbortSignal) => {
    const { size } = file;
    const show = (next: UploadState) => {
      if (!signal.aborted) setState(next);
    };
    const sha256 = await digestOf(file, signal, (done) => show({ kind: 'hashing', done, size }));
    const { file: name, manifest } = uploadManifest({ ...request, size, sha256 });
    const { body } = await live.calls.change.call('image.create', { body: { manifest } }, { signal });
    let sent = 0;
    await live.calls.sendFile({
      image: body.image.digest,
      name,
      file,
      signal,
      onSent: (done) => {
        sent = done;
        show({ kind: 'sending', done, size, interruption: null });
      },
      onInterruption: (interruption) => {
        sent = interruption.at ?? sent;
        show({ kind: 'sending', done: sent, size, interruption });
      },
    });
    show({ kind: 'done', digest: body.image.digest });
  };

  return {
    state,
    begin(file, request) {
      running.current?.abort();
      const own = new AbortController();
      running.current = own;
      run(file, request, own.signal).catch((error: unknown) => {
        if (own.signal.aborted) return;
        if (error instanceof ProblemError) setState({ kind: 'refused', problem: error.problem });
        else setState({ kind: 'broken', why: error instanceof Error ? error.message : String(error) });
      });
    },
    stop() {
      running.current?.abort();
      setState({ kind: 'stopped' });
    },
  };
}

const REPORT_EVERY_BYTES = 16 * 1024 * 1024;
const READ = 4 * 1024 * 1024;

async function digestOf(file: Blob, signal: AbortSignal, onProgress: (done: number) => void): Promise<string> {
  const hash = createSha256();
  onProgress(0);
  for (let at = 0; at < file.size; at += READ) {
    signal.throwIfAborted();
    // Between two reads the page handles other work.
    hash.update(new Uint8Array(await file.slice(at, at + READ).arrayBuffer()));
    if (at % REPORT_EVERY_BYTES === 0) onProgress(at);
  }
  return hash.digest();
}
