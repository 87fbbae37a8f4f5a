/** How the objects of a noun stand in a configuration file (export-kinds.ts). */
export interface FileRules {
  /** Members that together name an object. */
  readonly identity: readonly string[];
  /** Members that name an object, or a list of objects, of another noun. */
  readonly refersTo: Readonly<Record<string, string>>;
  /** Nouns whose objects come first, although no member names them. */
  readonly after?: readonly string[];
  /** Members that need other objects: they are set when all objects are there; a flag is switched off before the first one goes. */
  readonly late?: readonly string[];
  /** State that counts when an object is made, and never afterwards: an apply leaves that of an object that is there. */
  readonly once?: readonly string[];
}
