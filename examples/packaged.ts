/**
 * An application that gets everything from the packed npm file: `examples/packaged`, copied to an empty folder elsewhere,
 * installed, set up, checked and run there as its author would, and taken away.
 */
import { must, PackagedApp } from './support/packaged-app.ts';

const app = new PackagedApp();
try {
  must(app.install()); // npm install
  console.log(must(app.setup()).stderr.trim()); // npx ophion setup: the Python half, from the same file
  must(app.script('build')); // npx ophion types --check, then the compiler
  process.stdout.write(must(app.script('start')).all);
} finally {
  app.remove();
}
