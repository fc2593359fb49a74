// Node.js runtime: loads the handler, then loops next -> handler -> response or error.
import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);
await require('./lib/runtime.cjs').start();
