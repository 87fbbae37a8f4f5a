/** What a message is to its reader. `text`: a part of a message, or one whose kind its place does not say. */
export type Kind = 'refusal' | 'finding' | 'remedy' | 'help' | 'head' | 'log' | 'job' | 'status' | 'reference' | 'text';

/** Where a text stands. `names`: from the inside out: `call()`, `key:`, `constant`, `function returns`. */
export interface Context {
  readonly file: string;
  readonly names: readonly string[];
}

/** The first pattern that a name of the place fits decides; names are read from the inside out. */
const BY_NAME: readonly (readonly [RegExp, Kind | null])[] = [
  // For programs: matched, cut, run, or written for a daemon.
  [/\.(?:split|includes|startsWith|endsWith|indexOf|test|exec|match|matchAll|replace|replaceAll)\(\)$/, null],
  [/^(?:RegExp|Set|Map|parseSync|require)\(\)$/, null],
  [/^(?:args|argv|command|script|customize|sql|pattern|examples|example|seed|env):$/, null],
  [/\.(?:run|query|exec|spawn|execFile)\(\)$|^(?:spawn|exec|execFile|shell)\(\)$/, null],
  [/^(?:log|\w*[lL]og)\.(?:debug|info|warn|error|fatal)\(\)$|^(?:logOnce|warnOnce)\(\)$/, 'log'],
  [/^(?:remedy|remedies|next|instead|whatToDo)(?::|$)|^[a-z]\w*Remedy\b|^REMEDY/, 'remedy'],
  [
    /^(?:rejected|invalid|badValue|refuse|refused|refusal|conflict|clash|notFound|noSuch|unauthenticated|forbidden|usage|usageError|usable|unusable|bad|wrong|broken|damaged|complain|cannot|no|nothingToSet|fault|failed|fail|fails|unreadable|end|useless|ill|closed|Super|super)\(\)$/,
    'refusal',
  ],
  [
    /^\w*(?:Error|Problem)\(\)$|^(?:problem|rule|fields|conflict|in_use|not_found):$|^(?:rule|RULE|problem)$/,
    'refusal',
  ],
  [
    /^(?:warning|unknown|ok|raise|finding)\(\)$|\.(?:raise|warning)\(\)$|^(?:explanation|sentence|why|finding):$/,
    'finding',
  ],
  [/^(?:header|headers|heads|columns|head):$|^(?:headers|heads|HEADS|COLUMNS)$/, 'head'],
  [/^(?:help|usage|summary):$|HELP$|USAGE$|\.(?:option|description|addHelpText)\(\)$/, 'help'],
  [/^description:$/, 'reference'],
  [
    /^(?:MoveEnd|stopIfUnwanted|waitFor|save)\(\)$|\.(?:save|progress|waitFor|step)\(\)$|^(?:step|event|notification|row|label):$/,
    'job',
  ],
  [/^detail:$|\.say\(\)$|^say\(\)$|^(?:state|status|verdict|detail|note):$/, 'status'],
];

/** What the whole room writes, if no name decides. */
const BY_FILE: readonly (readonly [RegExp, Kind])[] = [
  [/^src\/contract\//, 'reference'],
  [/findings?\b|invariants\/|lint/, 'finding'],
  [/lifecycle|\/jobs\/|notification/, 'job'],
  [/status|daemon\.ts$|describe/, 'status'],
];

/** The kind of a text by its place; null: no text for people. Pure. */
export function kindOf({ file, names }: Context): Kind | null {
  for (const name of names)
    for (const [pattern, kind] of BY_NAME)
      if (pattern.test(name)) return kind === 'help' && !isOfCommand(file) ? 'reference' : kind;
  return BY_FILE.find(([pattern]) => pattern.test(file))?.[1] ?? 'text';
}

/** Commands of the host (`regent init`, `regent-lab`) have usages of their own. */
const isOfCommand = (file: string): boolean => !file.startsWith('src/contract/') && !file.startsWith('src/api/');
