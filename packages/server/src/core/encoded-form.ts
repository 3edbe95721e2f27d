/**
 * The form in which a codec sends an answer, where the outputs and a few words of the request are all that it depends on. Such a reply can
 * be kept beside the outputs and sent again as it is.
 */
export interface EncodedForm<Reply> {
  /** Says protocol and all of the request that shows in the reply, the order of the outputs included: `tfs/row`, `v2/json/y,z`. */
  readonly id: string;
  /** The reply in memory of its own, which nothing else lies in. */
  own(reply: Reply): { readonly reply: Reply; readonly bytes: number };
}

/** `bytes` in memory of its own: a small Buffer is a part of a larger one, which it keeps alive. */
export function ownBuffer(bytes: Buffer): Buffer {
  const own = Buffer.allocUnsafeSlow(bytes.length);
  own.set(bytes);
  return own;
}
