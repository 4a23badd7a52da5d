/**
 * The way of a plan into a Python process: a socket in a folder that nobody else can enter, on which the process asks at
 * each `fault_point` that it passes, and a byte that says whether any plan is about such points, so that it need not ask.
 * What is decided, waited for, healed and counted is so here. Only a process that is started through `faultDoors` is
 * told of the folder, and nothing of it is on a port.
 */
import { closeSync, openSync, rmSync, writeSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { privateFolder } from '../../bridge/transport/index.ts';
import { argumentOf } from '../plan/check.ts';
import { pythonPrefix } from '../plan/points.ts';
import type { FaultSet } from './fault-set.ts';
import type { InwardDoor } from './process.ts';

/** One process has one line; its children may have some. */
const linesMax = 64;

interface Asked {
  readonly id: number;
  readonly point: string;
  readonly session: string | null;
}

type Answer = (told: { readonly do: string; readonly rule?: string; readonly argument?: unknown }) => void;

/** `path` is the worker's, for plans that say where. */
export function pythonDoor(set: FaultSet, path: string): InwardDoor {
  const folder = privateFolder();
  const armed = openSync(join(folder, 'armed'), 'w', 0o600);
  const look = () => void writeSync(armed, set.concernsAny(pythonPrefix) ? '1' : '0', 0);
  set.onChange.add(look);
  look();
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    serve(socket, set, path, () => sockets.delete(socket));
  });
  server.maxConnections = linesMax;
  server.listen(join(folder, 's'));
  // A process that runs holds the event loop by itself.
  server.unref();
  return {
    env: { OPHION_FAULT_DOOR: folder },
    close() {
      set.onChange.delete(look);
      closeSync(armed);
      server.close();
      for (const socket of sockets) socket.destroy();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function serve(socket: Socket, set: FaultSet, path: string, gone: () => void): void {
  /** What calls off each wait that somebody there is in. */
  const waits = new Set<() => void>();
  const lines = createInterface({ input: socket });
  socket.unref();
  socket.on('error', () => {});
  socket.on('close', () => {
    for (const callOff of waits) callOff();
    lines.close();
    gone();
  });
  lines.on('line', (line) => {
    let asked: Asked;
    try {
      asked = JSON.parse(line) as Asked;
    } catch {
      // Not one of ours, or cut off as its process ended.
      socket.destroy();
      return;
    }
    const { id, point, session } = asked;
    pass(set, { point: `${pythonPrefix}${point}`, path, session: session ?? undefined }, waits, (told) => {
      socket.write(`${JSON.stringify({ id, ...told })}\n`);
    });
  });
}

function pass(
  set: FaultSet,
  site: { readonly point: string; readonly path: string; readonly session: string | undefined },
  waits: Set<() => void>,
  answer: Answer,
): void {
  const hold = (wait: (goOn: () => void) => () => void) => {
    const callOff = wait(() => {
      waits.delete(callOff);
      answer({ do: 'go' });
    });
    waits.add(callOff);
  };
  const { rule, task } = set.decide(site) ?? {};
  if (rule === undefined || task === undefined) answer({ do: 'go' });
  else if (task.do === 'sleep') hold((goOn) => rule.later(task.ms, goOn));
  else if (task.do === 'hang' || task.do === 'pause') hold((goOn) => rule.untilHealed(task, goOn));
  else answer({ do: task.do, rule: rule.id, argument: argumentOf(task) });
}
