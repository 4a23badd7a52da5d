/** A TypeScript tool as a context offers it that has no middleware. */

import { type DefinedTool, type LocalTool, offerOf } from '../../actors/context/local-tool.ts';
import { Chain } from '../../actors/context/middleware/index.ts';
import { Surrounding } from '../../actors/context/surrounding.ts';
import type { ActorSystem } from '../../actors/core/index.ts';
import type { ToolOffer } from '../../actors/state/index.ts';

const nothing = new Surrounding(new Chain(), 'c', {} as ActorSystem);

export const offerOfTool = (name: string, one: LocalTool | DefinedTool): ToolOffer => offerOf(name, one, nothing);
