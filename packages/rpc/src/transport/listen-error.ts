/** A server that could not start to listen. The message names the address, the cause and the option to change. */
export class ListenError extends Error {
  override readonly name = 'ListenError';

  constructor(
    readonly host: string,
    readonly port: number,
    /** `EADDRINUSE`, `EACCES`, `EADDRNOTAVAIL`, ... */
    readonly systemCode: string,
    /** What is known of the holder of a port, such as `held by node (pid 4711)`, or of what is in the way of a path. */
    holder?: string,
  ) {
    super(
      host.startsWith('/')
        ? `cannot listen on ${host}: ${explainPath(systemCode, holder)}`
        : `cannot listen on ${host}:${port}: ${explain(systemCode, holder)}`,
    );
  }
}

/** For the path of a Unix socket. The system says EACCES for a folder that is not there, too. */
function explainPath(systemCode: string, holder = 'the path is taken'): string {
  switch (systemCode) {
    case 'EADDRINUSE':
      return `${holder}, or choose another path with the option "host" (--host)`;
    case 'EACCES':
      return 'its folder is not there, or this user may not write to it; choose another path with the option "host" (--host)';
    case 'ENAMETOOLONG':
      return 'the path is longer than the address of a socket can be; choose a shorter one with the option "host" (--host)';
    default:
      return systemCode;
  }
}

function explain(systemCode: string, holder: string | undefined): string {
  switch (systemCode) {
    case 'EADDRINUSE':
      return `the port is taken${holder === undefined ? '' : `, ${holder}`}; choose another with the option "port" (--port), or 0 for any free one`;
    case 'EACCES':
      return 'this user may not open that port; choose one above 1023 with the option "port" (--port)';
    case 'EADDRNOTAVAIL':
      return 'this machine does not have that address; set the option "host" to one of its own, such as 127.0.0.1';
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return `the host name cannot be resolved (${systemCode}); set the option "host" to an address of this machine, such as 127.0.0.1 or 0.0.0.0`;
    default:
      return systemCode;
  }
}
