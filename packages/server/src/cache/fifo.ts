/** A queue as a linked list through its members: push, pop and remove are O(1), and it knows the sum of its members' bytes. */

export interface Linked {
  readonly bytes: number;
  newer: Linked | undefined;
  older: Linked | undefined;
}

export class Fifo<Node extends Linked> {
  bytes = 0;
  length = 0;
  private newest: Node | undefined;
  private oldest: Node | undefined;

  push(node: Node): void {
    node.older = this.newest;
    node.newer = undefined;
    if (this.newest === undefined) this.oldest = node;
    else this.newest.newer = node;
    this.newest = node;
    this.length++;
    this.bytes += node.bytes;
  }

  /** Takes out the member that was pushed first. */
  pop(): Node | undefined {
    const { oldest } = this;
    if (oldest !== undefined) this.remove(oldest);
    return oldest;
  }

  /** `node` has to be a member. */
  remove(node: Node): void {
    if (node.newer === undefined) this.newest = node.older as Node | undefined;
    else node.newer.older = node.older;
    if (node.older === undefined) this.oldest = node.newer as Node | undefined;
    else node.older.newer = node.newer;
    node.newer = undefined;
    node.older = undefined;
    this.length--;
    this.bytes -= node.bytes;
  }
}
