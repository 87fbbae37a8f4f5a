import { conflict, invalid, reference, type Sentence } from '../declared/sentence.ts';

/** Constraints about names, and the sentence for the operator. */
export const NAMES_SENTENCES: Readonly<Record<string, Sentence>> = {
  tsig_secrets_pkey: conflict('The key got another secret at the same moment.', 'secret'),
  tsig_secrets_grammar: invalid('The secret is not base64 of 16 to 64 bytes.', 'secret'),
  records_written_grammar: invalid('The data is not usable. Rule: no control characters.', 'data'),
  domains_forward_few: invalid('A domain names at most 8 servers that answer for it.', 'forwardTo'),
  domains_forward_grammar: invalid('A name server is ADDRESS or ADDRESS:PORT.', 'forwardTo'),
  domains_forward_elsewhere: invalid(
    'A domain that this site serves names no other servers. Rule: only with authoritative off.',
    'forwardTo',
  ),
  domains_transfer_few: invalid('A domain names at most 8 servers that copy it.', 'transferTo'),
  domains_name_unique: conflict('The domain {} exists already.', 'name'),
  domains_name_grammar: invalid('The domain’s name breaks the grammar of RFC 1123, or is a reverse zone.', 'name'),
  domains_no_special_name: invalid('{}. Rule: a site does not use a name with a special use (RFC 6761).', 'name'),
  domains_ttl_range: invalid('The TTL is out of range. Rule: 1 to 604800 seconds.', 'ttl'),
  records_domain: reference('domain', 'records'),
  records_name_grammar: invalid('The record’s name breaks the grammar of RFC 1123.', 'name'),
  records_type_known: invalid('The record type is unknown. Rule: A, AAAA, CNAME, MX, NS, SRV, SSHFP or TXT.', 'type'),
  records_data_grammar: invalid('The data does not fit the record type.', 'data'),
  records_cname_not_at_domain: conflict('A CNAME cannot stand at the domain itself. Rule: RFC 1034 §3.6.2.', 'name'),
  names_one_owner: conflict('{}. Rule: a name belongs to one of node, machine and reserved address.', 'name'),
  names_in_longest_domain: conflict(
    '{}. Rule: a name lies in the longest domain that holds it; move or delete it first.',
    'name',
  ),
  names_length: invalid('{}. Rule: a full name has at most 253 characters (RFC 1035 §3.1).', 'name'),
  records_cname_alone: conflict('{}. Rule: a CNAME is the only data of its name (RFC 1034 §3.6.2).', 'name'),
  records_cname_loop: conflict('{}. Rule: a chain of CNAMEs ends at a name that is not a CNAME.', 'data'),
  names_delegated: conflict(
    '{}. Rule: at and below a name with NS records only the name servers of such records have addresses here (RFC 1034 §4.2.1).',
    'name',
  ),
  records_ttl_range: invalid('The TTL is out of range. Rule: 1 to 604800 seconds.', 'ttl'),
  records_unique: conflict('The same record exists already.'),
};
