// SPDX-License-Identifier: Apache-2.0
// A registry that kills itself, as `kill -9` would, at the step whose number it is given. Its parent asks it to collect
// garbage by a message.
import { createRegistry } from '../../src/server/create-registry.ts'
import { filesystemWith } from '../../src/storage/filesystem.ts'

const [directory = '', killAt = '0'] = process.argv.slice(2)
let steps = 0

/** Never comes back from the step at which it was to die. */
const reached = (step: string) => {
  steps++
  process.send?.({ step, number: steps })
  if (steps !== Number(killAt)) return
  process.kill(process.pid, 'SIGKILL')
  return new Promise<void>(() => {})
}

const registry = await createRegistry({ storage: filesystemWith(directory, reached) })
process.on('message', (message) => {
  if (message === 'close') void registry.close(100).then(() => process.disconnect())
  if (message === 'collect')
    void registry
      .collectGarbage({ olderThanMs: -60_000, untaggedOlderThanMs: -60_000 })
      .then(() => process.send?.('collected'))
})
process.send?.({ url: registry.url })
