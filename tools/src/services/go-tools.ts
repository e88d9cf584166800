import { run } from '../child-process.js';
import { isExecutable } from './cache.js';
import { buildGo, goBinary, type GoProgram } from './go-build.js';
import type { Located, Service } from './service.js';

const LIMIT_MS = 8 * 60_000;
const GRPC = 'google.golang.org/grpc';

/** A foreign tool or peer in Go: optional, since there may be no toolchain, and built only when everything is fetched. */
interface GoTool {
  readonly name: string;
  /** What it is called for people. */
  readonly title: string;
  readonly program: GoProgram;
  /** The file of each variable; the first is the one that suites ask for. */
  readonly variables: readonly (readonly [variable: string, file: string])[];
  /** Arguments with which the first program ends by itself at once, and what it then prints. */
  readonly probe: { readonly args: readonly string[]; readonly prints: RegExp };
}

async function runs(path: string, { args, prints }: GoTool['probe']): Promise<boolean> {
  if (!isExecutable(path)) return false;
  try {
    const { stdout, stderr } = await run(path, args, { limitMs: 20_000 });
    return prints.test(stdout + stderr);
  } catch {
    return false;
  }
}

async function locate({ title, program, variables, probe }: GoTool): Promise<Located | undefined> {
  const env: Record<string, string> = {};
  for (const [variable, file] of variables) env[variable] = process.env[variable] || goBinary(program, file);
  const [first = ''] = Object.values(env);
  if (!Object.values(env).every(isExecutable) || !(await runs(first, probe))) return undefined;
  return {
    env,
    found: `${title} ${first === goBinary(program, variables[0]?.[1] ?? '') ? `${program.version}, ` : ''}${first}`,
  };
}

function goTool(tool: GoTool): Service {
  return {
    name: tool.name,
    class: 'optional',
    variable: tool.variables[0]?.[0] ?? '',
    slow: true,
    locate: () => locate(tool),
    async install({ say }) {
      say(`${tool.name}: building ${tool.title} ${tool.program.version} from its Go module`);
      await buildGo(tool.program, say);
      const located = await locate(tool);
      if (located === undefined) throw new Error(`${tool.title} was built but does not run`);
      return located;
    },
  };
}

/** Sends a server what RFC 9113 and RFC 7541 forbid. The newest version that Go can name: later tags break its rule for versions from 2 on. */
export const h2spec: Service = goTool({
  name: 'h2spec',
  title: 'h2spec',
  program: {
    name: 'h2spec',
    version: '2.2.1',
    go: '1.26.0',
    require: [
      'github.com/summerwind/h2spec v2.2.1+incompatible',
      'github.com/fatih/color v1.19.0',
      'github.com/spf13/cobra v1.10.2',
      'golang.org/x/net v0.62.0',
    ],
    mains: { h2spec: 'github.com/summerwind/h2spec/cmd/h2spec' },
    ldflags: '-X main.VERSION=2.2.1',
    limitMs: LIMIT_MS,
  },
  variables: [['H2SPEC_BIN', 'h2spec']],
  probe: { args: ['--version'], prints: /^Version: \d/m },
});

/** The conformance suite of the Connect project, of which gRPC is one protocol; it brings its reference client and server. */
export const connectConformance: Service = goTool({
  name: 'connect-conformance',
  title: 'connectconformance',
  program: {
    name: 'connectconformance',
    version: '1.0.7',
    go: '1.26.0',
    require: ['connectrpc.com/conformance v1.0.7'],
    mains: { connectconformance: 'connectrpc.com/conformance/cmd/connectconformance' },
    limitMs: LIMIT_MS,
  },
  variables: [['CONNECT_CONFORMANCE_BIN', 'connectconformance']],
  probe: { args: ['--version'], prints: /v\d/ },
});

/** Calls any gRPC server from the command line, by reflection. */
export const grpcurl: Service = goTool({
  name: 'grpcurl',
  title: 'grpcurl',
  program: {
    name: 'grpcurl',
    version: '1.9.4',
    go: '1.25.0',
    require: ['github.com/fullstorydev/grpcurl v1.9.4'],
    mains: { grpcurl: 'github.com/fullstorydev/grpcurl/cmd/grpcurl' },
    ldflags: '-X main.version=v1.9.4',
    limitMs: LIMIT_MS,
  },
  variables: [['GRPCURL_BIN', 'grpcurl']],
  probe: { args: ['-version'], prints: /^grpcurl v\d/m },
});

/** grpc-go's own main listens on all interfaces of the machine, and on a port that somebody else may have. */
const INTEROP_SERVER = `package main

import (
	"fmt"
	"net"

	"${GRPC}"
	"${GRPC}/interop"
	testgrpc "${GRPC}/interop/grpc_testing"
)

func main() {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	server := grpc.NewServer()
	testgrpc.RegisterTestServiceServer(server, interop.NewTestServer())
	fmt.Println(listener.Addr().(*net.TCPAddr).Port)
	if err := server.Serve(listener); err != nil {
		panic(err)
	}
}
`;

/** The client and the server of gRPC's interoperability tests, as grpc-go implements them. The server prints its port on 127.0.0.1. */
export const grpcGoInterop: Service = goTool({
  name: 'grpc-go-interop',
  title: 'grpc-go interop',
  program: {
    name: 'grpc-go-interop',
    version: '1.85.0',
    go: '1.26.0',
    require: [`${GRPC} v1.85.0`],
    sources: { 'server/main.go': INTEROP_SERVER },
    mains: { client: `${GRPC}/interop/client`, server: './server' },
    limitMs: LIMIT_MS,
  },
  variables: [
    ['GRPC_GO_INTEROP_CLIENT_BIN', 'client'],
    ['GRPC_GO_INTEROP_SERVER_BIN', 'server'],
  ],
  probe: { args: ['-help'], prints: /-test_case/ },
});
