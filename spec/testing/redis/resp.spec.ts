import { once } from 'node:events';
import { createServer } from 'node:net';
import { expect } from 'chai';
import { nodeRuntime } from '../../../actors/core/index.ts';
import { parseReply, RespConnection } from '../../../testing/redis/resp.ts';
import { ManualClock } from '../../helpers/manual-clock.ts';
import { rejection } from '../../helpers/rejection.ts';

describe('an answer of a Redis server', () => {
  for (const [bytes, reply] of [
    ['+OK\r\n', 'OK'],
    [':-12\r\n', -12],
    ['$3\r\na\r\n\r\n', 'a\r\n'.slice(0, 3)],
    ['$0\r\n\r\n', ''],
    ['$-1\r\n', null],
    ['*-1\r\n', null],
    ['*0\r\n', []],
    ['*3\r\n:1\r\n*1\r\n+a\r\n$1\r\nb\r\n', [1, ['a'], 'b']],
  ] as const) {
    it(`${JSON.stringify(bytes)} is read, and only when it has come whole`, () => {
      expect(parseReply(Buffer.from(`${bytes}rest`), 0)).to.deep.equal({ reply, next: bytes.length });
      for (let cut = 0; cut < bytes.length; cut += 1) {
        expect(parseReply(Buffer.from(bytes.slice(0, cut)), 0)).to.equal(undefined);
      }
    });
  }

  it('that is an error holds what the server said', () => {
    const { reply } = parseReply(Buffer.from('-READONLY no\r\n'), 0) as { reply: unknown };
    expect(reply).to.include({ code: 'redis_refused', reply: 'READONLY no' });
  });
});

describe('a connection to a Redis server', () => {
  /** A server that says this to whatever it hears. */
  async function start(says: string, clock = nodeRuntime().clock) {
    const server = createServer((socket) => socket.on('error', () => {}).on('data', () => socket.write(says)));
    server.listen({ host: '127.0.0.1', port: 0 });
    await once(server, 'listening');
    const { port } = server.address() as { port: number };
    const connection = await RespConnection.open({ host: '127.0.0.1', port, clock });
    return {
      connection,
      async [Symbol.asyncDispose]() {
        connection.close();
        server.close();
        await once(server, 'close');
      },
    };
  }

  it('is lost, with every command that waits, when what comes is no answer', async () => {
    await using t = await start('HTTP/1.1 400 Bad Request\r\n\r\n');
    const errors = await Promise.all([1, 2].map(() => rejection(t.connection.command(['PING']))));
    for (const error of errors) expect(error).to.have.property('code', 'redis_connection_lost');
    await t.connection.closed;
  });

  it('is lost when an answer does not come in time: a later one would be taken for another', async () => {
    const clock = new ManualClock();
    await using t = await start('', clock);
    const first = rejection(t.connection.command(['PING'], 50));
    const second = rejection(t.connection.command(['PING'], 500));
    clock.advance(50);
    for (const error of [await first, await second]) expect(error).to.have.property('code', 'redis_no_answer');
    expect(await rejection(t.connection.command(['PING']))).to.have.property('code', 'redis_no_answer');
  });

  it('takes only so many commands at a time', async () => {
    await using t = await start('');
    const waiting = Array.from({ length: 1_000 }, () => rejection(t.connection.command(['PING'])));
    const error = await rejection(t.connection.command(['PING']));
    expect(error.message).to.match(/1000 commands wait already/);
    t.connection.close();
    await Promise.all(waiting);
  });
});
