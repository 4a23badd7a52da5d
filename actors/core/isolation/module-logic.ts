/** The logic behind a module's URL and the name of an export. */
import { fileURLToPath } from 'node:url';
import { definition, isLogic, type Logic } from '../behavior.ts';
import { ActorError } from '../errors.ts';

const kinds = ['server', 'statem', 'machine'];

/**
 * Loads the module and takes the logic from it. Rejects with ActorError `bad_module` when the export is not there or is
 * no `server()`, `statem()` or `worker()`, and with whatever the module throws.
 */
export async function logicOf(target: string, module: string, name: string): Promise<Logic<never>> {
  const exported = ((await load(module)) as Record<string, unknown>)[name];
  const refuse = (what: string) => new ActorError('bad_module', `${target}: ${module}: ${what}`);
  if (exported === undefined) throw refuse(`has no export '${name}'`);
  if (!isLogic(exported)) throw refuse(`its export '${name}' is no logic`);
  const { kind } = exported[definition];
  if (!kinds.includes(kind)) throw refuse(`its export '${name}' is a ${kind}, which has no thread of its own`);
  return exported;
}

/**
 * Some test runners have all of this loaded as CommonJS: then the module has to be, too, or it has another copy of the
 * library. A compiler that rewrites `./x.ts` in imports leaves `new URL('./x.ts', import.meta.url)` as it is.
 */
async function load(module: string): Promise<unknown> {
  if (typeof require === 'function') return require(fileURLToPath(module));
  try {
    return await import(module);
  } catch (error) {
    const { code, url } = error as { readonly code?: unknown; readonly url?: unknown };
    if (code !== 'ERR_MODULE_NOT_FOUND' || url !== module || !/\.[mc]?ts$/.test(module)) throw error;
    return import(module.replace(/ts$/, 'js'));
  }
}
