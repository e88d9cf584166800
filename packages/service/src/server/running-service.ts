import { detectAddress } from '@breakwater/consul';
import { ConfigError, type Runtime, stack } from '@breakwater/core';
import type { Instance, Registration, Registry } from '@breakwater/discovery';
import {
  Health,
  type Listener,
  type Method,
  methodsOf,
  recover,
  reflection,
  type ServedMethod,
  type ServeOptions,
  type ServerLimits,
  type ServerTls,
  serve,
  type ServiceDefinition,
  type ServiceImplementation,
  type Transport,
} from '@breakwater/rpc';
import type { Logger } from 'pino';
import { CallTracker } from '../lifecycle/call-tracker.js';
import { type DrainReport, drain, within } from '../lifecycle/drain.js';
import type { LifecycleSettings } from '../lifecycle/lifecycle-options.js';
import { stopOnSignal } from '../lifecycle/signals.js';
import { ServiceLog } from '../logging/service-log.js';
import { checkMethodNames } from '../policies/client-policies.js';
import { type ServerPolicies, serverStacks } from '../policies/server-policies.js';
import type { Service } from './create-service.js';

export interface RunningServiceOptions {
  readonly name: string;
  readonly registry: Registry | undefined;
  readonly transport: Transport;
  readonly host: string;
  readonly port: number;
  readonly advertise: { readonly host?: string | undefined; readonly port?: number | undefined };
  readonly announcement: Pick<Instance, 'tags' | 'meta' | 'weight'>;
  readonly tls: ServerTls | undefined;
  readonly limits: ServerLimits;
  readonly policies: ServerPolicies;
  readonly methods: Readonly<Record<string, ServerPolicies>>;
  /** @throws ConfigError when the configuration file names a method that is not there */
  readonly checkMethods: (known: readonly Method[]) => void;
  readonly lifecycle: LifecycleSettings;
  readonly reflection: boolean;
  readonly signals: boolean;
  readonly runtime: Runtime;
  readonly logger: Logger;
}

/** A stop waits this long for a registration that is being made. */
const REGISTRATION_WAIT_MS = 1000;

/** The service behind `createService`: start is listen -> SERVING -> register, stop is the reverse (see `drain`). */
export class RunningService implements Service {
  readonly health = new Health();
  private readonly tracker = new CallTracker();
  private readonly bystanders = new CallTracker();
  private readonly definitions: ServiceDefinition[] = [];
  private readonly served = new Map<string, ServedMethod>();
  private readonly stackFor: ServeOptions['stackFor'];
  private readonly log: ServiceLog;
  private starting: Promise<Listener> | undefined;
  private listening: Promise<Listener> | undefined;
  private registering: Promise<Registration> | undefined;
  private stopping: Promise<DrainReport> | undefined;
  private forgetSignals: (() => void) | undefined;

  constructor(private readonly options: RunningServiceOptions) {
    const { runtime, policies, methods } = options;
    this.stackFor = serverStacks({ runtime, policies, methods, tracker: this.tracker });
    this.log = new ServiceLog(options.logger, options.name);
  }

  add<D extends ServiceDefinition>(definition: D, implementation: ServiceImplementation<D>): this {
    if (this.starting !== undefined) {
      throw ConfigError.rule(
        'add',
        definition.fullName,
        `${definition.fullName} is added to ${this.options.name} after start(); add it before`,
      );
    }
    if (this.definitions.includes(definition)) {
      throw ConfigError.rule(
        'add',
        definition.fullName,
        `${definition.fullName} has been added to ${this.options.name} already`,
      );
    }
    this.definitions.push(definition);
    this.bind(definition, implementation, this.stackFor);
    return this;
  }

  async start(): Promise<{ readonly host: string; readonly port: number }> {
    if (this.starting === undefined && this.stopping !== undefined) throw this.stoppedError();
    this.starting ??= this.begin();
    return (await this.starting).address;
  }

  stop(): Promise<DrainReport> {
    this.stopping ??= this.end();
    return this.stopping;
  }

  private async begin(): Promise<Listener> {
    this.listening = this.listen();
    const listener = await this.listening;
    const { registry } = this.options;
    if (registry !== undefined && this.stopping === undefined) await this.register(registry, listener);
    // Told to stop meanwhile: whoever waits for the start must not believe that it serves.
    if (this.stopping !== undefined) throw this.stoppedError();
    return listener;
  }

