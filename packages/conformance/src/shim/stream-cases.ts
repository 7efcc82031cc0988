// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { closeSync, openSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { readFifo, writeFifo } from '../container/fifo.ts'
import { sha256Of, until } from '../container/waiting.ts'
import type { ConformanceCase } from '../harness/suite.ts'
import type { ShimContext } from './context.ts'
import { type ShimTask, withTask } from './task.ts'

/** Writes all of an input, and says that there is no more. */
async function feed(task: ShimTask, data: Uint8Array): Promise<void> {
  const input = writeFifo(task.bundle.streams.stdin)
  await new Promise((resolve) => input.end(data, () => resolve(undefined)))
  await task.calls.closeIO({ id: task.id, stdin: true })
}

export const streamCases: readonly ConformanceCase<ShimContext>[] = [
  {
    name: 'both outputs arrive apart, and end with the process',
    async run(context) {
      await withTask(context, 'echo out; echo err >&2', async (task) => {
        await task.start()
        await task.wait()
        const { out, err } = task.bundle.streams
        assert.deepEqual([(await out.whole).toString(), (await err.whole).toString()], ['out\n', 'err\n'])
      })
    },
  },
  {
    name: 'five MiB of output arrive whole',
    async run(context) {
      const data = randomBytes(5 << 20)
      const file = path.join(context.rootFileSystem, 'tmp/data')
      writeFileSync(file, data)
      await withTask(context, 'exec cat /tmp/data', async (task) => {
        await task.start()
        assert.equal(await task.wait(), 0)
        assert.equal(sha256Of(await task.bundle.streams.out.whole), sha256Of(data))
      })
    },
  },
  {
    name: 'the last words of an exec arrive, however short it lived',
    async run(context) {
      await withTask(context, 'exec sleep 1000', async (task) => {
        await task.start()
        for (let round = 0; round < 10; round++) {
          const { out } = await task.exec(`e${round}`, `echo round ${round}`)
          await task.start(`e${round}`)
          await task.wait(`e${round}`)
          assert.equal((await out.whole).toString(), `round ${round}\n`)
          await task.delete(`e${round}`)
        }
      })
    },
  },
  {
    name: 'a reader that goes and comes back does not end the process',
    async run(context) {
      const script = 'read line; echo one; read line; echo two; read line; echo three'
      const use = async (task: ShimTask) => {
        const { stdin, stdout } = task.bundle.streams
        const input = writeFifo(stdin)
        await task.start()
        // The reader of the fixture goes with its descriptor; a second one is there before anything is written.
        task.bundle.streams.out.close()
        input.write('\n')
        const output = readFifo(stdout)
        input.write('\n\n')
        assert.equal(await task.wait(), 0)
        assert.match((await output.whole).toString(), /two\nthree\n$/)
        input.destroy()
      }
      await withTask(context, script, use, { input: true })
    },
  },
  {
    name: 'an input is passed on, and CloseIO lets the process see its end',
    async run(context) {
      const data = randomBytes(1 << 20)
      const use = async (task: ShimTask) => {
        await task.start()
        await feed(task, data)
        assert.equal(await task.wait(), 0)
        assert.equal((await task.bundle.streams.out.whole).toString(), `${sha256Of(data)}  -\n`)
      }
      await withTask(context, 'exec sha256sum', use, { input: true })
    },
  },
  {
    name: 'an input stays open until CloseIO, although its writer goes',
    async run(context) {
      const use = async (task: ShimTask) => {
        await task.start()
        closeSync(openSync(task.bundle.streams.stdin, 'r+'))
        await feed(task, Buffer.from('late'))
        assert.equal(await task.wait(), 0)
        assert.equal((await task.bundle.streams.out.whole).toString(), 'late')
      }
      await withTask(context, 'exec cat', use, { input: true })
    },
  },
  {
    name: 'streams without a path are nowhere',
    async run(context) {
      const use = async (task: ShimTask) => {
        await task.start()
        assert.equal(await task.wait(), 0)
      }
      await withTask(context, 'echo lost; echo lost >&2; cat', use, { output: '' })
    },
  },
  {
    name: 'a file is made with its folders, and appended to',
    async run(context) {
      const file = path.join(context.folder, 'logs', context.name('log'))
      for (const expected of ['out\n', 'out\nout\n']) {
        const use = async (task: ShimTask) => {
          await task.start()
          await task.wait()
          await task.delete()
          assert.equal(readFileSync(file, 'utf8'), expected)
        }
        await withTask(context, 'echo out', use, { output: `file://${file}` })
      }
    },
  },
  {
    name: 'a terminal is one stream, with the size that it is given',
    async run(context) {
      const use = async (task: ShimTask) => {
        await task.start()
        await task.calls.resizePty({ id: task.id, width: 91, height: 37 })
        const input = writeFifo(task.bundle.streams.stdin)
        input.write('go\n')
        const { out } = task.bundle.streams
        await until('the terminal says its size', () => out.text().includes('37 91'))
        assert.match(out.text(), /err\r\n/)
        assert.equal(await task.wait(), 0)
        input.destroy()
      }
      await withTask(context, 'echo err >&2; read line; stty size', use, { terminal: true, input: true })
    },
  },
]
