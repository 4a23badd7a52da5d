/**
 * Looks at every page of an lmdb file before lmdb does: it maps the file and trusts it, so that a damaged one ends the
 * whole process (a signal, or an assertion) instead of being an error. What is checked is what lmdb follows: that each
 * tree consists of whole pages inside the file, each part of one tree once, and each node inside its page. What stands in
 * the rows has checksums of its own.
 */
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { VaultError } from '../vault-error.ts';

const magic = 0xbeefc0de;
const dataVersion = 2;
const header = 24;
const nodeHeader = 8;
const pageKinds = { branch: 1, leaf: 2, overflow: 4 } as const;
const kindMask = 0x0f;
const nodeFlags = { bigData: 1, others: 0xfe } as const;
/** Deeper than any file can be. */
const depthMax = 32;
const noRoot = 0xffff_ffff_ffff_ffffn;
/** Where the parts of a meta page stand, behind its header. */
const metas = { size: 24 + 48 * 2 + 24, free: 24, main: 72, txn: 128 } as const;
const trees = { pageSize: 0, depth: 6, root: 40 } as const;

/** Throws VaultError `vault_corrupt`, which says what is wrong where, or what the system says. */
export function checkPages(folder: string): void {
  let fd: number;
  try {
    fd = openSync(join(folder, 'data.mdb'), 'r+');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return;
    throw error;
  }
  try {
    const { size } = fstatSync(fd);
    if (size > 0) new Pages(folder, fd, size).check();
  } finally {
    closeSync(fd);
  }
}

class Pages {
  readonly #folder: string;
  readonly #fd: number;
  readonly #size: number;
  #pageSize = 4096;
  readonly #seen = new Set<number>();

  constructor(folder: string, fd: number, size: number) {
    this.#folder = folder;
    this.#fd = fd;
    this.#size = size;
  }

  check(): void {
    const first = this.#meta(0);
    this.#pageSize = first.readUInt32LE(metas.free + trees.pageSize);
    if (this.#pageSize < 256 || this.#pageSize > 65536 || (this.#pageSize & (this.#pageSize - 1)) !== 0)
      throw this.#wrong(0, 'it names no size of pages');
    const second = this.#meta(this.#pageSize);
    const meta = second.readBigUInt64LE(metas.txn) > first.readBigUInt64LE(metas.txn) ? second : first;
    for (const tree of [metas.free, metas.main]) {
      const root = meta.readBigUInt64LE(tree + trees.root);
      if (root !== noRoot) this.#tree(root, meta.readUInt16LE(tree + trees.depth));
    }
  }

  #meta(offset: number): Buffer {
    const bytes = this.#read(offset, header + metas.size).subarray(header);
    if (bytes.readUInt32LE(0) !== magic || bytes.readUInt32LE(4) !== dataVersion) {
      throw this.#wrong(offset === 0 ? 0 : 1, 'it does not begin as such a file does');
    }
    return bytes;
  }

  #tree(page: bigint, depth: number): void {
    const number = Number(page);
    if (depth < 1 || depth > depthMax) throw this.#wrong(number, 'its tree has no such depth');
    const bytes = this.#page(number, depth === 1 ? pageKinds.leaf : pageKinds.branch);
    const [lower, upper, end] = [bytes.readUInt16LE(20), bytes.readUInt16LE(22), this.#pageSize - header];
    if (lower % 2 !== 0 || lower === 0 || lower > upper || upper > end)
      throw this.#wrong(number, 'its nodes have no place');
    if (depth > 1 && lower < 4) throw this.#wrong(number, 'a branch has two nodes at least');
    for (let at = 0; at < lower; at += 2) {
      const node = bytes.readUInt16LE(header + at);
      if (node < upper || node + nodeHeader > end) throw this.#wrong(number, 'a node is outside');
      if (depth === 1) this.#leaf(number, bytes.subarray(header + node));
      else {
        const [low, high] = [bytes.readUInt32LE(header + node), bytes.readUInt16LE(header + node + 4)];
        if (node + nodeHeader + bytes.readUInt16LE(header + node + 6) > end)
          throw this.#wrong(number, 'a key is outside');
        this.#tree(BigInt(high) * 0x1_0000_0000n + BigInt(low), depth - 1);
      }
    }
  }

  /** `node` goes to the end of its page. */
  #leaf(page: number, node: Buffer): void {
    const [size, flags, key] = [node.readUInt32LE(0), node.readUInt16LE(4), node.readUInt16LE(6)];
    if ((flags & nodeFlags.others) !== 0) throw this.#wrong(page, 'a node is of a kind that no vault has');
    const big = (flags & nodeFlags.bigData) !== 0;
    if (nodeHeader + key + (big ? 24 : size) > node.length) throw this.#wrong(page, 'a value is outside');
    if (!big) return;
    const first = Number(node.readBigUInt64LE(nodeHeader + key));
    const pages = Math.floor((header - 1 + size) / this.#pageSize) + 1;
    const bytes = this.#page(first, pageKinds.overflow);
    if (bytes.readUInt32LE(20) !== pages || Number(node.readBigUInt64LE(nodeHeader + key + 16)) !== pages)
      throw this.#wrong(first, 'a large value has another size');
    for (let more = 1; more < pages; more += 1) this.#mark(first + more);
    if ((first + pages) * this.#pageSize > this.#size) throw this.#wrong(first, 'a large value is cut off');
  }

  #page(number: number, kind: number): Buffer {
    this.#mark(number);
    const bytes = this.#read(number * this.#pageSize, this.#pageSize);
    if (Number(bytes.readBigUInt64LE(0)) !== number) throw this.#wrong(number, 'another page stands there');
    if ((bytes.readUInt16LE(18) & kindMask) !== kind) throw this.#wrong(number, 'it is of another kind');
    return bytes;
  }

  #mark(number: number): void {
    if (number < 2 || this.#seen.has(number)) throw this.#wrong(number, 'it is there twice');
    this.#seen.add(number);
  }

  #read(offset: number, length: number): Buffer {
    const bytes = Buffer.allocUnsafe(length);
    if (offset + length > this.#size || readSync(this.#fd, bytes, 0, length, offset) < length) {
      throw this.#wrong(Math.floor(offset / this.#pageSize), 'it is cut off');
    }
    return bytes;
  }

  #wrong(page: number, why: string): VaultError {
    return new VaultError('vault_corrupt', this.#folder, `page ${page} of data.mdb is damaged: ${why}`);
  }
}
