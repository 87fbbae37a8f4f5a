import { repeated } from './command-texts.ts';

/** `--dhcp-option`, of whatever may have some. */
export const DHCP_OPTION = repeated(
  'option|none',
  'further DHCP options: NAME=VALUE, CODE:TYPE=VALUE (224 to 254), 43.CODE:TYPE=VALUE; replaces all earlier ones; may be repeated',
  'dhcp-option',
);
