/** Preloaded, it makes a server one that has no threads of low priority. */
import { RunThreads } from '../../packages/server/dist/engine/onnxruntime/run-threads.js';

RunThreads.havePriorities = false;
