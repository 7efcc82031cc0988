// SPDX-License-Identifier: Apache-2.0
const tests = ['packages/containerd/test/power-cut.test.ts']
const because = 'after a power cut an image that was pulled is there by name and not by its bytes, or not at all'

/** A sync that a power cut shows to be missing. */
const sync = (title, file, text) => {
  const [guard, instead = ''] = [text].flat()
  return { title, file: `packages/containerd/src/${file}`, guard, instead, tests, because }
}

export default [
  sync('the bytes of a blob are synced before it gets its name', 'content/content-writer.ts', 'await file.sync()\n'),
  sync(
    'the name of a blob is synced before it is recorded',
    'content/content-writer.ts',
    'syncDirectory(this.#store.layout.blobFolder(digest))',
  ),
  sync('the folders of blobs outlast a power cut', 'content/content-layout.ts', [
    'for (const folder of folders) await makeDurableDirectory(join(this.root, folder), 0o700)',
    "for (const folder of folders) await (await import('node:fs/promises')).mkdir(join(this.root, folder), { recursive: true })",
  ]),
  sync(
    'what is acknowledged is synced before',
    'metadata/database.ts',
    'if (options.durable ?? true) await this.#log.sync()',
  ),
  sync('the root of the daemon outlasts a power cut', 'create-containerd.ts', [
    'await makeDurableDirectory(path, mode)',
    "await (await import('node:fs/promises')).mkdir(path, { recursive: true })",
  ]),
  sync('a record is gone from the disk before its blob is', 'gc/collector.ts', [
    'if (digests.length > 0) await database.sync()',
    '',
  ]),
]
