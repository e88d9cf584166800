import { Code, fail, Metadata, type Attributes, type Status } from '@breakwater/core';
import { type ServedMethod, unknownMethodStatus } from '@breakwater/rpc';
import { messageTooLarge } from '@breakwater/rpc/transport-kit';
import { isEncoding } from '../grpc/compression.js';
import { toMetadata } from '../grpc/metadata-fields.js';
import { parseTimeout } from '../grpc/timeout.js';
import type { RequestHead } from '../http2/request-head.js';
import type { ServerSession, ServerStream } from '../http2/server-session.js';
import { HttpAnswer } from './http-answer.js';
import { type RequestFacts, ServerCall, type ServerHost } from './server-call.js';
import { planServed, type ServerPlan, unknownMethod } from './server-plan.js';

/** Protobuf, which is all that methods speak; `application/grpc` alone means it. */
const GRPC_TYPE = /^application\/grpc(?:\+proto)?(?:;|$)/;

/** A path as a table entry remembers it: static entries are shared by all servers of the process. */
interface PathMemo {
  readonly owner: Acceptor;
  readonly plan: ServerPlan;
}

/** Turns the head of a request into the call that it asks for. */
export class Acceptor {
  private readonly plans = new Map<string, ServerPlan>();

  constructor(
    private readonly host: ServerHost,
    methods: ReadonlyMap<string, ServedMethod>,
  ) {
    for (const [path, served] of methods) this.plans.set(path, planServed(served, host.limits));
  }

  accept(session: ServerSession, head: RequestHead, attributes: Attributes): ServerStream {
    if (head.contentType !== 'application/grpc' && !GRPC_TYPE.test(head.contentType))
      return new HttpAnswer(session, 415);
    if (head.method !== 'POST') return new HttpAnswer(session, 405);
    const facts: RequestFacts = {
      metadata: head.tooLarge ? Metadata.EMPTY : toMetadata(head.entries),
      timeoutMs: head.timeout === '' ? Number.POSITIVE_INFINITY : (parseTimeout(head.timeout) ?? Number.NaN),
      encoding: head.encoding,
      refusal: undefined,
    };
    const refusal = this.refusalOf(head, facts);
    return new ServerCall(
      this.host,
      session,
      this.planOf(head),
      refusal === undefined ? facts : { ...facts, refusal },
      attributes,
    );
  }

  private refusalOf(head: RequestHead, facts: RequestFacts): Status | undefined {
    if (head.tooLarge) {
      const limit = this.host.limits.maxHeaderBytes;
      return messageTooLarge('the request header list', head.listBytes, "the server's limits.maxHeaderBytes", limit);
    }
    if (Number.isNaN(facts.timeoutMs)) {
      const details = `grpc-timeout is ${JSON.stringify(head.timeout.slice(0, 40))}, but must be up to eight digits and a unit`;
      return { code: Code.INTERNAL, origin: 'local', details };
    }
    if (head.encoding === '' || isEncoding(head.encoding)) return undefined;
    const details = `the server cannot read ${JSON.stringify(head.encoding.slice(0, 40))} (grpc-encoding)`;
    return { code: Code.UNIMPLEMENTED, origin: 'local', details };
  }

  private planOf(head: RequestHead): ServerPlan {
    const memo = head.pathField?.memo;
    if (isPathMemo(memo) && memo.owner === this) return memo.plan;
    const plan = this.plans.get(head.path) ?? this.unknown(head.path);
    if (head.pathField !== undefined) head.pathField.memo = { owner: this, plan } satisfies PathMemo;
    return plan;
  }

  private unknown(path: string): ServerPlan {
    const status = unknownMethodStatus(path, [...this.plans.keys()]);
    const served: ServedMethod = {
      method: unknownMethod(path),
      handler: () => Promise.resolve(fail({ ...status, origin: 'local' })),
    };
    return planServed(served, this.host.limits);
  }
}

const isPathMemo = (memo: unknown): memo is PathMemo => typeof memo === 'object' && memo !== null && 'plan' in memo;
