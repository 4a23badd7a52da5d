/** `ophion repl`: the attached system as an object, with top-level await. */
import { start } from 'node:repl';
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
          const server = start({
            prompt: terminal ? `${name}> ` : '',
            terminal,
            input: process.stdin,
            output: process.stdout,
            ignoreUndefined: true,
          });
          server.context.system = replSystem(session);
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
