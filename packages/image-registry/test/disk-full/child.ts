// SPDX-License-Identifier: Apache-2.0
// A registry on a file system of its own, which its parent fills and empties by messages.
import { appendFile, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { checkStore, createRegistry } from '@teu/image-registry/server'

const [root = ''] = process.argv.slice(2)
const ballast = path.join(root, 'ballast')
const registry = await createRegistry({ storage: path.join(root, 'registry') })

/** What the parent may ask for. */
const orders: Record<string, (left: number) => unknown> = {
  /** Leaves so many bytes, or a few more. */
  async fill(left) {
    const reserve = path.join(root, 'reserve')
    if (left > 0) await writeFile(reserve, Buffer.alloc(left))
    for (let block = 1024 * 1024; block >= 1024; block >>= 1)
      while (
        await appendFile(ballast, Buffer.alloc(block)).then(
          () => true,
          () => false,
        )
      );
    await rm(reserve, { force: true })
  },
  free: () => rm(ballast),
  collect: () => registry.collectGarbage({ olderThanMs: -60_000, untaggedOlderThanMs: -60_000 }),
  check: async () => (await checkStore(registry.store)).findings,
  async close() {
    await registry.close()
    setImmediate(() => process.disconnect())
  },
}

process.on('message', ({ order, left = 0 }: { order: string; left?: number }) => {
  Promise.resolve(orders[order]?.(left)).then(
    (result) => process.send?.({ result: result ?? null }),
    (error: Error) => process.send?.({ error: error.message }),
  )
})
process.send?.({ result: registry.url })
