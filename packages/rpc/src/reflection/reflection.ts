import { Code } from '@breakwater/core';
import {
  ServerReflectionDefinition as V1,
  type ServerReflectionRequest,
} from '../gen/grpc/reflection/v1/reflection.pb.js';
import { ServerReflectionDefinition as V1Alpha } from '../gen/grpc/reflection/v1alpha/reflection.pb.js';
import type { InputOf, ServiceDefinition } from '../method/definition.js';
import type { ServiceImplementation } from '../server/implementation.js';
import { FileIndex } from './file-index.js';

type ReflectionResponse = InputOf<(typeof V1)['methods']['serverReflectionInfo']['responseType']>;
type Answer = NonNullable<ReflectionResponse['messageResponse']>;

/** Server reflection, v1 and v1alpha, over the files that generated definitions carry. @see grpc reflection.proto */
export interface Reflection {
  readonly v1: { readonly definition: typeof V1; readonly implementation: ServiceImplementation<typeof V1> };
  readonly v1alpha: {
    readonly definition: typeof V1Alpha;
    readonly implementation: ServiceImplementation<typeof V1Alpha>;
  };
}

/** @param services what to list; reflection's own services are added */
export function reflection(services: readonly ServiceDefinition[]): Reflection {
  // By name: an application may serve health or reflection itself.
  const byName = new Map([...services, V1, V1Alpha].map((service) => [service.fullName, service]));
  const all: readonly ServiceDefinition[] = [...byName.values()];
  const index = new FileIndex(all);
  const answer = (request: ServerReflectionRequest): ReflectionResponse => ({
    validHost: request.host,
    originalRequest: request,
    messageResponse: respond(request, index, all),
  });
  return {
    v1: {
      definition: V1,
      implementation: {
        async *serverReflectionInfo(requests) {
          for await (const request of requests) yield answer(request);
        },
      },
    },
    v1alpha: {
      definition: V1Alpha,
      implementation: {
        async *serverReflectionInfo(requests) {
          for await (const request of requests) yield answer(request);
        },
      },
    },
  };
}

function respond(request: ServerReflectionRequest, index: FileIndex, services: readonly ServiceDefinition[]): Answer {
  const asked = request.messageRequest;
  switch (asked?.$case) {
    case 'listServices':
      return {
        $case: 'listServicesResponse',
        value: { service: services.map(({ fullName }) => ({ name: fullName })) },
      };
    case 'fileByFilename':
      return files(index.byName(asked.value), `file ${asked.value}`);
    case 'fileContainingSymbol':
      return files(index.bySymbol(asked.value), `symbol ${asked.value}`);
    case 'fileContainingExtension':
      return files(
        index.byExtension(asked.value.containingType, asked.value.extensionNumber),
        `extension ${asked.value.extensionNumber} of ${asked.value.containingType}`,
      );
    case 'allExtensionNumbersOfType': {
      const numbers = index.extensionNumbers(asked.value);
      if (numbers === undefined) return notFound(`message ${asked.value}`);
      return {
        $case: 'allExtensionNumbersResponse',
        value: { baseTypeName: asked.value, extensionNumber: [...numbers] },
      };
    }
    case undefined:
      return {
        $case: 'errorResponse',
        value: { errorCode: Code.INVALID_ARGUMENT, errorMessage: 'the request asks for nothing' },
      };
  }
}

const files = (found: readonly Buffer[] | undefined, what: string): Answer =>
  found === undefined
    ? notFound(what)
    : { $case: 'fileDescriptorResponse', value: { fileDescriptorProto: [...found] } };

const notFound = (what: string): Answer => ({
  $case: 'errorResponse',
  value: { errorCode: Code.NOT_FOUND, errorMessage: `no ${what} is known here` },
});
