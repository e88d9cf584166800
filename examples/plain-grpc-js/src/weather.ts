import { fileURLToPath } from 'node:url';
import {
  loadPackageDefinition,
  type Client,
  type ClientReadableStream,
  type ServiceDefinition,
  type ServiceError,
} from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';

const PROTO = fileURLToPath(new URL('../proto/weather.proto', import.meta.url));

export interface Forecast {
  readonly text: string;
  readonly server: string;
}

/** What proto-loader makes of the service; it has no types of its own. */
export interface WeatherClient extends Client {
  forecast(request: { city: string }, callback: (error: ServiceError | null, forecast?: Forecast) => void): void;
  watch(request: { city: string }): ClientReadableStream<Forecast>;
}

interface Loaded {
  readonly weather: { readonly v1: { readonly Weather: WeatherConstructor } };
}
type WeatherConstructor = (new (
  ...args: ConstructorParameters<typeof Client>
) => WeatherClient) & { readonly service: ServiceDefinition };

/** The stub and the service definition, loaded at run time as in countless grpc-js applications. */
export const { Weather } = (loadPackageDefinition(loadSync(PROTO)) as unknown as Loaded).weather.v1;
