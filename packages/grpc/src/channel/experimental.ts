import { experimental } from '@grpc/grpc-js';

// The only file that touches grpc-js' experimental API. It may change in a minor version, so the peer range is `~`, and
// experimental.test.ts pins what is used.

export const {
  LeafLoadBalancer,
  QueuePicker,
  UnavailablePicker,
  createChildChannelControlHelper,
  isLoadBalancerNameRegistered,
  parseLoadBalancingConfig,
  registerLoadBalancerType,
  registerResolver,
  statusOrFromError,
  statusOrFromValue,
  SUBCHANNEL_ARGS_EXCLUDE_KEY_PREFIX,
} = experimental;

export type ChannelControlHelper = experimental.ChannelControlHelper;
export type GrpcEndpoint = experimental.Endpoint;
export type GrpcPicker = experimental.Picker;
export type GrpcUri = experimental.GrpcUri;
export type Leaf = InstanceType<typeof experimental.LeafLoadBalancer>;
export type LoadBalancer = experimental.LoadBalancer;
export type PickArgs = experimental.PickArgs;
export type PickResult = ReturnType<experimental.Picker['pick']>;
export type Resolver = experimental.Resolver;
export type ResolverListener = experimental.ResolverListener;
export type StatusOr<T> = experimental.StatusOr<T>;
export type TypedLoadBalancingConfig = experimental.TypedLoadBalancingConfig;
