/** Every event of every layer, as one closed union: what `app.events` and the dev tools tell. */
import type { BridgeEvent } from '../../bridge/protocol/index.ts';
import type { TransportEvent } from '../../bridge/transport/index.ts';
import type { SupervisorEvent } from '../../supervisors/index.ts';
import type { CoreEvent, FaultEvent } from '../core/index.ts';
import type { StateEvent } from '../state/index.ts';
import type { WorkerEvent } from '../worker/index.ts';
import type { ContextEvent } from './context-actor.ts';
import type { ProgramSystemEvent } from './program-events.ts';

export type SystemEvent =
  | CoreEvent
  | FaultEvent
  | SupervisorEvent
  | TransportEvent
  | WorkerEvent
  | StateEvent
  | BridgeEvent
  | ContextEvent
  | ProgramSystemEvent;
