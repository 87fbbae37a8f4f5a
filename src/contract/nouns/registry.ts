import { BMC } from './bmc.ts';
import { BOOT_SOURCE } from './boot-source.ts';
import { FABRIC } from './fabric.ts';
import { DHCP_SNIPPET } from './dhcp-snippet.ts';
import { PACKAGE_REPOSITORY } from './package-repository.ts';
import { RESOURCE_POOL } from './resource-pool.ts';
import { SPACE } from './space.ts';
import { STATIC_ROUTE } from './static-route.ts';
import { TAG } from './tag.ts';
import { TSIG_KEY } from './tsig-key.ts';
import { ZONE } from './zone.ts';

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
] as const;

/** One of the declared nouns. */
export type Declared = (typeof NOUNS)[number];
export type DeclaredNoun = Declared['noun'];

/** The declaration of a noun by its name. */
export type DeclarationOf<N extends DeclaredNoun> = Extract<Declared, { readonly noun: N }>;
