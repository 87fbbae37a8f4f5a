import { BMC } from './machines/bmc.ts';
import { BOOT_SOURCE } from './images/boot-source.ts';
import { CONTACT } from './people/contact.ts';
import { FABRIC } from './networks/fabric.ts';
import { DHCP_SNIPPET } from './networks/dhcp-snippet.ts';
import { PACKAGE_REPOSITORY } from './images/package-repository.ts';
import { RESOURCE_POOL } from './machines/resource-pool.ts';
import { SPACE } from './networks/space.ts';
import { STATIC_ROUTE } from './networks/static-route.ts';
import { TAG } from './machines/tag.ts';
import { TSIG_KEY } from './names/tsig-key.ts';
import { ZONE } from './machines/zone.ts';

/** Every declared noun, in the order of the API's document and the command line's help. Adding one is one line here. */
export const NOUNS = [
  FABRIC,
  SPACE,
  TAG,
  TSIG_KEY,
  DHCP_SNIPPET,
  BMC,
  ZONE,
  RESOURCE_POOL,
  BOOT_SOURCE,
  STATIC_ROUTE,
  PACKAGE_REPOSITORY,
  CONTACT,
] as const;

/** One of the declared nouns. */
export type Declared = (typeof NOUNS)[number];
export type DeclaredNoun = Declared['noun'];

/** The declaration of a noun by its name. */
export type DeclarationOf<N extends DeclaredNoun> = Extract<Declared, { readonly noun: N }>;