  private async listen(): Promise<Listener> {
    const { name, transport, host, port, tls, limits, runtime } = this.options;
    this.checkMethods();
    this.bindBystanders();
    const listener = await transport.listen({ name, host, port, tls, limits, runtime }, this.served);
    this.log.subscribe(runtime.events, (call) => this.served.get(call.operation.path)?.method === call.operation);
    for (const { fullName } of this.definitions)
      if (this.health.get(fullName) === undefined) this.health.set(fullName, 'SERVING');
    this.health.set('', 'SERVING');
    this.log.listening(listener.address, transport.name, tls !== undefined);
    if (this.options.signals) {
      this.forgetSignals = stopOnSignal({
        stop: () => this.stop(),
        onForced: (signal) => this.log.forcedBySignal(signal, this.blocking()),
      });
    }
    return listener;
  }

  private async register(registry: Registry, listener: Listener): Promise<void> {
    const { name, advertise, announcement } = this.options;
    try {
      this.registering = registry.register({
        service: name,
        host: advertise.host ?? detectAddress(listener.address.host),
        port: advertise.port ?? listener.address.port,
        ...announcement,
      });
      this.log.registered(registry.description, await this.registering);
    } catch (error) {
      // Nobody will find this instance: it must not look started.
      this.listening = undefined;
      this.health.shutdown();
      this.log.unsubscribe();
      this.forgetSignals?.();
      await listener.close();
      throw error;
    }
  }

  /** The registration; one that is still being made is given up after a while, and undone should it come after all. */
  private async madeRegistration(): Promise<Registration | undefined> {
    const { registering } = this;
    if (registering === undefined) return undefined;
    const made = registering.catch(() => undefined);
    const inTime = await within(this.options.runtime.clock, REGISTRATION_WAIT_MS, made);
    if (inTime) return made;
    made.then((registration) => registration?.deregister()).catch((error: unknown) => this.log.leftBehind(error));
    return undefined;
  }

  private stoppedError(): ConfigError {
    const { name } = this.options;
    return ConfigError.rule('start', name, `${name} has been stopped; make another with createService`);
  }

  private async end(): Promise<DrainReport> {
    const listener = await this.listening?.catch(() => undefined);
    if (listener === undefined) return { tookMs: 0, forced: false, blockedBy: [] };
    const { runtime, lifecycle } = this.options;
    this.health.shutdown();
    const registration = await this.madeRegistration();
    const report = await drain({
      runtime,
      lifecycle,
      listener,
      health: this.health,
      tracker: this.tracker,
      bystanders: this.bystanders,
      registration,
      onStep: (step) => this.log.step(step, this.tracker.size),
    });
    this.log.stopped(report);
    this.log.unsubscribe();
    this.forgetSignals?.();
    return report;
  }

  private blocking(): readonly { readonly path: string }[] {
    return this.tracker.blocking(this.options.runtime.clock.now());
  }

  private checkMethods(): void {
    if (this.definitions.length === 0) {
      throw ConfigError.rule(
        'add',
        undefined,
        `${this.options.name} serves nothing; call add(Definition, handlers) before start()`,
      );
    }
    const known = this.definitions.flatMap(methodsOf);
    this.options.checkMethods(known);
    checkMethodNames('methods', this.options.methods, known);
  }

  /** Health and reflection are asked when things go badly: no limit stands in front of them. */
  private bindBystanders(): void {
    const bare = (): ReturnType<typeof stack> => stack(recover(this.options.runtime), this.bystanders);
    const own = (definition: ServiceDefinition): boolean =>
      this.definitions.some(({ fullName }) => fullName === definition.fullName);
    if (!own(Health.definition)) this.bind(Health.definition, this.health.implementation, bare);
    if (!this.options.reflection) return;
    const { v1, v1alpha } = reflection([...this.definitions, Health.definition]);
    if (!own(v1.definition)) this.bind(v1.definition, v1.implementation, bare);
    if (!own(v1alpha.definition)) this.bind(v1alpha.definition, v1alpha.implementation, bare);
  }

  private bind<D extends ServiceDefinition>(
    definition: D,
    implementation: ServiceImplementation<D>,
    stackFor: ServeOptions['stackFor'],
  ): void {
    const { runtime, lifecycle } = this.options;
    const methods = serve(definition, implementation, {
      runtime,
      stackFor,
      abandonAfterMs: lifecycle.abandonHandlerAfterMs,
      onAbandoned: (call) => this.log.abandoned(call, lifecycle.abandonHandlerAfterMs),
    });
    for (const one of methods) this.served.set(one.method.path, one);
  }
}
