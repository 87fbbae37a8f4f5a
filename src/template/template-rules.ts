import { BOOLEAN_NAME } from './guard.ts';

/** Helpers that a template may use: they write one value in the target's syntax. */
const VALUE_HELPERS = [
  'json',
  'jsonText',
  'word',
  'base64',
  'namedString',
  'zoneStrings',
  'bootWord',
  'consoleText',
] as const;

/** The parts of Handlebars' syntax tree that the rules check. */
type AstNode = { readonly type: string; readonly loc?: { readonly start: { readonly line: number } } };
type PathNode = AstNode & { readonly original: string; readonly data: boolean; readonly parts: readonly unknown[] };
interface HelperNode extends AstNode {
  readonly path: AstNode;
  readonly params: readonly AstNode[];
  readonly hash?: { readonly pairs: readonly unknown[] } | undefined;
}
type BlockNode = HelperNode & { readonly program?: ProgramNode; readonly inverse?: ProgramNode };
type ProgramNode = AstNode & { readonly body: readonly AstNode[]; readonly blockParams?: readonly string[] };

/**
 * The rules of templates, on the parsed text: values, `#if` and `#unless` on `has…` and `is…`, `#each` over a list, and
 * comments; nothing else. Gives one sentence per breach, with its line.
 */
export function templateBreaches(program: AstNode): readonly string[] {
  const breaches: string[] = [];
  visit(program as ProgramNode, (node, why) => breaches.push(`line ${node.loc?.start.line ?? '?'}: ${why}`));
  return breaches;
}

type Complain = (node: AstNode, why: string) => void;

function visit(program: ProgramNode, complain: Complain): void {
  if ((program.blockParams?.length ?? 0) > 0) complain(program, 'block parameters are not allowed');
  for (const node of program.body) {
    switch (node.type) {
      case 'ContentStatement':
      case 'CommentStatement':
        break;
      case 'MustacheStatement':
        checkValue(node as HelperNode, complain);
        break;
      case 'BlockStatement':
        checkBlock(node as BlockNode, complain);
        break;
      default:
        complain(node, `${node.type} is not allowed`);
    }
  }
}

function checkValue(call: HelperNode, complain: Complain): void {
  if (!isPath(call.path)) return complain(call, 'a literal is not a value');
  const name = call.path.original;
  if (hasHash(call)) complain(call, 'named arguments are not allowed');
  if (call.params.length === 0) return checkPath(call.path, complain);
  if (!VALUE_HELPERS.some((helper) => helper === name)) complain(call, `there is no helper "${name}"`);
  if (call.params.length !== 1) complain(call, `"${name}" takes one argument`);
  for (const param of call.params) checkArgument(param, complain);
}

function checkBlock(block: BlockNode, complain: Complain): void {
  const name = isPath(block.path) ? block.path.original : '';
  const [param] = block.params;
  if (block.params.length !== 1 || hasHash(block) || param === undefined) {
    complain(block, `"#${name}" takes one argument`);
  } else if (name === 'if' || name === 'unless') {
    checkArgument(param, complain);
    const last = isPath(param) ? String(param.parts.at(-1)) : '';
    if (!BOOLEAN_NAME.test(last)) complain(block, `"#${name} ${last}": only has… and is… are allowed`);
  } else if (name === 'each') {
    checkArgument(param, complain);
    if (block.inverse) complain(block, '"#each" has no else: ask has… before');
  } else {
    complain(block, `"#${name}" is not allowed`);
  }
  if (block.program) visit(block.program, complain);
  if (block.inverse) visit(block.inverse, complain);
}

function checkArgument(param: AstNode, complain: Complain): void {
  if (isPath(param)) checkPath(param, complain);
  else complain(param, `${param.type} is not allowed as an argument: the view computes`);
}

function checkPath(path: PathNode, complain: Complain): void {
  if (path.data) complain(path, `"${path.original}": "@" names are not allowed: the view computes`);
}

const isPath = (node: AstNode): node is PathNode => node.type === 'PathExpression';

const hasHash = (call: HelperNode): boolean => (call.hash?.pairs.length ?? 0) > 0;
