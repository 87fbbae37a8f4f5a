import { conflict, invalid, reference, type Sentence } from '../declared/sentence.ts';

/** Constraints about people, and the sentence for the operator. */
export const PEOPLE_SENTENCES: Readonly<Record<string, Sentence>> = {
  users_email_grammar: invalid('The address is not usable. Rule: at most 254 characters without blanks.', 'email'),
  notifications_ident_unique: conflict('Another note has this ident already.', 'ident'),
  notifications_ident_grammar: invalid(
    'An ident has 1–40 letters, digits and . _ : / -, a letter or digit first.',
    'ident',
  ),
  notifications_category_known: invalid('The category is unknown. Rule: error, warning, success or info.', 'category'),
  notifications_message_size: invalid('A message has 1 to 4000 characters.', 'message'),
  notifications_context_shape: invalid('The context is too long. Rule: at most 16384 characters as JSON.', 'context'),
  notifications_user: reference('user', 'notes'),
  notification_dismissals_notification: reference('notification', 'who dismissed it'),
  notification_dismissals_user: reference('user', 'notes that were dismissed'),
  files_owner: reference('user', 'files'),
  files_once: conflict('You have a file of this name already.', 'file'),
  files_key_unique: conflict('Another file got the same key at the same moment. Try again.'),
  files_key_grammar: invalid('The key of a file has 32 digits, 0–9 and a–f.', 'key'),
  files_name_grammar: invalid('A file has a name of 1 to 255 characters, none of them a control character.', 'file'),
  files_content_size: invalid('The file is too large. Rule: at most 3145728 bytes.', 'content'),
  users_have_machines: {
    code: 'in_use',
    text: '{}. Rule: an allocated machine or device keeps an owner; release it, or use --transfer-to USER.',
  },
  users_pkey: conflict('A user with the name {} exists already.', 'name'),
  users_name_unique: conflict(
    'A user with this name exists already. Rule: upper and lower case make no difference.',
    'name',
  ),
  users_name_grammar: invalid(
    'A user’s name is 1–150 letters, digits and . _ @ + -, starting with a letter or a digit.',
    'name',
  ),
  users_role_known: invalid('The role is unknown. Rule: admin, operator, user or auditor.', 'role'),
  api_keys_pkey: conflict('An API key with this token exists already.'),
  api_keys_user: reference('user', 'API keys'),
  api_keys_consumer_grammar: invalid('An API key’s consumer is 1–64 letters and digits.'),
  api_keys_token_grammar: invalid('An API key’s token is 1–64 letters and digits.'),
  api_keys_label_grammar: invalid('A key’s label has at most 200 characters and no control characters.', 'label'),
  api_keys_secret_hashed: invalid('A key’s secret is stored as SHA-256.'),
  ssh_keys_once: conflict('The user has this SSH key already. Rule: a user has each key once.', 'key'),
  ssh_keys_user: reference('user', 'SSH keys'),
  ssh_keys_type_known: invalid('The type of the SSH key is unknown.', 'key'),
  ssh_keys_data_grammar: invalid('The SSH key is not base64 of a key.', 'key'),
  ssh_keys_comment_grammar: invalid(
    'The comment of an SSH key has at most 256 characters and no control characters.',
    'key',
  ),
  ssh_keys_source_grammar: invalid('The source of an SSH key is lp:NAME or gh:NAME.', 'source'),
  ssh_keys_bits_range: invalid('An SSH key has 256 to 16384 bits.', 'key'),
};
