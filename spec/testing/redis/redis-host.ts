/** Starts a Redis, tells where, and then waits to be killed. */
import { startRedis } from '../../../testing/index.ts';

const redis = await startRedis({ kind: 'single' });
const [, folder] = (await redis.node.command('CONFIG', 'GET', 'dir')) as [string, string];
console.log(JSON.stringify({ osPid: redis.node.osPid, folder }));
