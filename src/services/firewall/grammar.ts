import type { FileGrammar } from '../kit/grammar/grammar.ts';
import { ADDRESS, MARK, NUMBER } from '../kit/grammar/patterns.ts';

/** nft runs with rights, and would read any file that an `include` names. */
export const NFT_GRAMMAR: FileGrammar = {
  names: 'regent\\.nft',
  values: {
    mark: MARK,
    members4: ADDRESS,
    members6: ADDRESS,
    nodes4: ADDRESS,
    nodes6: ADDRESS,
    'partners.family': 'ip6?',
    'partners.address': ADDRESS,
    'partners.port': NUMBER,
    'calls.family': 'ip6?',
    'calls.address': ADDRESS,
    'calls.port': NUMBER,
    'calls.partnerPort': NUMBER,
  },
};
