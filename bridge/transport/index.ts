/** Layer 1: bytes between the host and its workers. Knows exchanges, payloads and nothing of what they mean. */
export type { Batch, Carrier, CarrierEvents, Listen, Listener, ListenerEvents, Refusal } from './carrier.ts';
export type { TransportEvent } from './events.ts';
export { type Frame, FrameSchema } from './gen/workers_pb.js';
export { type GrpcListenOptions, grpcListen } from './grpc.ts';
export type { HttpHandler, HttpRequest, HttpResponse } from './http-entry.ts';
export { type RefusalCode, refuse } from './http-refusal.ts';
export { type JoinToken, type JoinTokenOptions, JoinTokens } from './join-tokens.ts';
export { defaultLimits, type Limits, limitsOf, protocolVersion } from './limits.ts';
export { type LinksOptions, type LinksRef, links, linksRef } from './links.ts';
export type { LinksStatus } from './links-table.ts';
export { type CarrierName, listenOn } from './listen-on.ts';
export { MemoryCarrier, MemoryNetwork, type MemorySpill } from './memory.ts';
export type {
  Acknowledge,
  Admit,
  Adopt,
  Delivery,
  Expect,
  Forget,
  Happening,
  JoinRequest,
  Open,
  Post,
  StreamNotice,
  Subscribe,
  TurnAway,
  Write,
} from './messages.ts';
export { openExchange } from './open-exchange.ts';
export { privateFolder } from './private-folder.ts';
export {
  formatIdentity,
  identityOf,
  isGone,
  type ProcessIdentity,
  parseIdentity,
  parseStat,
  startOf,
} from './process-identity.ts';
export {
  type PublicAddress,
  type PublicInput,
  type PublicOptions,
  publicListener,
  type Stopping,
  stopMs,
  validatePublic,
} from './public-listener.ts';
export { sameSecret } from './same-secret.ts';
export { type StreamBound, StreamFullError } from './stream-full.ts';
export { type ClientTlsOptions, isLoopback, readClientTls, refusePlainText, type TlsOptions } from './tls.ts';
export { type UnixListenOptions, unixListen, unixScheme } from './unix-socket.ts';
export { isOwnVersion, libraryVersion, VersionMismatchError } from './version.ts';
export { WireReader } from './wire-reader.ts';
