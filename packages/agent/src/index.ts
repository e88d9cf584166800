export { startAgent, type Agent, type AgentOptions } from './start-agent.js';
