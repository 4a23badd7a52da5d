// Builds the wheel of python/ into a folder: the Python half as it travels in the npm package. The same sources give
// the same bytes, so that an application whose wheel did not change has nothing to set up.
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';

/**
 * @param {string} root the checkout
 * @param {string} folder where the wheel goes, alone
 * @returns {string} its path
 * @throws {Error} with what the builder said
 */
export function buildWheel(root, folder) {
  const venv = process.platform === 'win32' ? join('.venv', 'Scripts', 'python.exe') : join('.venv', 'bin', 'python');
  const python = join(root, venv);
  if (!existsSync(python))
    throw new Error(`the wheel is built with ${venv}, which is not there: run \`npm run setup\``);
  rmSync(folder, { recursive: true, force: true });
  const args = ['-m', 'hatchling', 'build', '--target', 'wheel', '--directory', folder];
  const env = { ...process.env, PYTHONDONTWRITEBYTECODE: '1', SOURCE_DATE_EPOCH: '1577836800' };
  const { status, stdout, stderr } = spawnSync(python, args, { cwd: join(root, 'python'), env, encoding: 'utf8' });
  const wheels = status === 0 ? readdirSync(folder).filter((name) => name.endsWith('.whl')) : [];
  if (wheels.length !== 1) throw new Error(`the wheel of python/ could not be built:\n${stdout}${stderr}`);
  return join(folder, String(wheels[0]));
}
