import { credentials } from '@grpc/grpc-js';
import { createRuntime, stack } from '@breakwater/core';
import { circuitBreaker, deadline, retry } from '@breakwater/resilience';
import { alwaysIntercept, clientInterceptor } from '@breakwater/grpc';
import { Weather, type WeatherClient } from './weather.js';

/** An ordinary stub on an ordinary channel, with our resolver, our balancing and our policies. */
export function createWeatherClient(): WeatherClient {
  const runtime = createRuntime();
  const policies = stack(
    deadline({ timeoutMs: 2000 }, runtime),
    retry({ initialBackoffMs: 20 }, runtime),
    circuitBreaker({}, runtime, { name: 'weather' }),
  );
  const interceptor = clientInterceptor(policies, {
    services: [Weather.service],
    target: 'consul:///weather',
    runtime,
  });
  return new Weather('consul:///weather', credentials.createInsecure(), alwaysIntercept(interceptor));
}
