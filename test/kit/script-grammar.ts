import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { CATALOGUE } from '../../src/drills/hazards/catalogue.ts';
import { chosen, parseDrillCall } from '../../src/drills/run/call.ts';
import { parseCall, USAGE } from '../../src/lab/call.ts';
import { ROOT } from './documents.ts';

/** One form of a verb of scripts/lab, as its help has it: words and alternatives as they are, `null` for a value. */
interface LabForm {
  readonly verb: string;
  readonly required: readonly (readonly string[] | null)[];
  readonly optional: number;
}

const isPlaceholder = (word: string) => /^[A-Z][A-Z_-]*$/.test(word);

/** The forms in the help of scripts/lab: `logs HOST [UNIT]`, `machine power NAME on|off|status`. */
export function labForms(usage: string = USAGE): LabForm[] {
  return usage.split('\n').flatMap((line) => {
    const form = /^ {2}([a-z].*?)(?:(?: {2,}|(?<=\]) (?=[a-z])).*)?$/.exec(line)?.[1];
    if (form === undefined) return [];
    const [head = ''] = /^(?:[a-z]+ \| )*[a-z]+/.exec(form) ?? [];
    const rest = form.slice(head.length).replaceAll(/\[-[^\]]*\]|--dhcp|-- ….*$/g, ' ');
    const optional = Array.from(rest.matchAll(/\[[A-Z]+\]/g)).length;
    const words = rest
      .replaceAll(/\[[^\]]*\]/g, ' ')
      .split(/\s+/)
      .filter((word) => word !== '');
    const required = words.map((word) => (/^[a-z]/.test(word) ? word.split('|') : null));
    return head.split(' | ').map((verb) => ({ verb, required, optional }));
  });
}

/** What is wrong with the arguments of scripts/lab; '': nothing. `isMention`: arguments may be left out. */
function complaintOfLab(argv: readonly string[], isMention: boolean): string {
  const { verb, args } = parseCall(argv.map((word) => (isPlaceholder(word) ? 'r1' : word)));
  if (verb === 'help' || verb === '') return '';
  const forms = labForms().filter((form) => form.verb === verb);
  if (forms.length === 0) return `scripts/lab has no verb "${verb}"`;
  const fits = forms.some(({ required, optional }) => {
    const isEnough = isMention || args.length >= required.length;
    const isTooMany = args.length > required.length + optional;
    return isEnough && !isTooMany && args.every((arg, index) => required[index]?.includes(arg) ?? true);
  });
  return fits ? '' : `scripts/lab ${verb} does not take "${args.join(' ')}"`;
}

function complaintOfDrill(argv: readonly string[], isMention: boolean): string {
  if (isMention && argv.length === 1 && argv[0] === 'run') return '';
  const [any = ''] = CATALOGUE.map(({ id }) => id);
  const values = argv.map((word, index) =>
    !isPlaceholder(word) ? word : index === 0 ? 'help' : argv[index - 1]?.startsWith('--') ? '1' : any,
  );
  chosen(parseDrillCall(values), CATALOGUE, CATALOGUE);
  return '';
}

/** Names that `scripts/test --only` takes: steps, projects, and parts of the paths of test files. */
function isTest(name: string): boolean {
  const steps = [...readFileSync(join(ROOT, 'test/run.ts'), 'utf8').matchAll(/\bname: '([^']+)'/g)];
  const files = readdirSync(join(ROOT, 'test'), { recursive: true, encoding: 'utf8' });
  return (
    steps.some(([, step]) => step === name) ||
    files.some((file) => file.endsWith('.test.ts') && `test/${file}`.includes(name)) ||
    existsSync(join(ROOT, 'test', name))
  );
}

function complaintOfTest(argv: readonly string[], isMention: boolean): string {
  const [option, name] = argv;
  if (option === undefined || (option === '--full' && argv.length === 1)) return '';
  if (option !== '--only' || argv.length > 2) return `scripts/test does not take "${argv.join(' ')}"`;
  if (name === undefined) return isMention ? '' : '--only needs a name';
  return isPlaceholder(name) || isTest(name) ? '' : `no step, project or test file is named "${name}"`;
}

/** Options and words of any other script must stand in its text; a path, a number or a placeholder is a value. */
function complaintOfText(script: string, argv: readonly string[]): string {
  const text = readFileSync(join(ROOT, script), 'utf8');
  const unknown = argv.find((word) => /^(?:--?)?[a-z][a-z-]*$/.test(word) && !text.includes(word));
  return unknown === undefined ? '' : `${script} does not know "${unknown}"`;
}

/** What is wrong with a command line of one of the checkout's scripts; '': nothing; null: it is none. */
export function complaintOfScript(program: string, argv: readonly string[], isMention: boolean): string | null {
  if (program === 'npm' && argv[0] === 'run') {
    const { scripts }: { scripts: Record<string, string> } = JSON.parse(
      readFileSync(join(ROOT, 'package.json'), 'utf8'),
    );
    return argv[1] !== undefined && argv[1] in scripts ? '' : `package.json has no script "${argv[1]}"`;
  }
  if (!/^scripts\/[a-z-]+$/.test(program)) return null;
  if (!existsSync(join(ROOT, program))) return `there is no ${program}`;
  // A folder has no arguments, and the words after … are left out.
  const words = argv.filter((word) => word !== '…');
  try {
    if (program === 'scripts/lab') return complaintOfLab(words, isMention || words.length < argv.length);
    if (program === 'scripts/drill') return complaintOfDrill(words, isMention);
    if (program === 'scripts/test') return complaintOfTest(words, isMention);
    return words.length === 0 ? '' : complaintOfText(program, words);
  } catch (error) {
    return (error instanceof Error ? error.message : String(error)).split('\n')[0] ?? '';
  }
}
