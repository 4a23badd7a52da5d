/** A live tree that goes on in a simulated world. */
export { sequenceDiagram } from '../trace/diagram.ts';
export type { SandboxNote } from './capture.ts';
export {
  type SandboxActor,
  type SandboxMessage,
  type SandboxOptions,
  type SandboxReply,
  type SandboxResult,
  sandbox,
} from './sandbox.ts';
