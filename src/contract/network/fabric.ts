import Type, { type Static } from 'typebox';
import { Id, listQuery, page, strict, text } from '../common.ts';

/** A fabric: switches that share their VLAN numbers. A new one has its untagged VLAN. */
export const Fabric = strict({ id: Id, name: Type.String(), vlans: Type.Integer({ description: 'VLANs of it' }) });
export type Fabric = Static<typeof Fabric>;

export const FabricCreate = strict({ name: text(64) });
export const FabricSet = strict({ name: Type.Optional(text(64)) });
export const FabricParams = strict({ fabric: text(64, 'id or name') });
export const FabricListQuery = listQuery({ name: Type.Optional(text(64, 'part of the name')) }, ['id', 'name']);
export const FabricPage = page(Fabric);

/** A space: VLANs that may route to each other. */
export const Space = strict({ id: Id, name: Type.String(), vlans: Type.Integer({ description: 'VLANs in it' }) });
export type Space = Static<typeof Space>;

export const SpaceCreate = strict({ name: text(64) });
export const SpaceSet = strict({ name: Type.Optional(text(64)) });
export const SpaceParams = strict({ space: text(64, 'id or name') });
export const SpaceListQuery = listQuery({ name: Type.Optional(text(64, 'part of the name')) }, ['id', 'name']);
export const SpacePage = page(Space);
