import type { ServiceEntry } from '../catalog/catalog.js';
import type { CheckRecord, ServiceRecord } from '../catalog/records.js';

/** Who the agent says it is. */
export interface Node {
  readonly id: string;
  readonly name: string;
  readonly address: string;
}

/** A service as `/v1/agent/services` shows it. */
export const agentService = ({
  id,
  name,
  tags,
  meta,
  port,
  address,
  weights,
  enableTagOverride,
}: ServiceRecord): object => ({
  ID: id,
  Service: name,
  Tags: tags,
  Meta: meta,
  Port: port,
  Address: address,
  Weights: { Passing: weights.passing, Warning: weights.warning },
  EnableTagOverride: enableTagOverride,
});

/** A check as every endpoint shows it. */
export const checkShape = (node: Node, check: CheckRecord, service: ServiceRecord | undefined): object => ({
  Node: node.name,
  CheckID: check.id,
  Name: check.name,
  Status: check.status,
  Notes: check.notes,
  Output: check.output,
  ServiceID: check.serviceId,
  ServiceName: service?.name ?? '',
  ServiceTags: service?.tags ?? [],
  Type: check.type,
  Definition: {},
  CreateIndex: check.createIndex,
  ModifyIndex: check.modifyIndex,
});

const nodeShape = ({ id, name, address }: Node): object => ({
  ID: id,
  Node: name,
  Address: address,
  Datacenter: 'dc1',
  TaggedAddresses: { lan: address, wan: address },
  Meta: {},
  CreateIndex: 1,
  ModifyIndex: 1,
});

/** An instance as `/v1/health/service` shows it. */
export const healthEntry = (node: Node, { service, checks }: ServiceEntry): object => ({
  Node: nodeShape(node),
  Service: { ...agentService(service), CreateIndex: service.createIndex, ModifyIndex: service.modifyIndex },
  Checks: checks.map((check) => checkShape(node, check, service)),
});

/** An instance as `/v1/catalog/service` shows it. */
export const catalogEntry = (node: Node, service: ServiceRecord): object => ({
  ID: node.id,
  Node: node.name,
  Address: node.address,
  Datacenter: 'dc1',
  TaggedAddresses: { lan: node.address, wan: node.address },
  NodeMeta: {},
  ServiceKind: '',
  ServiceID: service.id,
  ServiceName: service.name,
  ServiceTags: service.tags,
  ServiceAddress: service.address,
  ServiceWeights: { Passing: service.weights.passing, Warning: service.weights.warning },
  ServiceMeta: service.meta,
  ServicePort: service.port,
  ServiceEnableTagOverride: service.enableTagOverride,
  CreateIndex: service.createIndex,
  ModifyIndex: service.modifyIndex,
});
