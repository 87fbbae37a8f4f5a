import type { ResourceText } from '../base/parse.ts';

/** Resources of MAAS's API about people: names and parameters are those of MAAS. `parse.ts` describes the form of a line. */
export const PEOPLE: readonly ResourceText[] = [
  {
    name: 'Account',
    path: 'account/',
    about: 'The account of the caller.',
    operations: [
      'POST create_authorisation_token | name | Create an API key; its secret is in this answer and nowhere else.',
      'POST delete_authorisation_token =204 | token_key! | Revoke an API key.',
      'GET list_authorisation_tokens |  | List the API keys of the caller, without their secrets.',
      'POST update_token_name =202 | token! name! | Rename an API key.',
    ],
  },
  {
    name: 'SSLKey',
    path: 'account/prefs/sslkeys/{id}/',
    about: 'SSL keys of the caller.',
    operations: ['GET read |  | Show an SSL key.', 'DELETE delete |  | Delete an SSL key.'],
  },
  {
    name: 'SSLKeys',
    path: 'account/prefs/sslkeys/',
    about: 'SSL keys of the caller.',
    operations: ['GET read |  | List SSL keys of the caller.', 'POST create =201 | key! | Create an SSL key.'],
  },
  {
    name: 'SSHKey',
    path: 'account/prefs/sshkeys/{id}/',
    about: 'SSH keys of the caller.',
    operations: ['GET read |  | Show an SSH key.', 'DELETE delete |  | Delete an SSH key.'],
  },
  {
    name: 'SSHKeys',
    path: 'account/prefs/sshkeys/',
    about: 'SSH keys of the caller.',
    operations: [
      'GET read |  | List SSH keys of the caller.',
      'POST create =201 | key! user | Create an SSH key.',
      'POST import | keysource! | Import from the given source.',
    ],
  },
  {
    name: 'Users',
    path: 'users/',
    about: 'Users.',
    operations: [
      'GET read |  | List users.',
      'POST create | username! email password! is_superuser:boolean! key | Create a user.',
      'GET whoami |  | Show who the caller is.',
    ],
  },
  {
    name: 'User',
    path: 'users/{username}/',
    about: 'Users.',
    operations: ['GET read |  | Show a user.', 'DELETE delete | transfer_resources_to | Delete a user.'],
  },
];
