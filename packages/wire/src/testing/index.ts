export { type PlainHttpServer, servePlainHttp } from './plain-http.js';
