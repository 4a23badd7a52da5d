/** Host A of the watch contest: a process that writes the time when it is told to. */
import { startRedisHost } from './host.ts';
import { loaded, storeAndTell, withClient } from './server.ts';
import { channel, type Side, sentAt, sessionId, sharedUs } from './writer-side.ts';

const [side, url] = process.argv.slice(2) as [Side, string];

async function serve(write: (nowUs: number) => Promise<unknown>): Promise<void> {
  process.send?.('ready');
  await new Promise<void>((resolve) => {
    process.on('disconnect', resolve);
    process.on('message', () => {
      void write(sharedUs());
    });
  });
}

if (side === 'script')
  await withClient(url, async (client) => {
    const sha = await loaded(client, storeAndTell);
    await serve((nowUs) => client.evalsha(sha, 2, channel, `{${channel}}:log`, 'sentAt', String(nowUs)));
  });
else if (side === 'bare') await withClient(url, (client) => serve((nowUs) => client.publish(channel, String(nowUs))));
else {
  await using host = await startRedisHost(url);
  const { variables } = await host.open(sessionId);
  const declared = await variables.declare(sentAt);
  await serve((nowUs) => declared.set('sentAt', nowUs));
}
