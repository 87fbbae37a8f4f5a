import { AppError } from '../core/errors.ts';
import { compileTemplate, type Template } from '../template/handlebars.ts';
import type { Architecture, Firmware, Loader } from './client.ts';
import type { BootDecision } from './decide.ts';

/** Template texts by path below `templates/`. */
export type BootTemplates = Readonly<Record<string, string>>;

/** What a script is written for. */
export interface ScriptTarget {
  readonly loader: Loader;
  readonly architecture: Architecture;
  readonly firmware: Firmware;
}

/** Characters of a reason on a console; one that is longer is cut. */
const REASON_MAX = 300;
const EFI_FILES: Readonly<Record<Architecture, { readonly plain: string; readonly shim: string }>> = {
  amd64: { plain: 'BOOTX64.EFI', shim: 'shimx64.efi' },
  arm64: { plain: 'BOOTAA64.EFI', shim: 'shimaa64.efi' },
};

/** The script of a decision. Throws AppError `template` (or what the view's guard throws) for what no script can say. */
export function renderScript(decision: BootDecision, target: ScriptTarget, templates: BootTemplates): string {
  const { kind } = decision;
  return render(`${target.loader}-${kind}`, viewOf(decision, target), templates);
}

/** The script that DHCP names to iPXE, alike for all machines: it asks for their own. What UEFI loaders ask for first comes by TFTP (`templates/tftp`). */
export const renderAsk = (templates: BootTemplates): string => render('ipxe-ask', {}, templates);

/**
 * A sentence as every console can print it: printable ASCII that neither iPXE nor GRUB gives a meaning to; anything else is shown as `?`.
 */
export function forConsole(text: string): string {
  const plain = text
    .slice(0, REASON_MAX)
    .replaceAll('"', '')
    .replaceAll(/[^A-Za-z0-9 ._:/,()=?!%@+-]/g, '?')
    .replaceAll(/ -+/g, ' ')
    .trimEnd();
  return /^[A-Za-z0-9]/.test(plain) ? plain : `it says ${plain.replace(/^[ -]+/, '')}`;
}

function viewOf(decision: BootDecision, { architecture, firmware, loader }: ScriptTarget): object {
  const reason = forConsole(decision.reason);
  const files = EFI_FILES[architecture];
  switch (decision.kind) {
    case 'kernel':
      return { reason, ...kernelView(decision, loader) };
    case 'local': {
      const efiPaths = [`/EFI/debian/${files.shim}`, `/EFI/BOOT/${files.plain}`];
      return loader === 'ipxe'
        ? { reason, isUefi: firmware === 'uefi', isArm64: architecture === 'arm64' }
        : { reason, efiPaths: firmware === 'uefi' ? efiPaths : [] };
    }
    case 'wait':
      return { reason, seconds: decision.seconds };
    case 'off':
    case 'leave':
      return { reason };
  }
}

function kernelView(
  { kernel, initrds, parameters }: Extract<BootDecision, { kind: 'kernel' }>,
  loader: Loader,
): object {
  // UEFI's stub of an older kernel finds each by its name.
  const named = initrds.map((url, index) => ({ url, name: index === 0 ? 'initrd' : `initrd${index + 1}` }));
  if (loader === 'ipxe') return { kernel, initrds: named, parameters };
  const { host, path } = hostAndPath(kernel);
  return { kernelHost: host, kernelPath: path, initrds: initrds.map(hostAndPath), parameters };
}

/** GRUB names a file on a web server as `(http,HOST:PORT)/PATH`. */
function hostAndPath(url: string): { readonly host: string; readonly path: string } {
  const { host, path } = /^http:\/\/(?<host>[^/]+)\/(?<path>.+)$/.exec(url)?.groups ?? {};
  if (host === undefined || path === undefined) throw new AppError('template', `${url} is not a file on a web server`);
  return { host, path };
}

const compiled = new WeakMap<BootTemplates, Map<string, Template>>();

/** Templates are compiled once: a thousand machines may ask within a second. */
function render(name: string, view: object, templates: BootTemplates): string {
  const made = compiled.get(templates) ?? new Map<string, Template>();
  compiled.set(templates, made);
  const template = made.get(name) ?? compile(name, templates);
  made.set(name, template);
  return template(view);
}

function compile(name: string, templates: BootTemplates): Template {
  const path = `boot/${name}.hbs`;
  const text = Object.hasOwn(templates, path) ? templates[path] : undefined;
  if (text === undefined) throw new AppError('template', `templates/${path} is missing`);
  return compileTemplate(path, text);
}
