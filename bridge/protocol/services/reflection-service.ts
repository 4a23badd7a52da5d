/**
 * gRPC's server reflection, under both of its names: which services there are, and the files that describe them. All
 * of it is in the npm package as well, so it needs no token.
 */
import { type DescFile, type DescMessage, toBinary } from '@bufbuild/protobuf';
import { FileDescriptorProtoSchema } from '@bufbuild/protobuf/wkt';
import { Code, ConnectError, type ConnectRouter } from '@connectrpc/connect';
import { StateError } from '../../../actors/core/index.ts';
import { file_grpc_health_v1_health } from '../gen/health_pb.js';
import { file_grpc_reflection_v1_reflection, ServerReflection } from '../gen/reflection_pb.js';
import {
  file_grpc_reflection_v1alpha_reflection_v1alpha,
  ServerReflection as OlderReflection,
} from '../gen/reflection_v1alpha_pb.js';
import { file_ophion_v1_sessions } from '../gen/sessions_pb.js';
import { file_ophion_v1_tools } from '../gen/tools_pb.js';
import { file_ophion_v1_variables } from '../gen/variables_pb.js';
import { answerEach, type ServiceHost } from './host.ts';

const served: readonly DescFile[] = [
  file_ophion_v1_sessions,
  file_ophion_v1_tools,
  file_ophion_v1_variables,
  file_grpc_health_v1_health,
  file_grpc_reflection_v1_reflection,
  file_grpc_reflection_v1alpha_reflection_v1alpha,
];

/** What is asked and answered, under either name of the protocol. */
type Asked =
  | {
      readonly case: 'listServices' | 'fileByFilename' | 'fileContainingSymbol' | 'allExtensionNumbersOfType';
      readonly value: string;
    }
  | { readonly case: 'fileContainingExtension'; readonly value: { readonly containingType: string } }
  | { readonly case: undefined };
type Answer =
  | { case: 'listServicesResponse'; value: { service: { name: string }[] } }
  | { case: 'fileDescriptorResponse'; value: { fileDescriptorProto: Uint8Array[] } }
  | { case: 'allExtensionNumbersResponse'; value: { baseTypeName: string } }
  | { case: 'errorResponse'; value: { errorCode: number; errorMessage: string } };

/** Serves it on this router. */
export function reflectionServices(router: ConnectRouter, host: ServiceHost): void {
  const described = new Described(served);
  async function* info<R extends { readonly host: string; readonly messageRequest: Asked }>(
    requests: AsyncIterable<R>,
  ) {
    for await (const request of readable(requests)) {
      const messageResponse = described.answer(request.messageRequest);
      yield { validHost: request.host, originalRequest: request, messageResponse };
    }
  }
  router.service(ServerReflection, {
    serverReflectionInfo: (requests, context) => answerEach(host, context, () => info(requests)),
  });
  router.service(OlderReflection, {
    serverReflectionInfo: (requests, context) => answerEach(host, context, () => info(requests)),
  });
}

/** These requests are read while they are answered: that one is no message is its client's mistake here as well. */
async function* readable<R>(requests: AsyncIterable<R>): AsyncGenerator<R> {
  try {
    yield* requests;
  } catch (error) {
    if (!(error instanceof ConnectError) || error.code !== Code.Internal) throw error;
    throw new StateError('invalid', 'the request is no ServerReflectionRequest', { cause: error });
  }
}

class Described {
  readonly #files = new Map<string, DescFile>();
  readonly #symbols = new Map<string, DescFile>();
  readonly #services: readonly string[];

  constructor(files: readonly DescFile[]) {
    for (const file of files) this.#add(file);
    this.#services = files.flatMap(({ services }) => services.map(({ typeName }) => typeName));
  }

  answer(request: Asked): Answer {
    switch (request.case) {
      case 'listServices':
        return {
          case: 'listServicesResponse',
          value: { service: this.#services.map((name) => ({ name })) },
        };
      case 'fileByFilename':
        return this.#file(this.#files.get(request.value), request.value);
      case 'fileContainingSymbol':
        return this.#file(this.#symbols.get(request.value), request.value);
      case 'allExtensionNumbersOfType':
        // There is none in these files.
        return this.#symbols.has(request.value)
          ? { case: 'allExtensionNumbersResponse', value: { baseTypeName: request.value } }
          : failure(Code.NotFound, request.value);
      case 'fileContainingExtension':
        return failure(Code.NotFound, request.value.containingType);
      case undefined:
        return failure(Code.InvalidArgument, 'the request asks for nothing');
      default: {
        const never: never = request;
        return never;
      }
    }
  }

  #add(file: DescFile): void {
    if (this.#files.has(file.proto.name)) return;
    this.#files.set(file.proto.name, file);
    for (const service of file.services) {
      this.#symbols.set(service.typeName, file);
      for (const { name } of service.methods) this.#symbols.set(`${service.typeName}.${name}`, file);
    }
    for (const { typeName } of file.enums) this.#symbols.set(typeName, file);
    for (const message of file.messages) this.#message(message, file);
    for (const imported of file.dependencies) this.#add(imported);
  }

  #message(message: DescMessage, file: DescFile): void {
    this.#symbols.set(message.typeName, file);
    for (const { name } of [...message.fields, ...message.oneofs])
      this.#symbols.set(`${message.typeName}.${name}`, file);
    for (const { typeName } of message.nestedEnums) this.#symbols.set(typeName, file);
    for (const nested of message.nestedMessages) this.#message(nested, file);
  }

  /** With everything that it imports, the file itself first. */
  #file(file: DescFile | undefined, asked: string): Answer {
    if (file === undefined) return failure(Code.NotFound, asked);
    const all = new Set<DescFile>([file]);
    for (const one of all) for (const imported of one.dependencies) all.add(imported);
    return {
      case: 'fileDescriptorResponse',
      value: {
        fileDescriptorProto: [...all].map(({ proto }) => toBinary(FileDescriptorProtoSchema, proto)),
      },
    };
  }
}

function failure(errorCode: Code, asked: string): Answer {
  return { case: 'errorResponse', value: { errorCode, errorMessage: asked.slice(0, 200) } };
}
