import type { Message } from './read.ts';

/** Words in one sentence of a message (style: at most 25). */
export const WORDS_MOST = 25;
/** Characters of a message that is not the help of a command. */
export const CHARACTERS_MOST = 250;

/** What a message must not have. `left`: how many messages still have it; the number may only fall. */
export interface MessageRule {
  readonly name: string;
  readonly left: number;
  readonly isBroken: (message: Message) => boolean;
}

/** Units that a number has in front of it whatever the number: they are no things that are counted one by one. */
const UNITS =
  /^(?:ms|bytes|characters|octets|bits|seconds|minutes|hours|days|times|is|has|was|does|says|gets|serves|as|this|lies|of)$/;
const COUNT = /(?<!\bof)(?:^|[ (,;:])\{(?:length|size|count|number|\w+Count)\} (\w+s)\b/g;

/** The rules of style that can be judged from the text alone. */
export const RULES: readonly MessageRule[] = [
  {
    name: 'a sentence of more than 25 words',
    left: 3,
    isBroken: ({ text }) => sentencesOf(text).some((sentence) => wordsIn(sentence) > WORDS_MOST),
  },
  {
    name: 'more than 250 characters',
    left: 3,
    isBroken: ({ kind, text }) => kind !== 'help' && text.replace(/\{\w+\}/g, 'x').length > CHARACTERS_MOST,
  },
  { name: '"alone" in place of "only"', left: 24, isBroken: ({ text }) => /\balone\b(?!\})/.test(text) },
  { name: '"anew" in place of "again"', left: 2, isBroken: ({ text }) => /\banew\b/.test(text) },
  {
    name: '"too" before a comma or at the start',
    left: 0,
    isBroken: ({ text }) => /(?:^|[.!?] )Too (?!many|few|much)|, too,/.test(text),
  },
  { name: 'a short form in place of "cannot" or "do not"', left: 0, isBroken: ({ text }) => /n['’]t\b/.test(text) },
  {
    name: 'a plural whatever the number is',
    left: 17,
    isBroken: ({ text }) => Array.from(text.matchAll(COUNT)).some(([, noun = '']) => !UNITS.test(noun)),
  },
];

/** Messages that break a rule. Pure. */
export function breaking({ isBroken }: MessageRule, messages: readonly Message[]): readonly Message[] {
  return messages.filter(isBroken);
}

/** A line break ends a sentence, as it does in the help of a command. */
function sentencesOf(text: string): readonly string[] {
  return text.split(/(?<=[.!?])\s+|\\n/);
}

function wordsIn(sentence: string): number {
  return sentence.split(' ').filter((word) => /\w/.test(word)).length;
}
