/**
 * The health check of the coordinator's container: asks `grpc.health.v1.Health` on the port beside it, over Connect. Exits
 * with 0 when it serves; a pool's name as argument asks whether that has a worker.
 */
import { request as plain } from 'node:http';
import { request as secure } from 'node:https';
import { defaults } from './settings.ts';

const { OPHION_TLS_CERT, OPHION_PORT = defaults.OPHION_PORT } = process.env;
const body = JSON.stringify({ service: process.argv[2] ?? '' });
const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) };
const path = '/grpc.health.v1.Health/Check';
// It asks itself, on loopback: whom the certificate names does not matter.
const options = { host: '127.0.0.1', port: OPHION_PORT, method: 'POST', path, headers, timeout: 2_000 };
const asking = OPHION_TLS_CERT ? secure({ ...options, rejectUnauthorized: false }) : plain(options);

function end(code: number, text: string): never {
  process.stdout.write(`${text}\n`);
  process.exit(code);
}

asking.on('timeout', () => end(1, 'no answer within 2 s'));
asking.on('error', (error) => end(1, error.message));
asking.on('response', (response) => {
  let text = '';
  response.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk;
  });
  response.on('end', () => end(text.includes('"SERVING"') ? 0 : 1, text));
});
asking.end(body);
