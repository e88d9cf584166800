import type { Catalog } from '../catalog/catalog.js';
import type { CheckRunner } from '../catalog/check-runner.js';
import type { CheckStatus } from '../catalog/records.js';
import { decodeRegistration, isStatus } from './decode-registration.js';
import { asObject, decodeJson, Fields } from './fields.js';
import { HttpError } from './http-error.js';
import { agentService, checkShape, type Node } from './json-shapes.js';
import type { Route, Routes } from './router.js';

/** `/v1/agent/...`: registration, signs of life, and what this agent holds. */
export function agentRoutes(catalog: Catalog, checks: CheckRunner, node: Node, version: string): Routes {
  const update = (id: string, status: CheckStatus, output: string): Record<string, never> => {
    if (checks.update(id, status, output)) return {};
    throw new HttpError(500, `CheckID ${JSON.stringify(id)} does not have associated TTL`);
  };
  const report =
    (status: CheckStatus): Route =>
    ({ argument, query }) =>
      update(argument, status, query.get('note') ?? '');
  return {
    'PUT /v1/agent/service/register': async ({ body }) => {
      const definition = decodeRegistration(await body());
      catalog.register(definition);
      for (const check of definition.checks) checks.start(check);
      return {};
    },
    'PUT /v1/agent/service/deregister/:id': ({ argument }) => {
      if (argument === '') throw new HttpError(500, 'ServiceID missing');
      checks.deregister(argument);
      return {};
    },
    'GET /v1/agent/service/:id': ({ argument }) => {
      const service = catalog.service(argument);
      if (service === undefined) throw new HttpError(404, `unknown service ID: ${argument}`);
      return { body: agentService(service) };
    },
    'GET /v1/agent/services': () => ({
      body: Object.fromEntries(catalog.allServices.map((service) => [service.id, agentService(service)])),
    }),
    'GET /v1/agent/checks': () => ({
      body: Object.fromEntries(
        catalog.allChecks.map((check) => [check.id, checkShape(node, check, catalog.service(check.serviceId))]),
      ),
    }),
    'PUT /v1/agent/check/pass/:id': report('passing'),
    'PUT /v1/agent/check/warn/:id': report('warning'),
    'PUT /v1/agent/check/fail/:id': report('critical'),
    'PUT /v1/agent/check/update/:id': async ({ argument, body }) => {
      const fields = new Fields(asObject(decodeJson(await body())), ['Status', 'Output']);
      const status = fields.text('Status');
      if (!isStatus(status)) throw new HttpError(400, `Invalid check status: '${status}'`);
      return update(argument, status, fields.text('Output'));
    },
    'GET /v1/agent/self': () => ({
      body: {
        Config: {
          Datacenter: 'dc1',
          NodeName: node.name,
          NodeID: node.id,
          Revision: '',
          Server: true,
          Version: version,
        },
        Member: { Name: node.name, Addr: node.address, Status: 1, Tags: { dc: 'dc1', role: 'consul', build: version } },
        Meta: {},
      },
    }),
  };
}
