// A thread takes no loader from its parent: it registers the one for TypeScript itself.
import { register } from 'tsx/esm/api';

register();
await import('./pglite-worker.ts');
