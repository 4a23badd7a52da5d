/** `ophion repl`: the attached system as an object, with top-level await. */
import { createInterface } from 'node:readline';
import { type REPLServer, start } from 'node:repl';
import { PassThrough } from 'node:stream';
import type { Command } from 'commander';
import type { Cli } from '../cli.ts';
import { CommandError, exitCodes } from '../exit-codes.ts';
import { replSystem } from '../repl-system.ts';

interface Options {
  readonly history?: string;
}

export const repl = (cli: Cli): Command =>
  cli
    .attached('repl', 'the system as an object, with top-level await')
    .option('--history <file>', 'keeps what is typed in this file (default: nowhere)')
    .action(
      cli.run(
        async (session, { history }: Options) => {
          const { connection, io } = session;
          const { name, osPid, scopes } = connection.hello;
          io.err(
            `attached to ${name} (process ${osPid}), may ${scopes.join(', ')}; await system.help() says what there is`,
          );
          const terminal = process.stdin.isTTY === true && process.stdout.isTTY === true;
          const lines = new PassThrough();
          const server = start({
            prompt: terminal ? `${name}> ` : '',
            terminal,
            input: terminal ? process.stdin : lines,
            output: process.stdout,
            ignoreUndefined: true,
          });
          server.context.system = replSystem(session);
          if (!terminal) feed(server, lines);
          if (history !== undefined) {
            await new Promise<void>((resolve, reject) => {
              server.setupHistory(history, (error) => (error === null ? resolve() : reject(error)));
            }).catch((error: Error) => {
              throw new CommandError(exitCodes.failed, `history file ${history}: ${error.message}`, { cause: error });
            });
          }
          await new Promise<void>((resolve, reject) => {
            server.on('exit', resolve);
            void connection.ended.then((error) => {
              if (error === undefined) return;
              server.close();
              reject(error);
            });
          });
        },
        { reconnect: true },
      ),
    );

/** Lines of a pipe come all at once: each is given when the one before is answered, which the next prompt tells. */
function feed(server: REPLServer, lines: PassThrough): void {
  const given = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
  const prompt = server.displayPrompt;
  const next = async (): Promise<void> => {
    const { done, value } = await given.next();
    if (done) lines.end();
    else lines.write(`${value}\n`);
  };
  server.displayPrompt = (keepsCursor) => {
    prompt.call(server, keepsCursor);
    void next();
  };
  void next();
}
