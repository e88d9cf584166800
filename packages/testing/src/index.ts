export { requireServer, type ServerName, serverTool, type Skippable } from './system-servers.js';
