/** Preloaded, it makes a server one that has no threads of low priority. */
import { BehindThreads } from '../../packages/server/dist/engine/onnxruntime/behind.js';

BehindThreads.supported = false;
